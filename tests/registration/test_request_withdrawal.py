"""申请录后退: the school asks with the signed application; nothing moves before the city has decided."""

import pytest
from django.urls import reverse

from accounts.context import walled
from accounts.models import Deed
from accounts.refusals import Refusal
from admissions.models import Request
from admissions.services import requests as services
from admissions.services.papers import path_of
from registration.services.students import admissions_cancel
from tests.factories_registration import admit, make_window, state_of
from tests.factories_requests import PNG, drafted, paper, posted, submitted

KEY, PAGE = "registration.request_withdrawal", "registration:request_withdrawal"


@pytest.fixture
def candidate(cast, season, plan_line, make_candidates):
    return admit(make_candidates(2), plan_line)[0].candidate


def asked(candidate, **more):
    return {"number": candidate.number, "name": candidate.name, "reason": "W01", "words": "", **more}


def test_a_school_asks_with_the_signed_application(cast, candidate, client_of, media):
    client = client_of(cast.school)
    answer = client.post(reverse(f"{PAGE}__new"), posted(**asked(candidate), paper=paper("转录申请.PDF")))
    row = Request.objects.get()
    page = client.get(answer.url).content.decode()
    assert "转录申请.pdf" in page
    assert candidate.id_number not in page
    submit = reverse(f"{PAGE}__submit", args=[row.pk])
    assert "由生源地市广州市招办审核，期限 5 天" in client.post(submit, {"version": 0}).content.decode()
    client.post(submit, posted(version=0, confirmed="1"))
    row.refresh_from_db()
    assert (row.state, row.candidate_id, state_of(candidate)) == ("submitted", candidate.pk, "admitted")


def test_without_the_signed_application_it_is_not_submitted(cast, candidate):
    with pytest.raises(Refusal, match="须先上传考生本人及家长签字的申请"):
        submitted(cast.school, KEY, asked(candidate))
    assert Request.objects.get().state == "draft"


def test_only_a_student_of_ones_own_by_number_and_name(cast, candidate, make_candidates, client_of):
    client, url = client_of(cast.school), reverse(f"{PAGE}__new")
    stranger = make_candidates(1)[0]
    assert client.post(url, posted(**asked(stranger))).status_code == 422
    answer = client.post(url, posted(**asked(candidate) | {"name": "另一人"}))
    assert "姓名与考生号不符" in answer.content.decode()
    assert client_of(cast.other_school).post(url, posted(**asked(candidate))).status_code == 422
    assert not Request.objects.exists()


def test_a_second_request_about_the_same_candidate_is_refused(cast, candidate):
    submitted(cast.school, KEY, asked(candidate), with_paper=True)
    with pytest.raises(Refusal, match="同一事项已有一件申请在审核中"):
        submitted(cast.school, KEY, asked(candidate, reason="W02"), with_paper=True)


def test_needs_the_function(cast, candidate, client_of):
    client = client_of(cast.registrar)
    assert client.get(reverse(PAGE)).status_code == 403
    assert client.post(reverse(f"{PAGE}__new"), posted(**asked(candidate))).status_code == 403


def test_another_schools_request_and_its_papers_are_not_there(cast, candidate, client_of):
    row = drafted(cast.school, KEY, asked(candidate), with_paper=True)
    file = row.attachments.get()
    client = client_of(cast.other_school)
    assert client.get(reverse(f"{PAGE}__one", args=[row.pk])).status_code == 404
    assert client.get(reverse(f"{PAGE}__paper", args=[row.pk, file.pk])).status_code == 404
    assert client.post(reverse(f"{PAGE}__detach", args=[row.pk, file.pk])).status_code == 404
    assert row.attachments.count() == 1


def test_an_office_does_not_see_a_draft(cast, candidate, client_of):
    row = drafted(cast.school, KEY, asked(candidate))
    assert not Request.objects.visible_to(cast.reviewer).exists()
    page = reverse("registration:review_withdrawals__one", args=[row.pk])
    assert client_of(cast.reviewer).get(page).status_code == 404


