"""List pages of 投档, 审核 and 档案管理 at the size of a province, against a floor.

    script/bench pages [--sizes 200000] [--repeat 20] [--schools 60] [--queries]

One city is filled, dispatched and released; some schools decide and submit, an office approves some of it and
they register some. Each page is then asked for through the platform's own stack (Django test client: middleware,
session, wall, query, template). Told are the best, the median and the 95th percentile of some requests, and the
number of queries; ratios are of the best, which others at work on the machine disturb least. F is the floor of
any page: 修改密码, a form within the same stack that reads no list.
Goals: shared "Pages": a list 300 ms, 25 queries; search 200 ms; the workbench 800 ms; a decision 200 ms (p95).
"""

import argparse
import statistics
import time
from datetime import timedelta

import django

django.setup()

from django.db import connection  # noqa: E402
from django.test import Client  # noqa: E402
from django.test.utils import CaptureQueriesContext  # noqa: E402
from django.urls import reverse  # noqa: E402
from django.utils import timezone  # noqa: E402

from accounts.models import User  # noqa: E402
from admissions.jobs import Progress  # noqa: E402
from admissions.lifecycle import State  # noqa: E402
from admissions.models import Batch, Candidate, Region, School, Window  # noqa: E402
from dispatch.models import Placement, Sheet  # noqa: E402
from dispatch.services import deciding, executing, keeping, reviewing, sending, submitting, verifying  # noqa: E402
from registration.services import students  # noqa: E402
from tests import factories  # noqa: E402

from . import filling, scratch  # noqa: E402
from .common import Report, say, timed  # noqa: E402

PROGRESS = Progress("00000000-0000-0000-0000-000000000000")
LIST, SEARCH, WORKBENCH, DECISION = 300, 200, 800, 200


def people() -> dict[str, User]:
    """Who looks at the pages."""
    office = factories.make_organisation(filling.CITY)
    counties = [f"{filling.CITY}{number:02d}" for number in range(1, 12)]  # as bench.filling has them
    made = [Region(code=code, name=f"第{code[-2:]}区", parent_id=filling.CITY) for code in counties]
    Region.objects.bulk_create(made, ignore_conflicts=True)
    known = {user.username: user for user in User.objects.filter(username__startswith="bench-")}

    def make(username, *rest):
        return known.get(username) or factories.make_user(username, *rest)

    duties = ("administrator", "head", "data", "sending", "printing", "auditor")
    return {
        "city": make("bench-city", office, *duties),
        "reviewer": make("bench-reviewer", office, "reviewing"),
        "county": make("bench-county", factories.make_organisation("440103"), "sending"),
        "province": make("bench-province", factories.make_organisation("44"), *duties),
    }


