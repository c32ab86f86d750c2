"""指定派位录取: a public draw that anyone can recompute; who is drawn is admitted."""

import csv
import hashlib
import hmac

import pytest
from django.db import DatabaseError, transaction
from django.urls import reverse

from accounts.models import Deed
from accounts.refusals import Refusal
from admissions.jobs import Progress
from admissions.lifecycle import State
from admissions.models import Choice, Dossier, DossierEvent, Window
from dispatch.ceremony import roster_path
from dispatch.models import Drawing, Placement, RegionLine, Run
from dispatch.runs import run_explain
from dispatch.services import drawing, executing, sending, verifying
from quotas.models import PlanLine
from registration.queries.students import own_students
from registration.services.students import admissions_cancel, students_register
from tests import factories
from tests.factories_dispatch import placement_of, state_of

PAGE = "dispatch:admit_by_lottery"
NOBODY = Progress("00000000-0000-0000-0000-000000000000")
DRAWN = {
    "randomness": "03 07 11 19 24 30 05",
    "origin": "公证处现场摇出的七个号码",
    "witnesses": "公证员甲、家长乙",
}


@pytest.fixture
def ready(batch, schools, make_candidates):
    """Twelve of 广州 want the first school (three seats in two majors), then the second (two seats)."""
    factories.make_plan_line(schools[0], batch, seats=2)
    factories.make_plan_line(schools[0], batch, major="730301", seats=1)
    factories.make_plan_line(schools[1], batch, major="740201", seats=2)
    made = make_candidates(12)
    factories.make_choices(made, batch, schools)
    Choice.objects.filter(batch=batch, school=schools[0]).update(majors=["730301", "710201"])
    RegionLine.objects.create(batch=batch, score=100)
    return made


def opened(cast, batch, schools) -> Run:
    return sending.run_open(actor=cast.city, batch=batch, kind=Run.Kind.LOTTERY, schools=schools)


def rehearse(cast, run) -> Run:
    sending.run_rehearse(actor=cast.city, run=run, progress=NOBODY)
    run.refresh_from_db()
    return run


def freeze(cast, run) -> Run:
    drawing.roster_freeze(actor=cast.city, run=run, progress=NOBODY)
    run.refresh_from_db()
    return run


def drawn(cast, batch, schools, **changed) -> Run:
    """Frozen, drawn and formally rehearsed."""
    run = freeze(cast, opened(cast, batch, schools))
    drawing.randomness_enter(actor=cast.city, run=run, **(DRAWN | changed))
    return rehearse(cast, run)


def executed(cast, batch, schools) -> Run:
    run = drawn(cast, batch, schools)
    sending.run_confirm(actor=cast.reviewer, run=run, fingerprint=run.fingerprint)
    executing.run_execute(actor=cast.city, run=run, progress=NOBODY)
    run.refresh_from_db()
    return run


def released(cast, batch, schools) -> Run:
    run = executed(cast, batch, schools)
    verifying.run_verify(actor=cast.city, run=run, progress=NOBODY)
    executing.run_release(actor=cast.city, run=run)
    run.refresh_from_db()
    return run


def winners(run) -> dict[str, str]:
    return dict(Placement.objects.filter(run=run).values_list("candidate__number", "school__code"))


def recomputed(roster: bytes, round_name: str, wishes, seats) -> dict[str, str]:
    """What a parent computes at home: nothing of ours is called."""
    digest = hashlib.sha256(roster).hexdigest()
    seed = hashlib.sha256((DRAWN["randomness"] + digest + round_name).encode()).hexdigest()
    numbers = roster.decode().split()
    own = {n: hmac.new(seed.encode(), n.encode(), hashlib.sha256).hexdigest()[:16] for n in numbers}
    left, got = dict(seats), {}
    for number in sorted(numbers, key=own.get):
        for school in wishes[number]:
            if left.get(school):
                left[school] -= 1
                got[number] = school
                break
    return got


