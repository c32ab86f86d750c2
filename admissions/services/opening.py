"""Opening an installation: code tables, and a province with its season, offices and schools.

What a province differs in comes from its rule pack; nothing of a province stands here.
"""

from collections.abc import Iterator
from datetime import date, datetime, time, timedelta
from pathlib import Path

from django.db import transaction
from django.utils import timezone

from accounts.models import Membership, Organisation, User
from accounts.refusals import Refusal

from .. import reference
from ..imports.formats import load_profile
from ..imports.readers import open_rows
from ..models import (
    Batch,
    Concession,
    EthnicGroup,
    FeederSchool,
    Major,
    Region,
    ReturnReason,
    School,
    Season,
    SignupPoint,
    Subject,
    Window,
)

CATALOGUE = "中职2021"
TIES = {
    "all_in": Batch.Ties.ACCEPT_ALL,
    "all_out": Batch.Ties.REJECT_ALL,
    "lottery": Batch.Ties.STRICT,
    "choice_order_then_all_in": Batch.Ties.ACCEPT_ALL,
}
KINDS = {
    "1": School.Kind.VOCATIONAL,
    "2": School.Kind.SKILLED,
    "3": School.Kind.FIVE_YEAR,
    "4": School.Kind.GENERAL,
}


def region_key(code: str) -> str:
    """Six digits of GB/T 2260 as the key of a region: 440000 is ``44``, 440100 is ``4401``.

    A city without counties stands as its own county under its six digits (东莞 441900).
    """
    return code[:2] if code.endswith("0000") else code[:4] if code.endswith("00") else code


@transaction.atomic
def reference_load() -> dict[str, int]:
    """Load or renew the code tables from the files of ``admissions.reference``.

    Returns:
        number of rows by table.
    """
    regions = []
    for row in reference.regions():
        key = region_key(row.code)
        regions.append(
            Region(code=key, name=row.name, parent_id=region_key(row.parent) if row.parent else None)
        )
        if row.is_own_county:
            regions.append(Region(code=row.code, name=row.name, parent_id=key))
    tables = {
        Region: (regions, "code", ["name", "parent"]),
        EthnicGroup: (
            [EthnicGroup(code=row.code, name=row.name) for row in reference.ethnic_groups()],
            "code",
            ["name"],
        ),
        Major: (
            [Major(catalogue=CATALOGUE, code=row.code, name=row.name) for row in reference.majors()],
            ("catalogue", "code"),
            ["name"],
        ),
        ReturnReason: (
            [
                ReturnReason(
                    code=row.code,
                    name=row.name,
                    needs_words=row.needs_text,
                    needs_attachment=row.needs_attachment,
                )
                for row in reference.return_reasons()
            ],
            "code",
            ["name", "needs_words", "needs_attachment"],
        ),
    }
    for model, (rows, unique, fields) in tables.items():
        keys = [unique] if isinstance(unique, str) else list(unique)
        model.objects.bulk_create(rows, update_conflicts=True, unique_fields=keys, update_fields=fields)
    return {model._meta.verbose_name: len(rows) for model, (rows, _, _) in tables.items()}


@transaction.atomic
def province_open(
    *, pack_name: str, folder: Path, starts: date | None = None, batches: bool = True
) -> Season:
    """Open a season of a province: windows, offices, batches and subjects of its pack, schools of its files.

    In a later year offices, schools and places are found again by their codes and brought up to date; the
    season before is no longer the current one, and nothing of it is touched. Schools that are not in the
    file stay as they are: whether they may still admit is for an officer to say.

    Args:
        pack_name: name of a rule pack.
        folder: holds ``schools.xlsx``, ``feeder_schools.xlsx`` and ``signup_points.xlsx``.
        starts: first day of the first stage, by which all dates of the pack are moved; None keeps them.
        batches: take the cities' batches from the pack too; otherwise each city sets its own.

    Raises:
        Refusal: if the province has this very season already.
        ReadError: if a file cannot be read.
    """
    pack = reference.load_pack(pack_name)
    province = region_key(pack.code)
    if Season.objects.filter(province=province, year=pack.season_year, intake=pack.season_intake).exists():
        raise Refusal(f"{pack.title}{pack.season_title}已经建立。")
    Season.objects.filter(province=province, current=True).update(current=False)
    season = Season.objects.create(
        province=province,
        year=pack.season_year,
        intake=pack.season_intake,
        name=f"{pack.title}{pack.season_title}",
    )
    _windows(season, pack, starts)
    _offices(province)
    for city in pack.cities:
        _city(season, city, batches)
    _schools(province, folder)
    for model, name in ((FeederSchool, "feeder_school"), (SignupPoint, "signup_point")):
        _local(model, province, folder / f"{name}s.xlsx", name)
    return season


def administrator_open(*, province: str, username: str, password: str) -> User:
    """The province's first user, who makes all the others.

    Args:
        province: two digits.
        username: unique on the installation.
        password: to be changed at the first log-in.

    Raises:
        Refusal: if the name is taken.
    """
    if User.objects.filter(username=username).exists():
        raise Refusal(f"用户名 {username} 已存在。")
    office = Organisation.objects.get(kind=Organisation.Kind.PROVINCE, region=province)
    user = User(username=username, name="省级系统管理员", organisation=office)
    user.set_password(password)
    user.save(force_insert=True)
    Membership.objects.create(user=user, organisation=office, roles=["administrator"])
    return user


