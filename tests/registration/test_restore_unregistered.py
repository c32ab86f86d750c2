"""恢复未注册考生 taken back: two persons, the very same place, and who cannot have his."""

from datetime import timedelta
from uuid import uuid4

import pytest
import time_machine
from django.db import IntegrityError, transaction
from django.urls import reverse

from accounts.models import Deed
from accounts.refusals import Refusal
from accounts.workbench import parts_for
from admissions.models import Dossier, DossierEvent, Job, School
from admissions.services.dossiers import dossiers_hold
from dispatch.models import Placement, Run, SchoolControl
from quotas.models import PlanLine
from registration.models import Restoration
from registration.queries.restoring import SHOWN, Part, counts_of, left_out
from registration.services import restoring
from registration.services.deadlines import unregistered_reset
from registration.services.students import admissions_cancel, students_register
from registration.tasks import unregistered_restore
from tests import factories
from tests.factories_registration import admit, make_window, register, state_of
from tests.factories_restoring import (
    agreed,
    asked,
    closed,
    last_reset,
    reset_wrongly,
    restored,
    window_shut,
)

URL = "/registration/reset-unregistered/"


@pytest.fixture
def first(cast):
    return cast.reviewer


@pytest.fixture
def second(cast):
    """Of 广州, reviewing only, like ``cast.reviewer``."""
    return factories.make_user("gz-reviewer2", cast.reviewer.organisation, "reviewing")


@pytest.fixture
def students(cast, season, plan_line, make_candidates):
    """Five admitted at the first school, the first of them registered."""
    make_window(season)
    placements = admit(make_candidates(5), plan_line)
    register(placements[:1], cast.school)
    return placements


@pytest.fixture
def deed(season, students):
    """The clock reset four of them; the window is open again."""
    return reset_wrongly(season)


def states(placements) -> list[str]:
    return [state_of(p.candidate) for p in placements]


def taken(line) -> int:
    return PlanLine.objects.get(pk=line.pk).seats_taken


def test_each_is_back_on_the_place_he_lost(first, second, students, deed, plan_line):
    before = {d.pk: d for d in Dossier.objects.all()}
    assert (states(students), taken(plan_line)) == (["registered"] + ["pool"] * 4, 1)
    assert restored(first, second, deed) == {"free": 4}
    assert states(students) == ["registered"] + ["admitted"] * 4
    assert taken(plan_line) == 5
    for placement in students[1:]:
        dossier = Dossier.objects.get(pk=placement.candidate_id)
        assert (dossier.placement_id, dossier.school_id) == (placement.pk, placement.school_id)
        assert dossier.version == before[dossier.pk].version + 1
    assert closed(students) == [False] * 5
    assert Placement.objects.count() == 5, "the placement goes on, there is no second one"
    assert set(Placement.objects.values_list("reason_words", flat=True)) == {""}


def test_the_track_tells_both_with_actor_organisation_reason_before_and_after(first, second, students, deed):
    restored(first, second, deed)
    event = DossierEvent.objects.filter(candidate=students[1].candidate).order_by("-pk").first()
    assert (event.step, event.source, event.target) == ("restore_unregistered", "pool", "admitted")
    assert (event.deed.actor, event.deed.organisation) == (second, second.organisation)
    assert "截止时间设错" in event.note
    assert f"申请：{first.name}，复核：{second.name}" in event.note
    assert (event.school_id, event.placement_id) == (students[1].school_id, students[1].pk)
    assert event.deed.count == 4
    assert DossierEvent.objects.filter(step="reset_unregistered").count() == 4
    subjects = list(
        Deed.objects.filter(actor__in=[first, second]).order_by("pk").values_list("subject", "count")
    )
    key = Restoration.objects.get().pk
    assert subjects == [
        (f"申请撤销恢复未注册考生（第 {key} 号）", 4),
        (f"同意撤销恢复未注册考生（第 {key} 号）", 1),
        (f"撤销恢复未注册考生（第 {key} 号）", 4),
    ]


def test_they_register_in_the_stage_they_were_admitted_in(cast, season, first, second, students):
    """The second stage has begun meanwhile: without care they would be its students, whose window is another."""
    deed = reset_wrongly(season)
    make_window(season, "dispatch", 2, opens=timedelta(0), closes=timedelta(days=60))
    make_window(season, "registration", 2, opens=timedelta(days=40), closes=timedelta(days=61))
    restored(first, second, deed)
    assert students_register(actor=cast.registrar, candidates=[students[1].candidate_id]) == 1
    window = season.windows.get(kind="registration", stage=1)
    with time_machine.travel(window.closes_at + timedelta(minutes=1), tick=False):
        assert unregistered_reset(actor=None, window=window, region="44") == 3