def test_anyone_can_recompute_who_is_drawn(cast, batch, schools, ready):
    run = executed(cast, batch, schools)
    roster = roster_path(run).read_bytes()
    assert roster == "".join(f"{number}\n" for number in sorted(c.number for c in ready)).encode()
    assert run.roster_digest == hashlib.sha256(roster).hexdigest()
    assert run.round_name == "2021autumn-4401-42-1"
    first, second = (school.code for school in schools)
    wishes = {c.number: [first, second] for c in ready}
    expected = recomputed(roster, "2021autumn-4401-42-1", wishes, {first: 3, second: 2})
    assert len(expected) == 5
    assert winners(run) == expected
    best = {c.number for c in sorted(ready, key=lambda c: -c.total)[:5]}
    assert set(expected) != best, "marks have no part in it"


def test_who_is_drawn_is_admitted_with_a_seat(cast, batch, schools, ready):
    run = executed(cast, batch, schools)
    placed = Placement.objects.filter(run=run)
    assert {(p.method, p.decided_by_id) for p in placed} == {("lottery", cast.city.pk)}
    assert all(p.plan_line_id and p.decided_at and p.closed_at is None for p in placed)
    assert sorted(placed.values_list("rank", flat=True)) == [1, 2, 3, 4, 5]
    assert Dossier.objects.filter(state=State.ADMITTED).count() == 5
    taken = dict(PlanLine.objects.values_list("major_code", "seats_taken"))
    assert taken == {"710201": 2, "730301": 1, "740201": 2}
    first = placed.get(rank=1)
    assert first.plan_line.major_code == "730301", "the first of his majors, while it has a seat"
    events = DossierEvent.objects.filter(step="admit_by_lottery")
    assert events.count() == 5
    assert events.get(candidate=first.candidate_id).note == f"派位第 1 位，专业：{first.plan_line.major_name}"
    assert Deed.objects.filter(subject=f"派位录取 {run}", count=5).exists()


def test_who_named_no_free_major_gets_that_with_most_left(cast, batch, schools, ready):
    Choice.objects.filter(school=schools[0]).update(majors=[], accepts_adjustment=False)
    run = executed(cast, batch, schools[:1])
    majors = list(run.placements.order_by("rank").values_list("plan_line__major_code", flat=True))
    assert majors == ["710201", "710201", "730301"]


def test_practice_shows_other_numbers_each_time_and_cannot_be_confirmed(cast, batch, schools, ready):
    run = opened(cast, batch, schools)
    seen = []
    for _ in range(2):
        rehearse(cast, run)
        assert (run.state, run.practice, run.sent) == (Run.State.DRAFT, True, 5)
        seen.append(run.parameters["seed"])
        with pytest.raises(Refusal, match="演练"):
            sending.run_confirm(actor=cast.reviewer, run=run, fingerprint=run.fingerprint)
    assert seen == ["演练-2021autumn-4401-42-1-1", "演练-2021autumn-4401-42-1-2"]
    digests = run.rehearsals.values_list("outcome_digest", flat=True)
    assert len(set(digests)) == 2
    Run.objects.filter(pk=run.pk).update(state=Run.State.REHEARSED)
    with pytest.raises(Refusal, match="演练"):
        sending.run_confirm(actor=cast.reviewer, run=run, fingerprint=run.fingerprint)


def test_one_number_for_all_schools(cast, batch, schools, ready):
    """With one number nobody loses at the second school to somebody he stands before at the first."""
    run = executed(cast, batch, schools)
    ranks = {code: [] for code in (schools[0].code, schools[1].code)}
    for placement in run.placements.select_related("school"):
        ranks[placement.school.code].append(placement.rank)
    assert max(ranks[schools[0].code]) < min(ranks[schools[1].code])


def test_where_first_choices_go_first_they_do_so_here(cast, batch, schools, ready):
    batch.mode = "choice_first"
    batch.save()
    some = [c.pk for c in ready[:2]]
    Choice.objects.filter(candidate__in=some, position=1).delete()
    Choice.objects.filter(candidate__in=some).update(position=1)
    run = executed(cast, batch, schools)
    assert run.parameters["mode"] == "choice_first"
    assert {p.candidate_id for p in run.placements.filter(school=schools[1])} == set(some)