def test_a_paper_is_known_by_its_content_and_leaves_as_it_came(cast, candidate, client_of, media):
    row = drafted(cast.school, KEY, asked(candidate))
    client, attach = client_of(cast.school), reverse(f"{PAGE}__attach", args=[row.pk])
    for name, content in (("申请.pdf", b"<script>alert(1)</script>"), ("半.png", PNG[:20]), ("空.pdf", b"")):
        assert client.post(attach, posted(paper=paper(name, content))).status_code == 422
    big = paper("大.png", PNG[:8] + b"\0" * (5 * 1024 * 1024) + PNG[8:])
    assert client.post(attach, posted(paper=big)).status_code == 422
    assert not row.attachments.exists()
    client.post(attach, posted(paper=paper('../../x"y.html', PNG)))
    file = row.attachments.get()
    assert (file.kind, file.size, file.name) == ("png", len(PNG), "xy.png")
    assert path_of(file).parent == media / "requests"
    answer = client.get(reverse(f"{PAGE}__paper", args=[row.pk, file.pk]))
    assert answer.content == PNG
    assert answer["Content-Type"] == "image/png"
    assert answer["Content-Disposition"].startswith("attachment")
    assert "sandbox" in answer["Content-Security-Policy"]
    assert Deed.objects.filter(subject__startswith=f"下载附件 {row.number}", note=file.digest).exists()
    path_of(file).write_bytes(PNG + b"x")
    damaged = client.get(reverse(f"{PAGE}__paper", args=[row.pk, file.pk]))
    assert "与上传时的摘要不符" in damaged.content.decode()


def test_papers_of_a_submitted_request_stay(cast, candidate, client_of, django_capture_on_commit_callbacks):
    row = drafted(cast.school, KEY, asked(candidate), with_paper=True)
    file, client = row.attachments.get(), client_of(cast.school)
    services.attachment_add(actor=cast.school, request=row, upload=paper("补.png", PNG))
    more = row.attachments.last()
    with django_capture_on_commit_callbacks(execute=True):
        client.post(reverse(f"{PAGE}__detach", args=[row.pk, more.pk]))
    assert not path_of(more).exists()
    services.request_submit(actor=cast.school, request=row)
    client.post(reverse(f"{PAGE}__detach", args=[row.pk, file.pk]))
    assert row.attachments.get() == file
    with pytest.raises(Refusal, match="附件不能再改动"):
        services.attachment_add(actor=cast.school, request=row, upload=paper("补.png", PNG))


def test_withdrawn_nothing_happens(cast, candidate, client_of):
    row = submitted(cast.school, KEY, asked(candidate), with_paper=True)
    client_of(cast.school).post(reverse(f"{PAGE}__withdraw", args=[row.pk]), posted(words="家长改变主意"))
    row.refresh_from_db()
    assert (row.state, state_of(candidate)) == ("withdrawn", "admitted")
    assert row.events.last().words == "家长改变主意"
    assert submitted(cast.school, KEY, asked(candidate), with_paper=True).state == "submitted"


def test_a_draft_that_was_changed_meanwhile_is_not_submitted(cast, candidate, client_of):
    row = drafted(cast.school, KEY, asked(candidate), with_paper=True)
    client = client_of(cast.school)
    client.post(reverse(f"{PAGE}__edit", args=[row.pk]), posted(**asked(candidate, reason="W02")))
    answer = client.post(reverse(f"{PAGE}__submit", args=[row.pk]), posted(version=0, confirmed="1"))
    assert answer.status_code == 422
    assert Request.objects.get().state == "draft"


def test_it_leaves_a_trace(cast, candidate):
    row = submitted(cast.school, KEY, asked(candidate), with_paper=True)
    assert [event.deed for event in row.events.all()] == ["drafted", "attached", "submitted"]
    assert Deed.objects.filter(actor=cast.school, subject__contains=row.number).count() == 3


def test_of_whom_the_school_sees_no_more_the_office_is_still_found(cast, candidate):
    """He may leave between the checks of a submission and the search for who must agree."""
    row = drafted(cast.school, KEY, asked(candidate), with_paper=True)
    make_window(candidate.season)
    admissions_cancel(actor=cast.school, candidates=[candidate.pk], reason="未报到")
    with walled(cast.school.scope):
        row = Request.objects.get(pk=row.pk)
        assert [party.organisation.code for party in services.kind_of(KEY).parties(row)] == ["4401"]
