"""每日录取数据导入: each day replaces the day before, within the city's own uploads only."""

import pytest

from accounts.models import Deed
from accounts.refusals import Refusal
from admissions.models import Dossier, DossierEvent
from dispatch.models import Placement
from quotas.models import PlanLine
from tests import factories, sheets
from tests.sheets import sheet, words_of

PAGE = "/dispatch/import-daily-results/"


@pytest.fixture
def lines(plan_line, schools, batch):
    """Two lines: computing with ten seats, accounting with a hundred."""
    return plan_line, factories.make_plan_line(schools[0], batch, major="730301", seats=100)


def row(candidate, major="730301", **changes):
    return {
        "candidate_number": candidate.number,
        "name": candidate.name,
        "id_number": candidate.id_number,
        "school_code": "10001",
        "major_code": major,
        "batch_code": "42",
        "status": "1",
        "admitted_at": "2021-08-21 09:30",
    } | changes


def day(candidates, major="730301", **changes):
    return sheet("daily_results", [row(c, major, **changes) for c in candidates])


def states(candidates) -> list[str]:
    found = dict(Dossier.objects.values_list("candidate_id", "state"))
    return [found[c.pk] for c in candidates]


def taken(line) -> int:
    return PlanLine.objects.get(pk=line.pk).seats_taken


def test_the_first_day(cast, importing, make_candidates, lines):
    people = make_candidates(4)
    file = importing.through(cast.city, "daily_results", day(people[:3]))
    assert (file.state, file.rows_new) == ("written", 3)
    assert states(people) == ["admitted"] * 3 + ["pool"]
    assert taken(lines[1]) == 3
    placement = Placement.objects.get(candidate=people[0])
    assert (placement.method, placement.run_id, placement.plan_line_id) == ("upload", None, lines[1].pk)
    assert placement.supervisor == "4401"
    assert Dossier.objects.get(pk=people[0].pk).placement_id == placement.pk
    assert {d.function for d in Deed.objects.filter(subject__contains="每日录取数据")} == {
        "dispatch.import_daily_results"
    }


def test_the_second_day_replaces_the_first(cast, importing, make_candidates, lines):
    stays, moves, goes, withdraws, comes = people = make_candidates(5)
    importing.through(cast.city, "daily_results", day([stays, moves, goes, withdraws]))
    second = sheet(
        "daily_results",
        [row(stays), row(moves, "710201"), row(withdraws, status="2"), row(comes)],
    )
    file = importing(cast.city, "daily_results", second)
    assert file.state == "checked", file.findings
    assert (file.rows_new, file.rows_changed, file.rows_same, file.rows_vanishing) == (1, 2, 1, 1)
    importing.confirm(cast.city, file)
    assert states(people) == ["admitted", "admitted", "pool", "pool", "admitted"]
    assert (taken(lines[0]), taken(lines[1])) == (1, 2)
    assert Placement.objects.open().count() == 3
    steps = list(DossierEvent.objects.filter(candidate=moves).values_list("step", flat=True))
    assert steps == ["upload_admission", "upload_withdrawal", "upload_admission"]
    again = importing(cast.city, "daily_results", second, again=True)
    assert (again.rows_new, again.rows_changed, again.rows_vanishing) == (0, 0, 0) or again.pk == file.pk


def test_many_vanishing_need_a_tick(cast, importing, make_candidates, lines):
    people = make_candidates(20)
    importing.through(cast.city, "daily_results", day(people))
    file = importing(cast.city, "daily_results", day(people[:14]))
    assert file.rows_vanishing == 6
    with pytest.raises(Refusal, match="6 条不在今天的文件里"):
        importing.confirm(cast.city, file)
    assert states(people) == ["admitted"] * 20
    importing.confirm(cast.city, file, ticked=True)
    assert states(people) == ["admitted"] * 14 + ["pool"] * 6
    assert taken(lines[1]) == 14


def test_five_vanishing_need_none(cast, importing, make_candidates, lines):
    people = make_candidates(20)
    importing.through(cast.city, "daily_results", day(people))
    assert importing.through(cast.city, "daily_results", day(people[:15])).rows_vanishing == 5


def test_a_registered_student_never_vanishes(cast, importing, make_candidates, lines):
    people = make_candidates(3)
    importing.through(cast.city, "daily_results", day(people))
    Dossier.objects.filter(pk=people[0].pk).update(state="registered")
    file = importing(cast.city, "daily_results", day(people[1:]))
    assert file.state == "faulty"
    assert words_of(file) == {"档案当前为“已注册”，却不在今天的文件里"}
    file = importing(
        cast.city, "daily_results", sheet("daily_results", [row(people[0], "710201"), *map(row, people[1:])])
    )
    assert words_of(file) == {"档案当前为“已注册”，文件中的录取学校、专业或状态却变了"}
    assert importing(cast.city, "daily_results", day(people[:3]), again=True).state in ("checked", "written")