def test_lines_and_conditions_hold_and_the_roster_leaves_out_who_does_not_meet_them(
    cast, batch, schools, ready
):
    low = sorted(ready, key=lambda c: c.total)[:8]
    RegionLine.objects.update(score=low[-1].total + 1)
    held = max(ready, key=lambda c: c.total)
    Dossier.objects.filter(pk=held.pk).update(held=True)
    run = executed(cast, batch, schools)
    assert (run.roster_size, run.candidates, run.sent) == (3, 11, 3)
    assert set(roster_path(run).read_text().split()) == {c.number for c in ready if c not in [*low, held]}
    assert "低于分数线" in run_explain(run, low[0].pk)[0]
    assert {p.rank for p in run.placements.all()} == {1, 2, 3}, "ranks count the roster only"


def test_the_ceremony_in_its_order(cast, batch, schools, ready):
    run = opened(cast, batch, schools)
    by = {"actor": cast.city, "run": run}
    with pytest.raises(Refusal, match="先冻结名单"):
        drawing.randomness_enter(**by, **DRAWN)
    freeze(cast, run)
    for wrong, words in (
        ({"randomness": "12345"}, "至少 6"),
        ({"randomness": "123456\n7"}, "写在一行"),
        ({"origin": " "}, "来源和见证人"),
        ({"witnesses": ""}, "来源和见证人"),
    ):
        with pytest.raises(Refusal, match=words):
            drawing.randomness_enter(**by, **(DRAWN | wrong))
    assert not Drawing.objects.exists()
    drawing.randomness_enter(**by, **DRAWN)
    with pytest.raises(Refusal, match="没有任何变化"):
        drawing.randomness_enter(**by, **DRAWN)
    with pytest.raises(Refusal, match="须写明原因"):
        drawing.randomness_enter(**by, **(DRAWN | {"randomness": "03 07 11 19 24 30 06"}))
    rehearse(cast, run)
    sending.run_confirm(actor=cast.reviewer, run=run, fingerprint=run.fingerprint)
    again = DRAWN | {"randomness": "03 07 11 19 24 30 06", "reason": "末位抄错"}
    drawing.randomness_enter(**by, **again)
    run.refresh_from_db()
    assert (run.state, run.confirmed_by, run.randomness) == (Run.State.DRAFT, None, again["randomness"])
    note = Deed.objects.filter(subject__startswith="录入公开随机数").order_by("pk").last().note
    assert DRAWN["randomness"] in note
    assert "末位抄错" in note
    assert list(run.drawings.values_list("number", "reason")) == [(2, "末位抄错"), (1, "")]
    rehearse(cast, run)
    assert run.parameters["seed"] == run.drawings.first().seed
    sending.run_confirm(actor=cast.reviewer, run=run, fingerprint=run.fingerprint)
    executing.run_execute(actor=cast.city, run=run, progress=NOBODY)
    for deed in (
        lambda: drawing.randomness_enter(**by, **(again | {"randomness": "another one"})),
        lambda: drawing.roster_freeze(**by, progress=NOBODY),
        lambda: drawing.roster_freeze_start(actor=cast.city, run=Run.objects.get(pk=run.pk)),
    ):
        with pytest.raises(Refusal, match="不能再变动"):
            deed()
    with pytest.raises(DatabaseError, match="append-only"), transaction.atomic():
        Drawing.objects.update(randomness="nothing")


