"""The mechanism of 投档控制, by way of each control: pages, sheets, versions, refusals."""

from io import BytesIO
from threading import Event

import openpyxl
import pytest
import xlsxwriter
from django.core.files.uploadedfile import SimpleUploadedFile
from django.db import transaction
from django.urls import reverse

from accounts.models import Deed
from accounts.refusals import Refusal
from admissions.services.controls import control_change, control_restore, rows_of, version_of
from dispatch.models import ControlVersion, Run
from dispatch.services import sending
from dispatch.services.control import CONTROLS
from tests import factories
from tests.concurrency import in_threads

# Another content for each control, and what it makes of the batch of the cast.
CHANGES = {
    "dispatch.set_region_line": {("", ""): {"score": 30000}, ("440103", "22"): {"score": 35050}},
    "dispatch.set_school_line": {("10001", ""): {"score": 40000}, ("10001", "440104"): {"score": 30000}},
    "dispatch.set_school_status": {("10001",): {"status": "paused"}},
    "dispatch.set_school_review": {("10001",): {"admissions": False, "returns": True}},
    "dispatch.set_batches": {"name": "新批次", "position": 3},
    "dispatch.set_mode": {"mode": "choice_first", "ratio_percent": 105},
    "dispatch.set_school_batch": {("10001", ""): {"batch": "43"}},
    "dispatch.set_school_conditions": {
        ("10001", "1", "sex", "", "2"): {},
        ("10001", "2", "marks", "chinese+maths", "150.5"): {},
    },
}


@pytest.fixture
def ready(batch, season, plan_line):
    """A second batch of the city, so that a school's plans have somewhere to go."""
    return factories.make_batch(season, "4401", "43", name="第二批")


def wanted(control, batch):
    change = CHANGES[control.function]
    return control.now(batch) | change if control.keyed else {(): control.now(batch)[()] | change}


def url(control, tail, batch, *more):
    name = control.function.replace(".", ":") + f"__{tail}"
    return reverse(name, args=[batch.pk, *more])


@pytest.fixture(params=list(CONTROLS), ids=lambda key: key.split(".")[1])
def control(request):
    return CONTROLS[request.param]


def change(control, cast, batch):
    return control_change(actor=cast.city, control=control, batch=batch, after=wanted(control, batch))


def sheet(rows) -> SimpleUploadedFile:
    buffer = BytesIO()
    with xlsxwriter.Workbook(buffer, {"in_memory": True}) as book:
        page = book.add_worksheet()
        for number, row in enumerate(rows):
            page.write_row(number, 0, row)
    return SimpleUploadedFile("设置.xlsx", buffer.getvalue())


def exported(client, control, batch, address: str = "") -> list[list[str]]:
    answer = client.get(address or url(control, "export", batch))
    assert answer.status_code == 200
    page = openpyxl.load_workbook(BytesIO(answer.content)).active
    return [["" if cell is None else str(cell) for cell in row] for row in page.iter_rows(values_only=True)]


def test_a_change_is_a_version_with_a_deed(control, cast, batch, ready):
    after = wanted(control, batch)
    assert change(control, cast, batch) > 0
    numbers = ControlVersion.objects.filter(batch=batch, function=control.function)
    assert [version.number for version in numbers] == [2, 1]
    if control.function != "dispatch.set_school_batch":  # what moved away is no longer listed
        assert control.now(batch) == after == rows_of(numbers[0].content)
    deed = Deed.objects.get(subject__startswith=control.title)
    assert "第 2 版" in deed.subject
    assert "→" in deed.note
    assert deed.actor == cast.city


def test_the_same_again_is_no_change(control, cast, batch, ready):
    change(control, cast, batch)
    with pytest.raises(Refusal, match="没有任何变化"):
        control_change(actor=cast.city, control=control, batch=batch, after=control.now(batch))


