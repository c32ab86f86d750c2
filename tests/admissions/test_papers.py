"""Scanned papers: what is taken, what is not, whose they stay, and what is swept away."""

import os
import time
from datetime import timedelta

import pytest
import time_machine
from django.core.files.uploadedfile import SimpleUploadedFile
from django.utils import timezone

from accounts.refusals import Refusal
from admissions.models import DossierPaper, RequestAttachment, ReturnReason
from admissions.reference import request_reasons
from admissions.requests import kinds
from admissions.services import papers
from admissions.services.opening import reference_load
from admissions.tasks import papers_sweep
from tests.factories_requests import PDF, PNG, paper

HTML = b"<html><script>alert(1)</script></html>"


def kept(name="放弃书.pdf", content=PDF):
    return papers.paper_store(paper(name, content), DossierPaper.FOLDER)


@pytest.mark.parametrize(
    ("name", "content", "words"),
    [
        ("空.pdf", b"", "空的"),
        ("网页.pdf", HTML, "按内容识别"),
        ("程序.png", b"MZ" + b"\x00" * 200, "按内容识别"),
        ("半截.pdf", PDF[:-6], "完整"),
        ("半截.png", PNG[:-4], "完整"),
        ("半截.jpg", b"\xff\xd8\xff" + b"\x00" * 2000, "完整"),
        ("大.pdf", PDF + b" " * papers.MAX_BYTES, "超过上限 5 MB"),
    ],
)
def test_what_is_no_whole_paper_is_refused_and_not_stored(media, name, content, words):
    with pytest.raises(Refusal, match=words):
        papers.paper_store(SimpleUploadedFile(name, content), DossierPaper.FOLDER)
    assert not list(media.glob("**/*.*"))


def test_the_name_is_shown_and_never_a_path(media):
    made = kept('../../etc/\u202e家长"签字.exe.html', PDF)
    assert made.name == "\u5bb6\u957f签字.exe.pdf"
    assert made.path.startswith("dossiers/")
    assert "签字" not in made.path
    assert papers.bytes_of(made) == PDF


def test_bytes_that_were_changed_are_not_handed_out(media):
    made = kept()
    papers.path_of(made).write_bytes(PDF + b"%")
    with pytest.raises(Refusal, match="已损坏"):
        papers.bytes_of(made)


def test_a_form_brings_its_paper_back_to_whoever_uploaded_it(media, cast):
    made = kept()
    token = papers.token_of(made, cast.school)
    assert papers.paper_of_token(token, cast.school) == made
    for wrong, actor in ((token, cast.other_school), (token[:-1] + "!", cast.school), ("", cast.school)):
        with pytest.raises(Refusal, match="重新上传"):
            papers.paper_of_token(wrong, actor)
    later = timezone.now() + timedelta(seconds=papers.KEPT + 60)
    with time_machine.travel(later), pytest.raises(Refusal, match="重新上传"):
        papers.paper_of_token(token, cast.school)
    papers.path_of(made).unlink()
    with pytest.raises(Refusal, match="已损坏或缺失"):
        papers.paper_of_token(token, cast.school)


def test_what_no_row_refers_to_is_swept_a_day_later(media, cast, schools, make_candidates):
    candidate = make_candidates(1)[0]
    wanted, orphan, fresh = kept(), kept(), kept()
    of_request = papers.paper_store(paper(), RequestAttachment.FOLDER)
    DossierPaper.objects.create(
        placement_id=1,
        candidate=candidate,
        school=schools[0],
        province="44",
        city="4401",
        county="440103",
        **wanted.columns(cast.school),
    )
    old = time.time() - papers.SWEPT - 60
    for one in (wanted, orphan, of_request):
        os.utime(papers.path_of(one), (old, old))
    papers_sweep()
    assert [papers.path_of(one).is_file() for one in (wanted, orphan, fresh, of_request)] == [
        True,
        False,
        True,
        False,
    ]
    assert papers.SWEPT >= papers.KEPT + 3600, "nothing that a form may still bring back is swept"


def test_codes_that_want_a_paper_are_loaded(reference):
    reference_load()
    wanting = ReturnReason.objects.filter(needs_attachment=True).order_by("pk")
    assert list(wanting.values_list("pk", flat=True)) == ["13", "14", "Z01", "Z06"]
    assert str(wanting[1].label) == "14 政审不合格（须说明、附书面材料）"


def test_every_code_that_wants_a_paper_is_one_that_asks_for_it():
    """Requests and reasons for letting go ask for papers; a code of any other deed would ask in vain."""
    asking = {kind.key for kind in kinds()}
    for reason in request_reasons():
        if reason.needs_attachment:
            assert reason.use == "ask", reason.code
            assert set(reason.kinds) <= asking, reason.code
