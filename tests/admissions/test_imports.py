"""The pipeline: all errors at once, nothing before it is confirmed, all or nothing, once."""

from dataclasses import replace

import pytest
from celery.exceptions import Reject
from django.db import DataError, OperationalError
from django.utils import timezone

from accounts.models import Deed
from accounts.refusals import Refusal
from admissions import jobs
from admissions.imports.candidates import CandidateImporter
from admissions.imports.formats import load_profile
from admissions.imports.pipeline import rows_path
from admissions.models import Candidate, Choice, Dossier, ImportedFile, Job
from admissions.services import import_work, imports
from admissions.tasks import write_import
from tests.sheets import SCORES, candidate_row, sheet, words_of

KEY = "admissions.manage_candidates"


@pytest.fixture
def city(cast):
    return cast.city


def test_candidates_come_in(city, importing, season):
    file = importing(city, "candidates", sheet("candidates", [candidate_row(n) for n in range(20)]))
    assert file.state == "checked", file.findings
    assert (file.rows_read, file.rows_new, file.findings_count) == (20, 20, 0)
    assert not Candidate.objects.exists()
    importing.confirm(city, file)
    assert file.state == "written", Job.objects.first().words
    assert Candidate.objects.filter(city="4401", county="440103", season=season).count() == 20
    assert Dossier.objects.filter(state="pool", city="4401").count() == 20
    deed = Deed.objects.filter(subject__startswith="导入").get()
    assert (deed.actor, deed.count, deed.function) == (city, 20, KEY)


def test_scores_and_choices_follow(city, importing, schools, batch):
    importing.through(city, "candidates", sheet("candidates", [candidate_row(n) for n in range(3)]))
    rows = [
        {
            "candidate_number": candidate_row(n)["candidate_number"],
            "name": candidate_row(n)["name"],
            "subject_chinese": "100.5",
            "subject_maths": "90",
            "subject_english": "80",
            "subject_sport": "",
            "total": "270.5",
        }
        for n in range(3)
    ]
    file = importing.through(city, "scores", sheet(SCORES, rows))
    assert file.rows_new == 3
    one = Candidate.objects.order_by("number").first()
    assert (one.scores, one.total) == ([10050, 9000, 8000, None], 27050)
    wishes = [
        {
            "candidate_number": row["candidate_number"],
            "batch_code": "42",
            "choice1_school": "10001",
            "choice1_major1": "710201",
            "choice1_accepts_adjustment": "1",
            "choice2_school": "20001",
        }
        for row in rows
    ]
    importing.through(city, "choices", sheet("choices", wishes))
    kept = Choice.objects.filter(candidate=one).order_by("position")
    assert [(c.position, c.school_id, c.majors, c.accepts_adjustment) for c in kept] == [
        (1, schools[0].pk, ["710201"], True),
        (2, schools[1].pk, [], False),
    ]
    wishes[0] |= {"choice2_school": "", "choice1_major1": "730301"}
    file = importing(city, "choices", sheet("choices", wishes))
    assert (file.rows_new, file.rows_changed, file.rows_same) == (0, 1, 2)
    importing.confirm(city, file)
    assert Choice.objects.filter(candidate=one).get().majors == ["730301"]


def people(*serials, **changes) -> bytes:
    return sheet("candidates", [candidate_row(n, **changes) for n in serials])


def test_a_second_import_changes_only_what_differs(city, importing):
    importing.through(city, "candidates", people(1, 2, 3))
    before = dict(Candidate.objects.values_list("number", "updated_at"))
    rows = [candidate_row(1), candidate_row(2, name="陈改名"), candidate_row(4)]
    file = importing(city, "candidates", sheet("candidates", rows))
    assert (file.rows_new, file.rows_changed, file.rows_same) == (1, 1, 1)
    sample = next(row for row in file.findings if row["level"] == "plan")
    assert sample["words"] == "姓名"
    importing.confirm(city, file)
    after = dict(Candidate.objects.values_list("number", "updated_at"))
    assert [number for number in before if before[number] != after[number]] == ["21440103000002"]
    assert len(after) == 4
    assert Dossier.objects.count() == 4


def test_columns_that_are_not_there_change_nothing(city, importing, season):
    importing.through(city, "candidates", people(1))
    profile = load_profile("candidates")
    short = replace(profile, columns=tuple(c for c in profile.columns if c.field not in ("phone", "address")))
    file = importing(city, "candidates", sheet(short, [candidate_row(1, name="陈改名")]))
    importing.confirm(city, file)
    one = Candidate.objects.get()
    assert (one.name, one.phone, one.address) == ("陈改名", "02000000001", "示例路1号")


def test_the_same_file_twice_is_told_and_done_once(city, importing):
    content = people(1, 2)
    first = importing.through(city, "candidates", content)
    second = importing(city, "candidates", content)
    assert second.pk == first.pk
    assert ImportedFile.objects.count() == 1
    third = importing(city, "candidates", content, again=True)
    assert third.pk != first.pk
    assert (third.rows_new, third.rows_same) == (0, 2)


