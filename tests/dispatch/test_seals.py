"""Seals: executions, releases and undoings are chained; whatever is removed or altered is found."""

import json
from contextlib import contextmanager
from io import StringIO

import pytest
from django.core.management import CommandError, call_command
from django.db import DatabaseError, connection, transaction
from django.urls import reverse

from accounts.refusals import Refusal
from dispatch.models import Placement, Rehearsal, Run, RunSchool, Seal, Sheet
from dispatch.queries.records import chain_breaks, run_seals
from dispatch.seals import digest_of
from dispatch.second import placements_digest
from dispatch.services import executing
from tests import factories
from tests.concurrency import in_threads
from tests.runs import NOBODY, run_confirmed, run_executed, run_verified


@pytest.fixture
def ready(batch, schools, plan_line, make_candidates):
    candidates = make_candidates(15)
    factories.make_choices(candidates, batch, schools)
    return candidates


@pytest.fixture
def sealed(cast, batch, ready) -> list[Run]:
    """Two runs of one batch: the first is undone, the second released; four seals."""
    first = run_executed(cast.city, cast.reviewer, batch)
    executing.run_cancel(actor=cast.city, run=first, reason="计划有误")
    second = run_verified(cast.city, cast.reviewer, batch)
    executing.run_release(actor=cast.city, run=second)
    return list(Run.objects.order_by("pk"))


def walked() -> str:
    """What ``verify_runs`` says; it must find nothing."""
    out = StringIO()
    call_command("verify_runs", stdout=out)
    return out.getvalue()


def found() -> str:
    """What ``verify_runs`` says; it must find something."""
    out = StringIO()
    with pytest.raises(CommandError) as error:
        call_command("verify_runs", stdout=out)
    assert error.value.returncode == 1
    return out.getvalue()


@contextmanager
def unguarded():
    """As somebody with the owner's password would do it: triggers and foreign keys off."""
    with connection.cursor() as cursor:
        cursor.execute("SET CONSTRAINTS ALL IMMEDIATE; ALTER TABLE dispatch_seal DISABLE TRIGGER append_only")
        for table in ("seal", "verification", "rehearsal", "runschool", "sheet"):
            cursor.execute(
                f"ALTER TABLE dispatch_{table} DROP CONSTRAINT IF EXISTS"
                f" {constraint_of(cursor, f'dispatch_{table}')}"
            )
        cursor.execute("ALTER TABLE dispatch_verification DISABLE TRIGGER append_only")
        yield cursor


def constraint_of(cursor, table: str) -> str:
    cursor.execute(
        "SELECT conname FROM pg_constraint WHERE conrelid = %s::regclass AND confrelid = 'dispatch_run'::regclass",
        [table],
    )
    return cursor.fetchone()[0]


def test_each_deed_adds_a_link(cast, sealed):
    seals = list(Seal.objects.order_by("number"))
    assert [(s.number, s.run_id, s.deed) for s in seals] == [
        (1, sealed[0].pk, "execute"), (2, sealed[0].pk, "cancel"),
        (3, sealed[1].pk, "execute"), (4, sealed[1].pk, "release"),
    ]  # fmt: skip
    for before, seal in zip([None, *seals], seals, strict=False):
        assert seal.previous == (before.digest if before else "")
        assert seal.digest == digest_of(seal.previous, seal.content)
    said = json.loads(seals[2].content)
    run = sealed[1]
    assert (said["by_name"], said["sent"], said["fingerprint"]) == ("gz", 10, run.fingerprint)
    assert (said["confirmed_by_id"], said["sheets"], said["parameters"]) == (
        cast.reviewer.pk,
        1,
        run.parameters,
    )
    assert (said["placements"], said["placements_digest"]) == placements_digest(run)
    assert json.loads(seals[3].content)["verified_at"] == run.verified_at.isoformat()
    assert "全部一致" in walked()
    assert seals[-1].digest in walked()


def test_what_happens_later_breaks_nothing(cast, sealed):
    """A school reads and returns: placements are closed and sheets opened, the sealed facts stay."""
    Placement.objects.filter(run=sealed[1]).update(closed_at=sealed[1].released_at, reason_id="01")
    Sheet.objects.update(opened_at=sealed[1].released_at, submitted_at=sealed[1].released_at)
    assert "全部一致" in walked()


