"""录取通知书: one page for each admitted student.

Fields and effect: printed from the platform or by city or school, sent by the school, without a seal of
the province (粤招办〔2021〕28号 五); signed by the school's legal representative (or by his proxy) and
sealed by the school it serves for moving a household (四（二）4). The format of 粤教考〔2008〕15号 is not
public. Forged notices are the standing fraud: each notice is numbered and carries the address of an
official page that tells whether it is genuine.
"""

import hashlib
import json
from collections.abc import Iterable
from dataclasses import astuple, dataclass, fields
from datetime import datetime
from pathlib import Path

from .errors import CannotPrint, Fault, NothingToPrint
from .glyphs import glyphs_missing, spelled
from .pieces import PrintedDocument, even, print_pieces

#: Notices of a piece, which is drawn by one process with fonts of its own.
NOTICES_OF_A_PIECE = 500
#: A single piece is drawn by the calling process.
ALONE = 1


@dataclass(frozen=True, slots=True)
class Notice:
    """One notice; all values are printed as given.

    Attributes:
        province: 广东省.
        year: of admission, such as 2021.
        school: the admitting school.
        principal: legal representative or proxy whose name is printed at the place for the signature;
            empty where he only signs.
        notice_number: number of the notice, unique in the province.
        candidate_number, name, sex: of the student.
        major, study_length: such as 计算机应用, 三年.
        programme_type: 招生类型, such as 普通中专 or 三二分段.
        report_date, report_place: when and where to report.
        materials: what to bring; paragraphs at line breaks.
        costs: tuition and aid; paragraphs at line breaks.
        school_phone: for questions.
        issued_on: date under the seal, such as 2021年8月30日; empty to be written by hand.
        verify_url: address of the official page that verifies this very notice.
    """

    province: str
    year: str
    school: str
    principal: str
    notice_number: str
    candidate_number: str
    name: str
    sex: str
    major: str
    study_length: str
    programme_type: str
    report_date: str
    report_place: str
    materials: str
    costs: str
    school_phone: str
    issued_on: str
    verify_url: str


#: Chinese names of the fields, for officers' lines.
TITLES = dict(zip((field.name for field in fields(Notice)), (
    "省份", "年度", "学校", "校长", "编号", "考生号", "姓名", "性别", "录取专业", "学制", "招生类型",
    "报到时间", "报到地点", "报到材料", "收费与资助", "联系电话", "落款日期", "核验地址"), strict=True))


def place_of(notice):
    """How a notice is named to the officer."""
    return f"通知书 {notice.notice_number}（考生号 {notice.candidate_number}）"


def render_notices(notices: Iterable[Notice], out: Path, workers: int = 2, *,
                   printed_at: datetime) -> PrintedDocument:
    """Print notices, one page each, in the given order.

    Args:
        notices: only of admitted students, which the caller has seen to.
        out: the PDF to write; it appears whole or not at all.
        workers: processes at most; their number does not change the bytes.
        printed_at: time of the first printing, which a reprint repeats.

    Returns:
        The document; the same notices and time give the same bytes.

    Raises:
        NothingToPrint: if there is no notice.
        CannotPrint: naming every value that does not fit, is empty though needed, or has a character
            without a glyph.
        FontsMissing: if the print fonts are not installed.
    """
    notices = tuple(notices)
    if not notices:
        raise NothingToPrint("没有可打印的录取通知书。")
    _check(notices)
    digests = [hashlib.sha256(json.dumps(astuple(notice), ensure_ascii=False).encode()).hexdigest()
               for notice in notices]
    return print_pieces(
        "rosters.documents.notice_pages:draw_piece", even(notices, NOTICES_OF_A_PIECE), out=out,
        workers=workers, alone=ALONE, title=f"{notices[0].school}录取通知书",
        printed_at=printed_at, rows=len(notices), page_digests=digests)


def _check(notices):
    faults = []
    may_be_empty = {"principal", "issued_on", "costs"}
    seen = {}
    for notice in notices:
        for name, value in zip(TITLES, astuple(notice), strict=True):
            reason = seen.get((name, value))
            if reason is None:
                missing = glyphs_missing(value.replace("\n", "") if name in ("materials", "costs") else value)
                reason = f"打印字体缺字：{spelled(missing)}" if missing else ""
                if not value.strip() and name not in may_be_empty:
                    reason = "不能为空"
                seen[name, value] = reason
            if reason:
                faults.append(Fault(place_of(notice), TITLES[name], value, reason))
    if faults:
        raise CannotPrint(faults)