def test_another_roster_makes_what_was_drawn_void(cast, batch, schools, ready):
    run = drawn(cast, batch, schools)
    before = run.roster_digest
    assert "没有变化" in drawing.roster_freeze(actor=cast.city, run=run, progress=NOBODY)
    run.refresh_from_db()
    assert (run.state, run.randomness) == (Run.State.REHEARSED, DRAWN["randomness"])
    Dossier.objects.filter(pk=ready[0].pk).update(held=True)
    with pytest.raises(Refusal, match="名单有变化"):
        rehearse(cast, run)
    sending.run_confirm(actor=cast.reviewer, run=run, fingerprint=run.fingerprint)
    with pytest.raises(Refusal, match="没有执行"):
        executing.run_execute(actor=cast.city, run=run, progress=NOBODY)
    freeze(cast, run)
    assert (run.state, run.randomness, run.roster_size) == (Run.State.DRAFT, "", 11)
    assert run.roster_digest != before
    assert "作废" in Deed.objects.filter(subject__startswith="冻结派位名单").order_by("pk").last().note
    with pytest.raises(Refusal, match="须写明原因"):
        drawing.randomness_enter(actor=cast.city, run=run, **DRAWN)


def test_giving_up_and_beginning_anew_does_not_hide_what_was_drawn(cast, batch, schools, ready, client_of):
    run = drawn(cast, batch, schools)
    executing.run_cancel(actor=cast.city, run=run, reason="重来")
    again = freeze(cast, opened(cast, batch, schools))
    with pytest.raises(Refusal, match="须写明原因"):
        drawing.randomness_enter(actor=cast.city, run=again, **DRAWN)
    page = client_of(cast.city).get(reverse(f"{PAGE}__run", args=[again.pk])).content.decode()
    assert DRAWN["randomness"] in page


def test_the_page_of_a_lottery_tells_no_marks(cast, batch, schools, ready, client_of):
    factories.make_plan_line(factories.make_school("30001"), batch)
    first = sending.run_open(actor=cast.city, batch=batch)
    rehearse(cast, first)
    sending.run_confirm(actor=cast.reviewer, run=first, fingerprint=first.fingerprint)
    executing.run_execute(actor=cast.city, run=first, progress=NOBODY)
    executing.run_cancel(actor=cast.city, run=first, reason="改为派位")
    run = rehearse(cast, rehearse(cast, opened(cast, batch, schools)))
    page = client_of(cast.city).get(reverse(f"{PAGE}__run", args=[run.pk])).content.decode()
    assert "末位中签位次" in page
    assert "派位顺序" in page
    for words in ("最低分</th>", "投档比例", "末位同分", "未设"):
        assert words not in page


def test_a_tie_drawn_by_lottery_needs_public_randomness_too(cast, batch, ready):
    batch.tie_keys = ["lottery"]
    batch.save()
    run = rehearse(cast, sending.run_open(actor=cast.city, batch=batch))
    assert (run.practice, run.state) == (True, Run.State.DRAFT)
    with pytest.raises(Refusal, match="演练"):
        sending.run_confirm(actor=cast.reviewer, run=run, fingerprint=run.fingerprint)
    freeze(cast, run)
    drawing.randomness_enter(actor=cast.city, run=run, **DRAWN)
    rehearse(cast, run)
    sending.run_confirm(actor=cast.reviewer, run=run, fingerprint=run.fingerprint)
    executing.run_execute(actor=cast.city, run=run, progress=NOBODY)
    assert Dossier.objects.filter(state=State.SENT).count() == 5


def test_a_run_without_lottery_numbers_has_no_ceremony(cast, batch, ready, client_of):
    run = rehearse(cast, sending.run_open(actor=cast.city, batch=batch))
    assert run.state == Run.State.REHEARSED
    with pytest.raises(Refusal, match="不使用随机号"):
        drawing.roster_freeze_start(actor=cast.city, run=run)
    page = client_of(cast.city).get(reverse("dispatch:dispatch_batch__run", args=[run.pk])).content.decode()
    assert "冻结名单" not in page


