"""Blocks of rows: columns are checked by the thousand, which is what makes checking cheap."""

from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from itertools import islice

from .findings import Fault, Findings, Level
from .formats import Column, Profile
from .readers import CellProblem, ReadError, Row, Rows
from .values import CONVERTERS, WRONG, Memo, code, identity, listed, wrong_code

BLOCK_ROWS = 4096
MISSING = Fault("missing", "必填项为空")
UNKNOWN_COLUMN = Fault(
    "unknown_column", "模板中没有这一列，其内容未导入", "如需导入，请使用平台模板的表头。", Level.WARNING
)
_PROBLEMS = {
    "bad_bytes": Fault("bad_bytes", "文字编码损坏", "请从原系统重新导出，不要用文本编辑器另存。"),
    "private_use": Fault("private_use", "含自造字，无法确认是哪个汉字", "请改用标准汉字。"),
    "invisible": Fault("invisible", "含看不见的字符，已去除", "请核对。", Level.WARNING),
    "control": Fault("control", "单元格内有换行或控制字符", "请删除后重新录入。"),
    "replacement": Fault("replacement", "含“�”，原字已在导出时丢失", "请从源系统重新导出。"),
    "lost_precision": Fault(
        "lost_precision", "长数字存成了数值格式，末尾几位已经丢失", "请把该列设为文本格式后重新录入。"
    ),
    "error_cell": Fault("error_cell", "单元格是公式错误值", "请改为文本。"),
    "extra_cells": Fault("extra_cells", "表头之外还有内容", "请删除或补上表头。"),
    "short_row": Fault("short_row", "该行缺少单元格", "请补齐。"),
    "deleted": Fault("deleted", "该记录带删除标记", "请彻底删除或恢复后再导出。"),
}


@dataclass(slots=True)
class Block:
    """Some rows as columns.

    Attributes:
        numbers: row numbers as the officer sees them.
        texts: field → cells as they stand in the file.
        values: field → texts for COPY, empty for NULL; a value that was refused is empty too.
        headers: field → heading.
    """

    numbers: Sequence[int]
    texts: dict[str, Sequence[str]] = field(default_factory=dict)
    values: dict[str, Sequence[str]] = field(default_factory=dict)
    headers: Mapping[str, str] = field(default_factory=dict)

    def column(self, name: str) -> Sequence[str]:
        """Values of a field; empty ones if the file has no such column."""
        return self.values.get(name) or [""] * len(self.numbers)


@dataclass(frozen=True, slots=True)
class Layout:
    """Which column of the file is which field.

    Attributes:
        places: (index in the file, column of the profile).
        unknown: (index, heading) of columns that the profile does not know.
    """

    places: tuple[tuple[int, Column], ...]
    unknown: tuple[tuple[int, str], ...]

    @property
    def fields(self) -> tuple[str, ...]:
        return tuple(column.field for _, column in self.places)


def match_header(profile: Profile, rows: Rows, needed: Sequence[str] = ()) -> Layout:
    """Find the columns of a profile in a file.

    Args:
        profile: the format.
        rows: the file.
        needed: fields whose column must be there although cells may be empty.

    Raises:
        ReadError: wrong template, missing columns (named), or a heading twice.
    """
    caseless = rows.kind == "dbf"
    known = {_key(header, caseless): column for header, column in profile.by_header().items()}
    places, unknown, seen = [], [], {}
    for index, header in enumerate(rows.header):
        column = known.get(_key(header, caseless))
        if column is None:
            unknown.append((index, header))
        elif column.field in seen:
            raise ReadError(f"表头“{header}”出现了两次。", "请删除多余的一列。")
        else:
            seen[column.field] = True
            places.append((index, column))
    missing = [c.header for c in profile.columns if (c.required or c.field in needed) and c.field not in seen]
    keys = [c.header for c in profile.columns if c.field in profile.key]
    if missing and set(keys) <= set(missing):
        shown = "、".join(rows.header[:6])
        raise ReadError(
            f"不是“{profile.title}”模板：表头为“{shown}”，缺少{'、'.join(missing)}。",
            "请下载模板后填写，不要改动表头。",
        )
    if missing:
        raise ReadError(f"缺少必需的列：{'、'.join(missing)}。", "请下载模板后填写，不要改动表头。")
    return Layout(tuple(places), tuple(unknown))


def _key(header: str, caseless: bool) -> str:
    return header.lower() if caseless else header.replace(" ", "").rstrip("*＊")


