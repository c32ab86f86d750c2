"""What became of each choice of a candidate of a case, with the line or condition that barred it."""

import numpy as np

from dispatch.kernel import case_conditions as conditions
from dispatch.kernel.allotment import Via
from dispatch.kernel.case import TOTAL, Case, Posed
from dispatch.kernel.explain import Reason, explain, words
from dispatch.kernel.fields import plain
from dispatch.kernel.problem import Outcome
from dispatch.kernel.rounds import explained

SEXES = {1: "男", 2: "女"}
ROUNDS = {Via.UNIFIED: "统招", Via.ALLOTTED: "指标到校", Via.CONVERTED: "指标余额转统招"}


def sentences(case: Case, posed: Posed, outcome: Outcome, candidate: int) -> list[str]:
    """One Chinese sentence for each choice, in the candidate's order, and for each round where seats are allotted.

    They name no other candidate.
    """
    if posed.kept is None:
        reasons = explain(posed.problem, outcome, posed.bands, candidate, posed.tier)
        return _round(case, candidate, reasons)
    told = explained(posed.problem, posed.kept, outcome, posed.bands, candidate, posed.tier)
    feeder = int(posed.kept.feeder[candidate])
    said = []
    for number, (via, floors, reasons) in enumerate(told, 1):
        if number < len(told):  # what is void is told once
            reasons = [why for why in reasons if why.reason is not Reason.VOID]
        if floors is None:
            said += [f"{ROUNDS[via]}：{line}" for line in _round(case, candidate, reasons)]
            continue
        if feeder < 0:
            said.append(f"{ROUNDS[via]}：没有分配给考生毕业学校的名额。")
            continue
        quota = posed.kept.quota[:, feeder]
        for why, line in zip(reasons, _round(case, candidate, reasons, floors, posed.kept), strict=True):
            if why.unit >= 0 and not quota[why.unit] and why.reason is Reason.FULL:
                line = f"第{why.position + 1}志愿（{case.unit_name(why.unit)}）：没有分配给{case.feeders[feeder]}的名额。"
            said.append(f"{ROUNDS[via]}（{case.feeders[feeder]}）：{line}")
    return said


def _round(case, candidate, reasons, floors=None, kept=None) -> list[str]:
    """The sentences of one round."""
    barred = _Barred(case, candidate)
    said = []
    for why in reasons:
        if why.reason is Reason.NOT_ELIGIBLE:
            name = case.unit_name(why.unit)
            by = barred.by(why.position)
            if floors is not None and kept.score[candidate] < floors[why.unit]:
                by = "，".join(filter(None, [by, f"总分{barred.total()}，未达到该单位指标生最低分"]))
            said.append(f"第{why.position + 1}志愿（{name}）：{by}，不能投档。")
        else:
            said += words([why], case.unit_name)
        if why.reason is Reason.FULL and why.last >= 0 and case.keys:
            said[-1] += f"最后一名{_values(case, why.last)}；本人{_values(case, candidate)}。"
    return said


def _values(case: Case, candidate: int) -> str:
    """The scores by which a candidate is compared."""
    return "、".join(f"{key.field} {case.scores[key.field].text(candidate)}" for key in case.keys)


class _Barred:
    """The lines and conditions that bar one candidate, in words."""

    def __init__(self, case: Case, candidate: int):
        self.case, self.candidate = case, candidate

    def by(self, column: int) -> str:
        """All that bars one choice."""
        return "，".join(self._reasons(column))

    def _reasons(self, column: int):
        case, candidate = self.case, self.candidate
        unit = int(case.choices[candidate, column])
        region = int(case.region[candidate])
        if region in case.lines and not conditions.reaches_line(case)[candidate]:
            line = plain(case.lines[region])
            yield f"总分{self.total()}，低于{case.regions[region]}控制线{line}"
        if self._fails(conditions.fits_region(case), column):
            yield f"该单位只招{case.regions[case.unit_region[unit]]}考生"
        if self._fails(conditions.fits_sex(case), column):
            yield f"该单位只招{SEXES[int(case.unit_sex[unit])]}生"
        if self._fails(conditions.reaches_minimum(case), column):
            yield f"总分{self.total()}，低于该单位最低分{plain(case.min_total[unit])}"
        if case.ineligible is not None and case.ineligible[candidate, column]:
            yield "不符合该单位的投档条件"
        if case.unranked is not None and case.unranked[candidate, column]:
            yield "不在该单位的排序名单内"

    def _fails(self, check: np.ndarray | None, column: int) -> bool:
        return check is not None and not check[self.candidate, column]

    def total(self) -> str:
        """The candidate's total."""
        return self.case.scores[TOTAL].text(self.candidate)