def test_twice_gives_no_second_seat(first, second, students, deed, plan_line):
    row = agreed(second, asked(first, deed))
    assert restoring.unregistered_restore(actor=second, row=row) == {"free": 4}
    assert restoring.unregistered_restore(actor=second, row=row) == {"free": 4}, "it tells what was done"
    assert taken(plan_line) == 5
    with pytest.raises(Refusal, match="没有可以恢复录取的考生；未恢复：已撤销恢复 4 名"):
        asked(first, deed)


def test_who_left_in_another_way_afterwards_is_not_brought_back(cast, first, second, students, deed):
    restored(first, second, deed, candidates=[students[1].candidate_id, students[2].candidate_id])
    admissions_cancel(actor=cast.school, candidates=[students[1].candidate_id], reason="未报到")
    assert restored(first, second, deed) == {"free": 2, "back": 2}
    assert states(students) == ["registered", "pool", "admitted", "admitted", "admitted"]


def test_who_is_reset_again_can_be_restored_again(season, first, second, students, deed):
    restored(first, second, deed)
    again = reset_wrongly(season)
    assert again != deed
    assert restored(first, second, again) == {"free": 4}
    assert states(students)[1:] == ["admitted"] * 4


def test_who_cannot_is_told_and_why(cast, first, second, schools, batch, students, deed, plan_line):
    other = factories.make_plan_line(schools[1], batch, seats=3)
    admit([students[1].candidate], other)
    dossiers_hold(actor=cast.city, candidates=[students[2].candidate_id], held=True, reason="核查")
    Dossier.objects.filter(pk=students[3].candidate_id).update(state="excluded")
    assert restored(first, second, deed) == {"free": 1, "elsewhere": 1, "held": 1, "out": 1}
    assert states(students)[1:] == ["admitted", "pool", "excluded", "admitted"]
    assert Dossier.objects.get(pk=students[1].candidate_id).school_id == schools[1].pk
    left = left_out(Part(deed, "4401"))
    assert sorted((row[0], row[4]) for row in left) == sorted(
        [
            (students[1].candidate.number, "已在别处投档或录取"),
            (students[2].candidate.number, "档案挂起"),
            (students[3].candidate.number, "已设为不参加"),
        ]
    )
    assert len(left) < SHOWN


def test_seats_that_run_out_go_by_score_then_rank_then_number(first, second, students, deed, plan_line):
    scores = ((60000, None), (60000, 7), (60000, 7), (59900, 1))
    for placement, (score, rank) in zip(students[1:], scores, strict=True):
        Placement.objects.filter(pk=placement.pk).update(dispatch_score=score, rank=rank)
    PlanLine.objects.filter(pk=plan_line.pk).update(seats_planned=3)
    numbers = [p.candidate.number for p in students]
    assert numbers == sorted(numbers)
    assert restored(first, second, deed) == {"free": 2, "full": 2}
    assert states(students)[1:] == ["pool", "admitted", "admitted", "pool"]
    assert taken(plan_line) == 3
    PlanLine.objects.filter(pk=plan_line.pk).update(seats_planned=5)
    assert restored(first, second, deed) == {"free": 2, "back": 2}, "when seats are added, the others follow"


def pauses(placement, user):
    SchoolControl.objects.create(batch=placement.batch, school=placement.school, status="paused")


def is_struck_off(placement, user):
    School.objects.filter(pk=placement.school_id).update(active=False)


def is_in_a_run(placement, user):
    values = {"kind": Run.Kind.BATCH, "state": Run.State.CONFIRMED, "created_by": user}
    Run.objects.create(batch=placement.batch, round=1, **values)


@pytest.mark.parametrize(
    ("shut", "outcome"), [(pauses, "shut"), (is_struck_off, "shut"), (is_in_a_run, "busy")]
)
def test_a_school_that_may_not_act_gets_nobody(cast, first, students, deed, shut, outcome):
    shut(students[0], cast.city)
    assert counts_of(Part(deed, "4401")) == {students[0].school_id: {outcome: 4}}
    with pytest.raises(Refusal, match="没有可以恢复录取的考生"):
        asked(first, deed)


