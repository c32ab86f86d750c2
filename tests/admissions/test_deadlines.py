"""Deadlines of 时间窗设置: told of before, marked after, put off for all, each by the clock and once."""

from datetime import timedelta
from io import BytesIO
from uuid import uuid4

import pytest
import time_machine
from django.db import DatabaseError, connection, transaction
from django.test.utils import CaptureQueriesContext
from django.urls import reverse
from django.utils import timezone
from django_celery_beat.models import PeriodicTask
from openpyxl import load_workbook

from accounts.models import Deed
from accounts.refusals import Refusal
from admissions.deadlines import window_over
from admissions.models import DossierEvent, Postponement, Window, WindowNotice
from admissions.services.deadlines import windows_postpone
from admissions.services.windows import window_set
from admissions.tasks import windows_keep
from dispatch.services import deciding, keeping
from registration.services import deadlines as resets
from registration.tasks import deadlines_keep
from tests import factories
from tests.concurrency import in_threads, while_another_waits
from tests.factories_dispatch import sheet_released, state_of, version_of
from tests.factories_registration import admit, make_window, register

URL = "/admissions/set-windows/"
DAY = timedelta(days=1)
AT = "%Y-%m-%dT%H:%M"


@pytest.fixture
def candidates(make_candidates):
    return make_candidates(3)


def reading(actor, *, closes: timedelta = 10 * DAY, kind: str = "reading", batch=None) -> Window:
    now = timezone.now()
    return window_set(
        actor=actor, kind=kind, stage=1, opens_at=now - 10 * DAY, closes_at=now + closes, batch=batch
    )


@pytest.fixture
def window(cast, season):
    return reading(cast.province)


@pytest.fixture
def sheet(cast, batch, schools, plan_line, candidates, window):
    sheet = sheet_released(cast.city, batch, schools[0], candidates)
    deciding.sheet_open(actor=cast.school, sheet=sheet)
    return sheet


def told(window) -> list[int]:
    return list(WindowNotice.objects.filter(window=window).order_by("pk").values_list("days", flat=True))


def at(moment):
    return time_machine.travel(moment, tick=False)


def bench(client_of, user) -> str:
    return client_of(user).get(reverse("accounts:workbench")).content.decode()


def test_told_seven_three_and_one_days_before_and_once(sheet, window):
    for days, expected in ((8, []), (7, [7]), (5, [7]), (3, [7, 3]), (1, [7, 3, 1]), (0.5, [7, 3, 1])):
        with at(window.closes_at - days * DAY):
            windows_keep()
            windows_keep()
            assert told(window) == expected
    notice = WindowNotice.objects.order_by("pk").first()
    assert (notice.schools, notice.candidates) == (1, 3)
    assert PeriodicTask.objects.filter(task="admissions.tasks.windows_keep", enabled=True).exists()


def test_a_late_clock_tells_of_what_is_next_only(sheet, window):
    with at(window.closes_at - DAY / 2):
        windows_keep()
    assert told(window) == [1]


def test_offices_and_schools_concerned_see_it(cast, client_of, sheet, window):
    with at(window.closes_at - 2 * DAY):
        windows_keep()
        for user in (cast.province, cast.city, cast.county, cast.school):
            page = bench(client_of, user)
            assert "还有 2 天；3 名考生院校未作录退决定" in page, user
            assert "不自动改变考生的状态" in page
        assert "院校未作录退决定" not in bench(client_of, cast.other_school)
        assert "0 名考生院校未作录退决定" in bench(client_of, cast.other_city)
        assert "院校未作录退决定" not in bench(client_of, cast.foreign)


def test_passed_the_office_is_told_and_nobody_is_moved(cast, client_of, sheet, window, candidates):
    first = candidates[0]
    deciding.dossier_propose_admit(
        actor=cast.school, sheet=sheet, candidate=first.pk, version=version_of(first)
    )
    before = [(state_of(c), version_of(c)) for c in candidates]
    with at(window.closes_at + timedelta(minutes=1)):
        windows_keep()
        windows_keep()
        page = bench(client_of, cast.city)
        recall = reverse("dispatch:recall_dossier") + f"?overdue={window.pk}"
        assert recall in page
        listed = client_of(cast.city).get(recall).content.decode()
    assert [(state_of(c), version_of(c)) for c in candidates] == before
    events = DossierEvent.objects.filter(step="overdue_reading")
    assert sorted(events.values_list("candidate", flat=True)) == sorted(c.pk for c in candidates[1:])
    event = events[0]
    assert (event.source, event.target, event.deed.actor) == ("reading", "reading", None)
    assert event.note.startswith("第一阶段（统一录取）院校阅档于")
    assert event.deed.count == 2
    assert first.number not in listed
    assert candidates[1].number in listed
    assert told(window) == [0]


