"""指定考生线上点投: one officer asks, a second agrees; the school reads a sheet of one dossier."""

from datetime import timedelta

import pytest
from django.db import connection
from django.db.models import F
from django.urls import reverse

from accounts.context import walled
from accounts.models import Deed
from accounts.refusals import Refusal
from admissions.lifecycle import State
from admissions.models import Batch, Candidate, DossierEvent, Request
from admissions.services import requests as services
from admissions.services.dossiers import dossiers_hold
from dispatch.models import Placement, Run, SchoolCondition, SchoolControl, Sheet, SingleDispatch
from dispatch.services import deciding, keeping, reviewing, submitting
from quotas.models import PlanLine
from tests import factories
from tests.concurrency import in_threads
from tests.factories_dispatch import admitted_from_pool, placement_of, sheet_released, state_of, version_of
from tests.factories_registration import make_window
from tests.factories_requests import drafted, paper, posted, submitted
from tests.factories_single import agree, line_at, point_asked, point_values

KEY, PAGE, QUEUE = "dispatch.dispatch_above_line", "dispatch:dispatch_above_line", "dispatch:confirm_dispatch"


@pytest.fixture
def candidate(make_candidates):
    return make_candidates(1, total=30000)[0]


@pytest.fixture
def ready(cast, batch, schools, plan_line):
    line_at(batch, 25000)
    return schools[0]


def asked(cast, candidate, batch, school, **more) -> Request:
    return point_asked(cast.city, KEY, candidate, batch, school, **more)


def test_an_officer_asks_and_a_second_person_agrees_on_the_pages(
    cast, candidate, batch, ready, client_of, media
):
    client = client_of(cast.city)
    values = point_values(candidate, batch, ready)
    answer = client.post(reverse(f"{PAGE}__new"), posted(**values, paper=paper()))
    row = Request.objects.get()
    page = client.get(answer.url).content.decode()
    assert "控制线 250.00，投档成绩 300.00" in page
    submit = reverse(f"{PAGE}__submit", args=[row.pk])
    assert "由复核广州市招办审核" in client.post(submit, {"version": 0}).content.decode()
    client.post(submit, posted(version=0, confirmed="1"))
    assert state_of(candidate) == State.POOL, "nothing moves before a second person agrees"
    second = client_of(cast.reviewer)
    assert "点投待复核 1 件" in second.get(reverse(QUEUE)).content.decode()
    queue = second.get(reverse(f"{QUEUE}__single"), {"kind": KEY}).content.decode()
    assert row.number in queue
    assert "指定考生线上点投" in queue
    one = reverse(f"{QUEUE}__single", args=[row.pk])
    assert "低于控制线" not in second.get(one).content.decode()
    second.post(one, posted(decision="approve", words=""))
    placement = placement_of(candidate)
    assert (placement.method, placement.run_id, placement.dispatch_score) == ("single", None, 30000)
    assert (state_of(candidate), placement.sheet.number) == (State.SENT, row.number)


def test_what_the_checks_refuse_is_not_offered_to_be_confirmed(
    cast, candidate, batch, ready, plan_line, client_of, media
):
    client = client_of(cast.city)
    row = drafted(cast.city, KEY, point_values(candidate, batch, ready))
    PlanLine.objects.filter(pk=plan_line.pk).update(seats_taken=F("seats_planned"))
    answer = client.post(reverse(f"{PAGE}__submit", args=[row.pk]), {"version": row.version})
    assert answer.status_code == 422
    page = answer.content.decode()
    assert "系统检查未通过，不能提交。计划：" in page
    assert row.summary in page
    assert 'name="confirmed"' not in page


def test_the_school_reads_decides_and_submits_it(cast, candidate, batch, ready, client_of):
    both = factories.make_user("gz-both", cast.city.organisation, "sending", "reviewing")
    agree(cast.second, point_asked(both, KEY, candidate, batch, ready))
    sheet = Sheet.objects.get()
    school = client_of(cast.school)
    assert sheet.number in school.get(reverse("dispatch:decide_as_leader")).content.decode()
    assert (
        candidate.name
        in school.get(reverse("dispatch:decide_as_leader__one", args=[sheet.pk])).content.decode()
    )
    deciding.sheet_open(actor=cast.school, sheet=sheet)
    line = PlanLine.objects.get()
    deciding.dossier_propose_admit(
        actor=cast.school,
        sheet=sheet,
        candidate=candidate.pk,
        version=version_of(candidate),
        plan_line=line.pk,
    )
    submitting.sheet_submit(actor=cast.school, sheet=sheet)
    with pytest.raises(Refusal, match="本人"):
        reviewing.admissions_approve(actor=both, placements=[placement_of(candidate).pk])
    reviewing.admissions_approve(actor=cast.reviewer, placements=[placement_of(candidate).pk])
    assert state_of(candidate) == State.ADMITTED