def test_a_school_that_has_finished_gets_its_own_back(first, second, students, deed):
    """录取结束 shuts out new candidates; these were its own."""
    SchoolControl.objects.create(batch=students[0].batch, school=students[0].school, status="finished")
    assert restored(first, second, deed) == {"free": 4}


def test_admissions_without_a_major_come_back_without_a_seat(season, first, second, schools, make_candidates):
    make_window(season)
    uploaded = admit(make_candidates(2), None, school=schools[0])
    deed = reset_wrongly(season)
    assert restored(first, second, deed) == {"free": 2}
    assert states(uploaded) == ["admitted"] * 2


def test_only_while_registration_is_open(season, first, second, students, deed):
    row = agreed(second, asked(first, deed))
    window_shut(season)
    for deed_of in (
        lambda: asked(first, deed, school=students[0].school_id),
        lambda: restoring.restoration_agree(actor=second, row=row),
        lambda: restoring.unregistered_restore(actor=second, row=row),
    ):
        with pytest.raises(Refusal, match="截止，撤销以后会被再次恢复"):
            deed_of()
    assert states(students)[1:] == ["pool"] * 4


def test_a_second_person_agrees(cast, first, second, students, deed):
    row = asked(first, deed)
    with pytest.raises(Refusal, match="不能复核自己的申请"):
        restoring.restoration_agree(actor=first, row=row)
    with pytest.raises(Refusal, match="没有经另一人同意"):
        restoring.unregistered_restore(actor=second, row=row)
    with pytest.raises(Refusal, match="待另一人复核"):
        asked(second, deed)
    with pytest.raises(IntegrityError), transaction.atomic():
        Restoration.objects.filter(pk=row.pk).update(state="confirmed", decided_by=first)
    with pytest.raises(Refusal, match="须写明原因"):
        restoring.restoration_close(actor=second, row=row)
    restoring.restoration_close(actor=second, row=row, words="只涉及一所学校")
    row.refresh_from_db()
    assert (row.state, row.answer) == ("refused", "只涉及一所学校")
    with pytest.raises(Refusal, match="该申请未同意"):
        restoring.restoration_agree(actor=second, row=row)
    again = asked(first, deed)
    restoring.restoration_close(actor=first, row=again)
    again.refresh_from_db()
    assert again.state == "withdrawn"
    assert states(students)[1:] == ["pool"] * 4


def test_a_city_takes_back_its_own_only(season, cast, first, second, students, schools, make_candidates):
    line = factories.make_plan_line(schools[1], factories.make_batch(season, "4403"), seats=5)
    others = admit(make_candidates(2, city="4403"), line)
    deed = reset_wrongly(season)
    assert restored(first, second, deed) == {"free": 4}
    assert states(others) == ["pool"] * 2
    sz = [factories.make_user(f"sz-{n}", factories.make_organisation("4403"), "reviewing") for n in (1, 2)]
    row = asked(sz[0], deed)
    for stranger in (first, factories.make_user("jn", cast.foreign.organisation, "reviewing")):
        with pytest.raises(Refusal, match="管辖范围"):
            restoring.restoration_agree(actor=stranger, row=row)
    gd = factories.make_user("gd-reviewer", cast.province.organisation, "reviewing")
    assert restoring.unregistered_restore(actor=gd, row=agreed(gd, row)) == {"free": 2}, (
        "the office above agrees"
    )


def test_only_one_school(first, second, students, schools, batch, make_candidates, season):
    line = factories.make_plan_line(schools[1], batch, seats=5)
    others = admit(make_candidates(2), line)
    deed = reset_wrongly(season)
    assert restored(first, second, deed, school=schools[1].pk) == {"free": 2}
    assert (states(students)[1:], states(others)) == (["pool"] * 4, ["admitted"] * 2)


