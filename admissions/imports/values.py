"""Values of columns: from the text of a cell to the text that is staged, by the type of the column.

A converter gives the text for COPY, or None for what it does not understand. Most columns hold few
different texts, so each text is converted once and remembered.
"""

import re
from collections.abc import Callable, Mapping
from datetime import date, datetime

from .findings import Fault
from .formats import Column

_SCORE = re.compile(r"(\d{1,4})(?:\.(\d{1,2}))?", re.ASCII)
_DATES = (
    re.compile(r"(\d{4})-(\d{1,2})-(\d{1,2})(?: 00:00:00)?", re.ASCII),
    re.compile(r"(\d{4})/(\d{1,2})/(\d{1,2})", re.ASCII),
    re.compile(r"(\d{4})(\d\d)(\d\d)", re.ASCII),
)
_BOOLS = {"是": "t", "否": "f", "1": "t", "0": "f", "服从": "t", "不服从": "f", "Y": "t", "N": "f"}
_REMEMBERED = 200_000

WRONG = {
    "code": Fault("code", "代码只能由半角字母和数字组成", "请检查全角字符、空格和单引号。"),
    "int": Fault("int", "不是整数", "请填写半角数字。"),
    "score": Fault("score", "不是分数", "请填写半角数字，最多两位小数；缺考留空。"),
    "money": Fault("money", "不是金额", "请填写半角数字，单位为元/学年。"),
    "date": Fault("date", "不是有效日期", "请写成 2006-01-02 的形式，单元格设为文本格式。"),
    "datetime": Fault("datetime", "不是有效时间", "请写成 2021-08-20 18:00 的形式。"),
    "bool": Fault("bool", "只能填是或否", "请填“是”“否”或 1、0。"),
}


class Memo(dict):
    """Remembers what a converter made of each text."""

    def __init__(self, convert: Callable[[str], str | None]):
        super().__init__({"": ""})
        self.convert = convert

    def __missing__(self, text: str) -> str | None:
        value = self.convert(text)
        if len(self) < _REMEMBERED:
            self[text] = value
        return value


def score(text: str) -> str | None:
    """Hundredths of a mark: ``85.5`` gives ``8550``."""
    found = _SCORE.fullmatch(text)
    return None if found is None else str(int(found[1]) * 100 + int((found[2] or "").ljust(2, "0")))


def money(text: str) -> str | None:
    """Whole yuan; ``4500.00`` is as good as ``4500``."""
    hundredths = _SCORE.fullmatch(text) if len(text) > 4 and "." in text else None
    if hundredths is not None and not int(hundredths[2] or 0):
        return hundredths[1]
    return whole(text)


def whole(text: str) -> str | None:
    """A whole number that a database integer holds."""
    return str(int(text)) if text.isascii() and text.isdigit() and len(text) <= 9 else None


def day(text: str) -> str | None:
    """A date as ``2006-01-02``; day and month of one digit are understood."""
    for shape in _DATES:
        if found := shape.fullmatch(text):
            try:
                return date(int(found[1]), int(found[2]), int(found[3])).isoformat()
            except ValueError:
                return None
    return None


def moment(text: str) -> str | None:
    """A time of day in the platform's zone; a date alone is its beginning."""
    try:
        return datetime.fromisoformat(text.replace("/", "-")).isoformat(" ", "seconds")
    except ValueError:
        return day(text)


def code(text: str) -> str | None:
    """Half-width letters and digits, or nothing."""
    return text if (text.isascii() and text.isalnum()) or not text else None


def identity(text: str) -> str | None:
    """A document's number; a small x becomes a capital. Its checks are elsewhere."""
    return text.upper()


CONVERTERS: Mapping[str, Callable[[str], str | None]] = {
    "int": whole,
    "score": score,
    "money": money,
    "date": day,
    "datetime": moment,
    "bool": _BOOLS.get,
}


def listed(codes: Mapping[str, str]) -> dict[str, str]:
    """Codes and their meanings, both as keys: ``男`` is as good as ``1``."""
    return {"": ""} | {meaning: code for code, meaning in codes.items()} | {code: code for code in codes}


def wrong_code(column: Column, known: Mapping[str, str]) -> Fault:
    """The fault of a code that is not in its list, with the list if it is short."""
    pairs = "、".join(f"{code} {meaning}" for code, meaning in column.codes.items())
    hint = f"可填：{pairs}。" if pairs else f"请对照模板“说明”页的{column.header}代码表。"
    return Fault("unknown_code", "代码不在代码表中", hint)
