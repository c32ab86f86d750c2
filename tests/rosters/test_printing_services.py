"""Printing and filing: what the PDF says is what the database says, and stays so."""

from pathlib import Path

import pytest
from django.db import IntegrityError, transaction
from pypdf import PdfReader

from accounts.models import Deed
from accounts.refusals import Refusal
from admissions.models import Candidate, Job
from dispatch.models import Placement
from registration.models import Enrolment
from registration.services.registered import major_change, registrations_cancel
from rosters.models import NoticeNumber, Printing, Roster
from rosters.queries.checks import roster_checks
from rosters.services.files import is_intact, path_of, roster_open
from rosters.services.filing import roster_file
from rosters.services.notices import SAID, notices_print, notices_print_start
from rosters.services.printing import rosters_print_start
from tests import factories
from tests.factories_registration import RARE, admit, make_window, register

pytestmark = pytest.mark.django_db


def text_of(roster):
    return "".join(page.extract_text() for page in PdfReader(path_of(roster)).pages)


def test_says_what_the_database_says(roster, students, media):
    assert (roster.state, roster.version, roster.students) == ("printed", 1, 5)
    assert Path(path_of(roster)).is_relative_to(media)
    text = text_of(roster)
    for placement in students[:5]:
        candidate = Candidate.objects.get(pk=placement.candidate_id)
        for value in (candidate.number, candidate.name, candidate.id_number):
            assert value in text
    assert students[5].candidate.number not in text
    assert "总计 5 人" in text


def test_the_same_rows_make_no_new_version(print_now, roster):
    words = print_now()
    assert "内容与第 1 版完全相同" in words
    assert Roster.objects.count() == 1


def test_the_same_rows_give_the_same_bytes(roster, tmp_path):
    from rosters.documents.roster import render_roster
    from rosters.queries.roster_rows import roster_sections
    from rosters.services.printing import header_of

    sections = (
        (section, (e.row for e in entries))
        for section, entries in roster_sections(roster.season, roster.school, 1)
    )
    again = render_roster(header_of(roster), sections, out=tmp_path / "again.pdf", workers=1)
    assert again.sha256 == roster.digest


def test_changed_rows_make_a_new_version(cast, print_now, roster, students):
    register(students[5:], cast.school)
    print_now()
    newer = Roster.objects.order_by("-version").first()
    assert (newer.version, newer.students) == (2, 6)
    assert newer.digest != roster.digest
    assert is_intact(roster)


def test_a_lost_file_is_printed_anew(print_now, roster):
    path_of(roster).unlink()
    words = print_now()
    assert "第 2 版" in words


@pytest.mark.parametrize(
    ("change", "words"),
    [
        ({"id_number": "440103200605010011"}, "身份证号校验"),
        ({"name": "\ue000某"}, "生僻字可以打印"),
    ],
)
def test_a_check_that_fails_stops_it(cast, schools, season, students, change, words):
    Candidate.objects.filter(pk=students[0].candidate_id).update(**change)
    failed = [check.title for check in roster_checks(season, schools[0], 1) if not check.passes]
    assert words in failed
    with pytest.raises(Refusal, match=words):
        rosters_print_start(actor=cast.city, schools=[schools[0]], stage=1)
    assert not Job.objects.exists()


def test_only_what_one_supervises(cast, schools, students):
    with pytest.raises(Refusal, match="不由您单位主管"):
        rosters_print_start(actor=cast.other_city, schools=[schools[0]], stage=1)
    with pytest.raises(Refusal, match="没有已注册"):
        rosters_print_start(actor=cast.other_city, schools=[schools[1]], stage=1)


def test_only_in_its_window(cast, season, schools, students):
    from datetime import timedelta

    make_window(season, "printing", closes=timedelta(days=-1))
    with pytest.raises(Refusal, match="名册打印备案已于"):
        rosters_print_start(actor=cast.city, schools=[schools[0]], stage=1)


def test_every_look_is_on_the_record(cast, roster):
    for copy in (1, 2):
        roster_open(actor=cast.city, roster=roster)
        assert Printing.objects.filter(roster=roster, user=cast.city, copy=copy).exists()
    assert Deed.objects.filter(subject__startswith="查阅").count() == 2


