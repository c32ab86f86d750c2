"""A fault that `check` found in an outcome, and its words for the officer."""

from collections.abc import Callable
from dataclasses import dataclass
from enum import StrEnum


class Kind(StrEnum):
    """What is wrong; the value goes into records, the words to the officer."""

    INCONSISTENT = "inconsistent"
    NOT_ELIGIBLE = "not_eligible"
    OVER_QUOTA = "over_quota"
    PASSED_OVER = "passed_over"
    LATER_FIRST = "later_first"
    TIE_SPLIT = "tie_split"
    SEAT_UNFILLED = "seat_unfilled"
    NOT_BEST = "not_best"
    WRONG_FLOOR = "wrong_floor"


WORDS = {
    Kind.INCONSISTENT: "{candidate}的去向与其志愿表不符。",
    Kind.NOT_ELIGIBLE: "{unit}：{count}人不符合分数线或投档条件而被投档，排位最前的是{candidate}。",
    Kind.OVER_QUOTA: "{unit}：超出可投人数{count}人，不属于末位同分；排位最后的是{candidate}。",
    Kind.PASSED_OVER: "{unit}：{count}人被排位在后的考生越过，排位最前的是{candidate}。",
    Kind.LATER_FIRST: "{unit}：{count}人应先于后续志愿（分段）的考生投档而未投，排位最前的是{candidate}。",
    Kind.TIE_SPLIT: "{unit}：{count}人与已投档的末位考生完全同分而未一并处理，其中有{candidate}。",
    Kind.SEAT_UNFILLED: "{unit}：名额未满，{count}人符合条件而未投，排位最前的是{candidate}。",
    Kind.NOT_BEST: "{unit}：{count}人可与他人互换，各自升入在前志愿而不越过任何人，其中有{candidate}。",
    Kind.WRONG_FLOOR: "{unit}：指标生控制线与规则或统招录取最低分不符。",
}


@dataclass(frozen=True, slots=True)
class Fault:
    """One property that does not hold at one unit.

    Attributes:
        kind: which property.
        unit: where; -1 if the outcome names no unit that exists.
        candidate: the best placed in the common order of those concerned (for OVER_QUOTA the last one sent);
            -1 if it concerns nobody in particular (WRONG_FLOOR).
        count: how many candidates are concerned (for OVER_QUOTA how many are too many).
    """

    kind: Kind
    unit: int
    candidate: int
    count: int = 1

    def words(self, unit_name: Callable[[int], str], candidate_name: Callable[[int], str]) -> str:
        """The fault in words for the officer, with the names that the caller knows."""
        unit, candidate = unit_name(self.unit), candidate_name(self.candidate)
        return WORDS[self.kind].format(unit=unit, candidate=candidate, count=self.count)

    def __str__(self):
        return self.words("投档单位{}".format, "考生{}".format)
