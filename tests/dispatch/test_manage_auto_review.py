"""自动审核管理: rules pass what is plain, tried before, sampled after, marked wherever it shows."""

from datetime import timedelta
from uuid import uuid4

import pytest
import time_machine
from django.db import DatabaseError, connection, transaction
from django.urls import reverse
from django.utils import timezone
from django_celery_beat.models import PeriodicTask

from accounts.models import Deed
from accounts.refusals import Refusal
from accounts.roles import duties_clash
from admissions.lifecycle import State
from admissions.models import Candidate, DossierEvent
from dispatch.models import (
    AutoDecision,
    AutoRule,
    AutoSwitch,
    AutoTrial,
    AutoVersion,
)
from dispatch.queries.auto import OPTIONS
from dispatch.services import auto, deciding, keeping, passing, reviewing, submitting
from dispatch.tasks import auto_review_keep
from tests import factories
from tests.concurrency import in_threads
from tests.factories_auto import CODED, COMMON, PLAIN, full, run, switch_on
from tests.factories_dispatch import placement_of, sheet_submitted, state_of, version_of

PAGE = "dispatch:manage_auto_review"


@pytest.fixture
def candidates(make_candidates):
    return make_candidates(3, concessions=[])


@pytest.fixture
def second_reviewer(cast):
    return factories.make_user("gz-reviewer-2", cast.reviewer.organisation, "reviewing")


@pytest.fixture
def rule(cast, season, batch):
    return auto.rule_make(actor=cast.reviewer, kind="admissions", content=PLAIN)


@pytest.fixture
def on(cast, rule):
    return switch_on(rule, cast.reviewer)


@pytest.fixture
def sheet(cast, batch, schools, plan_line, candidates):
    return sheet_submitted(cast.city, cast.school, batch, schools[0], candidates)


def test_what_is_plain_passes_when_the_school_submits(
    cast, on, batch, schools, plan_line, candidates, django_capture_on_commit_callbacks
):
    with django_capture_on_commit_callbacks(execute=True):
        sheet_submitted(cast.city, cast.school, batch, schools[0], candidates)
    assert {state_of(c) for c in candidates} == {State.ADMITTED}


def test_every_decision_is_marked_with_rule_and_version(cast, on, sheet, candidates, client_of):
    assert run(on) == 3
    assert run(on) == 0
    event = DossierEvent.objects.get(candidate=candidates[0], step="auto_admission")
    assert event.note == f"自动审核规则 {on.pk} 第 1 版"
    assert (event.deed.actor, event.deed.function, event.deed.count) == (
        None,
        "dispatch.manage_auto_review",
        3,
    )
    decision = placement_of(candidates[0]).auto_decision
    assert (decision.rule, decision.version.number, decision.city) == (on, 1, "4401")
    track = reverse("admissions:find_track") + f"?number={candidates[0].number}"
    assert "自动审核通过录取" in client_of(cast.city).get(track).content.decode()
    listed = client_of(cast.reviewer).get(reverse(f"{PAGE}__decisions") + f"?rule={on.pk}&version=1")
    assert candidates[0].number in listed.content.decode()
    other = client_of(cast.reviewer).get(reverse(f"{PAGE}__decisions") + f"?rule={on.pk}&version=2")
    assert candidates[0].number not in other.content.decode()


# Trial, switch, versions.


def test_the_trial_names_what_officers_refused(cast, rule, sheet, candidates, client_of):
    keys = [placement_of(c).pk for c in candidates]
    reviewing.admissions_approve(actor=cast.reviewer, placements=keys[:2])
    reviewing.admissions_refuse(actor=cast.reviewer, placements=keys[2:], reason="A09", words="毕业证存疑")
    with time_machine.travel(timezone.now() + timedelta(days=1), tick=False):
        client = client_of(cast.reviewer)
        day = f"{timezone.localdate() - timedelta(days=1):%Y-%m-%d}"
        client.post(reverse(f"{PAGE}__try", args=[rule.pk]), {"day": day, "form_key": str(uuid4())})
        page = client.get(reverse(f"{PAGE}__one", args=[rule.pk])).content.decode()
        asked = client.post(reverse(f"{PAGE}__switch", args=[rule.pk]), {"words": "启用"}).content.decode()
    trial = rule.trials.get()
    assert (trial.decided, trial.passed, len(trial.refused)) == (3, 3, 1)
    assert candidates[2].number in page
    assert "毕业证存疑" in page
    assert "1 名考生当时被人工退回" in asked
    assert not AutoRule.objects.get().on
    assert {state_of(c) for c in candidates[:2]} == {State.ADMITTED}