def test_a_changed_file_is_refused(cast, roster):
    with path_of(roster).open("ab") as file:
        file.write(b"%")
    with pytest.raises(Refusal, match="可能已被改动"):
        roster_open(actor=cast.city, roster=roster)
    with pytest.raises(Refusal, match="可能已被改动"):
        roster_file(actor=cast.second, roster=roster)


def test_filed_by_a_second_person(cast, roster):
    with pytest.raises(Refusal, match="另一人"):
        roster_file(actor=cast.city, roster=roster)
    with pytest.raises(IntegrityError, match="filed_by_a_second_person"), transaction.atomic():
        Roster.objects.filter(pk=roster.pk).update(filed_by=cast.city)
    roster_file(actor=cast.second, roster=roster)
    roster.refresh_from_db()
    assert (roster.state, roster.filed_by) == ("filed", cast.second)
    with pytest.raises(Refusal, match="已经备案"):
        roster_file(actor=cast.province, roster=roster)


def test_not_filed_from_elsewhere(cast, roster):
    with pytest.raises(Refusal, match="不由您单位主管"):
        roster_file(actor=cast.other_city, roster=roster)


def test_what_was_changed_since_it_was_printed_is_not_filed(cast, roster, students, print_now):
    one = students[0].candidate_id
    registrations_cancel(actor=cast.school, candidates=[one], reason="转学")
    with pytest.raises(Refusal, match="打印以后注册名单或考生信息有变动"):
        roster_file(actor=cast.second, roster=roster)
    roster.refresh_from_db()
    assert roster.state == "printed"
    print_now()
    newer = Roster.objects.latest("version")
    assert newer.version == roster.version + 1
    roster_file(actor=cast.second, roster=newer)


def test_a_major_on_a_printed_page_is_corrected_not_changed(cast, roster, students, batch, schools):
    other = factories.make_plan_line(schools[0], batch, major="730301")
    one = students[0].candidate_id
    with pytest.raises(Refusal, match="已列入录取名册第 1 版（已打印），不能修改专业，请按更正办理"):
        major_change(actor=cast.school, candidate=one, plan_line=other.pk, reason="M01")
    assert Enrolment.objects.get(pk=one).plan_line != other


def test_what_is_filed_stays(cast, roster, students, batch, schools):
    roster_file(actor=cast.second, roster=roster)
    other = factories.make_plan_line(schools[0], batch, major="730301")
    one = students[0].candidate_id
    with pytest.raises(Refusal, match="已列入备案的录取名册"):
        major_change(actor=cast.school, candidate=one, plan_line=other.pk, reason="M01")
    with pytest.raises(Refusal, match="已列入备案的录取名册"):
        registrations_cancel(actor=cast.school, candidates=[one], reason="转学")


def test_the_ledger_is_only_added_to(cast, roster):
    roster_open(actor=cast.city, roster=roster)
    from django.db.utils import ProgrammingError

    with pytest.raises(ProgrammingError, match="append-only"), transaction.atomic():
        Printing.objects.all().delete()


SAYS = dict.fromkeys(SAID, "") | {
    "principal": "李校长",
    "report_date": "2021年9月1日",
    "report_place": "学校礼堂",
    "materials": "录取通知书\n身份证",
    "school_phone": "020-12345678",
    "verify_at": "https://example.invalid/notice/",
}


def notices_now(actor):
    notices_print_start(actor=actor, stage=1, said=SAYS)
    roster = Roster.objects.filter(kind="notices").order_by("-pk").first()
    return notices_print(roster=roster)


def test_notices_are_numbered_for_good(cast, schools, students, plan_line, make_candidates):
    assert "已打印 6 份" in notices_now(cast.school)
    assert "完全相同" in notices_now(cast.school)
    before = dict(NoticeNumber.objects.values_list("candidate_id", "number"))
    assert sorted(before.values()) == [f"202110001{serial:05d}" for serial in range(1, 7)]
    (first,) = make_candidates(1, number="20000000000001")
    admit([first], plan_line)
    notices_now(cast.school)
    after = dict(NoticeNumber.objects.values_list("candidate_id", "number"))
    assert after == before | {first.pk: "20211000100007"}
    text = text_of(Roster.objects.filter(kind="notices").order_by("version").last())
    for name in RARE:
        assert name in text.replace("\n", "")
    assert Placement.objects.count() == 7
