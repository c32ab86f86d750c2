"""核验与重算核对: a run is computed again, twice over; what was altered is found and keeps it from the schools."""

import numpy as np
import pytest
from django.db import connection
from django.urls import reverse

from accounts.models import Deed
from accounts.refusals import Refusal
from admissions.models import Job
from dispatch.models import FrozenChoices, Placement, RegionLine, Run, SchoolLine, Sheet, Verification
from dispatch.runs import kept_path, run_formal
from dispatch.services import executing, verifying
from tests import factories
from tests.runs import NOBODY, run_confirmed, run_executed, run_verified


@pytest.fixture
def ready(batch, schools, plan_line, make_candidates):
    """Fifteen candidates of 广州 want the first school, which has ten seats, then the second with three."""
    factories.make_plan_line(schools[1], batch, seats=3)
    candidates = make_candidates(15)
    factories.make_choices(candidates, batch, schools)
    RegionLine.objects.create(batch=batch, score=100)
    return candidates


@pytest.fixture
def run(cast, batch, ready) -> Run:
    return run_executed(cast.city, cast.reviewer, batch)


def verified(actor, run: Run) -> Verification:
    verifying.run_verify(actor=actor, run=run, progress=NOBODY)
    run.refresh_from_db()
    return run.verifications.first()


def rechecked(actor, run: Run) -> dict[str, Verification]:
    verifying.run_recheck(actor=actor, run=run, progress=NOBODY)
    run.refresh_from_db()
    return {verification.method: verification for verification in run.verifications.all()[:2]}


def placed(run: Run):
    return Placement.objects.filter(run=run).order_by("rank")


def test_what_agrees_may_be_released(cast, run):
    assert run.sent == 13
    found = verified(cast.city, run)
    assert (found.agrees, found.words, found.method, found.made_by) == (True, "", "second", cast.city)
    assert run.verified_at
    assert executing.run_release(actor=cast.city, run=run) == 2
    assert Deed.objects.filter(subject=f"核验 {run}", actor=cast.city, count=13).exists()


def test_an_unverified_run_is_not_released(cast, run):
    with pytest.raises(Refusal, match="尚未通过第二实现的核验"):
        executing.run_release(actor=cast.city, run=run)
    assert not Sheet.objects.filter(released_at__isnull=False).exists()


def test_both_methods_agree_at_any_time(cast, run):
    verified(cast.city, run)
    executing.run_release(actor=cast.city, run=run)
    run.refresh_from_db()
    before = run.verified_at
    found = rechecked(cast.second, run)
    assert {method: v.agrees for method, v in found.items()} == {"second": True, "replay": True}
    assert found["replay"].outcome_digest == run.outcome_digest
    assert run.verified_at == before
    run.batch.tie_policy = "accept_all"  # what is set for later runs is nothing to this one
    run.batch.save()
    run.batch.lines.update(score=99999)
    assert all(v.agrees for v in rechecked(cast.second, run).values())


def test_an_undone_run_can_be_computed_again(cast, run):
    executing.run_cancel(actor=cast.city, run=run, reason="计划有误")
    FrozenChoices.objects.all().delete()
    run.refresh_from_db()
    assert all(v.agrees for v in rechecked(cast.city, run).values())
    assert run.verified_at is None


def sql(statement: str, *params) -> None:
    with connection.cursor() as cursor:
        cursor.execute(statement, params)


ALTERED = {
    "deleted": ("DELETE FROM dispatch_placement WHERE id = %s", "应投出而没有投档记录 1"),
    "another choice": (
        "UPDATE dispatch_placement SET choice_position = 2 WHERE id = %s", "投往的院校或志愿不同 1",
    ),
    "another school": (
        "UPDATE dispatch_placement SET school_id = (SELECT max(school_id) FROM dispatch_placement) WHERE id = %s",
        "投往的院校或志愿不同 1",
    ),
    "another score": ("UPDATE dispatch_placement SET dispatch_score = dispatch_score + 1 WHERE id = %s", "成绩或位次不同 1"),
    "another rank": ("UPDATE dispatch_placement SET rank = 99 WHERE id = %s", "成绩或位次不同 1"),
}  # fmt: skip


@pytest.mark.parametrize("kind", ALTERED)
def test_an_altered_placement_is_found(cast, run, kind):
    best = placed(run).filter(choice_position=1).first()
    statement, words = ALTERED[kind]
    sql(statement, best.pk)
    found = verified(cast.city, run)
    assert not found.agrees
    assert words in found.words
    assert best.candidate.number in found.words
    assert run.verified_at is None
    with pytest.raises(Refusal, match="只能撤销"):
        executing.run_release(actor=cast.city, run=run)
    both = rechecked(cast.city, run)
    assert not both["second"].agrees
    assert "内核重算的结果与数据库中的投档记录不一致" in both["replay"].words
    assert executing.run_cancel(actor=cast.city, run=run, reason="核验不一致") >= 12


