"""Rows for tests: small makers with sensible defaults, all of Guangdong unless told otherwise.

Makers write straight to the tables; a test that is about a service calls that service itself.
"""

from collections.abc import Sequence
from datetime import date
from itertools import count

from accounts.models import Membership, Organisation, User
from admissions.models import (
    Batch,
    Candidate,
    Choice,
    Concession,
    Dossier,
    EthnicGroup,
    FeederSchool,
    Major,
    Region,
    ReturnReason,
    School,
    Season,
    SignupPoint,
    Subject,
)
from quotas.models import PlanLine

REGIONS = {
    "44": "广东省",
    "4401": "广州市",
    "440103": "荔湾区",
    "440104": "越秀区",
    "4403": "深圳市",
    "440303": "罗湖区",
    "37": "山东省",
    "3701": "济南市",
    "370102": "历下区",
}
SUBJECTS = (("chinese", "语文", 120), ("maths", "数学", 120), ("english", "英语", 120), ("sport", "体育", 90))
_WEIGHTS = (7, 9, 10, 5, 8, 4, 2, 1, 6, 3, 7, 9, 10, 5, 8, 4, 2)
_numbers = count(1)


def make_reference() -> None:
    """Regions of the cast, some ethnic groups, majors and reasons; called twice it does no harm."""
    Region.objects.bulk_create(
        [Region(code=c, name=n, parent_id=c[:-2] or None) for c, n in REGIONS.items()], ignore_conflicts=True
    )
    groups = {"01": "汉族", "03": "回族", "11": "满族", "15": "土家族"}
    EthnicGroup.objects.bulk_create(
        [EthnicGroup(code=c, name=n) for c, n in groups.items()], ignore_conflicts=True
    )
    majors = {"710201": "计算机应用", "710202": "计算机网络技术", "730301": "会计事务", "740201": "烹饪工艺"}
    Major.objects.bulk_create(
        [Major(catalogue="2021", code=c, name=n) for c, n in majors.items()], ignore_conflicts=True
    )
    reasons = [("01", "总分低录取额满", False), ("Z99", "其他", True)]
    ReturnReason.objects.bulk_create(
        [ReturnReason(code=c, name=n, needs_words=w) for c, n, w in reasons], ignore_conflicts=True
    )


def make_organisation(region: str, *, kind: str = "", name: str = "") -> Organisation:
    """An office of a region; the kind follows from the length of its code.

    Args:
        region: 2, 4 or 6 digits.
        kind: for another kind than the length says.
        name: for another name than that of the region.
    """
    made, _ = Organisation.objects.get_or_create(
        kind=kind or {2: "province", 4: "city", 6: "county"}[len(region)],
        code=region,
        province=region[:2],
        defaults={"region": region, "name": name or f"{REGIONS.get(region, region)}招办"},
    )
    return made


def make_user(username: str, organisation: Organisation, *roles: str, extra: Sequence[str] = ()) -> User:
    """A user who need not change his password and can log in by ``client_of``.

    Args:
        username: unique.
        organisation: where he works.
        roles: keys of role templates.
        extra: keys of single functions beside them.
    """
    user = User(username=username, name=username, organisation=organisation, must_change_password=False)
    user.set_unusable_password()
    user.save()
    Membership.objects.create(
        user=user, organisation=organisation, roles=list(roles), extra_functions=list(extra)
    )
    return user


def make_season(province: str = "44", year: int = 2021) -> Season:
    """The current season of a province."""
    return Season.objects.create(
        province=province, year=year, intake="autumn", name=f"{year}年秋季", current=True
    )


def make_subjects(season: Season, city: str = "4401") -> list[Subject]:
    """Four subjects of a city; the last one is not counted in the total."""
    return Subject.objects.bulk_create(
        Subject(
            season=season,
            city=city,
            position=position,
            code=code,
            name=name,
            full_marks=marks * 100,
            counted=code != "sport",
        )
        for position, (code, name, marks) in enumerate(SUBJECTS)
    )


def make_concessions(season: Season, city: str = "4401") -> list[Concession]:
    """S1 gives 20 points, S4 goes before at a tie."""
    return Concession.objects.bulk_create(
        [
            Concession(season=season, city=city, code="S1", name="烈士子女", kind="points", points=2000),
            Concession(season=season, city=city, code="S4", name="现役军人子女", kind="priority"),
        ]
    )