def test_the_office_recalls_from_the_list(cast, sheet, window, candidates, client_of):
    with at(window.closes_at + timedelta(minutes=1)):
        windows_keep()
        client = client_of(cast.city)
        url = reverse("dispatch:recall_dossier__by_number")
        asked = client.post(url, {"all": "1", "query": f"overdue={window.pk}"}).content.decode()
        assert all(c.number in asked for c in candidates)
        data = {"numbers": " ".join(c.number for c in candidates), "reason": "院校超期未阅"}
        client.post(url, data | {"form_key": str(uuid4()), "confirmed": "1"})
    assert {state_of(c) for c in candidates} == {"pool"}


def test_the_school_may_still_decide_after_the_deadline(cast, sheet, window, candidates):
    with at(window.closes_at + DAY):
        windows_keep()
        for one in candidates:
            deciding.dossier_propose_admit(
                actor=cast.school, sheet=sheet, candidate=one.pk, version=version_of(one)
            )
    assert {state_of(c) for c in candidates} == {"propose_admit"}


def test_decided_and_not_submitted_is_the_other_deadline(cast, client_of, sheet, candidates):
    other = reading(cast.province, kind="confirming")
    one = candidates[0]
    deciding.dossier_propose_admit(actor=cast.school, sheet=sheet, candidate=one.pk, version=version_of(one))
    page = client_of(cast.city).get(reverse("admissions:set_windows__touched", args=[other.pk]))
    assert one.number in page.content.decode()
    assert candidates[1].number not in page.content.decode()
    with at(other.closes_at + timedelta(minutes=1)):
        windows_keep()
    assert DossierEvent.objects.get(step="overdue_confirming").candidate_id == one.pk


def test_a_long_stopped_clock_marks_nothing(sheet, window):
    with at(window.closes_at + 8 * DAY):
        windows_keep()
    assert told(window) == []
    assert not DossierEvent.objects.filter(step="overdue_reading").exists()


def test_sent_after_the_window_is_not_touched(cast, batch, schools, plan_line, make_candidates, window):
    with at(window.closes_at + timedelta(minutes=1)):
        sheet_released(cast.city, batch, schools[0], make_candidates(2))
        windows_keep()
    assert not DossierEvent.objects.filter(step="overdue_reading").exists()


def test_the_reset_of_registration_announces_itself_and_leaves_an_event(
    cast, client_of, season, plan_line, make_candidates, django_capture_on_commit_callbacks
):
    window = make_window(season)
    students = admit(make_candidates(3), plan_line)
    register(students[:1], cast.school)
    with at(window.closes_at - 3 * DAY):
        windows_keep()
        page = bench(client_of, cast.school)
    assert "2 名考生录取后没有注册" in page
    assert "自动恢复到未录取" in page
    with at(window.closes_at + timedelta(minutes=1)):
        windows_keep()
        with django_capture_on_commit_callbacks(execute=True):
            deadlines_keep()
            deadlines_keep()
    assert told(window) == [3]
    events = DossierEvent.objects.filter(step="reset_unregistered")
    assert events.count() == 2
    assert "二（三）1" in events[0].note


def test_the_end_of_a_stage_is_told(cast, client_of, season, sheet):
    stage = make_window(season, "dispatch", closes=DAY)
    windows_keep()
    assert "3 名考生档案在院校或待审核" in bench(client_of, cast.city)
    with at(stage.closes_at + timedelta(minutes=1)):
        windows_keep()
    assert told(stage) == [1, 0]
    assert not DossierEvent.objects.filter(step__startswith="overdue").exists()


# The calendar: province, city, batch.


