"""考生成绩: marks of a city's subjects and their sum, in hundredths."""

from admissions.models import Subject

from .findings import Fault
from .importer import PLAN, ROWS, Importer, Lookup, Staged, registry
from .roll import FOREIGN, JOIN, UniqueCheck, differs, unknown


class ScoresCheck:
    """Marks within full marks, the total the sum of what is counted; stages the marks as an array.

    Args:
        subjects: of the city, in the order of their positions.
    """

    SUM = Fault("total_sum", "总分不等于各计分科目之和", "总分不含照顾加分，请核对各科与总分。")

    def __init__(self, subjects):
        self.subjects = subjects
        self.counted = [i for i, subject in enumerate(subjects) if subject.counted]

    def check(self, block, findings):
        names = [f"subject_{subject.code}" for subject in self.subjects]
        columns = [list(block.column(name)) for name in names]
        wrong = set()
        for subject, name, values in zip(self.subjects, names, columns, strict=True):
            limit = subject.full_marks
            if max((int(v) for v in set(values) if v), default=0) > limit:
                fault = Fault("above_full_marks", f"超过满分 {limit / 100:g}")
                for i, value in enumerate(values):
                    if value and int(value) > limit:
                        findings.add(fault, block.headers[name], block.numbers[i], block.texts[name][i])
                        wrong.add(i)
            wrong.update(i for i, value in enumerate(values) if not value and block.texts[name][i])
        self._totals(block, findings, columns, wrong)
        block.values["scores"] = [
            "{" + ",".join(v or "NULL" for v in row) + "}" for row in zip(*columns, strict=True)
        ]

    def _totals(self, block, findings, columns, wrong):
        counted = [columns[i] for i in self.counted]
        sums = [sum(int(v) for v in row if v) for row in zip(*counted, strict=True)]
        for i, total in enumerate(block.column("total")):
            if total and int(total) != sums[i] and i not in wrong:
                findings.add(self.SUM, block.headers["total"], block.numbers[i], block.texts["total"][i])


@registry.register
class ScoreImporter(Importer):
    """Fills ``Candidate.scores`` and ``total`` of candidates who are there."""

    profile_name = "scores"
    function = "admissions.manage_candidates"
    position = 2
    touched = ("admissions_candidate",)
    staged = (
        Staged("number", field="candidate_number", width=20),
        Staged("name", width=60),
        Staged("scores", "integer[]"),
        Staged("total", "integer"),
    )

    def __init__(self, context):
        super().__init__(context)
        rows = Subject.objects.filter(season=context.season, city=context.city).order_by("position")
        self.subjects = list(rows)

    @property
    def profile(self):
        return super().profile.with_subjects((s.code, s.name, s.full_marks / 100) for s in self.subjects)

    @property
    def needed(self):
        return tuple(f"subject_{subject.code}" for subject in self.subjects)

    def checks(self):
        return (UniqueCheck("number"), ScoresCheck(self.subjects))

    def lookups(self):
        yield unknown(self.context)
        yield differs(self.context, "name", "姓名")
        yield Lookup(
            Fault("score_sent", "考生档案已不在库中，成绩不能再整批修改", "请通过更正办理。"),
            "number",
            f"SELECT s.row_no, s.number, '' FROM {PLAN} p JOIN {ROWS} s USING (row_no) JOIN admissions_dossier d"
            " ON d.candidate_id = p.key WHERE p.action = 'changed' AND d.state NOT IN ('pool', 'excluded')",
        )

    def foreign(self):
        return FOREIGN.format(within=self.context.within("c"))

    def diff(self):
        return (
            "SELECT s.row_no, c.id AS key, CASE WHEN c.total IS NULL THEN 'new'"
            " WHEN (s.scores, s.total) IS DISTINCT FROM (c.scores, c.total) THEN 'changed' ELSE 'same' END"
            " AS action, CASE WHEN c.total IS NOT NULL AND (s.scores, s.total) IS DISTINCT FROM"
            " (c.scores, c.total) THEN hashtextextended(row(c.scores, c.total)::text, 0) END AS was"
            f" {JOIN} WHERE {self.context.within('c')}"
        )

    def samples(self):
        return (
            "SELECT p.action, p.row_no, s.number || ' ' || s.name, '总分 ' || c.total / 100.0 || ' → ' ||"
            f" s.total / 100.0 FROM {PLAN} p JOIN {ROWS} s USING (row_no)"
            " JOIN admissions_candidate c ON c.id = p.key WHERE p.action = 'changed' ORDER BY p.row_no"
        )

    def write(self, cursor):
        cursor.execute(
            "UPDATE admissions_candidate c SET scores = s.scores, total = s.total,"
            f" updated_at = statement_timestamp() FROM {PLAN} p JOIN {ROWS} s USING (row_no)"
            f" WHERE p.action IN ('new', 'changed') AND c.id = p.key AND {self.context.within('c')}",
            self.context.params,
        )
