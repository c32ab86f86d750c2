"""Papers of returns (退档原因须附材料的): drafts may lack them, submissions may not; frozen once submitted."""

import time
from threading import Event

import pytest
from django.db import connection, transaction
from django.urls import reverse

from accounts.context import walled
from accounts.models import Deed, User
from accounts.refusals import Refusal
from admissions.lifecycle import State
from admissions.models import Dossier, DossierEvent, DossierPaper, ReturnReason
from admissions.services.papers import MAX_FILES, path_of
from dispatch.models import Placement, SchoolControl, Sheet
from dispatch.queries.sheets import counts_of
from dispatch.services import deciding, handing, keeping, papers, reviewing, submitting
from dispatch.services.handing import Deal
from tests.concurrency import in_threads
from tests.factories_dispatch import placement_of, sheet_released, state_of, version_of
from tests.factories_papers import WAIVER, stored, waiver_known
from tests.factories_requests import PDF, PNG, paper

LEAD, MEMBER, REVIEW = "dispatch:decide_as_leader", "dispatch:decide_dossiers", "dispatch:review_returns"


@pytest.fixture
def candidates(make_candidates):
    return sorted(make_candidates(3), key=lambda c: -c.total)


@pytest.fixture
def sheet(cast, batch, schools, plan_line, candidates):
    """Opened; the last two are proposed for return because they waive, the first for admission."""
    waiver_known()
    sheet = sheet_released(cast.city, batch, schools[0], candidates)
    deciding.sheet_open(actor=cast.school, sheet=sheet)
    for candidate in candidates[1:]:
        propose_return(cast.member, sheet, candidate)
    submitting.majors_assign(actor=cast.school, sheet=sheet)
    return sheet


def propose_return(actor, sheet, candidate, reason=WAIVER):
    deciding.dossier_propose_return(
        actor=actor, sheet=sheet, candidate=candidate.pk, version=version_of(candidate), reason=reason
    )


def attach(actor, sheet, *candidates, content=PDF) -> int:
    return papers.papers_attach(
        actor=actor, sheet=sheet, candidates=[c.pk for c in candidates], paper=stored(content=content)
    )


def paper_of(candidate) -> DossierPaper:
    return DossierPaper.objects.get(placement_id=placement_of(candidate).pk)


# ---- the school ---------------------------------------------------------------------------------


def test_reading_goes_on_and_the_page_says_what_is_missing(cast, sheet, candidates, client_of):
    client = client_of(cast.member)
    page = client.get(reverse(f"{MEMBER}__one", args=[sheet.pk]) + f"?dossier={candidates[1].pk}")
    words = page.content.decode()
    assert "退档原因“考生书面放弃”须附书面材料" in words
    assert words.count("缺材料</span>") == 2
    assert "Z01 考生书面放弃（须附书面材料）" in words
    listed = client.get(reverse(f"{MEMBER}__one", args=[sheet.pk]) + "?shown=lacking").content.decode()
    assert listed.count("data-row=") == 2
    assert counts_of([sheet])[sheet.pk].lacking_paper == 2


def test_the_submission_is_refused_naming_them_and_leads_to_their_list(cast, sheet, candidates, client_of):
    attach(cast.member, sheet, candidates[1])
    client, url = client_of(cast.school), reverse(f"{LEAD}__submit", args=[sheet.pk])
    page = client.get(url, follow=True)
    assert page.redirect_chain[-1][0] == reverse(f"{LEAD}__papers", args=[sheet.pk])
    words = page.content.decode()
    assert f"1 名拟退档考生的退档原因须附书面材料，还没有上传：{candidates[2].number}" in words
    assert "缺 1 名" in words
    answer = client.post(url, {"confirmed": "1"})
    assert answer.status_code == 422
    assert reverse(f"{LEAD}__papers", args=[sheet.pk]) in answer.content.decode()
    with pytest.raises(papers.PapersMissing, match=f"{candidates[2].number}.*考生书面放弃"):
        submitting.sheet_submit(actor=cast.school, sheet=sheet)
    assert state_of(candidates[0]) == State.PROPOSE_ADMIT, "nobody was submitted"


