"""Checks of persons: identity numbers by GB 11643, names, candidate numbers. Pure, block by block."""

import re
from collections.abc import Iterable
from datetime import date

import numpy as np

from .blocks import Block
from .findings import Fault, Findings, Level

RESIDENT = ("1", "2")  # 居民身份证 and 港澳台居民居住证 are numbered by GB 11643
PROVINCES = frozenset(
    "11 12 13 14 15 21 22 23 31 32 33 34 35 36 37 41 42 43 44 45 46 50 51 52 53 54 61 62 63 64 65"  # noqa: SIM905
    " 71 81 82 83 91".split()
)
_WEIGHTS = np.array([7, 9, 10, 5, 8, 4, 2, 1, 6, 3, 7, 9, 10, 5, 8, 4, 2], np.int32)
_CHECK = np.frombuffer(b"10X98765432", np.uint8)
_SHAPE = re.compile(r"\d{17}[\dX]", re.ASCII)
_OTHER = re.compile(r"[A-Z0-9()\-]{4,20}", re.ASCII)

_HAN = "\u3007\u3400-\u4dbf\u4e00-\u9fff\U00020000-\U0002a6df\U0002a700-\U0002ee5d\U00030000-\U000323af"
_HAN_NAME = re.compile(f"[{_HAN}]{{2,}}(?:·[{_HAN}]+)*|[{_HAN}]+(?:·[{_HAN}]+)+")
_LATIN_NAME = re.compile(r"[A-Za-zÀ-ɏ][A-Za-zÀ-ɏ .,'’-]*")
_COMPATIBLE = re.compile("[\uf900-\ufaff\u2e80-\u2fdf\U0002f800-\U0002fa1f]")
_DOTS = re.compile(r"[.．•‧・∙⋅●]")
_PLACEHOLDERS = frozenset({"测试", "姓名", "无名", "不详", "待定", "张三", "李四", "无"})
_STUDENT = re.compile(r"[GJL]\d{17}[\dX]", re.ASCII)
_PHONE = re.compile(r"\+?\d[\d\- ()/]{5,}", re.ASCII)
_POSTCODE = re.compile(r"\d{6}", re.ASCII)


def check_characters(numbers: list[str]) -> np.ndarray:
    """Which numbers end with the right check character.

    Args:
        numbers: 18 characters each, of the right shape.

    Returns:
        bool[n].
    """
    signs = np.frombuffer("".join(numbers).encode("ascii"), np.uint8).reshape(-1, 18)
    sums = (signs[:, :17].astype(np.int32) - 48) @ _WEIGHTS
    return _CHECK[sums % 11] == signs[:, 17]


class IdentityCheck:
    """证件号码: shape, check character, area, and agreement with 出生日期 and 性别 (GB 11643)."""

    SHAPE = Fault("id_shape", "身份证号应为 17 位数字加 1 位数字或 X", "请检查位数、全角字符和空格。")
    CHECK = Fault("id_check", "身份证号校验码不对", "至少有一位录错，请与证件核对。")
    AREA = Fault("id_area", "身份证号前两位不是省级代码", "请与证件核对。")
    BIRTH = Fault("id_birth", "身份证号中的出生日期与“出生日期”不一致", "请与证件核对，以证件为准。")
    SEX = Fault("id_sex", "身份证号第 17 位与“性别”不一致", "奇数为男，偶数为女，请与证件核对。")
    OTHER = Fault("id_other", "证件号码只能由半角字母、数字组成", "请与证件核对。")

    def check(self, block: Block, findings: Findings) -> None:
        types, numbers = block.column("id_type"), block.column("id_number")
        places, shaped = [], []
        for i, number in enumerate(numbers):
            if not number:
                continue
            if types[i] in RESIDENT:
                if _SHAPE.fullmatch(number):
                    places.append(i)
                    shaped.append(number)
                else:
                    findings.add(self.SHAPE, block.headers["id_number"], block.numbers[i], number)
            elif types[i] and not _OTHER.fullmatch(number):
                findings.add(self.OTHER, block.headers["id_number"], block.numbers[i], number)
        if shaped:
            self._resident(block, places, shaped, findings)

    def _resident(self, block: Block, places: list[int], shaped: list[str], findings: Findings) -> None:
        births, sexes = block.column("born_on"), block.column("sex")
        header = block.headers["id_number"]
        right = check_characters(shaped)
        if not right.all():
            for k in np.flatnonzero(~right).tolist():
                findings.add(self.CHECK, header, block.numbers[places[k]], shaped[k])
        for i, number in zip(places, shaped, strict=True):
            if number[:2] not in PROVINCES:
                findings.add(self.AREA, header, block.numbers[i], number)
            birth, sex = births[i], sexes[i]
            if birth and (number[6:10] != birth[:4] or number[10:14] != birth[5:7] + birth[8:]):
                findings.add(self.BIRTH, header, block.numbers[i], number)
            if sex and (number[16] in "13579") != (sex == "1"):
                findings.add(
                    self.SEX, block.headers.get("sex", "性别"), block.numbers[i], block.texts["sex"][i]
                )


