"""录取新生名册: the list of registered students that offices stamp and file.

Who may be on it: only registered students (粤招办〔2021〕28号 二（四）1); who prints: the province for its
own and for other provinces' schools, the city for its schools (same place). With the seal of the
admissions office it serves for moving a household (四（二）4). The form of 粤教考〔2008〕15号 is not public;
this one has the fields that the notices and other provinces' forms name.
"""

import hashlib
import json
from collections.abc import Iterable
from dataclasses import astuple, dataclass, fields
from datetime import datetime
from itertools import islice
from pathlib import Path

from . import roster_layout as layout
from .errors import CannotPrint, Fault, NothingToPrint
from .glyphs import glyphs_missing, spelled
from .pieces import PrintedDocument, even, print_pieces
from .roster_pages import Page, Piece, row_place

#: Pages of a piece: 2 500 rows when pages are full. Each piece carries some hundred kB of fonts.
PAGES_OF_A_PIECE = 100
#: So many pieces are drawn faster by one process than by several, which have to start first.
ALONE = 3


@dataclass(frozen=True, slots=True)
class RosterHeader:
    """What all pages of a roster share.

    Attributes:
        province: 广东省.
        title: 广东省2021年中等职业学校录取新生名册.
        school_code, school_name: the admitting school.
        stage: 统一录取 or 自行组织生源录取.
        print_batch: number of the printing.
        version: of the roster, from 1; a correction after filing makes the next one.
        printed_at: time of the first printing, which a reprint repeats.
        filing_office: the office that prints, reviews and files.
        copies: how many are printed and stamped.
        seals: names of one to four places for seals.
        verify_url: address to check a page, asked for with `b`, `v`, `p` and `d`; without one the QR code
            says these four only.
    """

    province: str
    title: str
    school_code: str
    school_name: str
    stage: str
    print_batch: str
    version: int
    printed_at: datetime
    filing_office: str
    copies: int = 3
    seals: tuple[str, ...] = ("省招生办公室（录取专用章）", "市招生办公室（盖章）", "学校（盖章）")
    verify_url: str = ""


@dataclass(frozen=True, slots=True)
class RosterSection:
    """A major of the roster; it starts a new page.

    Attributes:
        major_code, major_name: of the catalogue.
        study_length: 学制, such as 3年.
        source_region: 生源地, such as 广州市; 全省 for all.
    """

    major_code: str
    major_name: str
    study_length: str
    source_region: str


@dataclass(frozen=True, slots=True)
class RosterRow:
    """One student; all values are printed as given, none is formatted here."""

    serial: int | str
    candidate_number: str
    name: str
    sex: str
    birth: str
    ethnic: str
    political: str
    id_number: str
    feeder_school: str
    total: str
    major: str
    study_length: str
    remark: str = ""


assert tuple(field.name for field in fields(RosterRow)) == tuple(c.field for c in layout.COLUMNS)


def render_roster(header: RosterHeader, sections: Iterable[tuple[RosterSection, Iterable[RosterRow]]], *,
                  out: Path, workers: int = 2) -> PrintedDocument:
    """Print a roster: 25 rows a page, each section on new pages.

    Args:
        header: what all pages share.
        sections: each major with its students in printing order.
        out: the PDF to write; it appears whole or not at all.
        workers: processes at most; their number does not change the bytes.

    Returns:
        The document; the same header and rows give the same bytes.

    Raises:
        NothingToPrint: if there is no row, or a section without any.
        CannotPrint: naming every value that does not fit or has a character without a glyph.
        FontsMissing: if the print fonts are not installed.
    """
    leaves = _leaves(header, sections)
    total = leaves[-1][3]
    _check(header, leaves)
    pages, digests = [], []
    for number, leaf in enumerate(leaves, 1):
        page, digest = _page(header, *leaf, number=number, of=len(leaves), total=total)
        pages.append(page)
        digests.append(digest)
    jobs = [Piece(header.seals, tuple(part)) for part in even(pages, PAGES_OF_A_PIECE)]
    return print_pieces(
        "rosters.documents.roster_pages:draw_piece", jobs, out=out, workers=workers,
        alone=ALONE, title=header.title,
        printed_at=header.printed_at, rows=total, page_digests=digests)


def _leaves(header, sections):
    """Pages before they are numbered: (section, rows, place in section, rows so far)."""
    if not 1 <= len(header.seals) <= 4:
        raise ValueError("seals: one to four places")
    leaves, printed = [], 0
    for section, students in sections:
        students = iter(students)
        before = len(leaves)
        while block := list(islice(students, layout.ROWS)):
            rows = tuple((str(row.serial), *astuple(row)[1:]) for row in block)
            printed += len(rows)
            leaves.append((section, rows, len(leaves) - before, printed))
        if len(leaves) == before:
            raise NothingToPrint(f"专业“{section.major_name}”没有可打印的新生，名册未打印。")
    if not leaves:
        raise NothingToPrint("没有已注册的新生，名册未打印。")
    return leaves


def _check(header, leaves):
    faults = {}

    def look(place, field, value):
        if missing := glyphs_missing(value):
            faults[Fault(place, field, value, f"打印字体缺字：{spelled(missing)}")] = None

    look("表头", "标题", header.title)
    for name, value in (("学校", header.school_code + header.school_name), ("录取阶段", header.stage),
                        ("打印批次", header.print_batch), ("备案机关", header.filing_office),
                        ("印章", "".join(header.seals))):
        look("表头", name, value)
    seen = set()
    for section, rows, *_ in leaves:
        for name, value in (("专业", section.major_code + section.major_name),
                            ("学制", section.study_length), ("生源地区", section.source_region)):
            look("表头", name, value)
        for values in rows:
            if fresh := set().union(*values) - seen:
                if glyphs_missing("".join(fresh)):
                    for column, value in zip(layout.COLUMNS, values, strict=True):
                        look(row_place(values), column.title, value)
                else:
                    seen |= fresh
    if faults:
        raise CannotPrint(faults)


def _page(header, section, rows, _place, so_far, *, number, of, total):
    said = [header.title, header.province, header.school_code, header.school_name, header.stage,
            header.print_batch, header.version, header.filing_office, astuple(section), number, of, rows]
    digest = hashlib.sha256(json.dumps(said, ensure_ascii=False, separators=(",", ":")).encode()).hexdigest()
    short = digest[:16].upper()
    query = f"b={header.print_batch}&v={header.version}&p={number}&d={short}"
    page = Page(
        title=header.title,
        items={
            "school": f"{header.school_code}　{header.school_name}",
            "major": f"{section.major_code}　{section.major_name}",
            "study_length": section.study_length, "source_region": section.source_region,
            "stage": header.stage, "filing_office": header.filing_office, "print_batch": header.print_batch,
        },
        rows=rows,
        foot={
            "printed": f"打印时间 {header.printed_at:%Y-%m-%d %H:%M}　第{header.version}版　"
                       f"一式{header.copies}份",
            "page": f"第 {number} 页 / 共 {of} 页",
            "counts": f"本页 {len(rows)} 人　累计 {so_far} 人　总计 {total} 人",
            "digest": "-".join(short[start:start + 4] for start in range(0, 16, 4)),
        },
        qr=f"{header.verify_url}?{query}" if header.verify_url else query)
    return page, digest

