"""The lowest lines of the province: set by the province only, with versions and sheets like any other control."""

from io import BytesIO

import openpyxl
import pytest
from django.db import transaction
from django.urls import reverse

from accounts.models import Deed
from accounts.refusals import Refusal
from admissions.models import Choice, Dossier
from admissions.services.controls import control_change, control_restore, rows_of, version_of
from dispatch.models import ProvinceLine, ProvinceVersion, Run
from dispatch.services import control, sending
from dispatch.services.control import PROVINCE_LINE
from tests import factories
from tests.concurrency import in_threads
from tests.dispatch.test_controls import sheet

CONFIRMED = {"confirmed": "1"}


def page(tail="", *args) -> str:
    return reverse("dispatch:set_region_line__province" + (f"__{tail}" if tail else ""), args=args)


def floor(score=None, percent=None) -> dict:
    return {"score": score, "percent": percent}


def change(actor, season, rows, **kwargs):
    return control_change(actor=actor, control=PROVINCE_LINE, batch=season, after=rows, **kwargs)


def test_the_province_sets_a_floor_for_all(cast, batch, client_of):
    client = client_of(cast.province)
    assert "由省招办设置" in client.get(page()).content.decode()
    assert (
        "满分的百分之几 60" in client.post(page("change"), {"kind": "22", "percent": "60"}).content.decode()
    )
    assert not ProvinceLine.objects.exists()
    assert client.post(page("change"), {"kind": "22", "percent": "60"} | CONFIRMED).status_code == 302
    assert "满分的 60%" in client.get(reverse("dispatch:set_region_line")).content.decode()
    with pytest.raises(Refusal, match="低于全省最低分数线 216 分"):
        control.set_region_line(actor=cast.city, batch=batch, county="", kind="22", score=21500)
    control.set_region_line(actor=cast.city, batch=batch, county="", kind="", score=100)
    assert client.post(page("change"), {"kind": "22", "remove": "on"} | CONFIRMED).status_code == 302
    assert not ProvinceLine.objects.exists()
    assert Deed.objects.filter(subject__startswith="设置全省最低分数线").count() == 2


@pytest.mark.parametrize(
    "data",
    [{"score": "1", "percent": "60"}, {"percent": "101"}, {"percent": "0"}, {}, {"kind": "77", "score": "1"}],
)
def test_a_floor_that_says_nothing_or_two_things_is_refused(cast, season, client_of, data):
    assert client_of(cast.province).post(page("change"), data | CONFIRMED).status_code == 422
    assert not ProvinceLine.objects.exists()


def test_no_city_sets_the_floor(cast, batch, client_of):
    city = client_of(cast.city)
    assert city.get(page()).status_code == 200
    for data in ({"score": "1"}, {"score": "1"} | CONFIRMED):
        answer = city.post(page("change"), data)
        assert answer.status_code == 422
        assert "由省招办设置" in answer.content.decode()
    assert client_of(cast.idle).get(page()).status_code == 403
    for tail in ("", "change", "export", "import", "versions"):
        assert client_of(cast.school).get(page(tail)).status_code == 403
    assert not ProvinceLine.objects.exists()


def test_another_province_neither_sees_nor_sets_it(cast, season, other_season, client_of):
    change(cast.province, season, {("",): floor(score=20000)})
    assert client_of(cast.foreign).get(page()).context["counted"] == 0
    assert client_of(cast.foreign).post(page("restore", 1), CONFIRMED).status_code == 404
    with pytest.raises(Refusal, match="省招办"):
        change(cast.foreign, season, {})


def test_a_version_for_each_change_and_any_of_them_comes_back(cast, season, client_of):
    first, second = {("",): floor(score=20000)}, {("",): floor(score=25000), ("22",): floor(percent=60)}
    change(cast.province, season, first)
    change(cast.province, season, second)
    kept = ProvinceVersion.objects.order_by("number")
    assert [rows_of(version.content) for version in kept] == [{}, first, second]
    client = client_of(cast.province)
    told = client.get(page("versions") + "?old=2&new=3").content.decode()
    assert "第 2 版与第 3 版：2 处不同" in told
    assert client.post(page("restore", 2), CONFIRMED).status_code == 302
    assert PROVINCE_LINE.now(season) == first
    control_restore(actor=cast.province, control=PROVINCE_LINE, batch=season, number=3)
    assert PROVINCE_LINE.now(season) == second
    assert version_of(PROVINCE_LINE, season) == 5
    with pytest.raises(Refusal, match="没有任何变化"):
        control_restore(actor=cast.province, control=PROVINCE_LINE, batch=season, number=3)
    with pytest.raises(Refusal, match="有人修改过"):
        change(cast.province, season, {}, seen=4)