def test_seats_are_never_overrun(cast, importing, make_candidates, lines):
    people = make_candidates(11)
    file = importing(cast.city, "daily_results", day(people, "710201"))
    assert file.state == "faulty"
    assert words_of(file) == {"超过招生计划：广州市荔湾职业学校“计算机应用”剩余 10 个，本次净增 11"}
    assert importing.through(cast.city, "daily_results", day(people[:10], "710201")).rows_new == 10
    assert taken(lines[0]) == 10
    swap = sheet("daily_results", [*(row(c, "710201") for c in people[1:])])
    assert importing.through(cast.city, "daily_results", swap).rows_vanishing == 1


def test_who_is_elsewhere_is_not_admitted(cast, importing, make_candidates, lines):
    people = make_candidates(3)
    Dossier.objects.filter(pk=people[0].pk).update(state="excluded")
    Dossier.objects.filter(pk=people[1].pk).update(held=True)
    file = importing(cast.city, "daily_results", day(people))
    assert words_of(file) == {
        "档案当前为“不参加”，不能由地市系统录取",
        "档案当前为“挂起”，不能由地市系统录取",
    }


def test_only_the_citys_own_uploads_are_touched(
    cast, importing, make_candidates, lines, schools, other_batch
):
    there = factories.make_plan_line(schools[1], other_batch, major="730301", seats=5)
    others, own = make_candidates(2, city="4403"), make_candidates(2)
    importing.through(cast.other_city, "daily_results", day(others, school_code="20001"))
    importing.through(cast.city, "daily_results", day(own))
    assert states(others) == ["admitted"] * 2
    assert (taken(there), taken(lines[1])) == (2, 2)
    file = importing(cast.city, "daily_results", day(others))
    assert (file.state, "这不是广州市的文件" in file.findings[0]["message"]) == ("refused", True)


def test_mistakes_in_words(cast, importing, make_candidates, lines):
    people = make_candidates(4)
    rows = [
        row(people[0], name="别人"),
        row(people[1], id_number=factories.id_number(400)),
        row(people[2], "740201"),
        row(people[3], candidate_number="21440103999999"),
        row(people[3], status="3"),
    ]
    file = importing(cast.city, "daily_results", sheet("daily_results", rows))
    kinds = {entry["kind"] for entry in file.findings}
    assert kinds == {"name_differs", "id_number_differs", "line_unknown", "candidate_unknown", "unknown_code"}


def test_shandong_speaks_of_its_school_only(cast, importing, make_candidates, schools, batch):
    for school, code in zip(schools, ("101", "102"), strict=True):
        school.code = code
        school.save()
    for school in schools:
        factories.make_plan_line(school, batch, major="001", kind="22", seats=5)
    people = make_candidates(4)
    for n, person in enumerate(people):
        person.number, person.name, person.exam_number = f"21440103{n:05d}", "陈小明", f"440121{n:08d}"
        person.save()

    def record(person, school):
        return {
            "exam_number": person.exam_number,
            "candidate_number": person.number,
            "name": person.name,
            "school_code": school,
            "major_code": "001",
            "id_number": person.id_number,
            "dispatch_score": "512",
            "plan_kind": "22",
            "dispatched_at": "2021-08-20",
        }

    first = sheets.table("shandong_2019", [record(p, "101") for p in people[:2]])
    second = sheets.table("shandong_2019", [record(p, "102") for p in people[2:]])
    importing.through(cast.city, "shandong_2019", first, name="zz101-4401.dbf")
    file = importing.through(cast.city, "shandong_2019", second, name="zz102-4401.dbf")
    assert (file.rows_new, file.rows_vanishing) == (2, 0)
    assert states(people) == ["admitted"] * 4
    assert Placement.objects.filter(dispatch_score=51200).count() == 4
    wrong = record(people[0], "101") | {"exam_number": "44012199999999"}
    file = importing(cast.city, "shandong_2019", sheets.table("shandong_2019", [wrong]))
    assert "准考证号与考生库不一致" in words_of(file)


def test_the_page(cast, client_of, season):
    page = client_of(cast.city).get(PAGE)
    assert page.status_code == 200
    assert "每日录取数据" in page.content.decode()
    assert client_of(cast.idle).get(PAGE).status_code == 403