def test_the_narrowest_deadline_holds(cast, season, batch, schools, plan_line, candidates, window):
    sheet_released(cast.city, batch, schools[0], candidates)
    second = factories.make_batch(season, "4401", "43", name="第二批")
    assert window_over(batch, "reading") == window
    city = reading(cast.city, closes=5 * DAY)
    assert window_over(batch, "reading") == city
    own = reading(cast.city, closes=2 * DAY, batch=batch)
    assert (window_over(batch, "reading"), window_over(second, "reading")) == (own, city)
    for one in (window, city, own):
        with at(one.closes_at - DAY / 2):
            windows_keep()
    assert [n.candidates for n in WindowNotice.objects.filter(days=1).order_by("window")] == [0, 0, 3]


def test_a_city_sets_its_own_through_the_page(cast, client_of, batch, window):
    client = client_of(cast.city)
    now = timezone.localtime()
    data = {
        "kind": "reading",
        "stage": "1",
        "batch": batch.pk,
        "opens_at": f"{now:{AT}}",
        "closes_at": f"{now + 3 * DAY:{AT}}",
    }
    asked = client.post(f"{URL}new-deadline/", data).content.decode()
    assert "不自动改变考生的状态" in asked
    client.post(f"{URL}new-deadline/", data | {"form_key": str(uuid4()), "confirmed": "1"})
    made = Window.objects.get(batch=batch)
    assert (made.city, made.kind) == ("4401", "reading")
    page = client.get(URL).content.decode()
    assert "广州市 中职批" in page
    data |= {"closes_at": f"{now + 4 * DAY:{AT}}", "kind": "confirming"}  # only the span can be changed
    client.post(f"{URL}deadline/{made.pk}/", data | {"form_key": str(uuid4()), "confirmed": "1"})
    made.refresh_from_db()
    assert (made.kind, Window.objects.count()) == ("reading", 2)
    assert f"{timezone.localtime(made.closes_at):{AT}}" == data["closes_at"]
    assert Deed.objects.filter(subject="第一阶段（统一录取）院校阅档（中职批）").count() == 2


def test_the_deadline_of_reading_is_the_schools(cast, client_of, sheet, window):
    page = client_of(cast.school).get(reverse("dispatch:decide_as_leader")).content.decode()
    assert f"{timezone.localtime(window.closes_at):%m-%d %H:%M}" in page


# Put off for all.


def test_put_off_for_all_at_once(cast, client_of, season, sheet, window):
    registration = make_window(season, closes=5 * DAY)
    before = {w.pk: w.closes_at for w in (window, registration)}
    client = client_of(cast.province)
    data = {"windows": list(before), "days": "3", "reason": "台风停课"}
    asked = client.post(f"{URL}postpone/", data).content.decode()
    assert "一律顺延 3 天" in asked
    assert not Postponement.objects.exists()
    seen = [f"{key}@{moment.isoformat()}" for key, moment in before.items()]
    assert all(one.replace("+", "&#x2B;") in asked or one in asked for one in seen)
    stale = data | {"seen": [one.replace("202", "203", 1) for one in seen], "confirmed": "1"}
    assert "已被他人改动" in client.post(f"{URL}postpone/", stale).content.decode()
    data |= {"seen": seen, "form_key": str(uuid4()), "confirmed": "1"}
    assert client.post(f"{URL}postpone/", data).status_code == 302
    for key, moment in before.items():
        assert Window.objects.get(pk=key).closes_at == moment + 3 * DAY
    deed = Deed.objects.get(subject="整体顺延 3 天：2 项期限")
    assert (deed.actor, deed.count) == (cast.province, 2)
    assert deed.note.startswith("台风停课")
    for user in (cast.city, cast.county, cast.school, cast.other_school, cast.idle):
        assert "台风停课" in bench(client_of, user), user
    assert "台风停课" not in bench(client_of, cast.foreign)
    assert "台风停课" in client.get(URL).content.decode()


def test_put_off_it_is_told_anew_and_nothing_is_done_at_the_old_moment(cast, sheet, window):
    due = window.closes_at
    with at(due - DAY):
        windows_keep()
        windows_postpone(actor=cast.province, windows=[window.pk], days=2, reason="系统维护")
        windows_keep()
        windows_keep()
    assert told(window) == [1, 3]
    with at(due + timedelta(minutes=1)):
        windows_keep()
        assert not DossierEvent.objects.filter(step="overdue_reading").exists()
    with at(due + 2 * DAY):
        windows_keep()
    assert told(window) == [1, 3, 0]
    assert DossierEvent.objects.filter(step="overdue_reading").count() == 3


