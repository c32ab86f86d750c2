"""A printed notice carries the minimum fields, and its code leads to the page that verifies it."""

import shutil
import subprocess
from datetime import datetime

import pypdf
import pytest
import segno
import zxingcpp
from PIL import Image

from rosters.documents import notice as notices_module
from rosters.documents.errors import CannotPrint, NothingToPrint
from rosters.documents.notice import render_notices

AT = datetime(2021, 8, 30, 9, 0)


def test_notice_says_all_its_fields(tmp_path, notice, drawn):
    given = notice(7, name="欧阳𬱖䶮", principal="王五", issued_on="2021年8月30日")
    document = render_notices([given], tmp_path / "n.pdf", 1, printed_at=AT)
    text = "\n".join(line[3] for line in drawn(document.path)[0])
    for name in ("school", "principal", "notice_number", "candidate_number", "sex", "major", "study_length",
                 "programme_type", "report_date", "report_place", "issued_on"):
        assert getattr(given, name) in text
    assert "欧阳𬱖䶮 同学：" in text
    whole = pypdf.PdfReader(document.path).pages[0].extract_text().replace("\n", "").replace(" ", "")
    for part in ("本通知书；居民身份证。", "近期照片6张。", given.costs, given.school_phone, "录取通知书"):
        assert part in whole


def test_each_notice_is_a_page_with_its_own_paragraphs(tmp_path, notice):
    given = [notice(1), notice(2, materials="另一套材料甲。"), notice(3)]
    document = render_notices(given, tmp_path / "n.pdf", 1, printed_at=AT)
    assert (document.pages, document.rows, len(set(document.page_digests))) == (3, 3, 3)
    texts = [page.extract_text() for page in pypdf.PdfReader(document.path).pages]
    assert ["另一套材料甲" in text for text in texts] == [False, True, False]
    assert [each.notice_number in text for each, text in zip(given, texts, strict=True)] == [True] * 3


def test_code_leads_to_the_verifying_page(tmp_path, notice, codes):
    given = [notice(1), notice(2)]
    document = render_notices(given, tmp_path / "n.pdf", 1, printed_at=AT)
    for each, code in zip(given, codes(document.path), strict=True):
        expected = segno.make(each.verify_url, error="m", micro=False, boost_error=False).matrix
        assert code == [list(line) for line in expected]


@pytest.mark.skipif(not shutil.which("pdftoppm"), reason="pdftoppm is missing: apt-get install poppler-utils")
def test_a_reader_reads_the_code(tmp_path, notice):
    document = render_notices([notice(1)], tmp_path / "n.pdf", 1, printed_at=AT)
    subprocess.run(["pdftoppm", "-r", "200", "-png", document.path, tmp_path / "n"], check=True)
    with Image.open(tmp_path / "n-1.png") as page:
        (code,) = zxingcpp.read_barcodes(page)
    assert code.text == notice(1).verify_url


def test_markup_in_values_is_text(tmp_path, notice, drawn):
    given = notice(1, name="<b>张三</b>", materials="<script>x</script> & 材料")
    document = render_notices([given], tmp_path / "n.pdf", 1, printed_at=AT)
    assert "<b>张三</b> 同学：" in [line[3] for line in drawn(document.path)[0]]
    assert "<script>x</script> & 材料" in pypdf.PdfReader(document.path).pages[0].extract_text()


def test_same_notices_same_bytes_in_any_number_of_processes(tmp_path, monkeypatch, notice):
    monkeypatch.setattr(notices_module, "NOTICES_OF_A_PIECE", 2)
    given = [notice(n) for n in range(1, 5)]
    one = render_notices(given, tmp_path / "1.pdf", 1, printed_at=AT)
    two = render_notices(given, tmp_path / "2.pdf", 2, printed_at=AT)
    assert one.sha256 == two.sha256
    assert one.path.read_bytes() == two.path.read_bytes()


def test_long_paragraphs_get_smaller_and_too_long_ones_are_refused(tmp_path, notice):
    long = "须携带的材料很多，逐项列明如下。" * 18
    document = render_notices([notice(1, materials=long)], tmp_path / "n.pdf", 1, printed_at=AT)
    assert long in pypdf.PdfReader(document.path).pages[0].extract_text().replace("\n", "")
    with pytest.raises(CannotPrint, match="一页印不下"):
        render_notices([notice(1, materials=long * 9)], tmp_path / "n.pdf", 1, printed_at=AT)


def test_faults_are_named_at_once(tmp_path, notice):
    with pytest.raises(CannotPrint) as refused:
        render_notices([notice(1, name=""), notice(2), notice(3, name="张\ue000")], tmp_path / "n.pdf", 1,
                       printed_at=AT)
    assert [(fault.field, fault.reason[:4]) for fault in refused.value.faults] == [
        ("姓名", "不能为空"), ("姓名", "打印字体")]
    with pytest.raises(CannotPrint, match="印不下"):
        render_notices([notice(1, sex="性" * 60)], tmp_path / "n.pdf", 1, printed_at=AT)


def test_two_characters_of_one_glyph_in_a_paragraph_are_refused(tmp_path, notice):
    with pytest.raises(CannotPrint, match="同形"):
        render_notices([notice(1, materials="一⼀")], tmp_path / "n.pdf", 1, printed_at=AT)


def test_nothing_to_print_is_refused(tmp_path):
    with pytest.raises(NothingToPrint):
        render_notices([], tmp_path / "n.pdf", 1, printed_at=AT)
