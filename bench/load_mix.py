"""The officers' mix: which share each page has, as data; and the addresses behind it.

A day of the first stage while sheets are being decided: most who are on line sit at schools, read dossiers and decide;
offices audit, look for candidates and watch the progress.
"""

import random
from collections.abc import Callable
from dataclasses import dataclass, field
from urllib.parse import urlencode

from django.contrib.auth import BACKEND_SESSION_KEY, HASH_SESSION_KEY, SESSION_KEY
from django.contrib.sessions.backends.db import SessionStore
from django.db.models import F
from django.urls import reverse
from django.utils import timezone

from accounts.models import Membership, Organisation, User
from admissions.lifecycle import State
from admissions.models import Candidate, Dossier
from dispatch import presence
from dispatch.models import Placement, Run, Sheet
from dispatch.services import deciding
from tests import factories

from . import filling

LIST, SEARCH, BOARD, DECISION = 300, 200, 800, 200  # goals of the 95th percentile in ms
DUTIES = ("administrator", "head", "data", "sending", "printing", "auditor")
# Of each thousand who are on line.
ON_LINE = {"province": 10, "city": 60, "reviewer": 30, "county": 110, "school": 790}
READ_HERE = 150  # schools whose sheets are being read


@dataclass
class Desk:
    """What a school has before it: its largest open sheet."""

    sheet: int
    candidates: list[tuple[int, str]]  # keys and numbers


@dataclass
class Person:
    """Somebody on line, with his session."""

    user: User
    who: str
    cookie: str = ""
    desk: Desk | None = None


@dataclass
class Draft:
    """A dossier on its sheet as its school saw it last."""

    person: Person
    candidate: int
    version: int
    decided: bool


@dataclass
class World:
    """What is there to look at."""

    people: dict[str, list[Person]]
    drafts: list[Draft]
    waiting: list[int]
    numbers: list[str]
    names: list[str]
    schools: list[str]
    run: int
    dice: random.Random = field(default_factory=lambda: random.Random(4))  # noqa: S311 - a mix, no secret

    def of(self, who: str) -> Person:
        return self.dice.choice(self.people[who])


@dataclass(frozen=True)
class Page:
    """One kind of reading: ``share`` in thousandths, ``goal`` in ms."""

    name: str
    who: str
    share: int
    goal: int
    address: Callable[[World, Person], str]


def _at(name: str, /, **query) -> Callable[[World, Person], str]:
    """A page without a key in its address; values of the query are words, or asked of the world."""

    def address(world: World, person: Person) -> str:
        pairs = ((key, value(world, person) if callable(value) else value) for key, value in query.items())
        tail = urlencode(list(pairs))
        return reverse(name) + (f"?{tail}" if tail else "")

    return address


def _sheet(tail: str, query: str = "") -> Callable[[World, Person], str]:
    name = f"dispatch:{tail}"
    return lambda world, person: reverse(name, args=[person.desk.sheet]) + query


def _dossier(world: World, person: Person) -> str:
    candidate = world.dice.choice(person.desk.candidates)[0]
    return reverse("dispatch:decide_as_leader__dossier", args=[person.desk.sheet, candidate])


def _presence(world: World, person: Person) -> str:
    candidate = world.dice.choice(person.desk.candidates)[0]
    return reverse("dispatch:decide_as_leader__dossier__presence", args=[person.desk.sheet, candidate])


def _own(world: World, person: Person) -> str:
    return world.dice.choice(person.desk.candidates)[1]


def _any(world: World, person: Person) -> str:
    return world.dice.choice(world.numbers)


def _name(world: World, person: Person) -> str:
    return world.dice.choice(world.names)


def _school(world: World, person: Person) -> str:
    return world.dice.choice(world.schools)


def _waiting(world: World, person: Person) -> str:
    return reverse("dispatch:review_admissions__one", args=[world.dice.choice(world.waiting)])


def _run(world: World, person: Person) -> str:
    return reverse("dispatch:dispatch_batch__run", args=[world.run])


