"""分数优先（平行志愿）: the higher score goes first, each candidate's choices in his own order."""

from dispatch.kernel import bands
from dispatch.kernel.problem import Outcome, Problem, TiePolicy


def solve(problem: Problem, ties: TiePolicy = TiePolicy.STRICT) -> Outcome:
    """Candidates are taken by score; each goes to the first of his choices that still has a seat.

    As published:

    * 鲁招考〔2019〕46号 (Shandong 2019) 五 「根据志愿按照成绩优先的原则进行投档」; 五（三）1
      「按照考生成绩由高到低投档」; 五（三）2 「投档按院校所列生源市招生计划进行，上线生源超过计划数时，
      按 1：1 投档。」
    * 粤招办〔2021〕28号 (Guangdong 2021) 四（二）1 「依据初中学业水平考试成绩和综合素质的评价结果，
      从高分到低分按学生志愿进行录取」

    A dossier is sent once in the round: if the school returns it, the lower choices do not come back to
    life (domain.md §6.3; practice of the provinces, not of the notices above).

    Arguments, errors and cost: as `bands.solve` with one band of all choices.
    """
    return bands.solve(problem, (max(problem.choices.shape[1], 1),), ties)