def test_one_file_for_several_is_stored_once(cast, sheet, candidates, client_of, media):
    client = client_of(cast.member)
    fields = {"paper": paper("放弃书.pdf"), "candidates": [c.pk for c in candidates[1:]]}
    page = client.post(reverse(f"{MEMBER}__attach", args=[sheet.pk]), fields, follow=True)
    assert "材料“放弃书.pdf”已上传，用于 2 名考生" in page.content.decode()
    assert "已齐" in page.content.decode()
    rows = list(DossierPaper.objects.all())
    assert {row.candidate_id for row in rows} == {c.pk for c in candidates[1:]}
    assert {(row.reason_id, row.uploaded_by) for row in rows} == {(WAIVER, cast.member)}
    assert len({row.path for row in rows}) == 1
    assert len(list(media.glob("dossiers/*"))) == 1
    deed = Deed.objects.get(subject__startswith="上传退档材料")
    assert (deed.actor, deed.count, deed.function) == (cast.member, 2, "dispatch.decide_dossiers")
    assert rows[0].digest[:16] in deed.note
    assert submitting.sheet_submit(actor=cast.school, sheet=sheet).returns == 2


def test_seen_in_the_browser_on_the_record(cast, sheet, candidates, client_of):
    attach(cast.member, sheet, candidates[1])
    found = paper_of(candidates[1])
    url = reverse(f"{MEMBER}__paper", args=[sheet.pk, found.pk])
    answer = client_of(cast.member).get(url)
    assert answer.content == PDF
    assert answer["Content-Type"] == "application/pdf"
    assert answer["X-Content-Type-Options"] == "nosniff"
    assert answer["Content-Disposition"].startswith("inline;")
    assert "script" not in answer["Content-Security-Policy"]
    assert "no-store" in answer["Cache-Control"]
    assert "放弃书" not in url
    deed = Deed.objects.get(subject=f"打开材料 {candidates[1].number} 放弃书.pdf")
    assert (deed.actor, deed.note) == (cast.member, found.digest)
    path_of(found).write_bytes(b"%PDF-other%%EOF")
    assert client_of(cast.member).get(url).status_code == 409, "other bytes are not handed out"


def test_papers_are_walled_and_asked_for_permission(cast, sheet, candidates, client_of):
    attach(cast.member, sheet, candidates[1])
    found = paper_of(candidates[1])
    key, args = [sheet.pk, found.pk], {"dossier": candidates[1].pk}
    for tail, more in (
        ("paper", key),
        ("paper__remove", key),
        ("papers", [sheet.pk]),
        ("attach", [sheet.pk]),
    ):
        url = reverse(f"{LEAD}__{tail}", args=more)
        send = (
            client_of(cast.other_school).post
            if tail in ("paper__remove", "attach")
            else client_of(cast.other_school).get
        )
        assert send(url, args).status_code == 404, tail
        for idle in (cast.member, cast.registrar, cast.city):
            send = client_of(idle).post if tail in ("paper__remove", "attach") else client_of(idle).get
            assert send(url, args).status_code == 403, tail
    for actor, count in ((cast.school, 1), (cast.reviewer, 1), (cast.other_school, 0), (cast.other_city, 0)):
        assert DossierPaper.objects.visible_to(actor).count() == count
        with walled(actor.scope):
            assert DossierPaper.objects.count() == count, actor


