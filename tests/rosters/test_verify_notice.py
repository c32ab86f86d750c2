"""The page behind the code on a notice: open to all, masked, not to be tried out."""

import pytest

from registration.services.students import admissions_cancel
from rosters.models import NoticeNumber
from rosters.services.notices import notices_number


@pytest.fixture
def notice(season, schools, students):
    last = students[5]
    notices_number(season=season, school=schools[0], placements=[(last.pk, last.candidate_id)])
    return NoticeNumber.objects.get()


def page(client, notice, code=None):
    return client.get(f"/rosters/verify-notice/{notice.number}/{code or notice.code}/")


def test_says_that_it_is_genuine(client, notice):
    words = page(client, notice).content.decode()
    assert "录取有效" in words
    assert notice.candidate.name not in words
    assert notice.candidate.number not in words


def test_says_that_it_holds_no_longer(client, cast, notice):
    admissions_cancel(actor=cast.school, candidates=[notice.candidate_id], reason="未报到")
    assert "录取已经注销" in page(client, notice).content.decode()


def test_a_number_alone_tells_nothing(client, notice):
    answer = page(client, notice, "000000000000")
    assert answer.status_code == 404
    assert notice.school.name not in answer.content.decode()