def test_two_who_changed_places_are_found(cast, run):
    one, other = placed(run)[:2]
    sql("UPDATE dispatch_placement SET candidate_id = %s WHERE id = %s", other.candidate_id, one.pk)
    sql("UPDATE dispatch_placement SET candidate_id = %s WHERE id = %s", one.candidate_id, other.pk)
    assert "成绩或位次不同 2" in verified(cast.city, run).words


def test_an_added_placement_is_found(cast, run, ready):
    left_over = min(ready, key=lambda c: c.total)
    sql(
        "INSERT INTO dispatch_placement (run_id, sheet_id, candidate_id, season_id, batch_id, school_id,"
        " dispatch_score, rank, choice_position, province, city, county, supervisor, method)"
        " SELECT run_id, sheet_id, %s, season_id, batch_id, school_id, dispatch_score, rank, choice_position,"
        " province, city, county, supervisor, method FROM dispatch_placement WHERE id = %s",
        left_over.pk,
        placed(run).first().pk,
    )
    found = verified(cast.city, run)
    assert f"不应投出而有投档记录 1：{left_over.number}" in found.words
    assert "院校投出数超过可投数 1：10001" in found.words
    assert "院校投档记录与投档单数目不符 1：10001" in found.words


def test_a_disagreement_takes_the_release_back(cast, batch, ready):
    run = run_verified(cast.city, cast.reviewer, batch)
    assert run.verified_at
    sql("UPDATE dispatch_placement SET rank = 99 WHERE id = %s", placed(run).first().pk)
    rechecked(cast.city, run)
    assert run.verified_at is None


def test_lines_and_choices_are_looked_at_apart_from_the_arrays(cast, run, batch, schools):
    last = placed(run).last()
    run.parameters["lines"] = {"": last.dispatch_score + 1}
    run.save()
    found = verified(cast.city, run).words
    assert f"投档成绩低于区域分数线 1：{last.candidate.number}" in found
    run.parameters |= {
        "lines": {"": 99999999, "440103": 100},
        "province_lines": {"": last.dispatch_score + 1},
    }
    run.save()
    assert f"投档成绩低于区域分数线 1：{last.candidate.number}" in verified(cast.city, run).words
    SchoolLine.objects.create(batch=batch, school=schools[1], score=last.dispatch_score + 1)
    FrozenChoices.objects.filter(candidate=last.candidate).update(schools=[schools[0].pk, 0, 0, 0])
    found = verified(cast.city, run).words
    assert f"投档成绩低于院校分数线 1：{last.candidate.number}" in found
    assert f"所投院校与填报志愿不符 1：{last.candidate.number}" in found


def test_a_return_before_is_looked_at_apart_from_the_arrays(cast, run, batch, schools):
    best = placed(run).first()
    Placement.objects.create(
        candidate=best.candidate, season=batch.season, batch=batch, province="44", city="4401", county="440103",
        school=best.school, supervisor="4401", method="dispatch", reason_id="01", closed_at="2021-08-20T08:00Z",
    )  # fmt: skip
    assert f"此前在本批次已被该校退档 1：{best.candidate.number}" in verified(cast.city, run).words


def test_equals_above_the_plan_are_no_fault(cast, batch, ready):
    batch.tie_policy, batch.tie_keys = "accept_all", []
    batch.save()
    for candidate in ready:
        candidate.total = 30000
        candidate.save()
    run = run_executed(cast.city, cast.reviewer, batch)
    assert run.sent == 15
    assert verified(cast.city, run).agrees
    sql("UPDATE dispatch_placement SET dispatch_score = 30000 + rank WHERE run_id = %s", run.pk)
    assert "院校投出数超过可投数 1：10001" in verified(cast.city, run).words


@pytest.mark.parametrize("part", ["input", "outcome"])
def test_files_that_are_gone_are_named(cast, run, part):
    path = kept_path(run_formal(run), part)
    path.rename(path.with_name("elsewhere"))
    found = verified(cast.city, run)
    assert not found.agrees
    assert f"留存文件不存在：{path.name}" in found.words
    path.with_name("elsewhere").rename(path)
    assert verified(cast.city, run).agrees, "what was brought back counts"
    assert run.verified_at


def test_a_damaged_file_is_named(cast, run):
    (kept_path(run_formal(run), "input") / "choices.npy").write_bytes(b"nothing")
    assert "留存文件已损坏" in rechecked(cast.city, run)["replay"].words