def test_through_the_pages(
    cast, client_of, first, second, students, deed, django_capture_on_commit_callbacks
):
    client = client_of(first)
    page = client.get(URL).content.decode()
    assert "系统（到期自动）" in page
    assert f"{URL}restore/{deed}/" in page
    restore = f"{URL}restore/{deed}/"
    assert "仍在库" in client.get(restore).content.decode()
    numbers = "\n".join(p.candidate.number for p in students[1:4])
    data = {"words": "时间设错", "numbers": numbers, "school": "", "form_key": str(uuid4())}
    strange = client.post(restore, data | {"numbers": f"{numbers}\n{students[0].candidate.number}"})
    assert strange.status_code == 422
    assert f"考生号 {students[0].candidate.number}不在这次恢复之中" in strange.content.decode()
    page = client.post(restore, data)
    assert page.context["preview"]["count"] == 3
    assert students[0].school.name in page.content.decode()
    assert not Restoration.objects.exists(), "looking writes nothing"
    client.post(restore, data | {"confirmed": "1"})
    client.post(restore, data | {"confirmed": "1"})
    row = Restoration.objects.get()
    assert [todo.count for todo in parts_for(second)["to_dos"] if todo.title == "撤销恢复待复核"] == [1]
    assert not [todo for todo in parts_for(first)["to_dos"] if todo.title == "撤销恢复待复核"]
    one = f"{URL}restoration/{row.pk}/"
    agree = {"decision": "agree", "answer": "", "confirmed": "1", "form_key": str(uuid4())}
    assert "撤回申请" in client.get(one).content.decode()
    assert client.post(one, agree | {"form_key": str(uuid4())}).status_code == 422
    client = client_of(second)
    assert client.post(one, {"decision": "agree"}).context["preview"]["count"] == 3
    with django_capture_on_commit_callbacks(execute=True):
        assert client.post(one, agree).status_code == 302
    job = Job.objects.get()
    unregistered_restore(str(job.pk))  # delivered a second time
    job.refresh_from_db()
    assert (job.state, job.words) == ("done", "已恢复 3 名考生的录取。")
    assert states(students)[1:] == ["admitted"] * 3 + ["pool"]
    page = client.get(one).content.decode()
    assert "已执行" in page
    assert "已恢复 3 名考生的录取" in page
    assert "复核意见" not in page
    told = [notice.words for notice in parts_for(cast.school)["notices"]]
    assert any("3 名考生恢复录取到贵校" in words and "时间设错" in words for words in told)
    assert not any("恢复录取" in notice.words for notice in parts_for(cast.other_school)["notices"])


def test_a_job_whose_window_closed_meanwhile_fails_whole_and_is_started_again(
    season, first, second, students, deed, django_capture_on_commit_callbacks
):
    row = asked(first, deed)
    with django_capture_on_commit_callbacks() as sent:
        restoring.restoration_agree(actor=second, row=row)
    window_shut(season)
    for callback in sent:
        callback()
    job = Job.objects.get()
    assert job.state == "failed"
    assert "撤销以后会被再次恢复" in job.words
    make_window(season)
    with django_capture_on_commit_callbacks(execute=True):
        restoring.restoration_agree(actor=second, row=row)
    assert states(students)[1:] == ["admitted"] * 4


def test_needs_the_function_and_another_tenant_finds_nothing(cast, client_of, first, students, deed):
    row = asked(first, deed)
    pages = (f"{URL}restore/{deed}/", f"{URL}restoration/{row.pk}/")
    assert pages == (
        reverse("registration:reset_unregistered__restore", args=[deed]),
        reverse("registration:reset_unregistered__restoration", args=[row.pk]),
    )
    strangers = [
        factories.make_user("sz-r", cast.other_city.organisation, "reviewing"),
        factories.make_user("jn-r", cast.foreign.organisation, "reviewing"),
        factories.make_user("lw-r", cast.county.organisation, "reviewing"),
    ]
    for page in pages:
        for user in (cast.city, cast.school):
            assert client_of(user).get(page).status_code == 403
            assert client_of(user).post(page).status_code == 403
        for user in strangers:
            assert client_of(user).get(page).status_code == 404, (page, user)
            assert client_of(user).post(page, {"words": "x", "confirmed": "1"}).status_code == 404
    with pytest.raises(Refusal, match="没有“恢复未注册考生”的权限"):
        asked(cast.city, deed)
    with pytest.raises(Refusal, match="没有这次恢复"):
        asked(strangers[0], deed)
    with pytest.raises(Refusal, match="由省、市招办办理"):
        asked(strangers[2], deed)


def test_the_list_of_resets_costs_the_same_for_many(
    client_of, first, season, students, make_candidates, plan_line, django_assert_max_num_queries
):
    for _ in range(3):
        admit(make_candidates(1), plan_line)
        reset_wrongly(season)
    assert last_reset()
    client = client_of(first)
    client.get(URL)  # what a process keeps is kept
    with django_assert_max_num_queries(25):
        assert client.get(URL).content.decode().count("撤销…") == 3