def test_the_trial_counts_only_what_the_rule_asks_for(cast, rule, batch, sheet, candidates):
    Candidate.objects.filter(pk=candidates[0].pk).update(concessions=["01"])
    keys = [placement_of(c).pk for c in candidates]
    reviewing.admissions_approve(actor=cast.reviewer, placements=keys)
    trial = auto.rule_try(actor=cast.reviewer, rule=rule, day=timezone.localdate())
    assert (trial.decided, trial.passed, trial.refused) == (3, 2, [])
    before = auto.rule_try(actor=cast.reviewer, rule=rule, day=timezone.localdate() - timedelta(days=1))
    assert (before.decided, before.passed) == (0, 0)


def test_the_trial_counts_no_second_decision_on_what_was_sent_back(cast, rule, sheet, candidates):
    one = candidates[0]
    reviewing.admissions_refuse(
        actor=cast.reviewer, placements=[placement_of(one).pk], reason="A09", words="请核对"
    )
    version = version_of(one)
    deciding.dossier_propose_admit(actor=cast.school, sheet=sheet, candidate=one.pk, version=version)
    submitting.sheet_submit(actor=cast.school, sheet=sheet)
    reviewing.admissions_approve(actor=cast.reviewer, placements=[placement_of(one).pk])
    trial = auto.rule_try(actor=cast.reviewer, rule=rule, day=timezone.localdate())
    assert (trial.decided, trial.passed, len(trial.refused)) == (2, 1, 1)


def test_the_trial_of_returns_takes_the_reason_as_submitted(cast, batch, schools, plan_line, candidates):
    rule = auto.rule_make(actor=cast.reviewer, kind="returns", content=CODED)
    ranked = sorted(candidates, key=lambda c: -c.total)
    sheet_submitted(cast.city, cast.school, batch, schools[0], ranked[:1], ranked[1:])
    full(plan_line)
    keys = [placement_of(c).pk for c in ranked]
    reviewing.returns_approve(actor=cast.reviewer, placements=keys[1:2])
    reviewing.returns_refuse(actor=cast.reviewer, placements=keys[2:], reason="C09", words="理由不充分")
    assert placement_of(ranked[2]).reason_id is None
    trial = auto.rule_try(actor=cast.reviewer, rule=rule, day=timezone.localdate())
    assert (trial.decided, trial.passed, len(trial.refused)) == (2, 2, 1)


def test_only_what_was_tried_is_switched_on(cast, rule):
    with pytest.raises(Refusal, match="还没有试运行"):
        auto.rule_switch(actor=cast.reviewer, rule=rule, on=True, words="启用")
    switch_on(rule, cast.reviewer)
    auto.rule_change(actor=cast.reviewer, rule=rule, content=PLAIN | {"margin": 500})
    rule.refresh_from_db()
    assert not rule.on
    with pytest.raises(Refusal, match="还没有试运行"):
        auto.rule_switch(actor=cast.reviewer, rule=rule, on=True, words="启用")
    auto.rule_restore(actor=cast.reviewer, rule=rule, number=1)
    assert [v.number for v in AutoVersion.objects.all()] == [3, 2, 1]
    assert AutoVersion.objects.get(number=3).content == AutoVersion.objects.get(number=1).content
    assert len({v.seed for v in AutoVersion.objects.all()}) == 3


