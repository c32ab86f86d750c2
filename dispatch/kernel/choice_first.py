"""志愿优先: the earlier choice goes first, among equal choices the higher score."""

from dispatch.kernel import bands
from dispatch.kernel.problem import Outcome, Problem, TiePolicy

BANDS = (1,)


def solve(problem: Problem, ties: TiePolicy = TiePolicy.STRICT) -> Outcome:
    """All first choices are served before any second choice; who is sent stays sent.

    As published, 衡教通〔2021〕127号 (Hengyang 2021):

    * 八（三） 「后一志愿学校生效的前提是:该生未被前一志愿学校录取。 前一志愿录取,后续志愿不再投档。」
    * 九 「中职招生录取按志愿优先、成绩排序、抛档预录、审核确认的方式进行。」
    * 九1 「对于第一志愿未能录取的学生,转入第二志愿进行录取。」
    * 九3 「各职业学校录取新生按学生志愿顺序——初中毕业考试成绩——综合素质评价(有特定要求的专业须结合面试成绩)
      排序。相同批次情况下,前一志愿学校优先,即从第一志愿学校开始录取,第一志愿未被招生学校录取的学生,系统将自动转入
      第二志愿学校。相同志愿情况下,初中毕业考试成绩优先。」

    Where schools decide between the choices, the officer runs one choice at a time: give a problem of that
    one column, with the candidates and seats then left.

    Arguments, errors and cost: as `bands.solve` with bands of one choice.
    """
    return bands.solve(problem, BANDS, ties)