def test_the_school_sees_its_list_after_the_release_and_registers(cast, batch, schools, ready, client_of):
    Window.objects.create(
        season=batch.season, kind="registration", stage=1,
        opens_at="2021-08-01T00:00+08:00", closes_at="2099-09-22T23:59+08:00",
    )  # fmt: skip
    run = executed(cast, batch, schools)
    own = [p.candidate_id for p in run.placements.filter(school=schools[0])]
    sheets = reverse("dispatch:decide_as_leader")
    assert not own_students(cast.registrar, batch.season).exists()
    with pytest.raises(Refusal, match="尚未发布"):
        students_register(actor=cast.registrar, candidates=own)
    assert run.sheets.first().number not in client_of(cast.school).get(sheets).content.decode()
    verifying.run_verify(actor=cast.city, run=run, progress=NOBODY)
    executing.run_release(actor=cast.city, run=run)
    sheet = run.sheets.get(school=schools[0])
    assert sheet.submitted_at == sheet.opened_at == sheet.released_at
    page = client_of(cast.school).get(sheets).content.decode()
    assert sheet.number in page
    assert "打开阅档" not in page, "there is nothing to read"
    assert {p.candidate_id for p in own_students(cast.registrar, batch.season)} == set(own)
    students_register(actor=cast.registrar, candidates=own)
    assert {state_of(placement.candidate) for placement in run.placements.filter(school=schools[0])} == {
        State.REGISTERED
    }


def test_undo_until_somebody_has_registered(cast, batch, schools, ready):
    Window.objects.create(
        season=batch.season, kind="registration", stage=1,
        opens_at="2021-08-01T00:00+08:00", closes_at="2099-09-22T23:59+08:00",
    )  # fmt: skip
    run = released(cast, batch, schools)
    gone, stays, *_ = [p.candidate for p in run.placements.filter(school=schools[0])]
    admissions_cancel(actor=cast.registrar, candidates=[gone.pk], reason="", words="不来")
    assert executing.run_cancel(actor=cast.city, run=run, reason="计划有误") == 4
    assert Dossier.objects.filter(state=State.POOL).count() == 12
    assert set(PlanLine.objects.values_list("seats_taken", flat=True)) == {0}
    assert DossierEvent.objects.filter(step="cancel_lottery", note="计划有误").count() == 4
    assert not Placement.objects.open().filter(run=run).exists()
    again = freeze(cast, opened(cast, batch, schools))
    drawing.randomness_enter(actor=cast.city, run=again, **DRAWN, reason="重新派位")
    rehearse(cast, again)
    sending.run_confirm(actor=cast.reviewer, run=again, fingerprint=again.fingerprint)
    executing.run_execute(actor=cast.city, run=again, progress=NOBODY)
    verifying.run_verify(actor=cast.city, run=again, progress=NOBODY)
    executing.run_release(actor=cast.city, run=again)
    comes = again.placements.filter(school=schools[0]).first()
    students_register(actor=cast.registrar, candidates=[comes.candidate_id])
    with pytest.raises(Refusal, match="1 名中签考生注册"):
        executing.run_cancel(actor=cast.city, run=again, reason="计划有误")
    assert state_of(comes.candidate) == State.REGISTERED
    assert placement_of(stays) is not None