def test_a_member_only_sees_and_changes_what_was_handed_to_him(cast, sheet, candidates, client_of):
    attach(cast.school, sheet, candidates[1])
    Dossier.objects.filter(pk=candidates[0].pk).update(state=State.READING)
    handing.dossiers_hand_out(
        actor=cast.school, sheet=sheet, deal=Deal(chosen=(cast.member, (candidates[0].number,)))
    )
    with pytest.raises(Refusal, match="没有上传"):
        attach(cast.member, sheet, candidates[2])
    client, found = client_of(cast.member), paper_of(candidates[1])
    assert client.get(reverse(f"{MEMBER}__paper", args=[sheet.pk, found.pk])).status_code == 404
    assert client.post(reverse(f"{MEMBER}__paper__remove", args=[sheet.pk, found.pk])).status_code == 404
    assert (
        candidates[1].number not in client.get(reverse(f"{MEMBER}__papers", args=[sheet.pk])).content.decode()
    )


@pytest.mark.parametrize(
    ("upload", "words"),
    [
        (lambda: paper("空.pdf", b""), "空的"),
        (lambda: paper("网页.pdf", b"<html></html>"), "按内容识别"),
        (lambda: paper("半截.png", PNG[:-4]), "完整"),
        (lambda: paper("大.pdf", PDF + b" " * 5 * 1024 * 1024), "超过上限"),
        (lambda: "", "请选择文件"),
    ],
)
def test_hostile_uploads_are_told(cast, sheet, candidates, client_of, upload, words):
    fields = {"paper": upload(), "candidates": [candidates[1].pk], "dossier": candidates[1].pk}
    page = client_of(cast.member).post(reverse(f"{MEMBER}__attach", args=[sheet.pk]), fields, follow=True)
    assert words in page.content.decode()
    assert not DossierPaper.objects.exists()


def test_the_same_file_twice_and_too_many_are_told(cast, sheet, candidates):
    attach(cast.member, sheet, candidates[1])
    with pytest.raises(Refusal, match=f"已经上传过：{candidates[1].number}"):
        attach(cast.member, sheet, *candidates[1:])
    assert DossierPaper.objects.count() == 1, "all or none"
    for number in range(MAX_FILES - 1):
        attach(cast.member, sheet, candidates[1], content=PDF + b" " * (number + 1))
    with pytest.raises(Refusal, match=f"最多 {MAX_FILES} 份"):
        attach(cast.member, sheet, candidates[1], content=PDF + b"\n\n")
    with pytest.raises(Refusal, match="请选择考生"):
        attach(cast.member, sheet)


def test_only_a_proposed_return_takes_papers_and_only_where_the_school_may_act(
    cast, batch, schools, sheet, candidates
):
    with pytest.raises(Refusal, match="不是“预退档”"):
        attach(cast.member, sheet, candidates[0])
    with pytest.raises(Refusal, match="不是发给贵校"):
        attach(cast.other_school, sheet, candidates[1])
    SchoolControl.objects.create(batch=batch, school=schools[0], status=SchoolControl.Status.PAUSED)
    with pytest.raises(Refusal, match="暂停"):
        attach(cast.member, sheet, candidates[1])


def test_another_decision_keeps_the_draft_s_paper_and_the_submission_forgets_it(
    cast, sheet, candidates, client_of
):
    attach(cast.member, sheet, *candidates[1:])
    candidate = candidates[1]
    propose_return(cast.member, sheet, candidate, "01")
    url = reverse(f"{MEMBER}__one", args=[sheet.pk]) + f"?dossier={candidate.pk}"
    assert "现在的决定不须附材料" in client_of(cast.member).get(url).content.decode()
    ReturnReason.objects.create(code="13", name="自愿放弃志愿", needs_attachment=True)
    propose_return(cast.member, sheet, candidate, "13")
    assert "按“考生书面放弃”上传，请核对" in client_of(cast.member).get(url).content.decode()
    deciding.dossier_propose_admit(
        actor=cast.member, sheet=sheet, candidate=candidate.pk, version=version_of(candidate)
    )
    assert DossierPaper.objects.count() == 2, "a slip of the keyboard destroys nothing"
    submitting.sheet_submit(actor=cast.school, sheet=sheet)
    assert set(DossierPaper.objects.values_list("candidate", flat=True)) == {candidates[2].pk}
    assert Deed.objects.filter(subject="删除改为录取考生的退档材料", count=1).exists()