def test_a_failure_in_the_last_row_leaves_nothing(city, importing, monkeypatch):
    file = importing(city, "candidates", people(*range(10)))
    plain = CandidateImporter.write

    def breaks(self, cursor):
        plain(self, cursor)
        cursor.execute("SELECT 1 / 0")

    monkeypatch.setattr(CandidateImporter, "write", breaks)
    with pytest.raises(DataError):
        importing.confirm(city, file)
    assert not Candidate.objects.exists()
    assert not Dossier.objects.exists()
    assert Job.objects.first().state == "failed"


def test_what_changed_meanwhile_is_refused(city, importing):
    importing.through(city, "candidates", people(1, 2))
    file = importing(city, "candidates", people(1, 2, name="陈改名"))
    Candidate.objects.filter(number__endswith="1").update(name="陈先改")
    importing.confirm(city, file)
    file.refresh_from_db()
    assert Job.objects.first().state == "failed"
    assert "检查之后库中数据已有变化" in Job.objects.first().words
    assert file.state == "uploaded"
    assert set(Candidate.objects.values_list("name", flat=True)) == {"陈先改", "陈三明"}
    importing.confirm(city, importing.check(city, file))
    assert set(Candidate.objects.values_list("name", flat=True)) == {"陈改名"}


def test_other_digests_than_shown_are_refused(city, importing):
    file = importing(city, "candidates", people(1))
    for digests in (
        {"digest": file.digest, "plan_digest": "0" * 64},
        {"digest": "0" * 64, "plan_digest": file.plan_digest},
        {"digest": file.digest, "plan_digest": ""},
    ):
        with pytest.raises(Refusal, match="没有写入"):
            imports.import_confirm(actor=city, file=file, **digests)
    assert not Candidate.objects.exists()


def test_changed_bytes_are_refused(city, importing):
    file = importing(city, "candidates", people(1))
    path = imports.path_of(file)
    path.write_bytes(path.read_bytes() + b" ")
    importing.confirm(city, file)
    assert "已改变，没有写入" in Job.objects.first().words
    file = importing(city, "candidates", people(2))
    rows = rows_path(imports.path_of(file))
    rows.write_bytes(rows.read_bytes().replace(b"02000000002", b"02000000009"))
    importing.confirm(city, file)
    assert Job.objects.first().state == "failed"
    assert not Candidate.objects.exists()


def test_an_empty_file_is_refused(city, importing):
    with pytest.raises(Refusal, match="0 字节"):
        importing(city, "candidates", b"")


def test_half_a_workbook_is_refused_in_words(city, importing):
    file = importing(city, "candidates", b"PK\x03\x04" + b"\x00" * 100)
    assert file.state == "refused"
    assert "不完整" in file.findings[0]["message"]


def test_a_file_above_the_limit_is_refused(city, importing, settings):
    settings.UPLOAD_MAX_BYTES = 1000
    with pytest.raises(Refusal, match="超过上限"):
        importing(city, "candidates", people(1))
    assert not ImportedFile.objects.exists()


def test_missing_columns_are_named(city, importing):
    profile = load_profile("candidates")
    header = ["旧姓名" if title == "姓名" else title for title in profile.header]
    file = importing(city, "candidates", sheet("candidates", [candidate_row(1)], header=header))
    assert file.findings[0]["message"] == "缺少必需的列：姓名。"


def test_a_missing_subject_is_no_zero(city, importing, make_candidates):
    make_candidates(1)
    short = replace(SCORES, columns=tuple(c for c in SCORES.columns if c.field != "subject_english"))
    file = importing(city, "scores", sheet(short, [{"candidate_number": "1"}]))
    assert file.findings[0]["message"] == "缺少必需的列：英语。"


def test_the_name_of_the_client_is_never_a_path(city, importing):
    file = importing(city, "candidates", people(1), name="../../etc/passwd.xlsx")
    assert file.path.startswith("imports/")
    assert "passwd" not in file.path
    assert file.file_name == "passwd.xlsx"


def test_a_thousand_equal_mistakes_are_one_line(city, importing):
    file = importing(city, "candidates", sheet("candidates", [candidate_row(n, sex="7") for n in range(300)]))
    errors = [row for row in file.findings if row["level"] == "error"]
    assert len(errors) == 1
    assert (errors[0]["count"], len(errors[0]["places"])) == (300, 10)
    assert errors[0]["places"][0] == {"row": 2, "value": "7"}


def test_candidates_are_unique_in_the_province(city, cast, importing, make_candidates):
    other = make_candidates(1, city="4403")[0]
    rows = [
        candidate_row(1, id_number=other.id_number, birth_date=str(other.born_on), sex=other.sex),
        candidate_row(2),
        candidate_row(2, name="陈二名"),
        candidate_row(3),
    ]
    file = importing(city, "candidates", sheet("candidates", rows))
    assert words_of(file) == {
        "本省本年度已有另一考生号使用此证件号码",
        "考生号在文件中重复",
        "证件号码在文件中重复",
    }
    shown = next(row for row in file.findings if row["kind"] == "id_number_taken")["places"][0]["value"]
    assert shown != other.id_number
    assert shown.startswith(other.id_number[:6])


