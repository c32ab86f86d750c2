"""Code lists and small tables as dictionaries: text in a file → what is staged."""

from admissions.models import Batch, Concession, EthnicGroup, FeederSchool, Region, School, SignupPoint

from ..reference import ethnic_groups, load_pack, pack_names, plan_kinds, political_statuses
from .importer import Context


def counties(context: Context) -> dict[str, str]:
    """Codes of the counties of the city, or of the one county; where a city has none, its own code."""
    place = context.county or context.city
    found = Region.objects.filter(code__startswith=place).values_list("code", flat=True)
    codes = {code for code in found if len(code) == 6}
    return {"": ""} | {code: code for code in codes or {f"{context.city}00"}}


def ethnic() -> dict[str, str]:
    """GB/T 3304: codes, names and other spellings."""
    known = set(EthnicGroup.objects.values_list("code", flat=True))
    listed = {"": ""}
    for group in ethnic_groups():
        if group.code in known:
            listed |= dict.fromkeys((group.code, group.name, *group.aliases), group.code)
    return listed


def political() -> dict[str, str]:
    """GB/T 4762: codes, names and other spellings."""
    return {"": ""} | {
        name: status.code
        for status in political_statuses()
        for name in (status.code, status.name, *status.aliases)
    }


def kinds() -> dict[str, str]:
    """Kinds of plans: codes and names."""
    return {"": ""} | {name: kind.code for kind in plan_kinds() for name in (kind.code, kind.name)}


def feeders(context: Context) -> dict[str, str]:
    """Feeder schools of the province: code → key."""
    rows = FeederSchool.objects.filter(province=context.season.province)
    return {"": ""} | {code: str(key) for code, key in rows.values_list("code", "pk")}


def points(context: Context) -> dict[str, str]:
    """Sign-up points of the city: code → key."""
    rows = SignupPoint.objects.filter(city=context.city)
    return {"": ""} | {code: str(key) for code, key in rows.values_list("code", "pk")}


def schools(context: Context) -> dict[str, str]:
    """Schools of the province that may admit: code → key."""
    rows = School.objects.filter(province=context.season.province, active=True)
    return {"": ""} | {code: str(key) for code, key in rows.values_list("code", "pk")}


def batches(context: Context) -> dict[str, str]:
    """Batches of the city: code → key."""
    rows = Batch.objects.filter(season=context.season, city=context.city)
    return {"": ""} | {code: str(key) for code, key in rows.values_list("code", "pk")}


def concessions(context: Context) -> dict[str, str]:
    """Concessions of the city: code → code."""
    rows = Concession.objects.filter(season=context.season, city=context.city)
    return {code: code for code in rows.values_list("code", flat=True)}


def number_pattern(context: Context) -> str:
    """Pattern of candidate numbers in the province's rule pack; empty if there is none."""
    for name in pack_names():
        pack = load_pack(name)
        if pack.code.startswith(context.season.province) and pack.season_year == context.season.year:
            return pack.candidate_number
    return ""