PAGES = (
    Page("阅档: a dossier", "reader", 260, LIST, _dossier),
    Page("阅档: the sheet", "reader", 70, LIST, _sheet("decide_as_leader__one")),
    Page("阅档: 未定", "reader", 30, LIST, _sheet("decide_as_leader__one", "?shown=undecided")),
    Page("组长录退", "reader", 60, LIST, _at("dispatch:decide_as_leader")),
    Page("组长录退 by number", "reader", 40, SEARCH, _at("dispatch:decide_as_leader", q=_own)),
    Page("批量投入录取: a sheet", "reader", 10, LIST, _sheet("admit_in_bulk__sheet")),
    Page("工作台, school", "school", 90, BOARD, _at("accounts:workbench")),
    Page("注册与注销", "school", 50, LIST, _at("registration:register_students")),
    Page("查看考生去向", "school", 20, LIST, _at("admissions:view_whereabouts")),
    Page("查看考生去向 by number", "reader", 20, SEARCH, _at("admissions:view_whereabouts", number=_own)),
    Page("工作台, city", "city", 40, BOARD, _at("accounts:workbench")),
    Page("工作台, reviewer", "reviewer", 20, BOARD, _at("accounts:workbench")),
    Page("工作台, county", "county", 20, BOARD, _at("accounts:workbench")),
    Page("审核录取", "reviewer", 20, LIST, _at("dispatch:review_admissions")),
    Page("审核录取 of a school", "reviewer", 30, LIST, _at("dispatch:review_admissions", school=_school)),
    Page("审核录取: one", "reviewer", 50, LIST, _waiting),
    Page("审核退档", "reviewer", 10, LIST, _at("dispatch:review_returns")),
    Page("投档情况查询", "city", 15, LIST, _at("dispatch:find_dispatches")),
    Page("强制回收 of a school", "city", 10, LIST, _at("dispatch:recall_dossier", school=_school)),
    Page("强制回收 by number", "city", 10, SEARCH, _at("dispatch:recall_dossier", number=_any)),
    Page("考生去向查询", "county", 15, LIST, _at("admissions:find_whereabouts")),
    Page("考生去向查询 by number", "county", 15, SEARCH, _at("admissions:find_whereabouts", number=_any)),
    Page("考生轨迹查询", "city", 25, SEARCH, _at("admissions:find_track", number=_any)),
    Page("考生电子档案", "city", 20, SEARCH, _at("admissions:view_dossier", number=_any)),
    Page("考生资料管理 by number", "city", 15, SEARCH, _at("admissions:manage_candidates", number=_any)),
    Page("考生资料管理 by name", "city", 10, SEARCH, _at("admissions:manage_candidates", name=_name)),
    Page("批量投档: a run", "city", 10, LIST, _run),
    Page("批量投档", "city", 5, LIST, _at("dispatch:dispatch_batch")),
    Page("录取进度统计", "province", 5, BOARD, _at("rosters:count_progress")),
    Page("各院校录取进度", "city", 5, BOARD, _at("rosters:find_school_progress")),
)
PRESENCE = Page("of itself: who else reads", "reader", 0, LIST, _presence)
IDLE = 0.5  # of those who read have a dossier open and do nothing for longer than its page waits
APPROVED = 0.1  # of the decisions: audits one by one, with the key of their form; the rest are a school's


def by_themselves(world: World) -> list[tuple[Page, float]]:
    """What open pages ask by themselves, each with how often a second: every two minutes the numbers beside the menu."""
    readers = len(world.people["reader"])
    pages = [
        Page(f"of itself: numbers, {who}", who, 0, LIST, _at("accounts:workbench__waiting"))
        for who in ON_LINE
    ]
    found = [(page, len(world.people[page.who]) / 120) for page in pages]
    return [*found, (PRESENCE, readers * IDLE / presence.SECONDS)]


def world(users: int) -> World:
    """Everybody on line with sessions, sheets open for reading, and what the addresses need.

    Args:
        users: how many are on line.
    """
    _open_sheets()
    people = _people(users)
    desks = _desks()
    for person in people["school"]:
        person.desk = desks.get(person.user.organisation_id)
    people["reader"] = [person for person in people["school"] if person.desk]
    some = Candidate.objects.order_by("pk")
    numbers = list(some.values_list("number", flat=True)[:200_000:101])
    waiting = Placement.objects.open().filter(candidate__dossier__state=State.ADMIT_SUBMITTED)
    return World(
        people=people,
        drafts=_drafts({person.desk.sheet: person for person in people["reader"]}),
        waiting=list(waiting.order_by("pk").values_list("pk", flat=True)[:4000]),
        numbers=numbers,
        names=list(some.values_list("name", flat=True)[:200_000:101]),
        schools=[sheet.school.code for sheet in Sheet.objects.select_related("school").order_by("pk")[:200]],
        run=Run.objects.order_by("-pk").values_list("pk", flat=True)[0],
    )