def test_who_is_registered_is_not_changed_in_bulk(city, importing, make_candidates, schools):
    importing.through(city, "candidates", people(1, 2))
    Dossier.objects.filter(candidate__number__endswith="1").update(
        state="sent", school=schools[0], placement_id=1
    )
    file = importing(city, "candidates", people(1, 2, name="陈改名"))
    assert "不能再整批修改" in file.findings[0]["message"]
    assert importing(city, "candidates", people(1, 2, phone="13800000000")).state == "checked"


def test_concessions(city, importing, season):
    rows = [candidate_row(1, concession_code="S4、S1"), candidate_row(2)]
    importing.through(city, "candidates", sheet("candidates", rows))
    assert Candidate.objects.get(number__endswith="1").concessions == ["S1", "S4"]
    assert Candidate.objects.get(number__endswith="2").concessions == []
    file = importing(city, "candidates", sheet("candidates", [candidate_row(1, concession_code="S9")]))
    assert words_of(file) == {"不是本市定义的照顾特征代码"}


def test_scores_are_summed_and_bounded(city, importing, make_candidates):
    candidate = make_candidates(1)[0]
    row = {
        "candidate_number": candidate.number,
        "name": candidate.name,
        "subject_chinese": "121",
        "subject_maths": "90",
        "subject_english": "80",
        "subject_sport": "50",
        "total": "290",
    }
    assert words_of(importing(city, "scores", sheet(SCORES, [row]))) == {"超过满分 120"}
    row |= {"subject_chinese": "100"}
    assert words_of(importing(city, "scores", sheet(SCORES, [row]))) == {"总分不等于各计分科目之和"}
    row |= {"total": "270"}
    assert importing(city, "scores", sheet(SCORES, [row])).state == "checked"


def test_choices_without_gap_or_repetition(city, importing, make_candidates, schools, batch):
    number = make_candidates(1)[0].number
    base = {"candidate_number": number, "batch_code": "42"}
    for choices, words in (
        ({"choice2_school": "10001"}, "志愿中间有空档"),
        ({"choice1_school": "10001", "choice2_school": "10001"}, "同一所学校填报了两次"),
        ({"choice1_major1": "710201"}, "填了专业或服从调剂，但没有学校代码"),
        ({"choice1_school": "99999"}, "代码不在代码表中"),
        ({f"choice{n}_school": f"{n}0001" for n in range(1, 6)}, "超过该批次允许的 4 个志愿"),
    ):
        file = importing(city, "choices", sheet("choices", [base | choices]))
        assert words in words_of(file), choices


def test_upload_needs_function_and_place(cast, importing, season):
    with pytest.raises(Refusal, match="没有该功能的权限"):
        importing(cast.idle, "candidates", people(1))
    with pytest.raises(Refusal, match="管辖范围"):
        importing(cast.city, "candidates", people(1), city="4403")
    assert importing(cast.province, "candidates", people(1), city="4401").city == "4401"
    with pytest.raises(Refusal, match="管辖范围"):
        importing(cast.province, "candidates", people(2))


def interrupted(city, file) -> Job:
    """The file was confirmed, and the worker that wrote it died."""
    ImportedFile.objects.filter(pk=file.pk).update(state="confirmed", confirmed_by=city)
    return Job.objects.create(
        function=file.function, title="写入", task=imports.WRITE_TASK, subject_id=file.pk, owner=city,
        organisation=city.organisation, state="running", started_at=timezone.now(),
    )  # fmt: skip


def test_a_write_whose_worker_died_is_begun_again_at_once(city, importing, client_of):
    file = importing(city, "candidates", people(1, 2))
    dead = interrupted(city, file)
    page = client_of(city).get(f"/admissions/manage-candidates/file/{file.pk}/").content.decode()
    assert "已中断" in page
    assert "重新检查这份文件" in page
    importing.confirm(city, importing.check(city, file))
    assert Candidate.objects.count() == 2
    dead.refresh_from_db()
    assert dead.state == "failed"


def test_a_write_that_comes_back_late_leaves_the_file_to_the_next(city, importing):
    file = importing(city, "candidates", people(1, 2))
    dead = interrupted(city, file)
    file = importing.check(city, file)
    imports.import_confirm(actor=city, file=file, digest=file.digest, plan_digest=file.plan_digest)
    write_import(str(dead.pk))
    file.refresh_from_db()
    assert (file.state, file.confirmed_by) == ("confirmed", city)


def test_a_write_while_the_database_is_away_goes_back_to_the_queue(city, importing, monkeypatch):
    file = importing(city, "candidates", people(1))
    dead = interrupted(city, file)

    def away(*args, **kwargs):
        raise OperationalError("the database system is starting up")

    with monkeypatch.context() as patched:
        patched.setattr(jobs, "AWAY", 0)
        patched.setattr(jobs, "_claimed", away)
        patched.setattr(import_work, "import_end", away)
        with pytest.raises(Reject):
            write_import(str(dead.pk))
    write_import(str(dead.pk))
    assert Candidate.objects.count() == 1