def test_made_changed_and_switched_through_the_pages(cast, season, batch, client_of):
    client = client_of(cast.reviewer)
    new = {"asks": list(OPTIONS), "margin": "0", "sample": "5", "threshold": "5", "least": "20"}
    url = reverse(f"{PAGE}__new", args=["admissions"])
    assert "档案未挂起" in client.get(url).content.decode()
    assert client.post(url, new | {"batch": batch.pk, "form_key": str(uuid4())}).status_code == 302
    rule = AutoRule.objects.get()
    again = client.post(url, new | {"batch": batch.pk, "form_key": str(uuid4())})
    assert again.status_code == 422
    assert "已有同样范围" in again.content.decode()
    client.post(reverse(f"{PAGE}__try", args=[rule.pk]), {"day": f"{timezone.localdate():%Y-%m-%d}"})
    switch = reverse(f"{PAGE}__switch", args=[rule.pk])
    assert "由您负责" in client.post(switch, {"words": "启用"}).content.decode()
    client.post(switch, {"words": "启用", "confirmed": "1"})
    change = reverse(f"{PAGE}__change", args=[rule.pk])
    assert 'value="0.0"' in client.get(change).content.decode()
    assert "立即停用" in client.post(change, new | {"margin": "2.5"}).content.decode()
    client.post(change, new | {"margin": "2.5", "note": "提高", "confirmed": "1"})
    client.post(reverse(f"{PAGE}__restore", args=[rule.pk, 1]), {"confirmed": "1"})
    rule.refresh_from_db()
    assert (rule.on, rule.version.number, rule.version.note) == (False, 3, "还原为第 1 版")
    page = client.get(reverse(PAGE)).content.decode()
    assert "自动审核录取（中职批）" in page
    assert "gz-reviewer" in page


def test_returns_need_a_reason_that_can_be_verified(cast, season, client_of):
    url = reverse(f"{PAGE}__new", args=["returns"])
    answer = client_of(cast.reviewer).post(url, {"sample": "5", "threshold": "5", "least": "20"})
    assert answer.status_code == 422
    with pytest.raises(Refusal, match="至少选择一种"):
        auto.rule_make(actor=cast.reviewer, kind="returns", content=COMMON | {"reasons": ["13"]})
    assert not AutoRule.objects.exists()


# The sample.


def test_the_sample_is_drawn_from_the_stored_seed(cast, rule, sheet, candidates):
    auto.rule_change(actor=cast.reviewer, rule=rule, content=PLAIN | {"sample": 50})
    switch_on(rule, cast.reviewer)
    run(rule)
    for decision in AutoDecision.objects.select_related("version"):
        assert decision.sampled == passing.is_drawn(decision.version.seed, decision.pk, 50)
    drawn = sum(passing.is_drawn("ab" * 16, key, 5) for key in range(20_000))
    assert 900 < drawn < 1100
    assert all(passing.is_drawn("x", key, 100) for key in range(50))


def test_a_person_agrees_or_objects(cast, on, sheet, candidates, second_reviewer, client_of):
    run(on)
    client = client_of(second_reviewer)
    todo = client.get(reverse("accounts:workbench")).content.decode()
    assert "自动审核抽样复核" in todo
    keys = [placement_of(c).pk for c in candidates]
    urls = [reverse(f"{PAGE}__decisions__check", args=[key]) for key in keys]
    assert "自动审核通过录取" in client.get(urls[0]).content.decode()
    assert client.post(urls[0], {"agrees": "1", "form_key": str(uuid4())}).status_code == 302
    assert client.post(urls[1], {"agrees": "0", "form_key": str(uuid4())}).status_code == 422
    client.post(urls[1], {"agrees": "0", "words": "毕业证存疑", "form_key": str(uuid4())})
    decisions = [AutoDecision.objects.get(pk=key) for key in keys]
    assert [d.agrees for d in decisions] == [True, False, None]
    assert decisions[1].checked_by == second_reviewer
    assert state_of(candidates[1]) == State.ADMITTED  # an objection alone moves nobody
    assert "50.0%" in client.get(reverse(PAGE)).content.decode()
    again = client.post(urls[0], {"agrees": "0", "words": "改主意", "form_key": str(uuid4())})
    assert again.status_code == 422
    assert "已由" in again.content.decode()


