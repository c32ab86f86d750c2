"""Columns of controls: what a cell of a list, a sheet or a form may hold, read and written in one way."""

import re
from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime

MOMENT = "%Y-%m-%d %H:%M"


@dataclass(frozen=True, slots=True)
class Column:
    """A column of a control: in the list, in the sheet and in the form.

    Attributes:
        name: of the value.
        title: heading.
        kind: ``text``, ``marks`` (hundredths), ``number``, ``flag``, ``choice``, ``numbers``, ``words``, ``marks_list``,
            ``moment`` (local time as 2021-08-20 09:00).
        choices: code → label of a choice, "" may be among them; of ``words``, what a code is called, so that
            it may be written and is shown as that.
        must: may not be empty.
        note: what to fill in.
        low, high: of a number.
    """

    name: str
    title: str
    kind: str = "text"
    choices: Mapping[str, str] = field(default_factory=dict)
    must: bool = True
    note: str = ""
    low: int = 0
    high: int = 1_000_000

    def read(self, text: str):
        """The value of a cell.

        Raises:
            ValueError: in words for the officer.
        """
        text = text.strip()
        if self.kind == "choice":
            if text in self.choices:
                return text
            codes = [code for code, label in self.choices.items() if label == text]
            if len(codes) == 1:
                return codes[0]
            raise ValueError(f"{self.title}“{text}”不在可选范围内。" if text else f"{self.title}不能为空。")
        if not text:
            if self.must:
                raise ValueError(f"{self.title}不能为空。")
            return EMPTY.get(self.kind)
        return READERS[self.kind](self, text)

    def write(self, value) -> str:
        """The value as text: on the page, in the sheet, in a comparison."""
        if value is None:
            return ""
        if self.kind == "choice":
            return self.choices.get(value, value)
        if self.kind == "words":
            return " ".join(_renamed(word, self.choices) for word in value)
        return WRITERS.get(self.kind, str)(value)


def _marks(column: Column, text: str) -> int:
    whole, _, part = text.partition(".")
    if not whole.isdecimal() or len(whole) > 4 or (part and not part.isdecimal()) or len(part) > 2:
        raise ValueError(f"{column.title}“{text}”须为不小于 0 的数字，最多两位小数。")
    return int(whole) * 100 + int(part.ljust(2, "0") or 0)


def _number(column: Column, text: str) -> int:
    if not text.isdecimal() or not column.low <= int(text) <= column.high:
        raise ValueError(f"{column.title}“{text}”须为 {column.low} 至 {column.high} 的整数。")
    return int(text)


def _flag(column: Column, text: str) -> bool:
    if text not in ("是", "否", "1", "0"):
        raise ValueError(f"{column.title}“{text}”须填“是”或“否”。")
    return text in ("是", "1")


def _moment(column: Column, text: str) -> str:
    text = text.replace("T", " ")[:16]
    try:
        return datetime.strptime(text, MOMENT).strftime(MOMENT)
    except ValueError:
        raise ValueError(f"{column.title}“{text}”须为日期和时间，如 2021-08-20 09:00。") from None


def _words(column: Column, text: str) -> list[str]:
    """Words parted by blanks, sums with a plus between, in codes whatever they are called by."""
    codes = {label: code for code, label in column.choices.items()}
    text = re.sub(r"\s*[+＋]\s*", "+", text.replace("：", ":"))
    return [_renamed(word, codes) for word in text.split()]


def _renamed(word: str, names: Mapping[str, str]) -> str:
    """A word with its parts, joined by a plus or put before a colon, called as in ``names``."""
    first, colon, rest = word.partition(":")
    return "+".join(names.get(part, part) for part in first.split("+")) + colon + rest


READERS = {
    "text": lambda column, text: text,
    "marks": _marks,
    "number": _number,
    "flag": _flag,
    "moment": _moment,
    "numbers": lambda column, text: [_number(column, part) for part in text.split()],
    "marks_list": lambda column, text: [_marks(column, part) for part in text.split()],
    "words": _words,
}
WRITERS = {
    "marks": lambda value: f"{value / 100:g}",
    "flag": lambda value: "是" if value else "否",
    "numbers": lambda values: " ".join(str(value) for value in values),
    "marks_list": lambda values: " ".join(f"{value / 100:g}" for value in values),
}
EMPTY = {"text": "", "moment": "", "numbers": [], "marks_list": [], "words": []}