@pytest.mark.parametrize(
    ("days", "reason", "words"), [(0, "台风", "顺延天数"), (61, "台风", "顺延天数"), (1, " ", "原因")]
)
def test_refuses_to_put_off(cast, window, days, reason, words):
    with pytest.raises(Refusal, match=words):
        windows_postpone(actor=cast.province, windows=[window.pk], days=days, reason=reason)


def test_what_has_closed_or_is_another_s_is_not_put_off(cast, season, window):
    closed = make_window(season, closes=-DAY)
    city = reading(cast.city, closes=5 * DAY)
    pairs = [(cast.province, closed), (cast.city, window), (cast.other_city, city), (cast.county, city)]
    for actor, one in pairs:
        with pytest.raises(Refusal, match="未作任何改动"):
            windows_postpone(actor=actor, windows=[city.pk, one.pk], days=1, reason="台风")
    with pytest.raises(Refusal, match="请选择"):
        windows_postpone(actor=cast.province, windows=[], days=1, reason="台风")
    assert not Postponement.objects.exists()
    assert (
        len(windows_postpone(actor=cast.province, windows=[city.pk, window.pk], days=1, reason="台风")) == 2
    )


# Whom it touches.


def test_shows_and_exports_whom_it_will_touch(cast, client_of, sheet, window, candidates):
    client = client_of(cast.city)
    url = reverse("admissions:set_windows__touched", args=[window.pk])
    page = client.get(url).content.decode()
    assert "<strong>1</strong> 所院校的 <strong>3</strong> 名考生院校未作录退决定" in page
    assert sheet.school.name in page
    rows = list(load_workbook(BytesIO(client.get(f"{url}?export=xlsx").content)).active.values)
    assert sorted(row[0] for row in rows[1:]) == sorted(c.number for c in candidates)
    assert Deed.objects.filter(subject="导出时间窗设置", count=3).exists()
    other = client_of(cast.other_city).get(url).content.decode()
    assert candidates[0].number not in other


def test_permission(cast, client_of, window):
    tails = ["", "new-deadline/", "postpone/", f"deadline/{window.pk}/", f"touched/{window.pk}/"]
    for user in (cast.idle, cast.school, cast.reviewer):
        for tail in tails:
            assert client_of(user).get(f"{URL}{tail}").status_code == 403, tail


def test_another_tenant(cast, client_of, season, other_season, window):
    city = reading(cast.city)
    client = client_of(cast.other_city)
    for tail in (f"deadline/{city.pk}/", f"touched/{city.pk}/"):
        assert client.get(f"{URL}{tail}").status_code == 404
        assert client_of(cast.foreign).get(f"{URL}{tail}").status_code == 404
    assert client_of(cast.foreign).get(f"{URL}touched/{window.pk}/").status_code == 404
    offered = client.get(f"{URL}postpone/").context["form"].fields["windows"].queryset
    assert not offered.exists()


def test_a_city_does_not_change_that_of_the_province(cast, client_of, window):
    now = timezone.localtime()
    data = {"opens_at": f"{now:{AT}}", "closes_at": f"{now + DAY:{AT}}", "confirmed": "1"}
    for user in (cast.city, cast.county):
        answer = client_of(user).post(f"{URL}deadline/{window.pk}/", data | {"form_key": str(uuid4())})
        assert answer.status_code == 422
    assert Window.objects.get().closes_at == window.closes_at
    with pytest.raises(Refusal, match="省招办统一设置"):
        reading(cast.city, kind="registration")
    with pytest.raises(Refusal, match="省、市招办设置"):
        reading(cast.county)


def test_what_was_told_and_put_off_stays(cast, sheet, window):
    with at(window.closes_at - DAY):
        windows_keep()
        windows_postpone(actor=cast.province, windows=[window.pk], days=2, reason="台风")
    for rows in (WindowNotice.objects, Postponement.objects):
        with pytest.raises(DatabaseError, match="append-only"), transaction.atomic():
            rows.update(window=window)


def test_the_pages_ask_a_bounded_number_of_questions(
    cast, client_of, sheet, window, django_assert_max_num_queries
):
    for batch in range(6):
        reading(
            cast.city, batch=factories.make_batch(window.season, "4401", f"5{batch}", name=f"第{batch}批")
        )
    recall = reverse("dispatch:recall_dossier") + f"?overdue={window.pk}"
    with at(window.closes_at + timedelta(minutes=1)):
        windows_keep()
        client = client_of(cast.city)
        for page in (URL, f"{URL}touched/{window.pk}/", f"{URL}postpone/", recall):
            client.get(page)
            with django_assert_max_num_queries(25):
                assert client.get(page).status_code == 200


