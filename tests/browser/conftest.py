"""A real Chromium before the whole platform: a live server, the test database, eager jobs."""

import os
import subprocess
import time
from importlib.metadata import version
from pathlib import Path

import pytest
from django.db import connection

from admissions.models import Candidate
from tests import factories
from tests.browser.desk import PASSWORD, Desk

CHROMIUM = os.environ.get("ZHONGZHAO_CHROMIUM", "/usr/bin/chromium")
LACKING = "ZHONGZHAO_CHROMIUM is empty: apt-get install chromium"
FOLDER = Path(__file__).parent
ARGUMENTS = [
    "--no-sandbox",
    "--disable-dev-shm-usage",
    "--disable-gpu",
    "--disable-background-networking",
    "--no-first-run",
]


def is_there() -> bool:
    return bool(CHROMIUM) and Path(CHROMIUM).is_file()


def versions() -> str:
    if not is_there():
        return f"browser tests are SKIPPED: {LACKING}"
    told = subprocess.run([CHROMIUM, "--version"], capture_output=True, text=True, check=False).stdout
    return f"browser: {told.split(' built')[0].strip()}, playwright {version('playwright')}"


def pytest_report_header():
    return versions()


def pytest_terminal_summary(terminalreporter):
    if terminalreporter.verbosity < 0:  # no header was printed
        terminalreporter.write_line(versions())


def pytest_collection_modifyitems(items):
    for item in items:
        if FOLDER in item.path.parents and not is_there():
            item.add_marker(pytest.mark.skip(reason=LACKING))


@pytest.fixture(scope="module")
def chromium():
    """One browser for a module; its people share nothing but the program."""
    sync_api = pytest.importorskip("playwright.sync_api")
    before = os.environ.get("DJANGO_ALLOW_ASYNC_UNSAFE")
    os.environ["DJANGO_ALLOW_ASYNC_UNSAFE"] = "1"  # playwright keeps a loop in this thread
    try:
        with sync_api.sync_playwright() as play:
            browser = play.chromium.launch(executable_path=CHROMIUM, args=ARGUMENTS)
            yield browser
            browser.close()
    finally:
        if before is None:
            del os.environ["DJANGO_ALLOW_ASYNC_UNSAFE"]


def requests_end(patience: float = 10) -> None:
    """Wait until the server has finished what closed browsers had asked for, such as the rest of a PDF."""
    until, still = time.monotonic() + patience, 0
    with connection.cursor() as cursor:
        while still < 4 and time.monotonic() < until:
            cursor.execute(
                "SELECT count(*) FROM pg_stat_activity WHERE datname = current_database()"
                " AND pid <> pg_backend_pid() AND state <> 'idle'"
            )
            still = 0 if cursor.fetchone()[0] else still + 1
            time.sleep(0.05)


@pytest.fixture
def desk(chromium, live_server, reference, media):
    """Give people desks: ``desk()`` is a closed browser, ``desk(user)`` one with the user logged in.

    At the end no desk may have complained. Files of the test outlast the desks: a browser loads to its end.
    """
    desks: list[Desk] = []

    def sit(user=None, **options) -> Desk:
        made = Desk(chromium, live_server.url, **options)
        desks.append(made)
        if user is not None:
            made.log_in(user.username)
        return made

    yield sit
    for made in desks:
        made.context.close()
    requests_end()
    assert [complaint for made in desks for complaint in made.complaints] == []


def with_password(user):
    user.set_password(PASSWORD)
    user.save(update_fields=["password"])
    return user


@pytest.fixture
def people(cast):
    """The cast with passwords, and those whom the journeys are about.

    ``county``: data officer of 荔湾区; of 广州: ``city``, who has data and dispatch, ``reviewer``,
    ``printer`` and ``head``, who is administrator too; ``leader`` and ``other_leader``: 组长 of the two
    schools; ``auditor``: of 广东.
    """
    make, office = factories.make_user, factories.make_organisation
    made = {
        "head": make("city-head", office("4401"), "head", "administrator"),
        "county": make("county-data", office("440103"), "data"),
        "city": make("city-sending", office("4401"), "data", "sending"),
        "printer": make("city-printing", office("4401"), "printing"),
        "auditor": make("province-auditor", office("44"), "auditor"),
        "reviewer": cast.reviewer,
        "leader": cast.school,
        "other_leader": cast.other_school,
    }
    return {key: with_password(user) for key, user in made.items()}


@pytest.fixture
def candidates(make_candidates):
    """Four of 荔湾, one with a rare name, two of 越秀, two of 深圳, one of another province."""
    own = make_candidates(4)
    Candidate.objects.filter(pk=own[0].pk).update(name="张𬱖䶮")
    own[0].name = "张𬱖䶮"
    make_candidates(2, county="440104")
    make_candidates(2, city="4403")
    make_candidates(1, city="3701")
    return own
