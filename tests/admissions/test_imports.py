"""The pipeline: all errors at once, nothing before it is confirmed, all or nothing, once."""

import pytest

from accounts.models import Deed
from admissions.models import Candidate, Choice, Dossier, Job
from tests.sheets import SCORES, candidate_row, sheet

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