def test_submitted_it_is_frozen_sent_back_it_can_be_changed(cast, sheet, candidates, client_of):
    attach(cast.member, sheet, *candidates[1:])
    submitting.sheet_submit(actor=cast.school, sheet=sheet)
    found = paper_of(candidates[1])
    with pytest.raises(Refusal, match="不能再删除"):
        papers.paper_detach(actor=cast.member, sheet=sheet, paper=found)
    with pytest.raises(Refusal, match="不是“预退档”"):
        attach(cast.member, sheet, candidates[1], content=PNG)
    client = client_of(cast.school)
    page = client.get(
        reverse(f"{LEAD}__one", args=[sheet.pk]) + f"?dossier={candidates[1].pk}"
    ).content.decode()
    assert found.name in page
    assert f"paper/{found.pk}/remove" not in page
    reviewing.returns_refuse(
        actor=cast.reviewer, placements=[found.placement_id], reason="C04", words="放弃书没有签字"
    )
    assert paper_of(candidates[1]).pk == found.pk, "kept"
    sheet = Sheet.objects.get(pk=sheet.pk)
    papers.paper_detach(actor=cast.member, sheet=sheet, paper=found)
    assert Deed.objects.filter(subject__startswith="删除退档材料", actor=cast.member).exists()
    with pytest.raises(Refusal, match="已经删除"):
        papers.paper_detach(actor=cast.member, sheet=sheet, paper=found)
    propose_return(cast.member, sheet, candidates[1])
    with pytest.raises(papers.PapersMissing):
        submitting.sheet_submit(actor=cast.school, sheet=sheet)
    attach(cast.member, sheet, candidates[1], content=PNG)
    assert submitting.sheet_submit(actor=cast.school, sheet=sheet).returns == 1


def test_one_taken_back_by_the_office_takes_no_papers(cast, sheet, candidates):
    attach(cast.member, sheet, candidates[1])
    found = paper_of(candidates[1])
    keeping.recall_dossier(actor=cast.city, candidates=[candidates[1].pk], reason="投诉")
    with pytest.raises(Refusal, match="不能再删除"):
        papers.paper_detach(actor=cast.member, sheet=sheet, paper=found)


# ---- by a list ----------------------------------------------------------------------------------


def by_list(client, sheet, candidates, **more):
    lines = "\n".join(c.number for c in candidates)
    fields = {"decision": "return", "lines": lines, "reason": WAIVER, "words": ""} | more
    url = reverse(f"{MEMBER}__by_number")
    shown = client.post(url, fields)
    post = shown.context["request"].POST
    fields.pop("paper", None)
    kept = {"seen": post.get("seen", ""), "paper_kept": post.get("paper_kept", "")}
    return shown, (lambda: client.post(url, fields | kept | {"confirmed": "1"}))


def test_a_list_shares_one_paper_that_survives_the_confirmation(cast, sheet, candidates, client_of, media):
    for candidate in candidates[1:]:
        deciding.dossier_undecide(
            actor=cast.member, sheet=sheet, candidate=candidate.pk, version=version_of(candidate)
        )
    shown, confirm = by_list(client_of(cast.member), sheet, candidates[1:], paper=paper("放弃书.pdf"))
    assert "书面材料：放弃书.pdf，用于可办理的全部考生" in shown.content.decode()
    assert not DossierPaper.objects.exists(), "asked first"
    confirm()
    assert [state_of(c) for c in candidates[1:]] == [State.PROPOSE_RETURN] * 2
    assert len({paper_of(c).path for c in candidates[1:]}) == 1
    assert {paper_of(c).reason_id for c in candidates[1:]} == {WAIVER}
    assert len(list(media.glob("dossiers/*"))) == 1
    assert submitting.sheet_submit(actor=cast.school, sheet=sheet).returns == 2