def test_whoever_asked_does_not_agree(cast, candidate, batch, ready):
    row = asked(cast, candidate, batch, ready)
    with pytest.raises(Refusal, match="不能审核本人"):
        agree(cast.city, row)
    assert state_of(candidate) == State.POOL


def test_whoever_wrote_what_a_colleague_submitted_does_not_agree(cast, candidate, batch, ready):
    row = drafted(cast.city, KEY, point_values(candidate, batch, ready), with_paper=True)
    services.request_submit(actor=cast.second, request=row)
    with pytest.raises(Refusal, match="本人填写"):
        agree(cast.city, row)
    agree(cast.reviewer, row)
    assert state_of(candidate) == State.SENT


def test_a_county_asks_and_its_city_agrees(cast, candidate, batch, ready):
    row = point_asked(cast.county, KEY, candidate, batch, ready)
    assert [party.organisation.name for party in row.parties.all()] == ["广州市招办"]
    agree(cast.city, row)
    assert state_of(candidate) == State.SENT


def test_needs_the_function(cast, candidate, batch, ready, client_of):
    row = asked(cast, candidate, batch, ready)
    assert client_of(cast.reviewer).get(reverse(PAGE)).status_code == 403
    assert client_of(cast.reviewer).post(reverse(f"{PAGE}__new"), posted()).status_code == 403
    assert client_of(cast.idle).get(reverse(f"{QUEUE}__single")).status_code == 403
    assert client_of(cast.idle).get(reverse(f"{QUEUE}__single", args=[row.pk])).status_code == 403
    assert client_of(cast.school).get(reverse(PAGE)).status_code == 403


def test_another_city_sees_and_asks_nothing_of_it(cast, candidate, batch, ready, client_of):
    row = asked(cast, candidate, batch, ready)
    other = client_of(cast.other_city)
    assert other.get(reverse(f"{PAGE}__one", args=[row.pk])).status_code == 404
    assert other.get(reverse(f"{QUEUE}__single", args=[row.pk])).status_code == 404
    assert row.number not in other.get(reverse(f"{QUEUE}__single")).content.decode()
    answer = other.post(reverse(f"{PAGE}__new"), posted(**point_values(candidate, batch, ready)))
    assert answer.status_code == 422
    with pytest.raises(Refusal, match="不在您的管辖范围"):
        agree(cast.other_city, row)


def test_a_form_that_says_something_wrong_is_refused(
    cast, candidate, batch, other_batch, ready, schools, client_of
):
    client, url = client_of(cast.city), reverse(f"{PAGE}__new")
    for wrong, words in (
        ({"number": "219"}, "没有这名考生"),
        ({"name": "另一人"}, "姓名与考生号不符"),
        ({"school": schools[1].code}, "没有这所院校的招生计划"),
        ({"batch": other_batch.pk}, "选择一个有效的选项"),
        ({"words": ""}, "须写明具体情况"),
    ):
        answer = client.post(url, posted(**(point_values(candidate, batch, ready) | wrong)))
        assert answer.status_code == 422, wrong
        assert words in answer.content.decode(), wrong
    assert not Request.objects.exists()


def test_without_the_approval_document_it_is_not_submitted(cast, candidate, batch, ready):
    with pytest.raises(Refusal, match="须先上传批准文件"):
        submitted(cast.city, KEY, point_values(candidate, batch, ready))


def no_plan(ready, candidate, batch):
    PlanLine.objects.update(seats_taken=10)


def below(ready, candidate, batch):
    line_at(batch, 30001)


def unmarked(ready, candidate, batch):
    Candidate.objects.update(total=None)


def paused(ready, candidate, batch):
    SchoolControl.objects.create(batch=batch, school=ready, status="paused")


def running(ready, candidate, batch):
    Run.objects.create(
        batch=batch, round=1, state="executed", created_by_id=ready.organisation.users.first().pk,
        confirmed_at="2026-01-01T00:00Z",
    )  # fmt: skip


def girls_only(ready, candidate, batch):
    other = "1" if candidate.sex == "2" else "2"
    SchoolCondition.objects.create(batch=batch, school=ready, group=1, kind="sex", item="", demand=other)


