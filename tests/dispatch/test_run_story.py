"""The page of a run as whoever reads it years later finds it: who did what, when and why; and what comes next."""

import pytest

from dispatch.models import Run
from dispatch.queries.parameters import parameters_sheet
from dispatch.services import control, executing, sending
from tests import factories
from tests.runs import NOBODY, run_executed


@pytest.fixture
def ready(batch, schools, plan_line, make_candidates):
    factories.make_choices(make_candidates(3), batch, schools)


def rehearsed(actor, batch) -> Run:
    run = sending.run_open(actor=actor, batch=batch)
    sending.run_rehearse(actor=actor, run=run, progress=NOBODY)
    run.refresh_from_db()
    return run


def page(client, run: Run) -> str:
    return client.get(f"/dispatch/dispatch-batch/run/{run.pk}/").content.decode()


def test_an_undone_run_tells_who_did_what_and_why(cast, batch, ready, client_of):
    run = run_executed(cast.city, cast.reviewer, batch)
    executing.run_cancel(actor=cast.city, run=run, reason="计划数录入有误")
    text = page(client_of(cast.city), run)
    for word in ("发起", "预演", "复核", "执行", "撤销"):
        assert f"<dt>{word}</dt>" in text
    assert cast.reviewer.name in text
    assert f"{cast.city.name}（原因：计划数录入有误）" in text
    assert "下一步" not in text
    assert "/cancel/" not in text


def test_the_reason_is_not_that_of_a_run_of_the_same_name(cast, batch, other_batch, ready, client_of):
    other_batch.name = batch.name
    other_batch.save(update_fields=["name"])
    for actor, of, reason in ((cast.other_city, other_batch, "别市的原因"), (cast.city, batch, "本市的原因")):
        run = Run.objects.create(batch=of, round=1, created_by=actor)
        executing.run_cancel(actor=actor, run=run, reason=reason)
    text = page(client_of(cast.city), run)
    assert "（原因：本市的原因）" in text
    assert "留存与核对" in text
    assert "重算核对</button>" not in text


def test_what_the_second_implementation_computes_can_be_matched(cast, batch, ready, client_of):
    run = run_executed(cast.city, cast.reviewer, batch)
    said = run.seals.get(deed="execute").content
    digest = said.split('"placements_digest":"')[1][:64]
    assert f"<dt>投档记录摘要</dt><dd><code>{digest}</code>" in page(client_of(cast.city), run)


def test_seats_not_counted_yet_are_not_called_different(cast, batch, ready):
    run_executed(cast.city, cast.reviewer, batch)
    batch.runs.update(state=Run.State.RELEASED)
    sheet = parameters_sheet(batch, sending.parameters_of(batch))
    assert [row["label"] for row in sheet["rows"] if row["changed"]] == []


def test_each_state_says_what_comes_next(cast, batch, ready, client_of):
    client = client_of(cast.city)
    run = rehearsed(cast.city, batch)
    assert "请第二人在“投档复核”中核对同一指纹" in page(client, run)
    row = control.CONTROLS["dispatch.set_mode"].now(batch)
    client.post(f"/dispatch/set-mode/{batch.pk}/", {"ratio_percent": "110", "confirmed": "1"})
    assert control.CONTROLS["dispatch.set_mode"].now(batch) != row
    assert "原预演作废" in page(client, run)
    sending.run_rehearse(actor=cast.city, run=run, progress=NOBODY)
    run.refresh_from_db()
    sending.run_confirm(actor=cast.reviewer, run=run, fingerprint=run.fingerprint)
    assert "点“执行投档”。院校操作已暂停" in page(client, run)
    executing.run_execute(actor=cast.city, run=run, progress=NOBODY)
    assert "等待核验" in page(client, run)


def test_a_run_that_a_school_reads_does_not_offer_to_be_undone(cast, batch, ready, client_of):
    run = run_executed(cast.city, cast.reviewer, batch)
    client = client_of(cast.city)
    assert f"/run/{run.pk}/cancel/" in page(client, run)
    run.sheets.update(opened_at=run.executed_at)
    assert f"/run/{run.pk}/cancel/" not in page(client, run)


def test_undoing_is_a_red_deed_with_its_count(cast, batch, ready, client_of):
    run = run_executed(cast.city, cast.reviewer, batch)
    address = f"/dispatch/dispatch-batch/run/{run.pk}/cancel/"
    asked = client_of(cast.city).post(address, {"reason": "重来"}).content.decode()
    assert 'class="btn btn-danger" name="confirmed"' in asked
    assert f"<strong>{run.sent}</strong> 份档案" in asked


def test_comparing_is_offered_where_there_is_something_to_compare(cast, batch, ready, client_of):
    client = client_of(cast.city)
    run = rehearsed(cast.city, batch)
    assert f"/run/{run.pk}/compare/" not in page(client, run)
    sending.run_rehearse(actor=cast.city, run=run, progress=NOBODY)
    assert f"/run/{run.pk}/compare/" in page(client, run)


def test_few_queries(cast, batch, ready, client_of, django_assert_max_num_queries):
    run = run_executed(cast.city, cast.reviewer, batch)
    client = client_of(cast.city)
    with django_assert_max_num_queries(40):
        page(client, run)
