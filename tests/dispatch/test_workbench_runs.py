"""The workbench tells the second person of a run that waits, and a city of uploads that are missing."""

from datetime import timedelta

import pytest
import time_machine
from django.db import connection
from django.test.utils import CaptureQueriesContext
from django.urls import reverse
from django.utils import timezone

from accounts.workbench import parts_for
from admissions.jobs import Progress
from admissions.models import ImportedFile, Window
from dispatch.models import Run
from dispatch.services import sending
from tests import factories
from tests.factories_dispatch import sheet_submitted


def titles(actor) -> list[str]:
    return [part.title for part in parts_for(actor)["to_dos"]]


def test_a_run_waits_for_the_second_person_and_then_for_the_first(
    cast, batch, schools, plan_line, make_candidates
):
    factories.make_choices(make_candidates(3), batch, schools)
    run = sending.run_open(actor=cast.city, batch=batch)
    assert "投档复核" not in titles(cast.reviewer)
    sending.run_rehearse(actor=cast.city, run=run, progress=Progress("00000000-0000-0000-0000-000000000000"))
    run.refresh_from_db()
    assert "投档复核" in titles(cast.reviewer)
    sending.run_confirm(actor=cast.reviewer, run=run, fingerprint=run.fingerprint)
    assert "投档待执行" in titles(cast.city)
    assert "投档待执行" not in titles(cast.other_city)


def test_each_kind_of_run_leads_to_its_own_function(cast, batch, schools, plan_line, make_candidates):
    factories.make_choices(make_candidates(3), batch, schools)
    for kind, title in (("dispatch_school", "投档待执行"), ("admit_by_lottery", "派位录取待执行")):
        run = sending.run_open(actor=cast.city, batch=batch, kind=kind, schools=schools[:1])
        Run.objects.filter(pk=run.pk).update(state=Run.State.CONFIRMED)
        told = [part for part in parts_for(cast.city)["to_dos"] if part.title == title]
        assert [part.url for part in told] == [reverse(f"dispatch:{kind}")]
        Run.objects.filter(pk=run.pk).update(state=Run.State.CANCELLED)


@pytest.mark.parametrize(
    ("moment", "level"),
    [
        ("2021-08-21T09:00:00+08:00", "warning"),
        ("2021-08-21T18:00:00+08:00", "error"),
        ("2021-08-20T23:00:00+08:00", None),
    ],
)
def test_a_city_that_uploads_is_told_when_today_is_missing(cast, season, moment, level):
    ImportedFile.objects.create(
        season=season, organisation=cast.city.organisation, function="dispatch.import_daily_results",
        profile="daily_results", city="4401", path="x", file_name="x.xlsx", size=1, digest="0",
        state=ImportedFile.State.WRITTEN, uploaded_by=cast.city, written_at="2021-08-20T17:00:00+08:00",
    )  # fmt: skip
    with time_machine.travel(moment, tick=False):
        told = [part.level for part in parts_for(cast.city)["notices"] if "录取数据" in part.words]
        assert told == ([level] if level else [])
        assert not [part for part in parts_for(cast.other_city)["notices"] if "录取数据" in part.words]


def test_the_workbench_of_a_school_asks_little(
    cast, season, batch, schools, plan_line, make_candidates, client_of
):
    sheet_submitted(cast.city, cast.school, batch, schools[0], make_candidates(2))
    now = timezone.now()
    for kind in Window.Kind.values:
        Window.objects.create(
            season=season,
            kind=kind,
            stage=1,
            opens_at=now - timedelta(days=1),
            closes_at=now + timedelta(days=1),
        )
    client = client_of(cast.school)
    client.get(reverse("accounts:workbench"))
    with CaptureQueriesContext(connection) as captured:
        assert "进行中" in client.get(reverse("accounts:workbench")).content.decode()
    asked = [query["sql"] for query in captured.captured_queries]
    assert sum(sql.startswith("SELECT") and "set_config" not in sql for sql in asked) <= 22
    for table in ("admissions_season", "admissions_window"):
        assert sum(sql.partition(" FROM ")[2].startswith(f'"{table}"') for sql in asked) == 1