def test_a_run_given_up_before_its_execution_is_sealed(cast, batch, ready):
    run = run_confirmed(cast.city, cast.reviewer, batch)
    executing.run_cancel(actor=cast.city, run=run, reason="不投了")
    seal = run.seals.get()
    assert (seal.deed, json.loads(seal.content)["placements"]) == ("cancel", 0)
    assert "全部一致" in walked()


def test_a_refused_deed_adds_none(cast, batch, ready):
    run = run_executed(cast.city, cast.reviewer, batch)
    with pytest.raises(Refusal):
        executing.run_release(actor=cast.city, run=run)
    assert run.seals.count() == 1


def test_the_database_refuses_to_change_a_seal(sealed):
    for deed in (lambda: Seal.objects.update(content=""), lambda: Seal.objects.all()._raw_delete("default")):
        with pytest.raises(DatabaseError, match="append-only"), transaction.atomic():
            deed()


def test_another_content_is_found(sealed):
    with unguarded() as cursor:
        cursor.execute(
            "UPDATE dispatch_seal SET content = replace(content, '\"sent\":10', '\"sent\":11') WHERE number = 3"
        )
    assert "第 3 号封条：内容或摘要已被改动" in found()


def test_another_content_with_its_digest_is_found(sealed):
    seal = Seal.objects.get(number=3)
    content = seal.content.replace('"sent":10', '"sent":11')
    with unguarded() as cursor:
        cursor.execute(
            "UPDATE dispatch_seal SET content = %s, digest = %s WHERE number = 3",
            [content, digest_of(seal.previous, content)],
        )
    assert "第 4 号封条：与前一封条不衔接" in found()


def test_a_deleted_link_is_found(sealed):
    with unguarded() as cursor:
        cursor.execute("DELETE FROM dispatch_seal WHERE number = 2")
    said = found()
    assert "第 3 号封条：之前的第 2 号封条已被删除" in said
    assert f"（编号 {sealed[0].pk}）没有撤销封条" in said


def test_the_tail_cut_off_is_found(sealed):
    tail = Seal.objects.get(number=4).digest
    with unguarded() as cursor:
        cursor.execute("DELETE FROM dispatch_seal WHERE number = 4")
    said = found()
    assert "没有发布封条" in said
    assert "已被改动：发布时间、状态" in said
    with pytest.raises(CommandError), StringIO() as out:
        call_command("verify_runs", expect=tail[:16], stdout=out)


def test_a_chain_written_anew_is_found_by_what_was_noted_outside(sealed):
    noted = Seal.objects.get(number=4).digest
    call_command("verify_runs", expect=noted, stdout=StringIO())
    with unguarded() as cursor:  # the whole, from an altered first link on, with all that hangs on it
        previous = ""
        for seal in Seal.objects.order_by("number"):
            content = seal.content.replace('"by_name":"gz"', '"by_name":"other"')
            digest = digest_of(previous, content)
            cursor.execute(
                "UPDATE dispatch_seal SET content = %s, previous = %s, digest = %s WHERE id = %s",
                [content, previous, digest, seal.pk],
            )
            previous = digest
    assert "全部一致" in walked()
    out = StringIO()
    with pytest.raises(CommandError):
        call_command("verify_runs", expect=noted, stdout=out)
    assert "不在链上" in out.getvalue()


def test_another_order_is_found(sealed):
    with unguarded() as cursor:
        cursor.execute("UPDATE dispatch_seal SET number = 99 WHERE number = 2")
        cursor.execute("UPDATE dispatch_seal SET number = 2 WHERE number = 3")
        cursor.execute("UPDATE dispatch_seal SET number = 3 WHERE number = 99")
    said = found()
    assert "第 2 号封条：与前一封条不衔接" in said
    assert "第 2 号封条：序号、季度、投档或事项与内容不符" in said


def test_a_deleted_run_is_found(sealed):
    key = sealed[0].pk
    with unguarded() as cursor:
        Rehearsal.objects.filter(run=key).delete()
        RunSchool.objects.filter(run=key).delete()
        Sheet.objects.filter(run=key)._raw_delete("default")
        cursor.execute("DELETE FROM dispatch_run WHERE id = %s", [key])
        assert f"所封的投档（编号 {key}）已被删除" in found()