def test_nobody_checks_his_own_rule_or_dispatch(cast, on, sheet, candidates):
    run(on)
    decision = AutoDecision.objects.get(pk=placement_of(candidates[0]).pk)
    with pytest.raises(Refusal, match="由您本人启用"):
        passing.decision_check(actor=cast.reviewer, decision=decision, agrees=True)
    with pytest.raises(Refusal, match="由您本人投档"):
        passing.decision_check(actor=cast.city, decision=decision, agrees=True)


def test_too_many_objections_switch_the_rule_off(cast, on, sheet, candidates, second_reviewer, client_of):
    run(on)
    first, second, _ = (AutoDecision.objects.get(pk=placement_of(c).pk) for c in candidates)
    passing.decision_check(actor=second_reviewer, decision=first, agrees=False, words="不妥")
    on.refresh_from_db()
    assert on.on  # one of ten is not more than 10 %
    passing.decision_check(actor=second_reviewer, decision=second, agrees=False, words="不妥")
    on.refresh_from_db()
    assert not on.on
    last = AutoSwitch.objects.first()
    assert (last.on, last.made_by) == (False, None)
    assert "超过上限 10%" in last.words
    assert "自动停用" in client_of(cast.reviewer).get(reverse("accounts:workbench")).content.decode()


# Five questions.


def test_permission(cast, on, sheet, client_of):
    run(on)
    decision = AutoDecision.objects.first()
    tails = [("one", [on.pk]), ("change", [on.pk]), ("try", [on.pk]), ("switch", [on.pk]), ("decisions", [])]
    tails += [("new", ["returns"]), ("restore", [on.pk, 1]), ("decisions__check", [decision.pk])]
    for user in (cast.city, cast.idle, cast.school):
        assert client_of(user).get(reverse(PAGE)).status_code == 403
        for tail, args in tails:
            assert client_of(user).post(reverse(f"{PAGE}__{tail}", args=args)).status_code == 403, tail


def test_whoever_sends_may_not_hold_it():
    assert duties_clash({"dispatch.dispatch_batch", "dispatch.manage_auto_review"})


def test_another_city_sees_neither_rule_nor_decision(cast, on, sheet, candidates, client_of):
    run(on)
    theirs = factories.make_user("sz-reviewer", factories.make_organisation("4403"), "reviewing")
    client = client_of(theirs)
    decision = placement_of(candidates[0]).pk
    for tail, args in (("one", [on.pk]), ("switch", [on.pk]), ("decisions__check", [decision])):
        assert client.get(reverse(f"{PAGE}__{tail}", args=args)).status_code == 404
    assert candidates[0].number not in client.get(reverse(f"{PAGE}__decisions")).content.decode()
    assert "自动审核录取" not in client.get(reverse(PAGE)).content.decode()


def test_a_county_looks_and_checks_but_does_not_set(cast, on, sheet, candidates, client_of):
    run(on)
    office = factories.make_organisation("440103")
    county = factories.make_user("liwan-reviewer", office, "reviewing")
    client = client_of(county)
    assert "只供查看" in client.get(reverse(PAGE)).content.decode()
    answer = client.post(reverse(f"{PAGE}__switch", args=[on.pk]), {"words": "停", "confirmed": "1"})
    assert answer.status_code == 422
    on.refresh_from_db()
    assert on.on
    decision = AutoDecision.objects.get(pk=placement_of(candidates[0]).pk)
    assert passing.decision_check(actor=county, decision=decision, agrees=True).agrees


def test_it_leaves_a_trace(cast, on):
    subjects = set(Deed.objects.values_list("subject", flat=True))
    assert {"新建自动审核录取（全市）", "启用自动审核录取（全市）第 1 版"} <= subjects
    for rows in (AutoVersion.objects, AutoSwitch.objects, AutoTrial.objects):
        with pytest.raises(DatabaseError, match="append-only"), transaction.atomic():
            rows.update(made_by=cast.city)