def stir(schools: int) -> None:
    """A dispatch released; of the first schools' sheets most decided and submitted, some audited and registered."""
    batch, (officer, second) = filling.found()
    run = sending.run_open(actor=officer, batch=batch)
    sending.run_rehearse(actor=officer, run=run, progress=PROGRESS)
    run.refresh_from_db()
    sending.run_confirm(actor=second, run=run, fingerprint=run.fingerprint)
    executing.run_execute(actor=officer, run=run, progress=PROGRESS)
    run.refresh_from_db()
    verifying.run_verify(actor=officer, run=run, progress=PROGRESS)
    run.refresh_from_db()
    executing.run_release(actor=officer, run=run)
    _windows(batch)
    sheets = list(
        Sheet.objects.select_related("school__organisation", "batch").order_by("-size", "pk")[:schools]
    )
    for number, sheet in enumerate(sheets):
        leader = factories.make_user(f"leader{number}", sheet.school.organisation, "leader")
        deciding.sheet_open(actor=leader, sheet=sheet)
        if number == 0:
            continue  # the sheet that is read
        rows = deciding.placements_of(sheet).select_related("candidate__dossier").order_by("-rank")[:20]
        for row in rows:
            deciding.dossier_propose_return(
                actor=leader, sheet=sheet, candidate=row.candidate_id,
                version=row.candidate.dossier.version, reason="01",
            )  # fmt: skip
        submitting.majors_assign(actor=leader, sheet=sheet)
        if number % 4:
            submitting.sheet_submit(actor=leader, sheet=sheet)
        if number % 4 == 1:
            waiting = Placement.objects.open().filter(
                sheet=sheet, candidate__dossier__state=State.ADMIT_SUBMITTED
            )
            keys = list(waiting.values_list("pk", flat=True))
            for start in range(0, len(keys), 500):
                reviewing.admissions_approve(actor=second, placements=keys[start : start + 500])
            held = list(waiting.model.objects.filter(pk__in=keys).values_list("candidate", flat=True))
            students.students_register(actor=leader, candidates=held[: len(held) // 2])
    pool = list(
        Candidate.objects.filter(dossier__state=State.POOL).order_by("pk").values_list("pk", flat=True)[:400]
    )
    keeping.hold_dossier(actor=User.objects.get(username="bench"), candidates=pool, reason="核查")
    with connection.cursor() as cursor:
        cursor.execute("ANALYZE")


def _windows(batch: Batch) -> None:
    now = timezone.now()
    for kind in Window.Kind.values:
        Window.objects.update_or_create(
            season=batch.season, kind=kind, stage=1,
            defaults={"opens_at": now - timedelta(days=5), "closes_at": now + timedelta(days=5)},
        )  # fmt: skip


def pages(everybody: dict[str, User]) -> list[tuple[str, User, str, int]]:
    """Name, who, address and goal in milliseconds of each page."""
    sheet = Sheet.objects.order_by("-size", "pk").select_related("school").first()
    leader = User.objects.get(username="leader0")
    at_home = User.objects.get(username="leader1")
    city, reviewer, county = everybody["city"], everybody["reviewer"], everybody["county"]
    person = Candidate.objects.order_by("-pk").first()
    school = School.objects.order_by("pk").first()
    one = Placement.objects.open().filter(sheet=sheet).order_by("rank").first()

    def url(name: str, /, *args, **query) -> str:
        tail = "&".join(f"{key}={value}" for key, value in query.items())
        return reverse(name, args=args) + (f"?{tail}" if tail else "")

    shown = [
        ("F: 修改密码", city, url("accounts:change_password"), LIST),
        ("工作台 (city)", city, url("accounts:workbench"), WORKBENCH),
        ("工作台 (school)", at_home, url("accounts:workbench"), WORKBENCH),
        ("组长录退", leader, url("dispatch:decide_as_leader"), LIST),
        ("阅档, the largest sheet", leader, url("dispatch:decide_as_leader__one", sheet.pk), LIST),
        ("阅档, 未定", leader, url("dispatch:decide_as_leader__one", sheet.pk, shown="undecided"), LIST),
        (
            "阅档, one dossier",
            leader,
            url("dispatch:decide_as_leader__dossier", sheet.pk, one.candidate_id),
            LIST,
        ),
        ("分发档案", leader, url("dispatch:decide_as_leader__hand_out", sheet.pk), LIST),
        ("批量投入录取", leader, url("dispatch:admit_in_bulk"), LIST),
        ("批量投入录取, sheet", leader, url("dispatch:admit_in_bulk__sheet", sheet.pk), LIST),
        ("指定档案 by number", leader, url("dispatch:decide_as_leader", q=one.candidate.number), SEARCH),
        ("查看考生去向", at_home, url("admissions:view_whereabouts"), LIST),
        (
            "查看考生去向 by number",
            at_home,
            url("admissions:view_whereabouts", number=one.candidate.number),
            SEARCH,
        ),
        ("注册与注销", at_home, url("registration:register_students"), LIST),
        ("注册与注销, 待注册", at_home, url("registration:register_students", state="admitted"), LIST),
        ("修改注册考生专业", at_home, url("registration:change_major"), LIST),
        ("注销已注册考生", at_home, url("registration:cancel_registration"), LIST),
    ]
    for name, key in (("审核录取", "review_admissions"), ("审核退档", "review_returns")):
        shown += [
            (name, reviewer, url(f"dispatch:{key}"), LIST),
            (f"{name}, of a school", reviewer, url(f"dispatch:{key}", school=school.code), LIST),
        ]
    for name, key in (("指定投档单取消投档", "cancel_sheet"), ("投档情况查询", "find_dispatches"),
                      ("历史投档单查询", "find_past_sheets"), ("在校考生查询", "find_held"),
                      ("院校生源查询", "find_applicants"), ("指定考生取消投档", "cancel_dispatch"),
                      ("指定考生强制回收档案", "recall_dossier"), ("释放考生档案", "release_dossier"),
                      ("挂起考生档案", "hold_dossier")):  # fmt: skip
        shown.append((name, city, url(f"dispatch:{key}"), LIST))
    shown += [
        ("强制回收, 县区", county, url("dispatch:recall_dossier"), LIST),
        ("强制回收, 在阅", city, url("dispatch:recall_dossier", state="reading"), LIST),
        ("强制回收 by number", city, url("dispatch:recall_dossier", number=one.candidate.number), SEARCH),
        ("强制回收 of a school", city, url("dispatch:recall_dossier", school=sheet.school.code), LIST),
        ("考生去向查询", city, url("admissions:find_whereabouts"), LIST),
        ("考生轨迹查询", city, url("admissions:find_track", number=one.candidate.number), SEARCH),
        ("考生电子档案", city, url("admissions:view_dossier", number=one.candidate.number), SEARCH),
        ("考生资料管理", city, url("admissions:manage_candidates"), LIST),
        ("考生资料管理 by number", city, url("admissions:manage_candidates", number=person.number), SEARCH),
        ("考生资料管理 by name", city, url("admissions:manage_candidates", name=person.name), SEARCH),
        ("审核增减计划数", reviewer, url("quotas:review_plan_changes"), LIST),
        ("审核批件投档", reviewer, url("dispatch:review_special_dispatch"), LIST),
        ("审核录后退", reviewer, url("registration:review_withdrawals"), LIST),
        ("审核补录考生", reviewer, url("registration:review_late_candidates"), LIST),
        ("审核转校请求", reviewer, url("registration:review_transfers"), LIST),
        ("设置考生状态", city, url("dispatch:set_candidate_status"), LIST),
    ]
    return shown


def client_of(user: User) -> Client:
    client = Client(headers={"host": "localhost"})
    client.force_login(user, backend="accounts.authenticators.password.PasswordBackend")
    return client


def watch(client: Client, address: str, repeat: int) -> dict:
    """Seconds and queries of a page."""
    response = client.get(address)
    if response.status_code != 200:
        return {
            "status": response.status_code,
            "best": 0.0,
            "median": 0.0,
            "p95": 0.0,
            "queries": 0,
            "bytes": 0,
        }
    with CaptureQueriesContext(connection) as captured:
        client.get(address)
    asked = list(captured.captured_queries)  # the next request empties the log
    slow = sorted(((float(q["time"]), q["sql"][:2000]) for q in asked), reverse=True)[:2]
    taken = sorted(timed(lambda: client.get(address))[1] for _ in range(repeat))
    return {
        "status": 200,
        "best": taken[0],
        "median": statistics.median(taken),
        "p95": taken[max(0, -(-len(taken) * 95 // 100) - 1)],
        "queries": sum(not q["sql"].startswith(("SAVEPOINT", "RELEASE", "RESET", "SET LOCAL"))
                       for q in asked),
        "bytes": len(response.content),
        "slowest": slow,
    }  # fmt: skip


def decisions(repeat: int) -> dict:
    """Decisions of a school one after the other, as the keyboard sends them."""
    leader = User.objects.get(username="leader0")
    sheet = Sheet.objects.order_by("-size", "pk").first()
    client, url = client_of(leader), reverse("dispatch:decide_as_leader__decide", args=[sheet.pk])
    rows = deciding.placements_of(sheet).select_related("candidate__dossier").order_by("rank")[:repeat]
    taken = []
    for row in rows:
        fields = {
            "candidate": row.candidate_id,
            "version": row.candidate.dossier.version,
            "decision": "admit",
        }
        response, seconds = timed(lambda: client.post(url, fields, headers={"hx-request": "true"}))  # noqa: B023
        if response.status_code != 200:
            raise SystemExit(f"a decision: {response.status_code}")
        taken.append(seconds)
    taken.sort()
    return {"status": 200, "best": taken[0], "median": statistics.median(taken), "p95": taken[-1 - len(taken) // 20],
            "queries": 0, "bytes": 0}  # fmt: skip


def measure(size: int, schools: int, repeat: int, queries: bool) -> dict:
    """Fill, stir, and ask for the pages."""
    base = connection.settings_dict["NAME"]
    scratch.copy(base, f"{base}_filled")
    seconds = timed(lambda: filling.fill(size, 4, max(10, size * 9 // 10000)))[1]
    say(f"{filling.sizes_of()} filled in {seconds:.0f} s")
    everybody = people()
    say(f"dispatched, decided, audited in {timed(lambda: stir(schools))[1]:.0f} s")
    found = look(everybody, repeat, queries)
    scratch.use(base)
    return {"size": size, "repeat": repeat, "pages": found}


def look(everybody: dict[str, User], repeat: int, queries: bool) -> dict[str, dict]:
    """Ask for each page, and print."""
    found: dict[str, dict] = {}
    clients: dict[int, Client] = {}
    say(f"{'page':<28}{'best':>9}{'median':>9}{'p95':>9}{'/ F':>7}{'queries':>9}{'KB':>7}")
    shown = pages(everybody)
    for name, user, address, goal in [*shown, ("拟录取 (decision)", None, "", DECISION)]:
        if user and user.pk not in clients:
            clients[user.pk] = client_of(user)
        figures = watch(clients[user.pk], address, repeat) if user else decisions(repeat)
        floor = next(iter(found.values()), figures)["best"]
        slow = figures.pop("slowest", [])
        found[name] = figures | {"goal": goal, "per_floor": figures["best"] / floor}
        marks = " SLOW" * (figures["p95"] * 1000 > goal) + " MANY" * (figures["queries"] > 25)
        marks += f" {figures['status']}" * (figures["status"] != 200)
        say(
            f"{name:<28}{figures['best'] * 1000:>9.1f}{figures['median'] * 1000:>9.1f}{figures['p95'] * 1000:>9.1f}"
            f"{figures['best'] / floor:>7.1f}{figures['queries']:>9}{figures['bytes'] / 1000:>7.0f}{marks}"
        )
        if queries:
            for taken, sql in slow:
                if taken > 0.02:
                    say(f"    {taken * 1000:.0f} ms {sql}")
    return found


def main() -> None:
    """Measure each size."""
    parser = argparse.ArgumentParser(description=__doc__.split("\n")[0])
    parser.add_argument("--sizes", type=int, nargs="+", default=[200_000])
    parser.add_argument("--repeat", type=int, default=20)
    parser.add_argument("--schools", type=int, default=60)
    parser.add_argument("--queries", action="store_true", help="print slow queries")
    parser.add_argument("--again", action="store_true", help="look once more at what was filled last")
    given = parser.parse_args()
    report = Report("pages")
    base = scratch.open_base()
    if given.again:
        scratch.use(f"{base}_filled")
        look(people(), given.repeat, given.queries)
        return
    for size in given.sizes:
        start = time.perf_counter()
        report.add(**measure(size, given.schools, given.repeat, given.queries))
        say(f"{time.perf_counter() - start:.0f} s in all")


if __name__ == "__main__":
    main()