def test_each_notice_costs_the_workbench_one_question(cast, client_of, sheet, window):
    def questions():
        client = client_of(cast.city)
        client.get(reverse("accounts:workbench"))
        with CaptureQueriesContext(connection) as asked:
            assert client.get(reverse("accounts:workbench")).status_code == 200
        return len(asked)

    before = questions()
    with at(window.closes_at - DAY):
        windows_keep()
        assert questions() <= before + 1


# Real connections.


@pytest.mark.django_db(transaction=True)
def test_two_clocks_tell_and_mark_once(cast, sheet, window):
    Window.objects.filter(pk=window.pk).update(closes_at=timezone.now() - timedelta(seconds=1))
    connection.close()
    assert in_threads(3, lambda index: windows_keep()) == ["done"] * 3
    assert told(window) == [0]
    assert DossierEvent.objects.filter(step="overdue_reading").count() == 0  # sent after it had closed


@pytest.mark.django_db(transaction=True)
def test_two_clocks_mark_each_once(cast, sheet, window, candidates):
    with at(window.closes_at + timedelta(minutes=1)):
        connection.close()
        assert in_threads(3, lambda index: windows_keep()) == ["done"] * 3
    assert told(window) == [0]
    assert DossierEvent.objects.filter(step="overdue_reading").count() == len(candidates)


@pytest.mark.django_db(transaction=True)
def test_two_clocks_reset_each_once(cast, season, plan_line, make_candidates):
    window = make_window(season)
    students = [p.candidate for p in admit(make_candidates(5), plan_line)]
    versions = [version_of(c) for c in students]
    with at(window.closes_at + timedelta(minutes=1)):
        connection.close()
        assert in_threads(3, lambda index: deadlines_keep()) == ["done"] * 3
    assert [version_of(c) for c in students] == [v + 1 for v in versions]


@pytest.mark.django_db(transaction=True)
def test_put_off_while_the_clock_stands_ready(cast, season, plan_line, make_candidates):
    """A window read as closed and set again before the reset begins resets nobody."""
    window = make_window(season, closes=-timedelta(seconds=1))
    one = admit(make_candidates(1), plan_line)[0].candidate
    stale = Window.objects.select_related("season").get(pk=window.pk)
    window_set(
        actor=cast.province,
        kind="registration",
        stage=1,
        opens_at=window.opens_at,
        closes_at=timezone.now() + DAY,
    )
    with pytest.raises(Refusal, match="截止前不能"):
        resets.unregistered_reset(actor=None, window=stale, region="44")
    assert state_of(one) == "admitted"


@pytest.mark.django_db(transaction=True)
def test_two_officers_put_off_the_same_deadline(cast, season, window):
    due = window.closes_at
    connection.close()

    def deed(index):
        windows_postpone(
            actor=cast.province, windows=[window.pk], days=2, reason="台风", seen={window.pk: due}
        )

    assert sorted(in_threads(2, deed)) == ["Refusal", "done"]
    assert Window.objects.get().closes_at == due + 2 * DAY


@pytest.mark.django_db(transaction=True)
def test_a_dossier_that_moves_while_it_is_marked_has_its_events_in_order(cast, sheet, window, candidates):
    one = candidates[0]
    version = version_of(one)

    def decide():
        deciding.dossier_propose_admit(actor=cast.school, sheet=sheet, candidate=one.pk, version=version)

    with at(window.closes_at + timedelta(minutes=1)):
        assert while_another_waits(decide, windows_keep) == "done"
    marked = DossierEvent.objects.filter(step="overdue_reading").values_list("candidate", flat=True)
    assert sorted(marked) == sorted(c.pk for c in candidates[1:]), "he is decided on, and not late"


def test_a_recall_of_an_overdue_dossier_is_an_officers_deed(cast, sheet, window, candidates):
    with at(window.closes_at + timedelta(minutes=1)):
        windows_keep()
        keeping.recall_dossier(actor=cast.city, candidates=[candidates[0].pk], reason="院校超期未阅")
    event = DossierEvent.objects.filter(candidate=candidates[0]).order_by("-pk").first()
    assert (event.step, event.deed.actor) == ("recall_dossier", cast.city)