def test_its_sheet_comes_in_again_and_all_faults_are_told_at_once(cast, season, client_of):
    rows = {("",): floor(score=20050), ("22",): floor(percent=60)}
    change(cast.province, season, rows)
    client = client_of(cast.province)
    made = openpyxl.load_workbook(BytesIO(client.get(page("export")).content)).active
    cells = [["" if cell is None else str(cell) for cell in row] for row in made.iter_rows(values_only=True)]
    assert cells[0] == ["计划类型", "分数线", "满分的百分之几"]
    same = client.post(page("import"), {"upload": sheet(cells)})
    assert "没有任何变化" in same.content.decode()
    wrong = [cells[0], ["全部", "abc", ""], ["22", "1", "200"], ["77", "1", ""], ["22", "", "50"]]
    answer = client.post(page("import"), {"upload": sheet(wrong)})
    assert {fault.row for fault in answer.context["wrong"]} == {2, 3, 4}
    both = client.post(page("import"), {"upload": sheet([cells[0], ["全部", "1", "5"], ["22", "1", "5"]])})
    assert {fault.row for fault in both.context["wrong"]} == {2, 3}
    cells[1][1] = "210"
    shown = client.post(page("import"), {"upload": sheet(cells)})
    content = shown.wsgi_request.POST["content"]
    other = reverse("dispatch:set_region_line__import", args=[factories.make_batch(season, "4401", "44").pk])
    assert client.post(other, {"content": content} | CONFIRMED).status_code == 422, "signed for another place"
    assert client.post(page("import"), {"content": content} | CONFIRMED).status_code == 302
    assert PROVINCE_LINE.now(season) == rows | {("",): floor(score=21000)}


def test_the_preview_counts_schools_and_candidates(
    cast, season, batch, other_batch, schools, plan_line, make_candidates, client_of
):
    factories.make_plan_line(schools[1], other_batch, seats=5)
    factories.make_choices(make_candidates(2, total=19000), batch, schools[:1])
    factories.make_choices(make_candidates(3, total=22000), batch, schools[:1])
    factories.make_choices(make_candidates(1, total=18000, city="4403"), other_batch, schools[1:])
    held = make_candidates(1, total=100)
    factories.make_choices(held, batch, schools[:1])
    Dossier.objects.filter(pk=held[0].pk).update(state="excluded")
    change(cast.province, season, {("",): floor(score=18500)})
    run = Run.objects.create(
        batch=batch, round=1, created_by=cast.city, state="rehearsed", fingerprint="a" * 64
    )
    shown = client_of(cast.province).post(page("change"), {"kind": "", "score": "200"}).content.decode()
    chose = Choice.objects.values("candidate").distinct().count()
    assert f"涉及 2 所院校、{chose} 名" in shown
    assert "2 个批次的最低线有变化" in shown
    assert "由 1 名变为 3 名" in shown
    assert "生效后预演作废" in shown
    run.refresh_from_db()
    assert run.state == "rehearsed", "looking is not doing"


@pytest.mark.parametrize("state", ["confirmed", "executed"])
def test_refused_while_a_run_of_any_city_is_confirmed_or_not_released(
    cast, season, batch, other_batch, client_of, state
):
    Run.objects.create(
        batch=other_batch, round=1, created_by=cast.city, confirmed_by=cast.second, state=state
    )
    client = client_of(cast.province)
    assert "不能生效" in client.post(page("change"), {"score": "1"}).content.decode()
    assert "不能修改参数" in client.post(page("change"), {"score": "1"} | CONFIRMED).content.decode()
    assert not ProvinceLine.objects.exists()
    assert not ProvinceVersion.objects.exists()


@pytest.mark.django_db(transaction=True)
def test_who_confirms_and_who_moves_the_floor_do_not_both_succeed(cast, season, batch, plan_line):
    for number in range(6):
        run = Run.objects.create(
            batch=batch, round=number + 1, created_by=cast.city, state="rehearsed", fingerprint="a" * 64
        )
        rows = {("",): floor(score=100 * number + 100)}
        deeds = (
            lambda run=run: sending.run_confirm(actor=cast.second, run=run, fingerprint="a" * 64),
            lambda rows=rows: change(cast.province, season, rows),
        )
        came = in_threads(2, lambda index, deeds=deeds: deeds[index]())
        run.refresh_from_db()
        assert sorted(came) == ["Refusal", "done"]
        assert (run.state == "confirmed") != (PROVINCE_LINE.now(season) == rows)
        Run.objects.filter(pk=run.pk).update(state="cancelled")


@pytest.mark.django_db(transaction=True)
def test_two_who_move_the_floor_at_once(cast, season):
    """Both started from the same version: one of them is told of the other's."""
    rows = ({("",): floor(score=100)}, {("",): floor(score=200)})
    came = in_threads(2, lambda index: change(cast.province, season, rows[index], seen=0))
    assert sorted(came) == ["Refusal", "done"]
    with transaction.atomic():
        assert ProvinceVersion.objects.count() == 2