def _open_sheets() -> None:
    """Leaders of the schools that read, each having opened his sheet."""
    sheets = Sheet.objects.filter(submitted_at__isnull=True).select_related("school__organisation", "batch")
    for sheet in sheets.filter(opened_at__isnull=True).order_by("-size", "pk")[:READ_HERE]:
        leader, _ = User.objects.get_or_create(
            username=f"opener{sheet.school_id}",
            defaults={"organisation": sheet.school.organisation, "must_change_password": False},
        )
        Membership.objects.get_or_create(
            user=leader, organisation=leader.organisation, defaults={"roles": ["leader"]}
        )
        deciding.sheet_open(actor=leader, sheet=sheet)


def _people(users: int) -> dict[str, list[Person]]:
    """Officers of all offices, and leaders at the schools that have sheets, the largest first."""
    schools = Organisation.objects.filter(kind="school").order_by("code")
    at_work = Sheet.objects.order_by("submitted_at", "-size").values_list("school__organisation", flat=True)
    known = {school.pk: school for school in schools}
    schools = [known[key] for key in dict.fromkeys(at_work)] or list(schools)
    counties = [factories.make_organisation(f"{filling.CITY}{number:02d}") for number in range(1, 12)]
    where = {
        "province": ([factories.make_organisation("44")], DUTIES),
        "city": ([factories.make_organisation(filling.CITY)], DUTIES),
        "reviewer": ([factories.make_organisation(filling.CITY)], ("reviewing",)),
        "county": (counties, ("sending",)),
        "school": (schools, ("leader",)),
    }
    found: dict[str, list[Person]] = {}
    for who, share in ON_LINE.items():
        places, roles = where[who]
        count = max(1, users * share // 1000)
        made = [
            User(username=f"load-{who}-{n}", name=f"{who}{n}", organisation=places[n % len(places)],
                 password="!", must_change_password=False)  # noqa: S106 - nobody can log in by it
            for n in range(count)
        ]  # fmt: skip
        User.objects.bulk_create(made, ignore_conflicts=True)
        users_of = list(
            User.objects.filter(username__in=[user.username for user in made]).select_related("organisation")
        )
        Membership.objects.bulk_create(
            [Membership(user=u, organisation_id=u.organisation_id, roles=list(roles)) for u in users_of],
            ignore_conflicts=True,
        )
        found[who] = [Person(user, who, _session(user)) for user in users_of]
    return found


def _session(user: User) -> str:
    """A session as logging in makes it."""
    now = int(timezone.now().timestamp())
    session = SessionStore()
    session.update(
        {SESSION_KEY: str(user.pk), BACKEND_SESSION_KEY: "accounts.authenticators.password.PasswordBackend",
         HASH_SESSION_KEY: user.get_session_auth_hash(), "entered": now, "last_seen": now}
    )  # fmt: skip
    session.create()
    return session.session_key


def _desks() -> dict[int, Desk]:
    """Per school that reads, its sheet and the first of its dossiers."""
    found: dict[int, Desk] = {}
    sheets = Sheet.objects.filter(submitted_at__isnull=True, opened_at__isnull=False)
    for sheet in sheets.order_by("size").select_related("school"):
        rows = deciding.placements_of(sheet).order_by("rank").values_list("candidate", "candidate__number")
        if some := list(rows[:200]):
            found[sheet.school.organisation_id] = Desk(sheet.pk, some)
    return found


def _drafts(readers: dict[int, Person]) -> list[Draft]:
    """Up to a hundred dossiers of each sheet, in an order that goes round the schools."""
    found: list[tuple[int, Draft]] = []
    for sheet, person in readers.items():
        keys = Placement.objects.open().filter(sheet=sheet).order_by("-rank").values("candidate")[:100]
        states = Dossier.objects.filter(pk__in=keys, held=False).annotate(key=F("pk"))
        rows = states.values_list("key", "version", "state")
        here = [row for row in rows if row[2] in (State.READING, State.PROPOSE_ADMIT)]
        for place, (key, version, state) in enumerate(here):
            found.append((place, Draft(person, key, version, state == State.PROPOSE_ADMIT)))
    return [draft for _, draft in sorted(found, key=lambda pair: pair[0])]