def test_an_earlier_version_comes_back_as_a_new_one(control, cast, batch, ready):
    before = control.now(batch)
    change(control, cast, batch)
    control_restore(actor=cast.city, control=control, batch=batch, number=1)
    assert control.now(batch) == before
    assert version_of(control, batch) == 3
    assert (
        ControlVersion.objects.get(batch=batch, function=control.function, number=3).note == "还原为第 1 版"
    )
    with pytest.raises(Refusal, match="没有这一版本"):
        control_restore(actor=cast.city, control=control, batch=batch, number=9)


def test_two_versions_are_compared_and_one_restored_on_the_page(control, cast, batch, ready, client_of):
    client, before = client_of(cast.city), control.now(batch)
    assert "还没有修改过" in client.get(url(control, "versions", batch)).content.decode()
    change(control, cast, batch)
    page = client.get(url(control, "versions", batch) + "?old=1&new=2").content.decode()
    assert "第 1 版与第 2 版" in page
    assert cast.city.name in page
    address = url(control, "restore", batch, 1)
    assert client.get(address).status_code == 200
    assert "原设置" in client.post(address).content.decode()
    assert control.now(batch) != before, "asking is not doing"
    assert client.post(address, {"confirmed": "1"}).status_code == 302
    assert control.now(batch) == before
    assert client.get(url(control, "restore", batch, 9)).status_code == 404


def test_the_pages_answer_and_count_whom_a_change_touches(
    control, cast, batch, ready, schools, make_candidates, client_of
):
    factories.make_choices(make_candidates(3), batch, schools[:1])
    client = client_of(cast.city)
    assert batch.name in client.get(reverse(control.function.replace(".", ":"))).content.decode()
    assert client.get(url(control, "one", batch)).status_code == 200
    change(control, cast, batch)
    assert client.get(url(control, "one", batch)).status_code == 200
    shown = client.post(url(control, "restore", batch, 1)).content.decode()
    assert "涉及 1 所院校、3 名" in shown


def test_what_is_exported_comes_in_again(control, cast, batch, ready, client_of):
    client = client_of(cast.city)
    if control.function == "dispatch.set_school_batch":
        rows = exported(client, control, batch)
        rows[1][-1] = "43"
        assert send(client, control, batch, rows).status_code == 302
        assert control.now(batch) == {}
        return
    after = wanted(control, batch)
    change(control, cast, batch)
    rows = exported(client, control, batch)
    control_restore(actor=cast.city, control=control, batch=batch, number=1)
    assert control.now(batch) != after
    assert send(client, control, batch, rows).status_code == 302
    assert control.now(batch) == after


def send(client, control, batch, rows):
    """A sheet, looked at and confirmed."""
    address = url(control, "import", batch)
    shown = client.post(address, {"upload": sheet(rows)})
    assert shown.status_code == 200, shown.content.decode()
    content = shown.wsgi_request.POST["content"]
    assert content in shown.content.decode()
    return client.post(address, {"content": content, "confirmed": "1"})


def test_all_faults_of_a_sheet_are_told_at_once_and_nothing_is_written(
    control, cast, batch, ready, client_of
):
    client, before = client_of(cast.city), control.now(batch)
    rows = exported(client, control, batch)
    width = len(rows[0])
    answer = client.post(
        url(control, "import", batch), {"upload": sheet([rows[0], ["乱"] * width, ["写"] * width])}
    )
    assert answer.status_code == 422
    wrong = answer.context["wrong"]
    assert {fault.row for fault in wrong} == {2, 3} or not control.keyed
    assert control.now(batch) == before
    missing = client.post(url(control, "import", batch), {"upload": sheet([["别的表头"], ["x"]])})
    assert "缺少这一列" in missing.content.decode()
    assert client.post(url(control, "import", batch)).status_code == 422
    assert (
        client.post(url(control, "import", batch), {"content": "forged", "confirmed": "1"}).status_code == 422
    )
    assert not ControlVersion.objects.exists()


def test_somebody_elses_change_meanwhile_is_told(control, cast, batch, ready, client_of):
    with pytest.raises(Refusal, match="有人修改过"):
        control_change(
            actor=cast.city, control=control, batch=batch, after=wanted(control, batch),
            seen=version_of(control, batch) + 1,
        )  # fmt: skip