@pytest.mark.parametrize(
    ("array", "words"),
    [
        ("choices", "留存输入的摘要与记录的输入摘要不一致"),
        ("seats", "留存输入的摘要与记录的输入摘要不一致"),
        ("bands", "留存的规则与参数不一致"),
        ("ties", "留存的规则与参数不一致"),
    ],
)
def test_an_altered_file_is_named(cast, run, array, words):
    path = kept_path(run_formal(run), "input") / f"{array}.npy"
    kept = np.load(path)
    altered = {"choices": lambda: kept[:, ::-1], "seats": lambda: kept + 1, "bands": lambda: kept * 0 + 1}
    np.save(path, altered.get(array, lambda: np.array("reject_all"))())
    found = rechecked(cast.city, run)
    assert words in found["replay"].words
    assert words in found["second"].words


def test_altered_parameters_are_named(cast, run):
    Run.objects.filter(pk=run.pk).update(parameters=run.parameters | {"ratio_percent": 120})
    run.refresh_from_db()
    assert "合成的指纹与复核的指纹不一致" in rechecked(cast.city, run)["replay"].words


def test_pages_verify_after_the_execution(cast, batch, ready, client_of, django_capture_on_commit_callbacks):
    run = run_confirmed(cast.city, cast.reviewer, batch)
    officer = client_of(cast.city)
    with django_capture_on_commit_callbacks(execute=True):
        officer.post(address(run, "execute"), {"confirmed": "1"})
    run.refresh_from_db()
    assert run.verified_at
    assert list(Job.objects.order_by("created_at").values_list("task", "state")) == [
        ("dispatch.tasks.execute", "done"), ("dispatch.tasks.verify", "done"),
    ]  # fmt: skip
    page = officer.get(address(run)).content.decode()
    assert "发布院校" in page
    assert "封条链完整" in page
    assert run.fingerprint in page


def test_a_killed_verification_can_be_started_again(
    cast, batch, ready, client_of, django_capture_on_commit_callbacks, monkeypatch
):
    run = run_confirmed(cast.city, cast.reviewer, batch)
    officer = client_of(cast.city)
    real = verifying.run_verify

    def die(**kwargs):
        raise MemoryError

    monkeypatch.setattr(verifying, "run_verify", die)
    with pytest.raises(MemoryError), django_capture_on_commit_callbacks(execute=True):
        officer.post(address(run, "execute"), {"confirmed": "1"})
    run.refresh_from_db()
    assert (run.state, run.verified_at) == (Run.State.EXECUTED, None)
    page = officer.get(address(run)).content.decode()
    assert "开始核验" in page
    assert address(run, "release") not in page
    monkeypatch.setattr(verifying, "run_verify", real)
    with django_capture_on_commit_callbacks(execute=True):
        assert officer.post(address(run, "verify")).status_code == 302
    run.refresh_from_db()
    assert run.verified_at
    assert "已经通过核验" in officer.post(address(run, "verify")).content.decode()


def address(run: Run, tail: str = "") -> str:
    return reverse("dispatch:dispatch_batch__run" + (f"__{tail}" if tail else ""), args=[run.pk])


def test_the_page_shows_in_red_what_differs(cast, run, client_of):
    best = placed(run).first()
    sql("UPDATE dispatch_placement SET rank = 99 WHERE id = %s", best.pk)
    verified(cast.city, run)
    page = client_of(cast.city).get(address(run)).content.decode()
    assert "核验不一致" in page
    assert best.candidate.number in page
    assert address(run, "release") not in page
    assert address(run, "cancel") in page


def test_recheck_from_the_page(cast, run, client_of, django_capture_on_commit_callbacks):
    with django_capture_on_commit_callbacks(execute=True):
        assert client_of(cast.second).post(address(run, "recheck")).status_code == 302
    assert {v.method for v in run.verifications.filter(made_by=cast.second, agrees=True)} == {
        "second",
        "replay",
    }
    assert Deed.objects.filter(subject=f"重算核对 {run}", actor=cast.second).exists()
    assert "重算核对" in client_of(cast.city).get(address(run)).content.decode()


@pytest.mark.parametrize("tail", ["verify", "recheck"])
def test_it_needs_the_function_and_the_tenant(cast, run, client_of, tail):
    for user in (cast.idle, cast.school, cast.reviewer):
        assert client_of(user).post(address(run, tail)).status_code == 403
    for user in (cast.other_city, cast.foreign):
        assert client_of(user).post(address(run, tail)).status_code == 404
    assert not run.verifications.exists()
    assert not Job.objects.exists()


def test_a_run_that_was_not_executed_is_not_computed_again(cast, batch, ready, client_of):
    run = run_confirmed(cast.city, cast.reviewer, batch)
    for tail, words in (("recheck", "执行后才能重算核对"), ("verify", "不需要核验")):
        response = client_of(cast.city).post(address(run, tail))
        assert response.status_code == 422
        assert words in response.content.decode()
    assert "留存与核对" not in client_of(cast.city).get(address(run)).content.decode()
