"""A printed roster says what its rows say, on the pages where they belong."""

import dataclasses
import multiprocessing
import os
import pickle
import subprocess
import sys
from pathlib import Path

import billiard
import pypdf
import pytest
import segno
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from rosters.documents import roster
from rosters.documents import roster_layout as layout
from rosters.documents.errors import CannotPrint, NothingToPrint
from rosters.documents.glyphs import glyphs_missing
from rosters.documents.roster import RosterSection, render_roster

RARE = "䶮𬱖㛃𡈽𠅤𣸣燚喆堃犇𠮷"


def cells_of(page, rows):
    """Values of the first rows of a page, by the place of the texts; broken lines are joined again."""
    table = [[""] * len(layout.COLUMNS) for _ in range(rows)]
    for left, base, size, text in page:
        for line, boxes in enumerate(layout.CELLS[:rows]):
            for column, box in enumerate(boxes):
                if (box.left - 0.1 <= left <= box.left + box.width
                        and box.bottom <= base + size * 0.38 <= box.bottom + box.height):
                    table[line][column] += text
    return table


def values_of(row):
    return [str(value) for value in dataclasses.astuple(row)]


@pytest.fixture
def printed(tmp_path, header, section):
    def render(rows, **options):
        return render_roster(header, [(section, rows)], out=tmp_path / "名册.pdf", workers=1, **options)

    return render


def test_text_equals_the_rows(printed, drawn, row):
    names = ["张三", "<b>李四</b> & 'x'", "阿卜杜热合曼·阿卜杜喀迪尔", "欧阳𬱖䶮", *RARE, "A·B-C"]
    schools = ["示例中学", "示例省示例市示例区示例街道第十二九年一贯制实验学校（南校区）"]
    rows = [row(n, name=names[n % len(names)], feeder_school=schools[n % 2], remark="应届" * (n % 3))
            for n in range(1, 61)]
    document = printed(rows)
    pages = drawn(document.path)
    assert document.rows == 60
    assert document.pages == len(pages) == 3
    read = [cells for page, count in zip(pages, (25, 25, 10), strict=True) for cells in cells_of(page, count)]
    assert read == [values_of(each) for each in rows]


def test_other_readers_find_every_value(printed, row):
    rows = [row(n, name=f"张{character}") for n, character in enumerate(RARE, 1)]
    text = pypdf.PdfReader(printed(rows).path).pages[0].extract_text()
    for each in rows:
        for value in values_of(each):
            assert value in text


