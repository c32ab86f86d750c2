"""What became of each choice of a candidate of a case, with the line or condition that barred it."""

import numpy as np

from dispatch.kernel import case as conditions
from dispatch.kernel.case import Case, Posed
from dispatch.kernel.explain import Reason, explain, words
from dispatch.kernel.fields import plain
from dispatch.kernel.problem import Outcome

SEXES = {1: "男", 2: "女"}


def sentences(case: Case, posed: Posed, outcome: Outcome, candidate: int) -> list[str]:
    """One Chinese sentence for each choice, in the candidate's order; names no other candidate."""
    reasons = explain(posed.problem, outcome, posed.bands, candidate, posed.tier)
    barred = _Barred(case, candidate)
    said = []
    for why in reasons:
        if why.reason is Reason.NOT_ELIGIBLE:
            name = case.unit_name(why.unit)
            said.append(f"第{why.position + 1}志愿（{name}）：{barred.by(why.position)}，不能投档。")
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
            yield f"总分{self._total()}，低于{case.regions[region]}控制线{line}"
        if self._fails(conditions.fits_region(case), column):
            yield f"该单位只招{case.regions[case.unit_region[unit]]}考生"
        if self._fails(conditions.fits_sex(case), column):
            yield f"该单位只招{SEXES[int(case.unit_sex[unit])]}生"
        if self._fails(conditions.reaches_minimum(case), column):
            yield f"总分{self._total()}，低于该单位最低分{plain(case.min_total[unit])}"
        if case.ineligible is not None and case.ineligible[candidate, column]:
            yield "不符合该单位的投档条件"
        if case.unranked is not None and case.unranked[candidate, column]:
            yield "不在该单位的排序名单内"

    def _fails(self, check: np.ndarray | None, column: int) -> bool:
        return check is not None and not check[self.candidate, column]

    def _total(self) -> str:
        return self.case.scores[conditions.TOTAL].text(self.candidate)