def returned(ready, candidate, batch):
    values = {"season": batch.season, "province": "44", "city": "4401", "county": candidate.county}
    Placement.objects.create(
        candidate=candidate, batch=batch, school=ready, supervisor=ready.supervisor, method="dispatch",
        reason_id="01", closed_at="2026-01-01T00:00Z", **values,
    )  # fmt: skip


def past_the_windows(ready, candidate, batch):
    make_window(batch.season, "dispatch", opens=timedelta(days=-9), closes=timedelta(days=-1))


def past_the_batch(ready, candidate, batch):
    Batch.objects.update(closes_at="2021-01-01T00:00Z")


@pytest.mark.parametrize(
    ("make", "words"),
    [
        (past_the_windows, "院校：第一阶段（统一录取）投档录取已于 .* 截止"),
        (past_the_batch, "院校：中职批投档已于 .* 截止"),
        (no_plan, "计划：院校计划已满"),
        (below, "分数线：控制线 300.01，投档成绩 300.00，低 0.01 分，不能线上点投"),
        (unmarked, "分数线：控制线 250.00，没有成绩"),
        (paused, "院校：院校已暂停"),
        (running, "院校：中职批正在投档"),
        (girls_only, "特殊条件：性别要求"),
        (returned, "档案：本批次已被该校退档"),
    ],
)
def test_what_stands_against_it_is_red_and_refused_at_both_ends(cast, candidate, batch, ready, make, words):
    row = asked(cast, candidate, batch, ready)
    make(ready, candidate, batch)
    with pytest.raises(Refusal, match=words):
        agree(cast.second, row)
    assert (state_of(candidate), SingleDispatch.objects.count()) == (State.POOL, 0)
    assert row.parties.get().decision == "", "the approval is undone as well"
    services.request_withdraw(actor=cast.city, request=row)
    with pytest.raises(Refusal, match=words):
        asked(cast, candidate, batch, ready)


def test_seats_that_a_school_may_give_to_whom_it_is_reading_are_not_left(
    cast, candidate, batch, schools, ready, make_candidates
):
    sheet_released(cast.city, batch, schools[0], make_candidates(10))
    with pytest.raises(Refusal, match="院校计划已满（含正在阅档的考生）"):
        asked(cast, candidate, batch, ready)


def test_a_dossier_that_is_not_free_is_not_sent(cast, candidate, batch, ready):
    row = asked(cast, candidate, batch, ready)
    dossiers_hold(actor=cast.city, candidates=[candidate.pk], held=True, reason="争议")
    with pytest.raises(Refusal, match="已挂起"):
        agree(cast.second, row)
    dossiers_hold(actor=cast.city, candidates=[candidate.pk], held=False, reason="核实")
    admitted_from_pool(cast.school, candidate, PlanLine.objects.get())
    with pytest.raises(Refusal, match="不在库"):
        agree(cast.second, row)
    assert (state_of(candidate), Sheet.objects.count()) == (State.ADMIT_SUBMITTED, 0)


def test_bonus_points_count_as_in_a_run(cast, make_candidates, batch, ready):
    one = make_candidates(1, total=24000, concessions=["S1"])[0]
    agree(cast.second, asked(cast, one, batch, ready))
    assert placement_of(one).dispatch_score == 26000


def test_only_what_was_chosen_is_green(cast, candidate, make_candidates, batch, ready, schools):
    chosen = make_candidates(1, total=30000)[0]
    factories.make_choices([chosen], batch, [schools[1], ready])
    rows = [asked(cast, one, batch, ready) for one in (candidate, chosen)]
    done, left = services.requests_approve_green(
        actor=cast.second, kinds=services.kinds_of("dispatch.confirm_dispatch"), requests=[r.pk for r in rows]
    )
    assert (done, [rows[0].number in words for words in left]) == (1, [True])
    assert [state_of(one) for one in (candidate, chosen)] == [State.POOL, State.SENT]
    assert placement_of(chosen).choice_position == 2


def test_a_second_request_about_the_same_candidate_is_refused(cast, candidate, batch, ready):
    asked(cast, candidate, batch, ready)
    with pytest.raises(Refusal, match="同一事项已有一件申请"):
        point_asked(cast.second, "dispatch.admit_above_line", candidate, batch, ready)