def make_batch(season: Season, city: str = "4401", code: str = "42", **kwargs) -> Batch:
    """A batch of a city, parallel choices, four of them."""
    values = {"name": "中职批", "position": 1, "choices_allowed": 4, "tie_keys": ["chinese+maths", "chinese"]}
    return Batch.objects.create(season=season, city=city, code=code, **(values | kwargs))


def make_school(code: str, *, name: str = "", supervisor: str = "4401", **kwargs) -> School:
    """A vocational school with its organisation.

    Args:
        code: school code, also that of the organisation.
        name: of the school.
        supervisor: region code of the office that supervises it.
    """
    name = name or f"第{code}职业学校"
    organisation = Organisation.objects.create(
        kind="school", code=code, name=name, province=supervisor[:2], region=supervisor
    )
    values = {"kind": "vocational", "region": "440103", "active": True}
    return School.objects.create(
        organisation=organisation,
        code=code,
        name=name,
        province=supervisor[:2],
        supervisor=supervisor,
        **(values | kwargs),
    )


def make_plan_line(school: School, batch: Batch, *, major: str = "710201", seats: int = 10, **kwargs):
    """A plan line for the batch's city."""
    name = Major.objects.filter(code=major).values_list("name", flat=True).first() or major
    return PlanLine.objects.create(
        season=batch.season,
        batch=batch,
        school=school,
        city=batch.city,
        major_code=major,
        major_name=name,
        seats_planned=seats,
        **kwargs,
    )


def make_places(county: str = "440103") -> tuple[FeederSchool, SignupPoint]:
    """The feeder school and the sign-up point of a county."""
    where = {"province": county[:2], "city": county[:4], "county": county}
    name = REGIONS.get(county, county)
    school, _ = FeederSchool.objects.get_or_create(
        province=county[:2], code=f"{county}0001", defaults=where | {"name": f"{name}第一中学"}
    )
    point, _ = SignupPoint.objects.get_or_create(
        province=county[:2], code=f"{county}90", defaults=where | {"name": f"{name}报名点"}
    )
    return school, point


def id_number(serial: int, *, region: str = "440103", born: date = date(2006, 5, 1), sex: str = "1") -> str:
    """A valid number of GB 11643 whose three-digit serial has the parity of the sex.

    Args:
        serial: 0 to 499; higher ones move the date of birth on, so that each gives another number.
        region: six digits.
        born: date of birth for the first 500.
        sex: ``1`` male, ``2`` female.
    """
    day = date.fromordinal(born.toordinal() + serial // 500)
    body = f"{region}{day:%Y%m%d}{(serial % 500) * 2 + (sex == '1'):03d}"
    return body + "10X98765432"[sum(int(d) * w for d, w in zip(body, _WEIGHTS, strict=True)) % 11]


def make_candidate_rows(season: Season, n: int, *, county: str = "440103", **kwargs) -> list[Candidate]:
    """Candidates with their dossiers in the pool, best total first.

    Args:
        season: of the province of the county.
        n: how many.
        county: six digits; province and city follow.
        kwargs: other values that hold for all of them.
    """
    feeder, point = make_places(county)
    made = []
    for _ in range(n):
        serial = next(_numbers)
        sex = "12"[serial % 2]
        scores = [max(0, 9000 - 100 * (serial % 90)) for _ in SUBJECTS]
        values = {
            "number": f"21{county}{serial:06d}",
            "name": f"考生{serial}",
            "sex": sex,
            "id_number": id_number(serial, region=county, sex=sex),
            "born_on": date.fromordinal(date(2006, 5, 1).toordinal() + serial // 500),
            "ethnic_group_id": "01",
            "feeder_school": feeder,
            "signup_point": point,
            "scores": scores,
            "total": sum(scores[:3]),
        }
        made.append(
            Candidate(
                season=season,
                province=county[:2],
                city=county[:4],
                county=county,
                **(values | kwargs),
            )
        )
    Candidate.objects.bulk_create(made)
    Dossier.objects.bulk_create(
        Dossier(candidate=c, season=season, province=c.province, city=c.city, county=c.county) for c in made
    )
    return made


def make_choices(candidates: Sequence[Candidate], batch: Batch, schools: Sequence[School]) -> None:
    """The same choices, in this order, for each of the candidates."""
    Choice.objects.bulk_create(
        Choice(candidate=candidate, batch=batch, position=position, school=school, accepts_adjustment=True)
        for candidate in candidates
        for position, school in enumerate(schools, start=1)
    )
