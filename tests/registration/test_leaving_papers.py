"""注销 for a reason that needs a paper: obligatory, kept over the confirmation, one file for all, all or nothing."""

from uuid import uuid4

import pytest

from accounts.models import Deed
from accounts.refusals import Refusal
from admissions.models import Dossier, DossierEvent, DossierPaper, ReturnReason
from dispatch.models import Placement
from registration.services.registered import registrations_cancel
from registration.services.students import admissions_cancel
from tests.factories_papers import WAIVER, stored, waiver_known
from tests.factories_registration import admit, make_window, register, state_of
from tests.factories_requests import PDF, paper

REGISTER, CANCEL = "/registration/register-students/", "/registration/cancel-registration/"


@pytest.fixture
def students(cast, season, plan_line, make_candidates):
    """Two admitted, two registered."""
    make_window(season)
    waiver_known()
    ReturnReason.objects.create(code="Z03", name="未按时报到")
    placements = admit(make_candidates(4), plan_line)
    register(placements[2:], cast.school)
    return placements


def ways(students):
    """Address, what it is about, and whom, of each way to cancel."""
    admitted, registered = students[:2], students[2:]
    chosen = {"chosen": [p.pk for p in admitted]}
    numbers = "\n".join(p.candidate.number for p in registered)
    return [
        (f"{REGISTER}cancel/", chosen, admitted),
        (f"{CANCEL}cancel/", {"chosen": [p.pk for p in registered]}, registered),
        (f"{CANCEL}upload/", {"numbers": numbers}, registered),
        (f"{CANCEL}{registered[0].candidate_id}/", {}, registered[:1]),
    ]


def form(what, **more):
    return {"reason": WAIVER, "words": "", "form_key": str(uuid4()), **what, **more}


@pytest.mark.parametrize("way", range(4))
def test_the_paper_is_asked_for_kept_and_filed(cast, client_of, students, media, way):
    url, what, who = ways(students)[way]
    client, before = client_of(cast.school), [state_of(p.candidate) for p in who]
    if "chosen" in what:
        first = client.post(url, what).content.decode()
        assert 'name="paper"' in first
        assert 'enctype="multipart/form-data"' in first
        assert "Z01 考生书面放弃（须附书面材料）" in first
    for more in ({}, {"confirmed": "1"}):
        answer = client.post(url, form(what, **more))
        assert answer.status_code == 422
        assert "原因“考生书面放弃”须附书面材料，请上传" in answer.content.decode()
    asked = client.post(url, form(what, paper=paper("放弃书.pdf")))
    assert asked.status_code == 200
    assert "放弃书.pdf" in asked.content.decode()
    kept = asked.context["request"].POST["paper_kept"]
    assert kept
    assert f'name="paper_kept" value="{kept}"' in asked.content.decode()
    edited = client.post(url, form(what, paper_kept=kept, edit="1")).content.decode()
    assert "已上传“放弃书.pdf”，不必重新选择" in edited
    assert f'name="paper_kept" value="{kept}"' in edited
    assert [state_of(p.candidate) for p in who] == before
    assert not DossierPaper.objects.exists()
    assert client.post(url, form(what, paper_kept=kept, confirmed="1")).status_code == 302
    assert {state_of(p.candidate) for p in who} == {"pool"}
    papers = list(DossierPaper.objects.all())
    assert {p.placement_id for p in papers} == {p.pk for p in who}
    assert {(p.reason_id, p.uploaded_by, p.name) for p in papers} == {(WAIVER, cast.school, "放弃书.pdf")}
    assert len({p.path for p in papers}) == 1
    assert len(list(media.glob("dossiers/*"))) == 1
    deed = Deed.objects.get(subject__startswith="上传注销材料")
    assert (deed.count, deed.note) == (len(who), f"放弃书.pdf（摘要 {papers[0].digest[:16]}）")


@pytest.mark.parametrize("way", range(4))
def test_a_reason_without_a_paper_needs_none(cast, client_of, students, way):
    url, what, who = ways(students)[way]
    assert client_of(cast.school).post(url, form(what, reason="Z03", confirmed="1")).status_code == 302
    assert {state_of(p.candidate) for p in who} == {"pool"}
    assert not DossierPaper.objects.exists()


