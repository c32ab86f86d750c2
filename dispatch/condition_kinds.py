"""Kinds of special conditions: what each asks of a candidate, as one whole number in a range or a set.

A new kind is a function that reads what is stored, and a line of ``KINDS``.
"""

import re
from collections import Counter
from collections.abc import Callable, Iterable
from dataclasses import dataclass
from datetime import date

import numpy as np

from admissions.models import Batch, Concession, FeederSchool, Region, Sex, Subject

EPOCH = date(1970, 1, 1)
LOWEST, HIGHEST = np.iinfo(np.int32).min, np.iinfo(np.int32).max
TRAIT = re.compile(r"\w{1,20}")
LONGEST_ITEM, LONGEST_DEMAND = 60, 200


@dataclass(frozen=True, slots=True)
class Condition:
    """What is asked for, ready to be evaluated.

    Attributes:
        words: of the demand; ``{marks}`` and the like where the candidate's own value may be told.
        low, high: the range in which the value must lie, both included.
        among: the values allowed instead of a range, if any.
        column: SQL expression of the value for a candidate ``c``; empty where ``trait`` or ``test`` says it.
        trait: name of the trait whose value is looked up in ``values``.
        values: allowed contents of the trait.
        test: the value is that of the school's own test: its marks, -1 for none, -2 for not passed.
    """

    words: str
    low: int = LOWEST
    high: int = HIGHEST
    among: tuple[int, ...] = ()
    column: str = ""
    trait: str = ""
    values: tuple[str, ...] = ()
    test: bool = False

    def met(self, values: np.ndarray) -> np.ndarray:
        """bool[n]: whose value is as asked for."""
        if self.among:
            return np.isin(values, self.among)
        return (values >= self.low) & (values <= self.high)


@dataclass(frozen=True, slots=True)
class Kind:
    """A kind of condition.

    Attributes:
        title: as officers read it.
        item: what is to be written under 对象; empty if nothing.
        demand: what is to be written under 要求.
        read: makes the condition of (batch, item, demand); raises ValueError in words for the officer.
    """

    title: str
    item: str
    demand: str
    read: Callable[[Batch, str, str], Condition]


def condition_of(batch: Batch, kind: str, item: str, demand: str) -> Condition:
    """Make a condition of what is stored.

    Raises:
        ValueError: if it says nothing that can be evaluated, in words for the officer.
    """
    if kind not in KINDS:
        raise ValueError(f"没有“{kind}”这种条件。")
    if item and not KINDS[kind].item:
        raise ValueError(f"“{KINDS[kind].title}”不填对象。")
    if len(item) > LONGEST_ITEM or len(demand) > LONGEST_DEMAND:
        raise ValueError(
            f"对象最多 {LONGEST_ITEM} 个字，要求最多 {LONGEST_DEMAND} 个字；多项的，可以分成同一组的几条。"
        )
    return KINDS[kind].read(batch, item, demand)


def _sex(batch, item, demand):
    demand = _coded(demand, _sexes(batch))[0] if demand else ""
    if demand not in Sex.values:
        raise ValueError("性别填“男”或“女”。")
    words = f"性别要求：{Sex(demand).label}，本人{{sex}}"
    return Condition(words, among=(int(demand),), column="ascii(c.sex) - 48")


def _born(batch, item, demand):
    first, mark, last = demand.partition("~")
    try:
        low, high = (date.fromisoformat(part) if part else None for part in (first.strip(), last.strip()))
    except ValueError:
        raise ValueError("出生日期填起止两日，如 2003-09-01~2008-08-31，可以只填一边。") from None
    if not mark or (low is None and high is None) or (low and high and low > high):
        raise ValueError("出生日期填起止两日，如 2003-09-01~2008-08-31，可以只填一边。")
    span = f"{low or ''}至{high or ''}" if low and high else f"{low}及以后" if low else f"{high}及以前"
    return Condition(
        f"出生日期须为{span}，本人{{date}}",
        low=(low - EPOCH).days if low else LOWEST,
        high=(high - EPOCH).days if high else HIGHEST,
        column="c.born_on - DATE '1970-01-01'",
    )


def _marks(batch, item, demand):
    subjects = (
        Subject.objects.filter(season=batch.season_id, city=batch.city).in_bulk(field_name="pk").values()
    )
    known = {name: subject for subject in subjects for name in (subject.name, subject.code)}
    codes = re.split(r"\s*[+＋]\s*", item)
    if unknown := [code for code in codes if code not in known]:
        raise ValueError(f"“{unknown[0]}”不是该市的科目。")
    least = hundredths(demand)
    full = sum(known[code].full_marks for code in codes)
    if least > full:
        raise ValueError(f"{demand} 分超过满分 {full / 100:g} 分。")
    name = "＋".join(known[code].name for code in codes)
    column = " + ".join(f"coalesce(c.scores[{known[code].position + 1}], 0)" for code in codes)
    return Condition(f"{name}须不低于{least / 100:g}分，本人{{marks}}", low=least, column=column)


def _scored(batch, item, demand):
    return Condition("须参加当年学业水平考试并有总分", among=(1,), column="(c.total IS NOT NULL)::int")