@settings(max_examples=10, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(st.lists(st.text(st.characters(exclude_categories=["C", "Z", "M"]), min_size=1, max_size=6),
                min_size=1, max_size=25))
def test_any_name_is_printed_or_refused(printed, drawn, row, names):
    rows = [row(n, name=name) for n, name in enumerate(names, 1)]
    if any(glyphs_missing(name) for name in names):
        with pytest.raises(CannotPrint):
            printed(rows)
    else:
        (page,) = drawn(printed(rows).path)
        assert [cells[2] for cells in cells_of(page, len(rows))] == names


def test_characters_with_one_glyph_stay_apart(printed, drawn, row):
    rows = [row(n, name=name) for n, name in enumerate(["一", "⼀", "八⼋", "金⾦", "⼀一"], 1)]
    (page,) = drawn(printed(rows).path)
    assert [cells[2] for cells in cells_of(page, 5)] == ["一", "⼀", "八⼋", "金⾦", "⼀一"]


def test_page_numbers_and_counts(tmp_path, header, section, row, drawn):
    other = RosterSection("710103", "电子技术应用", "三年", "全省")
    document = render_roster(
        header, [(section, [row(n) for n in range(1, 31)]), (other, [row(31, major=other.major_name)])],
        out=tmp_path / "r.pdf", workers=1)
    texts = [[line[3] for line in page] for page in drawn(document.path)]
    for number, (here, so_far) in enumerate([(25, 25), (5, 30), (1, 31)], 1):
        page = texts[number - 1]
        assert f"第 {number} 页 / 共 3 页" in page
        assert f"本页 {here} 人　累计 {so_far} 人　总计 31 人" in page
        assert header.print_batch in page
    assert layout.BLANK not in texts[0]
    assert layout.BLANK in texts[1]


def test_new_major_starts_a_page(tmp_path, header, section, row, drawn):
    other = RosterSection("710103", "电子技术应用", "二年", "全省")
    document = render_roster(header, [(section, [row(1)]), (other, [row(2)])], out=tmp_path / "r.pdf")
    first, second = [[line[3] for line in page] for page in drawn(document.path)]
    assert "710201　计算机应用" in first
    assert "710103　电子技术应用" not in first
    assert {"710103　电子技术应用", "二年", "全省"} <= set(second)


def test_digest_and_code_on_every_page(tmp_path, header, section, row, drawn, codes):
    header = dataclasses.replace(header, verify_url="https://example.org/roster")
    document = render_roster(header, [(section, [row(n) for n in range(1, 27)])], out=tmp_path / "r.pdf")
    assert len(document.page_digests) == 2
    for number, (page, code) in enumerate(zip(drawn(document.path), codes(document.path), strict=True), 1):
        short = document.page_digests[number - 1][:16].upper()
        assert "-".join(short[at:at + 4] for at in range(0, 16, 4)) in [line[3] for line in page]
        says = f"https://example.org/roster?b=2021-99-0001&v=1&p={number}&d={short}"
        expected = segno.make(says, error="m", micro=False, boost_error=False).matrix
        assert code == [list(line) for line in expected]


def test_digest_changes_with_a_value_of_its_page_only(printed, row):
    rows = [row(n) for n in range(1, 51)]
    before = printed(rows).page_digests
    after = printed([*rows[:30], row(31, name="王五"), *rows[31:]]).page_digests
    assert before[0] == after[0]
    assert before[1] != after[1]


PRINT_AGAIN = """
import pickle, sys
from pathlib import Path
from rosters.documents import roster
roster.PAGES_OF_A_PIECE = roster.ALONE = 1
header, sections, out, workers = pickle.load(sys.stdin.buffer)
print(roster.render_roster(header, sections, out=Path(out), workers=workers).sha256)
"""


@pytest.mark.parametrize(("seed", "workers"), [("1", 1), ("2", 2)])
def test_reprint_gives_the_same_bytes(tmp_path, monkeypatch, header, section, row, seed, workers):
    monkeypatch.setattr(roster, "PAGES_OF_A_PIECE", 1)
    monkeypatch.setattr(roster, "ALONE", 1)
    sections = [(section, [row(n, name=f"张{RARE[n % len(RARE)]}") for n in range(1, 31)])]
    first = render_roster(header, sections, out=tmp_path / "first.pdf", workers=1)
    again = subprocess.run(
        [sys.executable, "-c", PRINT_AGAIN], capture_output=True, check=True,
        input=pickle.dumps((header, sections, str(tmp_path / "again.pdf"), workers)),
        env={**os.environ, "PYTHONHASHSEED": seed, "TZ": "Asia/Shanghai",
             "PYTHONPATH": str(Path(roster.__file__).parents[2])})
    assert again.stdout.decode().strip() == first.sha256
    assert (tmp_path / "first.pdf").read_bytes() == (tmp_path / "again.pdf").read_bytes()


@pytest.mark.filterwarnings("ignore:.*fork.*:DeprecationWarning")
@pytest.mark.parametrize("processes", [multiprocessing, billiard])
def test_prints_inside_a_daemonic_worker(tmp_path, monkeypatch, header, section, row, processes):
    monkeypatch.setattr(roster, "PAGES_OF_A_PIECE", 1)
    monkeypatch.setattr(roster, "ALONE", 1)
    out = tmp_path / "r.pdf"
    worker = processes.get_context("fork").Process(
        target=render_roster, args=(header, [(section, [row(n) for n in range(1, 31)])]),
        kwargs={"out": out, "workers": 2}, daemon=True)
    worker.start()
    worker.join(60)
    assert worker.exitcode == 0
    assert len(pypdf.PdfReader(out).pages) == 2


def test_long_values_shrink_then_break_and_stay_in_their_cells(printed, drawn, row):
    names = ["阿卜杜热合曼", "阿卜杜热合曼·阿卜杜喀迪尔", "阿卜杜热合曼·阿卜杜喀迪尔·示例示例示例"]
    rows = [row(n, name=name) for n, name in enumerate(names, 1)]
    (page,) = drawn(printed(rows).path)
    assert [cells[2] for cells in cells_of(page, 3)] == names
    lines = [line for line in page if any(line[3] and line[3] in name for name in names[1:])]
    assert "阿卜杜热合曼·" in [line[3] for line in lines]
    box = layout.CELLS[0][2]
    for left, _, size, text in lines:
        assert size >= 5.5
        assert left >= box.left - 0.1
        assert left + len(text) * size <= box.left + box.width + 0.1


def test_all_that_does_not_fit_is_named_at_once(printed, row, tmp_path):
    rows = [row(1, name="长" * 40), row(2), row(3, remark="备" * 60, id_number="9" * 40)]
    with pytest.raises(CannotPrint) as refused:
        printed(rows)
    assert [(fault.place, fault.field) for fault in refused.value.faults] == [
        ("第1行（考生号 21990100000001）", "姓名"), ("第3行（考生号 21990100000003）", "身份证号"),
        ("第3行（考生号 21990100000003）", "备注")]
    assert "印不下" in str(refused.value)
    assert list(tmp_path.iterdir()) == []


def test_faults_come_back_from_child_processes(tmp_path, monkeypatch, header, section, row):
    monkeypatch.setattr(roster, "PAGES_OF_A_PIECE", 1)
    monkeypatch.setattr(roster, "ALONE", 1)
    rows = [row(n, name="长" * 40 if n in (5, 30) else "张三") for n in range(1, 31)]
    with pytest.raises(CannotPrint) as refused:
        render_roster(header, [(section, rows)], out=tmp_path / "r.pdf", workers=2)
    assert [fault.place[:4] for fault in refused.value.faults] == ["第5行（", "第30行"]


def test_missing_glyphs_are_refused(printed, row):
    with pytest.raises(CannotPrint) as refused:
        printed([row(1), row(2, name="张\ue000"), row(3, name="张\u0301")])
    assert [fault.place[:3] for fault in refused.value.faults] == ["第2行", "第3行"]
    assert "U+E000" in str(refused.value)


@pytest.mark.parametrize("groups", [[], [[]], [[1], []]])
def test_nothing_to_print_is_refused(tmp_path, header, section, row, groups):
    with pytest.raises(NothingToPrint):
        render_roster(header, [(section, [row(n) for n in group]) for group in groups],
                      out=tmp_path / "r.pdf")
    assert list(tmp_path.iterdir()) == []