def test_it_is_cancelled_like_any_other_sheet(cast, candidate, batch, ready, client_of):
    agree(cast.second, asked(cast, candidate, batch, ready))
    sheet = Sheet.objects.get()
    client = client_of(cast.city)
    for name in ("cancel_sheet", "find_dispatches", "find_past_sheets"):
        assert sheet.number in client.get(reverse(f"dispatch:{name}")).content.decode()
    past = client.get(reverse("dispatch:find_past_sheets__one", args=[sheet.pk])).content.decode()
    assert f"线上点投申请 {sheet.number}" in past
    assert "点投或批件" in client.get(reverse("dispatch:cancel_sheet__one", args=[sheet.pk])).content.decode()
    keeping.cancel_sheet(actor=cast.city, sheet=sheet, reason="误投")
    assert state_of(candidate) == State.POOL


def test_it_leaves_a_trace(cast, candidate, batch, ready):
    row = asked(cast, candidate, batch, ready)
    agree(cast.second, row)
    event = DossierEvent.objects.get(candidate=candidate)
    assert (event.step, event.deed.actor) == ("dispatch_above_line", cast.second)
    assert event.note == f"投档差错更正：投档时漏投（申请 {row.number}）"
    single = SingleDispatch.objects.get()
    assert (single.asked_by, single.agreed_by, single.line, single.score) == (
        cast.city,
        cast.second,
        25000,
        30000,
    )
    assert (single.placement_id, single.short) == (placement_of(candidate).pk, None)
    assert Deed.objects.filter(subject__contains=row.number, actor=cast.second).exists()


def test_the_school_sees_nothing_before_it_is_agreed(cast, candidate, batch, ready, client_of):
    row = asked(cast, candidate, batch, ready)
    with walled(cast.school.scope):
        assert not Candidate.objects.filter(pk=candidate.pk).exists()
        assert not Request.objects.filter(pk=row.pk).exists()
    agree(cast.second, row)
    with walled(cast.school.scope):
        assert Candidate.objects.get().pk == candidate.pk
        assert SingleDispatch.objects.count() == 1
    with walled(cast.other_school.scope):
        assert not SingleDispatch.objects.exists()


def test_the_record_is_never_changed(cast, candidate, batch, ready):
    agree(cast.second, asked(cast, candidate, batch, ready))
    with pytest.raises(Exception, match="append-only"), connection.cursor() as cursor:
        cursor.execute("UPDATE dispatch_singledispatch SET score = 0")


def test_a_queue_of_many_asks_few_questions(
    cast, make_candidates, batch, ready, client_of, django_assert_max_num_queries
):
    for one in make_candidates(6, total=30000):
        asked(cast, one, batch, ready)
    client = client_of(cast.reviewer)
    client.get(reverse(f"{QUEUE}__single"))
    with django_assert_max_num_queries(25):
        assert client.get(reverse(f"{QUEUE}__single")).status_code == 200


@pytest.mark.django_db(transaction=True)
def test_two_officers_ask_for_the_same_candidate(cast, candidate, batch, ready):
    rows = [
        drafted(actor, KEY, point_values(candidate, batch, ready), with_paper=True)
        for actor in (cast.city, cast.second)
    ]
    actors = (cast.city, cast.second)
    results = in_threads(2, lambda index: services.request_submit(actor=actors[index], request=rows[index]))
    assert sorted(results) == ["Refusal", "done"]
    assert Request.objects.filter(state="submitted").count() == 1


@pytest.mark.django_db(transaction=True)
def test_a_school_admits_from_the_pool_at_the_moment_of_approval(cast, candidate, batch, ready, plan_line):
    row = asked(cast, candidate, batch, ready)

    def deed(index: int):
        if index:
            return agree(cast.second, row)
        return admitted_from_pool(cast.school, candidate, plan_line)

    results = in_threads(2, deed)
    assert sorted(results) == ["Refusal", "done"]
    assert Placement.objects.open().filter(candidate=candidate).count() == 1
    assert (state_of(candidate) == State.SENT) == (SingleDispatch.objects.count() == 1)


@pytest.mark.django_db(transaction=True)
def test_two_dispatches_do_not_share_the_last_seat(cast, make_candidates, batch, ready):
    PlanLine.objects.update(seats_taken=9)
    rows = [asked(cast, one, batch, ready) for one in make_candidates(2, total=30000)]
    actors = (cast.second, cast.reviewer)
    results = in_threads(2, lambda index: agree(actors[index], rows[index]))
    assert sorted(results) == ["Refusal", "done"]
    assert Sheet.objects.count() == 1