def _county(batch, item, demand):
    names = _counties(batch)
    codes = _coded(demand, names)
    if unknown := [code for code in codes if code not in names]:
        raise ValueError(f"“{unknown[0]}”不是该市的县区。")
    words = f"只招生源地为{'、'.join(names[code] for code in codes)}的考生"
    return Condition(words, among=tuple(int(code) for code in codes), column="c.county::int")


def _feeder(batch, item, demand):
    codes = _listed(demand)
    rows = FeederSchool.objects.filter(province=batch.season.province, code__in=codes)
    found = {code: (key, name) for code, key, name in rows.values_list("code", "pk", "name")}
    if unknown := [code for code in codes if code not in found]:
        raise ValueError(f"没有代码为“{unknown[0]}”的毕业学校。")
    words = f"只招{'、'.join(found[code][1] for code in codes)}的毕业生"
    keys = tuple(found[code][0] for code in codes)
    return Condition(words, among=keys, column="coalesce(c.feeder_school_id, 0)::int")


def _concession(batch, item, demand):
    names = _concessions(batch)
    codes = _coded(demand, names)
    if unknown := [code for code in codes if code not in names or not code.isalnum()]:
        raise ValueError(f"“{unknown[0]}”不是该市的照顾特征。")
    listed = ", ".join(f"'{code}'" for code in sorted(codes))
    words = f"只招有照顾特征“{'、'.join(names[code] for code in codes)}”的考生"
    return Condition(words, among=(1,), column=f"(c.concessions && ARRAY[{listed}]::varchar[])::int")


def _of_trait(batch, item, demand):
    if not TRAIT.fullmatch(item):
        raise ValueError("附加信息须填对象，如“综合素质”。")
    values = tuple(_listed(demand))
    return Condition(f"{item}须为{'、'.join(values)}", among=(1,), trait=item, values=values)


def _test(batch, item, demand):
    least = hundredths(demand) if demand else 0
    words = (
        f"该校考核成绩须不低于{least / 100:g}分，本人{{test}}"
        if demand
        else "须参加该校考核并合格，本人{test}"
    )
    return Condition(words, low=least, test=True)


def hundredths(text: str) -> int:
    """Marks as written, in hundredths.

    Raises:
        ValueError: unless it is a number with at most two decimals.
    """
    if not re.fullmatch(r"\d{1,4}(\.\d{1,2})?", text):
        raise ValueError(f"“{text}”不是分数，须为数字，最多两位小数。")
    whole, _, part = text.partition(".")
    return int(whole) * 100 + int(part.ljust(2, "0") or 0)


def _listed(demand: str) -> list[str]:
    codes = list(dict.fromkeys(demand.split()))
    if not codes:
        raise ValueError("要求不能为空，多项用空格分开。")
    return codes


def _sexes(batch: Batch) -> dict[str, str]:
    return {str(value): label for value, label in Sex.choices}


def _counties(batch: Batch) -> dict[str, str]:
    rows = Region.objects.filter(code__startswith=batch.city).exclude(code=batch.city).order_by("code")
    return dict(rows.values_list("code", "name"))


def _concessions(batch: Batch) -> dict[str, str]:
    rows = Concession.objects.filter(season=batch.season_id, city=batch.city)
    return dict(rows.values_list("code", "name"))


# Kinds whose demands are kept as codes and written and read as names.
NAMES = {"sex": _sexes, "county": _counties, "concession": _concessions}


def demands_coded(batch: Batch, demands: Iterable[tuple[str, str]]) -> list[str]:
    """Demands in the codes in which they are kept, whatever they are written in.

    Args:
        batch: of one city.
        demands: kind and demand of each.
    """
    known = {kind: names(batch) for kind, names in NAMES.items()}
    return [
        " ".join(_coded(demand, known[kind])) if kind in known and demand.split() else demand
        for kind, demand in demands
    ]


def _coded(demand: str, names: dict[str, str]) -> list[str]:
    """The codes of a list in which names may stand for them; a name that two share stays as it is."""
    shared = Counter(names.values())
    codes = {name: code for code, name in names.items() if shared[name] == 1}
    return list(dict.fromkeys(codes.get(part, part) for part in _listed(demand)))


TESTED = Condition("未参加该校考核或考核不合格，本人{test}", low=0, test=True)
KINDS: dict[str, Kind] = {
    "sex": Kind("性别", "", "男 或 女", _sex),
    "born": Kind("出生日期", "", "起止两日，如 2003-09-01~2008-08-31，可以只填一边", _born),
    "marks": Kind("科目成绩", "科目，可用加号求和，如 语文+数学", "最低分", _marks),
    "scored": Kind("有考试成绩", "", "不填", _scored),
    "county": Kind("生源地", "", "县区名称或代码，多个用空格分开", _county),
    "feeder": Kind("毕业学校", "", "毕业学校代码，多个用空格分开", _feeder),
    "concession": Kind("照顾特征", "", "照顾特征名称或代码，多个用空格分开", _concession),
    "trait": Kind("附加信息", "项目，如 综合素质、应届、体检", "允许的内容，如 A B", _of_trait),
    "test": Kind("院校考核", "", "不填为合格即可，也可填最低分", _test),
}