def test_off_it_passes_nobody(cast, on, sheet, candidates):
    auto.rule_switch(actor=cast.reviewer, rule=on, on=False, words="暂停")
    assert run(on) == 0
    with pytest.raises(Refusal, match="已经停用"):
        auto.rule_switch(actor=cast.reviewer, rule=on, on=False, words="暂停")


def test_the_pages_ask_a_bounded_number_of_questions(
    cast, on, sheet, client_of, django_assert_max_num_queries
):
    run(on)
    client = client_of(cast.reviewer)
    pages = [reverse(PAGE), reverse(f"{PAGE}__decisions"), reverse(f"{PAGE}__one", args=[on.pk])]
    pages += [reverse("dispatch:review_admissions"), reverse("dispatch:review_returns")]
    for page in pages:
        client.get(page)
        with django_assert_max_num_queries(25):
            assert client.get(page).status_code == 200


def test_the_clock_asks_where_a_message_was_lost(cast, on, sheet, candidates):
    auto_review_keep()
    assert {state_of(c) for c in candidates} == {State.ADMITTED}
    assert PeriodicTask.objects.filter(task="dispatch.tasks.auto_review_keep", enabled=True).exists()


def test_thousands_in_few_statements(
    cast, on, batch, schools, make_candidates, django_assert_max_num_queries
):
    factories.make_plan_line(schools[0], batch, seats=400)
    people = make_candidates(300, concessions=[])
    sheet_submitted(cast.city, cast.school, batch, schools[0], people)
    with django_assert_max_num_queries(20):
        assert run(on) == 300


def on_without_a_message(rule, actor):
    """Rows that are committed would be looked at by an eager worker before the test begins."""
    AutoSwitch.objects.create(rule=rule, version=rule.version, on=True, words="启用", made_by=actor)
    AutoRule.objects.filter(pk=rule.pk).update(on=True)
    connection.close()


@pytest.mark.django_db(transaction=True)
def test_two_workers_pass_each_once(cast, rule, sheet, candidates):
    versions = [version_of(c) for c in candidates]
    on_without_a_message(rule, cast.reviewer)
    assert in_threads(2, lambda index: run(rule)) == ["done", "done"]
    assert [version_of(c) for c in candidates] == [v + 1 for v in versions]
    assert AutoDecision.objects.count() == 3


@pytest.mark.django_db(transaction=True)
def test_a_rule_and_a_recall_at_the_same_moment(cast, rule, sheet, candidates):
    key = candidates[0].pk
    on_without_a_message(rule, cast.reviewer)

    def deed(index):
        if index:
            keeping.recall_dossier(actor=cast.city, candidates=[key], reason="考生投诉")
        else:
            run(rule)

    in_threads(2, deed)
    steps = set(DossierEvent.objects.filter(candidate=key).values_list("step", flat=True))
    assert len(steps & {"auto_admission", "recall_dossier"}) == 1


@pytest.mark.django_db(transaction=True)
def test_a_rule_and_an_officer_at_the_same_moment(cast, rule, sheet, candidates):
    keys = [placement_of(c).pk for c in candidates]
    on_without_a_message(rule, cast.reviewer)

    def deed(index):
        if index:
            reviewing.admissions_refuse(actor=cast.reviewer, placements=keys, reason="A09", words="请核对")
        else:
            run(rule)

    in_threads(2, deed)
    counts = [DossierEvent.objects.filter(step=s).count() for s in ("auto_admission", "reconsider_admission")]
    assert sorted(counts) == [0, 3]


@pytest.mark.django_db(transaction=True)
def test_switched_off_means_off(cast, rule, sheet, candidates):
    """A worker that has begun ends before the switch is told done; one that begins later passes nobody."""
    on_without_a_message(rule, cast.reviewer)

    def deed(index):
        if index:
            auto.rule_switch(actor=cast.reviewer, rule=rule, on=False, words="停")
        else:
            run(rule)

    assert in_threads(2, deed) == ["done", "done"]
    off = AutoSwitch.objects.get(on=False).made_at
    assert not DossierEvent.objects.filter(step="auto_admission", at__gt=off).exists()