class Columns:
    """The first check of every import: each cell is there, short enough and of its type.

    Args:
        layout: columns of the file.
        codes: code list, or field → text in the file → staged text; lists not given are not checked.
        widths: field → longest text the table holds, where that is less than the format says.
        raw: fields that a check of the importer takes apart itself.
        bytewise: widths of the format are bytes that the file itself has enforced (DBF).
    """

    def __init__(
        self,
        layout: Layout,
        codes: Mapping[str, Mapping[str, str]],
        *,
        widths: Mapping[str, int] | None = None,
        bytewise: bool = False,
        raw: Sequence[str] = (),
    ):
        self.layout = layout
        self.known = {}
        for _, column in layout.places:
            if column.codes:
                self.known[column.field] = listed(column.codes)
            elif column.field in codes or column.codelist in codes:
                self.known[column.field] = codes.get(column.field) or codes[column.codelist]
        self.memos = {
            c.field: Memo(CONVERTERS[c.type])
            for _, c in layout.places
            if c.type in CONVERTERS and c.field not in raw
        }
        self.plain = {c.field for _, c in layout.places if c.type == "code" and c.field not in raw}
        self.widths = {}
        for _, column in layout.places:
            limits = [0 if bytewise else column.width, (widths or {}).get(column.field, 0)]
            self.widths[column.field] = min((limit for limit in limits if limit), default=0)
        self.faults = {name: wrong_code(self._column(name), known) for name, known in self.known.items()}

    def _column(self, name: str) -> Column:
        return next(column for _, column in self.layout.places if column.field == name)

    def check(self, rows: Sequence[Row], findings: Findings) -> Block:
        """Turn rows into a block of values and note what is wrong."""
        numbers = [row.number for row in rows]
        cells = list(zip(*[row.cells for row in rows], strict=True))
        block = Block(numbers, headers={c.field: c.header for _, c in self.layout.places})
        refused: dict[int, set[int]] = {}
        for row_index, row in enumerate(rows):
            for problem in row.problems:
                self._problem(problem, row.number, findings)
                if problem.fatal:
                    refused.setdefault(problem.column, set()).add(row_index)
        for index, header in self.layout.unknown:
            filled = sum(1 for text in cells[index] if text)
            if filled:
                findings.tell(UNKNOWN_COLUMN, header, filled)
        for index, column in self.layout.places:
            texts = cells[index]
            block.texts[column.field] = texts
            block.values[column.field] = self._values(
                column, texts, numbers, findings, refused.get(index, frozenset())
            )
        return block

    def _problem(self, problem: CellProblem, row: int, findings: Findings) -> None:
        fault = _PROBLEMS.get(problem.kind) or Fault(problem.kind, problem.message)
        findings.add(fault, problem.header, row, problem.raw)

    def _values(self, column: Column, texts, numbers, findings: Findings, refused) -> Sequence[str]:
        if column.required and "" in texts:
            for i, text in enumerate(texts):
                if not text and i not in refused:
                    findings.add(MISSING, column.header, numbers[i])
        width = self.widths[column.field]
        if width and max(map(len, texts)) > width:
            fault = Fault("too_long", f"超过 {width} 字", "请核对，平台不会截断。")
            for i, text in enumerate(texts):
                if len(text) > width and i not in refused:
                    findings.add(fault, column.header, numbers[i], text)
            texts = [text if len(text) <= width else "" for text in texts]
        if refused:
            texts = ["" if i in refused else text for i, text in enumerate(texts)]
        if column.type == "id_number":
            return [identity(text) for text in texts]
        if column.field in self.known:
            return self._convert(
                self.known[column.field].get, self.faults[column.field], column, texts, numbers, findings
            )
        if column.field in self.plain:
            together = "".join(texts)
            if (together.isascii() and together.isalnum()) or not together:
                return texts
            return self._convert(code, WRONG["code"], column, texts, numbers, findings)
        if memo := self.memos.get(column.field):
            return self._convert(memo.__getitem__, WRONG[column.type], column, texts, numbers, findings)
        return texts

    def _convert(
        self, convert: Callable, fault: Fault, column: Column, texts, numbers, findings: Findings
    ) -> list[str]:
        values = [convert(text) for text in texts]
        if None in values:
            for i, value in enumerate(values):
                if value is None:
                    findings.add(fault, column.header, numbers[i], texts[i])
                    values[i] = ""
        return values


def blocks(rows: Iterator[Row]) -> Iterator[list[Row]]:
    """Rows by the block."""
    while block := list(islice(rows, BLOCK_ROWS)):
        yield block