@pytest.mark.parametrize(
    ("altered", "words"),
    [
        ({"sent": 9}, "投出数"),
        ({"parameters": {"mode": "tiers"}}, "参数"),
        ({"outcome_digest": "0" * 64}, "结果摘要"),
        ({"confirmed_by": None}, "复核人"),
        ({"released_at": None}, "发布时间"),
        ({"verified_at": None}, "核验时间"),
        ({"state": "executed"}, "状态"),
        ({"left_out": [1]}, "隔离院校"),
    ],
)
def test_an_altered_run_is_found(sealed, altered, words):
    Run.objects.filter(pk=sealed[1].pk).update(**altered)
    assert f"第 4 号封条：投档“中职批 第 2 轮”（编号 {sealed[1].pk}）已被改动：{words}" in found()


def test_an_altered_sheet_is_found(sealed):
    Sheet.objects.filter(run=sealed[1]).update(size=11)
    assert "投档单编号或档案数" in found()


def test_placements_removed_or_altered_are_found(sealed):
    key = sealed[1].pk
    with transaction.atomic(), connection.cursor() as cursor:
        cursor.execute("DELETE FROM dispatch_placement WHERE run_id = %s AND rank = 3", [key])
        assert "投档记录应为 10 条，现有 9 条" in found()
        transaction.set_rollback(True)
    Placement.objects.filter(run=sealed[0], rank=3).update(choice_position=2)
    assert f"（编号 {sealed[0].pk}）的投档记录已被改动" in found()


def test_a_run_without_a_seal_is_found(cast, batch, ready):
    run = run_executed(cast.city, cast.reviewer, batch)
    with unguarded() as cursor:
        cursor.execute("DELETE FROM dispatch_seal")
    assert f"（编号 {run.pk}）没有执行封条" in found()


def test_an_unknown_season_is_refused(season):
    with pytest.raises(CommandError, match="没有编号为 999999"):
        call_command("verify_runs", season=999999)


def test_the_page_shows_the_seals_and_a_broken_chain(sealed, cast, client_of):
    address = reverse("dispatch:dispatch_batch__run", args=[sealed[1].pk])
    page = client_of(cast.city).get(address).content.decode()
    assert "封条链完整" in page
    assert all(seal.digest in page for seal in sealed[1].seals.all())
    assert not any(seal.digest in page for seal in sealed[0].seals.all())
    with unguarded() as cursor:
        cursor.execute(
            "UPDATE dispatch_seal SET content = replace(content, '计划', '') || ' ' WHERE number = 1"
        )
    page = client_of(cast.city).get(address).content.decode()
    assert "封条链已断" in page
    assert "第 1 号封条：内容或摘要已被改动" in page


def test_the_chain_of_the_page_ends_with_the_run(sealed):
    with unguarded() as cursor:
        cursor.execute("UPDATE dispatch_seal SET content = content || ' ' WHERE number = 3")
    assert not run_seals(sealed[0])["breaks"]
    assert run_seals(sealed[1])["breaks"]


@pytest.mark.django_db(transaction=True)
def test_two_cities_seal_at_once(cast, batch, other_batch, ready, schools, make_candidates):
    """Both executions and both undoings at the same moment: nobody waits for ever, and the chain holds."""
    factories.make_plan_line(schools[1], other_batch, seats=5)
    factories.make_choices(make_candidates(8, city="4403"), other_batch, schools[1:])
    reviewer = factories.make_user("sz-reviewer", cast.other_city.organisation, "reviewing")
    runs = [
        (cast.city, run_confirmed(cast.city, cast.reviewer, batch)),
        (cast.other_city, run_confirmed(cast.other_city, reviewer, other_batch)),
    ]
    done = in_threads(2, lambda i: executing.run_execute(actor=runs[i][0], run=runs[i][1], progress=NOBODY))
    assert done == ["done", "done"]
    done = in_threads(2, lambda i: executing.run_cancel(actor=runs[i][0], run=runs[i][1], reason="试"))
    assert done == ["done", "done"]
    assert [seal.number for seal in Seal.objects.order_by("number")] == [1, 2, 3, 4]
    assert not list(chain_breaks(Seal.objects.order_by("number")))
    assert "全部一致" in walked()