@pytest.mark.parametrize("state", ["confirmed", "executed"])
def test_refused_while_a_run_is_confirmed_or_not_released(control, cast, batch, ready, state):
    Run.objects.create(batch=batch, round=1, created_by=cast.city, confirmed_by=cast.second, state=state)
    before = control.now(batch)
    with pytest.raises(Refusal, match="不能修改"):
        change(control, cast, batch)
    assert control.now(batch) == before
    assert not ControlVersion.objects.exists()


def test_a_mere_rehearsal_becomes_void(control, cast, batch, ready):
    run = Run.objects.create(
        batch=batch, round=1, created_by=cast.city, state="rehearsed", fingerprint="a" * 64
    )
    change(control, cast, batch)
    run.refresh_from_db()
    assert (run.state, run.fingerprint) == ("draft", "")


def test_not_without_the_function(control, cast, batch, ready, client_of):
    for actor in (cast.idle, cast.school, cast.reviewer):
        for tail in ("one", "export", "import", "versions"):
            assert client_of(actor).get(url(control, tail, batch)).status_code == 403
    with pytest.raises(Refusal, match="没有"):
        control_change(actor=cast.idle, control=control, batch=batch, after=wanted(control, batch))


def test_another_tenants_batch_does_not_exist(control, cast, batch, ready, client_of):
    change(control, cast, batch)
    for actor in (cast.other_city, cast.foreign):
        for tail in ("one", "export", "import", "versions"):
            assert client_of(actor).get(url(control, tail, batch)).status_code == 404
        assert client_of(actor).post(url(control, "restore", batch, 1), {"confirmed": "1"}).status_code == 404
    with pytest.raises(Refusal, match="管辖"):
        control_change(actor=cast.other_city, control=control, batch=batch, after=control.now(batch))


def test_a_county_looks_but_does_not_set(control, cast, batch, ready, client_of):
    assert client_of(cast.county).get(url(control, "one", batch)).status_code == 200
    with pytest.raises(Refusal, match="管辖"):
        control_change(actor=cast.county, control=control, batch=batch, after=wanted(control, batch))


@pytest.mark.django_db(transaction=True)
def test_who_confirms_and_who_changes_do_not_both_succeed(cast, batch, plan_line):
    """At the same moment, with connections of their own: a run is confirmed, or what it rests on changes."""
    control = CONTROLS["dispatch.set_region_line"]
    for number in range(6):
        run = Run.objects.create(
            batch=batch, round=number + 1, created_by=cast.city, state="rehearsed", fingerprint="a" * 64
        )
        after = {("", ""): {"score": 100 * number + 100}}
        deeds = (
            lambda run=run: sending.run_confirm(actor=cast.second, run=run, fingerprint="a" * 64),
            lambda after=after: control_change(actor=cast.city, control=control, batch=batch, after=after),
        )
        came = in_threads(2, lambda index, deeds=deeds: deeds[index]())
        run.refresh_from_db()
        assert sorted(came) == ["Refusal", "done"]
        assert (run.state == "confirmed") != (control.now(batch) == after)
        Run.objects.filter(pk=run.pk).update(state="cancelled")


@pytest.mark.django_db(transaction=True)
def test_a_change_does_not_wait_for_a_rehearsal(cast, batch, plan_line):
    run = Run.objects.create(batch=batch, round=1, created_by=cast.city)
    control, held, go = CONTROLS["dispatch.set_region_line"], Event(), Event()

    def rehearse():
        with transaction.atomic():
            Run.objects.select_for_update(of=("self",)).get(pk=run.pk)
            held.set()
            go.wait(10)

    def alter():
        held.wait(10)
        try:
            control_change(actor=cast.city, control=control, batch=batch, after={("", ""): {"score": 1}})
        finally:
            go.set()

    assert sorted(in_threads(2, lambda index: (rehearse, alter)[index]())) == ["Refusal", "done"]
    assert control.now(batch) == {}