def test_a_list_without_a_paper_makes_drafts_and_says_so(cast, sheet, candidates, client_of):
    shown, confirm = by_list(client_of(cast.member), sheet, candidates[1:])
    assert "这次没有附" in shown.content.decode()
    assert "请在提交送审前补传" in confirm().content.decode()
    assert counts_of([sheet])[sheet.pk].lacking_paper == 2


def test_a_list_of_another_s_paper_or_for_admissions_is_refused(cast, sheet, candidates, client_of):
    client = client_of(cast.member)
    fields = {"decision": "admit", "lines": candidates[1].number, "paper": paper()}
    answer = client.post(reverse(f"{MEMBER}__by_number"), fields)
    assert answer.status_code == 422
    assert "拟录取不附材料" in answer.content.decode()
    fields = {"decision": "return", "reason": WAIVER, "lines": candidates[1].number, "paper_kept": "x:y:z"}
    answer = client.post(reverse(f"{MEMBER}__by_number"), fields)
    assert answer.status_code == 422
    assert "请重新上传" in answer.content.decode()


# ---- two at once --------------------------------------------------------------------------------


@pytest.mark.django_db(transaction=True)
def test_removed_while_the_leader_submits(cast, sheet, candidates):
    """Whoever comes second is refused; never is there a submitted return without its paper."""
    attach(cast.member, sheet, *candidates[1:])
    found = paper_of(candidates[1])
    connection.close()

    def deed(index):
        actor = User.objects.get(pk=(cast.school.pk, cast.member.pk)[index])
        if index:
            papers.paper_detach(actor=actor, sheet=sheet, paper=found)
        else:
            submitting.sheet_submit(actor=actor, sheet=sheet)

    result = sorted(in_threads(2, deed))
    kept = DossierPaper.objects.filter(pk=found.pk).exists()
    assert result == sorted(["done", "Refusal" if kept else "PapersMissing"])
    assert state_of(candidates[1]) == (State.RETURN_SUBMITTED if kept else State.PROPOSE_RETURN)


@pytest.mark.django_db(transaction=True)
def test_the_leader_submits_twice_and_two_attach_the_same(cast, sheet, candidates):
    paper = stored()
    keys = [c.pk for c in candidates[1:]]
    connection.close()

    def attaches(index):
        actor = User.objects.get(pk=(cast.school.pk, cast.member.pk)[index])
        papers.papers_attach(actor=actor, sheet=sheet, candidates=keys, paper=paper)

    assert sorted(in_threads(2, attaches)) == ["Refusal", "done"]
    assert DossierPaper.objects.count() == 2

    def submits(index):
        submitting.sheet_submit(actor=User.objects.get(pk=cast.school.pk), sheet=sheet)

    assert sorted(in_threads(2, submits)) == ["Refusal", "done"]
    assert DossierEvent.objects.filter(step="submit_return").count() == 2


@pytest.mark.django_db(transaction=True)
def test_a_reason_changed_while_the_leader_waits_is_the_reason_submitted(cast, sheet, candidates):
    """What is submitted is what stands under the lock: reason, paper and event agree."""
    attach(cast.member, sheet, *candidates[1:])
    candidate, version, decided = candidates[1], version_of(candidates[1]), Event()
    connection.close()

    def deed(index):
        if index:
            assert decided.wait(timeout=30)
            submitting.sheet_submit(actor=User.objects.get(pk=cast.school.pk), sheet=sheet)
            return
        with transaction.atomic():
            deciding.dossier_propose_return(
                actor=User.objects.get(pk=cast.member.pk),
                sheet=sheet,
                candidate=candidate.pk,
                version=version,
                reason="01",
            )
            decided.set()
            time.sleep(0.7)  # the leader waits for the lock meanwhile

    assert in_threads(2, deed) == ["done", "done"]
    event = DossierEvent.objects.get(candidate=candidate, step="submit_return")
    assert event.reason_id == Placement.objects.get(pk=event.placement_id).reason_id == "01"