class NameCheck:
    """姓名: as on the document, in standard characters, with the one interpunct that is right."""

    SPACE = Fault("name_space", "姓名中间有空格", "请删除空格。")
    DOT = Fault("name_dot", "姓名中的间隔号不规范", "请使用“·”（U+00B7）。")
    COMPATIBLE = Fault("name_compatible", "姓名含兼容字形", "请换成标准汉字重新录入。")
    ODD = Fault("name_odd", "姓名含不应出现的字符", "只能是汉字和间隔号“·”，请与证件核对。")
    LATIN = Fault("name_latin", "持居民身份证的考生，姓名应为汉字", "请与证件核对。")
    PLACEHOLDER = Fault("name_placeholder", "不是真实姓名", "请填写证件上的姓名。")
    SHORT = Fault("name_short", "姓名只有一个字", "请与证件核对。", Level.WARNING)

    def check(self, block: Block, findings: Findings) -> None:
        types, match = block.column("id_type"), _HAN_NAME.fullmatch
        header = block.headers.get("name", "姓名")
        for i, name in enumerate(block.column("name")):
            if (match(name) and name not in _PLACEHOLDERS) or not name:
                continue
            fault = self._fault(name, types[i] in RESIDENT)
            if fault:
                findings.add(fault, header, block.numbers[i], name)

    def _fault(self, name: str, resident: bool) -> Fault | None:
        if name in _PLACEHOLDERS:
            return self.PLACEHOLDER
        if _LATIN_NAME.fullmatch(name):
            return self.LATIN if resident else None
        if " " in name:
            return self.SPACE
        if _COMPATIBLE.search(name):
            return self.COMPATIBLE
        if _HAN_NAME.fullmatch(_DOTS.sub("·", name)):
            return self.DOT
        if re.fullmatch(f"[{_HAN}]", name):
            return self.SHORT
        return self.ODD


class PatternCheck:
    """A column whose every value has one shape.

    Args:
        field: which column.
        shape: a compiled pattern.
        fault: what is said of a value that has another one.
    """

    def __init__(self, field: str, shape: re.Pattern, fault: Fault):
        self.field, self.shape, self.fault = field, shape, fault

    def check(self, block: Block, findings: Findings) -> None:
        match = self.shape.fullmatch
        for i, text in enumerate(block.column(self.field)):
            if text and not match(text):
                findings.add(self.fault, block.headers[self.field], block.numbers[i], text)


class BirthCheck:
    """出生日期: a candidate is between 10 and 60 years old in the year of the season.

    Args:
        year: of the season.
    """

    FAULT = Fault("birth_unlikely", "出生日期不合理", "请与证件核对。")

    def __init__(self, year: int):
        self.first, self.last = date(year - 60, 1, 1).isoformat(), date(year - 10, 12, 31).isoformat()

    def check(self, block: Block, findings: Findings) -> None:
        for i, born in enumerate(block.column("born_on")):
            if born and not self.first <= born <= self.last:
                findings.add(self.FAULT, block.headers["born_on"], block.numbers[i], born)


def contact_checks() -> Iterable[PatternCheck]:
    """学籍号, 联系电话 and 邮政编码: shape only (domain.md §8.2)."""
    return (
        PatternCheck(
            "student_number",
            _STUDENT,
            Fault("student_number", "学籍号应为 G、J 或 L 加 18 位", "请与学籍系统核对。"),
        ),
        PatternCheck("phone", _PHONE, Fault("phone", "不是电话号码", "请填写半角数字；没有电话请留空。")),
        PatternCheck("postcode", _POSTCODE, Fault("postcode", "邮政编码应为 6 位数字", "没有请留空。")),
    )


def number_shape(pattern: str, city: str) -> re.Pattern:
    """The shape of candidate numbers from the pattern of a rule pack.

    Args:
        pattern: such as ``{yy}{region6}{serial:06d}``; empty for any letters and digits.
        city: four digits the region begins with.
    """
    if not pattern:
        return re.compile(r"[0-9A-Za-z]{6,20}", re.ASCII)
    parts = {"{yy}": r"\d\d", "{yyyy}": r"\d{4}", "{region6}": rf"{city}\d\d", "{region4}": city}
    shape = ""
    for piece in re.findall(r"\{[^}]*\}|[^{]+", pattern):
        serial = re.fullmatch(r"\{serial:0(\d+)d\}", piece)
        if serial:
            shape += rf"\d{{{serial[1]}}}"
        else:
            shape += parts.get(piece, re.escape(piece) if not piece.startswith("{") else r"[0-9A-Za-z]+")
    return re.compile(shape, re.ASCII)