def test_a_paper_that_came_with_other_faults_is_not_lost(cast, client_of, students):
    url, what, _ = ways(students)[0]
    answer = client_of(cast.school).post(url, form(what, reason="", paper=paper("放弃书.pdf")))
    assert answer.status_code == 422
    words = answer.content.decode()
    assert "已上传“放弃书.pdf”" in words
    assert 'name="paper_kept" value=""' not in words


@pytest.mark.parametrize(
    ("content", "words"),
    [
        (b"", "空的"),
        (b"<html>", "按内容识别"),
        (PDF[:-8], "完整"),
        (PDF + b" " * 5 * 1024 * 1024, "超过上限"),
    ],
)
def test_hostile_uploads_are_told(cast, client_of, students, content, words):
    url, what, who = ways(students)[0]
    answer = client_of(cast.school).post(url, form(what, paper=paper("假.pdf", content), confirmed="1"))
    assert answer.status_code == 422
    assert words in answer.content.decode()
    assert {state_of(p.candidate) for p in who} == {"admitted"}


def test_another_s_paper_is_not_taken(cast, client_of, students):
    url, what, who = ways(students)[0]
    asked = client_of(cast.school).post(url, form(what, paper=paper()))
    kept = asked.context["request"].POST["paper_kept"]
    answer = client_of(cast.registrar).post(url, form(what, paper_kept=kept, confirmed="1"))
    assert answer.status_code == 422
    assert "重新上传" in answer.content.decode()
    assert {state_of(p.candidate) for p in who} == {"admitted"}


def test_one_that_cannot_leaves_all_and_files_nothing(cast, client_of, students):
    Dossier.objects.filter(pk=students[0].candidate_id).update(held=True)
    url, what, who = ways(students)[0]
    answer = client_of(cast.school).post(url, form(what, paper=paper(), confirmed="1"))
    assert answer.status_code == 422
    assert {state_of(p.candidate) for p in who} == {"admitted"}
    assert not DossierPaper.objects.exists()


def test_sent_twice_it_is_filed_once(cast, client_of, students):
    url, what, _ = ways(students)[0]
    client = client_of(cast.school)
    asked = client.post(url, form(what, paper=paper()))
    data = form(what, paper_kept=asked.context["request"].POST["paper_kept"], confirmed="1")
    client.post(url, data)
    client.post(url, data)
    assert DossierPaper.objects.count() == 2
    assert DossierEvent.objects.filter(step="cancel_admission").count() == 2


@pytest.mark.parametrize("way", range(4))
def test_permission_and_tenant(cast, client_of, students, way):
    url, what, who = ways(students)[way]
    data = form(what, paper=paper(), confirmed="1")
    assert client_of(cast.member).post(url, data).status_code == 403
    data = form(what, paper=paper(), confirmed="1")
    assert client_of(cast.other_school).post(url, data).status_code in (404, 422)
    assert not DossierPaper.objects.exists()
    assert "pool" not in {state_of(p.candidate) for p in who}


def test_the_services_ask_for_it_too(cast, students):
    with pytest.raises(Refusal, match="须附书面材料"):
        admissions_cancel(actor=cast.school, candidates=[students[0].candidate_id], reason=WAIVER)
    with pytest.raises(Refusal, match="须附书面材料"):
        registrations_cancel(actor=cast.school, candidates=[students[2].candidate_id], reason=WAIVER)
    admissions_cancel(actor=cast.school, candidates=[students[0].candidate_id], reason=WAIVER, paper=stored())
    assert Placement.objects.get(pk=students[0].pk).reason_id == WAIVER
    assert DossierPaper.objects.get().placement_id == students[0].pk


def test_the_office_finds_it_on_the_track(cast, client_of, students):
    admissions_cancel(actor=cast.school, candidates=[students[0].candidate_id], reason=WAIVER, paper=stored())
    found = DossierPaper.objects.get()
    page = (
        client_of(cast.city)
        .get("/admissions/find-track/", {"number": students[0].candidate.number})
        .content.decode()
    )
    assert f"/admissions/find-track/paper/{found.pk}/" in page
    assert client_of(cast.city).get(f"/admissions/find-track/paper/{found.pk}/").content == PDF