def test_pages_from_choosing_to_release(
    cast, batch, schools, ready, client_of, django_capture_on_commit_callbacks
):
    officer, second = client_of(cast.city), client_of(cast.reviewer)

    def post(client, name, pk, status=302, **data):
        with django_capture_on_commit_callbacks(execute=True):
            response = client.post(reverse(f"dispatch:{name}", args=[pk]), {"confirmed": "1"} | data)
        assert response.status_code == status, response.content.decode()
        return response

    def page(client=officer, name="admit_by_lottery__run"):
        return client.get(reverse(f"dispatch:{name}", args=[run.pk])).content.decode()

    assert "随机" in officer.get(reverse(PAGE)).content.decode()
    post(officer, "admit_by_lottery__open", batch.pk, schools=[school.pk for school in schools])
    run = Run.objects.get()
    assert "尚未冻结" in page()
    post(officer, "admit_by_lottery__run__rehearse", run.pk)
    assert "演练：下面的结果用演练种子算出" in page()
    assert "没有等待复核的投档" in second.get(reverse("dispatch:confirm_dispatch")).content.decode()
    post(officer, "admit_by_lottery__run__freeze", run.pk)
    run.refresh_from_db()
    assert run.roster_digest in page()
    taken = officer.get(reverse("dispatch:admit_by_lottery__run__roster", args=[run.pk]))
    assert hashlib.sha256(taken.content).hexdigest() == run.roster_digest
    assert "attachment" in taken["Content-Disposition"]
    post(officer, "admit_by_lottery__run__draw", run.pk, status=422, **(DRAWN | {"randomness": "1"}))
    asked = officer.post(reverse("dispatch:admit_by_lottery__run__draw", args=[run.pk]), DRAWN)
    assert DRAWN["randomness"] in asked.content.decode()
    assert not Drawing.objects.exists(), "asking is not doing"
    post(officer, "admit_by_lottery__run__draw", run.pk, **DRAWN)
    post(officer, "admit_by_lottery__run__rehearse", run.pk)
    run.refresh_from_db()
    seed = Drawing.objects.get().seed
    for shown in (page(), page(second, "confirm_dispatch__run")):
        assert seed in shown
        assert "HMAC-SHA256" in shown
    result = officer.get(reverse("dispatch:admit_by_lottery__run__numbers", args=[run.pk]))
    rows = list(csv.reader(result.content.decode("utf-8-sig").splitlines()))
    assert rows[0] == ["位次", "考生号", "随机号", "中签院校代码", "志愿序号"]
    assert len(rows) == 13
    for row in rows[1:]:
        assert row[2] == hmac.new(seed.encode(), row[1].encode(), hashlib.sha256).hexdigest()[:16]
    assert [row[2] for row in rows[1:]] == sorted(row[2] for row in rows[1:])
    assert [row[3] for row in rows[1:]] == [schools[0].code] * 3 + [schools[1].code] * 2 + [""] * 7
    post(second, "confirm_dispatch__run", run.pk, fingerprint=run.fingerprint)
    assert "直接改为“录取”" in page(name="admit_by_lottery__run__execute")
    post(officer, "admit_by_lottery__run__execute", run.pk)
    assert "已录取，待发布" in page()
    post(officer, "admit_by_lottery__run__release", run.pk)
    run.refresh_from_db()
    assert (run.state, len(winners(run))) == (Run.State.RELEASED, 5)
    why = officer.get(
        reverse("dispatch:admit_by_lottery__run", args=[run.pk]), {"candidate": rows[12][1]}
    ).content.decode()
    assert f"随机号 {rows[12][2]}" in why
    assert Deed.objects.filter(subject__startswith="下载派位").count() == 2


def test_it_needs_the_permission(cast, batch, schools, ready, client_of):
    run = opened(cast, batch, schools)
    tails = ("run__freeze", "run__draw", "run__roster", "run__numbers", "run")
    for user in (cast.idle, cast.school, cast.reviewer):
        client = client_of(user)
        assert client.get(reverse(PAGE)).status_code == 403
        assert client.get(reverse(f"{PAGE}__open", args=[batch.pk])).status_code == 403
        for tail in tails:
            assert client.post(reverse(f"{PAGE}__{tail}", args=[run.pk])).status_code == 403
    only_sends = factories.make_user("gz-only", cast.city.organisation, extra=["dispatch.dispatch_batch"])
    with pytest.raises(Refusal, match="权限"):
        drawing.randomness_enter(actor=only_sends, run=run, **DRAWN)


def test_another_city_does_not_find_it(cast, batch, schools, ready, client_of):
    run = freeze(cast, opened(cast, batch, schools))
    for user in (cast.other_city, cast.foreign):
        for tail in ("run", "run__draw", "run__roster", "run__numbers"):
            assert client_of(user).get(reverse(f"{PAGE}__{tail}", args=[run.pk])).status_code == 404
        assert client_of(user).post(reverse(f"{PAGE}__run__freeze", args=[run.pk])).status_code == 404
    with pytest.raises(Refusal, match="管辖范围"):
        drawing.randomness_enter(actor=cast.other_city, run=run, **DRAWN)