def _windows(season: Season, pack, starts: date | None) -> None:
    shift = starts - pack.stages[0].starts if starts else timedelta(0)

    def at(day: date, clock: time) -> datetime:
        return timezone.make_aware(datetime.combine(day + shift, clock))

    rows = []
    for number, stage in enumerate(pack.stages, 1):
        rows += [
            (Window.Kind.DISPATCH, number, "", stage.starts, stage.ends),
            (Window.Kind.REGISTRATION, number, "", stage.starts, stage.register_by),
            (Window.Kind.PRINTING, number, "", stage.print_from, stage.print_to),
        ]
        rows += [
            (Window.Kind.REGISTRATION, number, plan_kind, stage.starts, day)
            for plan_kind, day in stage.register_kinds_by.items()
        ]
    Window.objects.bulk_create(
        Window(
            season=season,
            kind=kind,
            stage=stage,
            plan_kind=plan_kind,
            opens_at=at(first, time(0)),
            closes_at=at(last, time(23, 59)),
        )
        for kind, stage, plan_kind, first, last in rows
    )


def _renew(model, rows, unique: list[str], fields: list[str]) -> list:
    """Make rows, or bring those of the same code up to date; either way they come back with their keys."""
    return model.objects.bulk_create(rows, update_conflicts=True, unique_fields=unique, update_fields=fields)


def _offices(province: str) -> None:
    kinds = {2: Organisation.Kind.PROVINCE, 4: Organisation.Kind.CITY, 6: Organisation.Kind.COUNTY}
    offices = [
        Organisation(
            kind=kinds[len(region.code)],
            code=region.code,
            name=f"{region.name}招生办公室",
            province=province,
            region=region.code,
        )
        for region in Region.objects.filter(code__startswith=province)
        if not (len(region.code) == 6 and region.code.endswith("00"))  # 东莞 is its own county: one office
    ]
    _renew(Organisation, offices, ["province", "kind", "code"], ["name", "region"])


def _city(season: Season, city, batches: bool) -> None:
    code = region_key(city.code)
    Subject.objects.bulk_create(
        Subject(
            season=season,
            city=code,
            position=position,
            code=subject.code,
            name=subject.name,
            full_marks=round(subject.full_marks * 100),
        )
        for position, subject in enumerate(city.subjects)
    )
    Concession.objects.bulk_create(
        Concession(
            season=season,
            city=code,
            code=row.code,
            name=row.name,
            points=row.points * 100,
            kind=Concession.Kind.POINTS if row.effect == "bonus" else Concession.Kind.PRIORITY,
        )
        for row in reference.concessions()
    )
    if not batches:
        return
    Batch.objects.bulk_create(
        Batch(
            season=season,
            city=code,
            code=batch.code,
            name=batch.name,
            position=position,
            choices_allowed=batch.choices,
            mode=batch.mode,
            ratio_percent=round(batch.ratio * 100),
            rounding=batch.rounding,
            tie_policy=TIES[batch.tie_policy],
            tie_keys=list(batch.tie_keys),
            tiers=[round(bound * 100) for bound in batch.tiers],
            plan_kinds=list(batch.plan_kinds),
        )
        for position, batch in enumerate(city.batches, 1)
    )


def _records(path: Path, profile_name: str) -> Iterator[dict[str, str]]:
    """Rows of a file as dictionaries by the fields of its profile."""
    headings = {column.header: column.field for column in load_profile(profile_name).columns}
    rows = open_rows(path)
    fields = [headings.get(heading, heading) for heading in rows.header]
    for row in rows.rows:
        yield dict(zip(fields, row.cells, strict=True))


def _schools(province: str, folder: Path) -> None:
    records = list(_records(folder / "schools.xlsx", "schools"))
    organisations = [
        Organisation(
            kind=Organisation.Kind.SCHOOL,
            code=row["school_code"],
            name=row["school_name"],
            province=province,
            region=region_key(row["supervisor_code"]),
        )
        for row in records
    ]
    organisations = _renew(Organisation, organisations, ["province", "kind", "code"], ["name", "region"])
    schools = [
        School(
            organisation=organisation,
            code=row["school_code"],
            name=row["school_name"],
            kind=KINDS[row["kind"]],
            province=province,
            region=row["county_code"],
            supervisor=region_key(row["supervisor_code"]),
            address=row["address"],
            phone=row["phone"],
        )
        for organisation, row in zip(organisations, records, strict=True)
    ]
    changing = ["code", "name", "kind", "region", "supervisor", "address", "phone"]
    _renew(School, schools, ["organisation"], changing)


def _local(model, province: str, path: Path, name: str) -> None:
    places = [
        model(
            province=province,
            city=row["county_code"][:4],
            county=row["county_code"],
            code=row[f"{name}_code"],
            name=row[f"{name}_name"],
        )
        for row in _records(path, f"{name}s")
    ]
    _renew(model, places, ["province", "code"], ["city", "county", "name"])
