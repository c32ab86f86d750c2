"""考生志愿: the choices of the listed candidates in a batch are replaced by those in the file."""

import re

from admissions.models import Batch

from . import codes
from .findings import Fault, Level
from .formats import load_profile
from .importer import PLAN, ROWS, Importer, Lookup, Staged, registry
from .roll import FOREIGN, JOIN, unknown

_SCHOOL = re.compile(r"志愿(\d{1,2})学校代码")
_MAJOR = re.compile(r"志愿\d{1,2}专业(\d{1,2})")
MOST = 20

# Choices as they are in the table, as arrays like the staged ones.
BEFORE = (
    "SELECT h.candidate_id, h.batch_id, array_agg(h.school_id ORDER BY h.position) AS schools,"
    " array_agg(array_to_string(h.majors, ' ') ORDER BY h.position) AS majors,"
    " array_agg(h.accepts_adjustment ORDER BY h.position) AS accepts"
    " FROM admissions_choice h JOIN admissions_batch b ON b.id = h.batch_id"
    " WHERE b.season_id = %(season)s AND b.city = %(city)s GROUP BY 1, 2"
)
AFTER = "coalesce(s.schools, '{}') AS schools, coalesce(s.majors, '{}') AS majors, coalesce(s.accepts, '{}') AS accepts"


class ChoicesCheck:
    """No gap, no school twice, no more than the batch allows, majors only with their school.

    Args:
        batches: key of a batch as text → choices allowed.
        choices: number of choices the file has room for.
        majors: number of majors of each.
    """

    GAP = Fault("choice_gap", "志愿中间有空档", "请从第 1 志愿起连续填写。")
    TWICE = Fault("choice_twice", "同一所学校填报了两次", "同一批次内每所学校只能填一次。")
    MAJOR_TWICE = Fault("major_twice", "同一志愿的专业重复", "请删除重复的专业。")
    LONELY = Fault("major_alone", "填了专业或服从调剂，但没有学校代码", "请补上学校代码或清空该志愿。")

    def __init__(self, batches: dict[str, int], choices: int, majors: int):
        self.batches, self.choices, self.majors = batches, choices, majors

    def check(self, block, findings):
        places = range(1, self.choices + 1)
        schools = list(zip(*(block.column(f"choice{n}_school") for n in places), strict=True))
        texts = list(zip(*(self._texts(block, f"choice{n}_school") for n in places), strict=True))
        majors = [
            list(zip(*(block.column(f"choice{n}_major{m}") for m in range(1, self.majors + 1)), strict=True))
            for n in places
        ]
        accepts = list(zip(*(block.column(f"choice{n}_accepts_adjustment") for n in places), strict=True))
        staged = ([], [], [])
        for i, row in enumerate(schools):
            number, batch = block.numbers[i], block.column("batch")[i]
            count = self._row(texts[i], row, number, batch, findings, block)
            wanted, flags = [], []
            for n in range(count):
                own = [m for m in majors[n][i] if m]
                if len(set(own)) != len(own):
                    findings.add(self.MAJOR_TWICE, f"志愿{n + 1}", number, "、".join(own))
                wanted.append(" ".join(own))
                flags.append(accepts[i][n] or "f")
            for n in range(count, self.choices):
                if not texts[i][n] and (any(majors[n][i]) or accepts[i][n] == "t"):
                    findings.add(self.LONELY, f"志愿{n + 1}", number)
            staged[0].append("{" + ",".join(row[:count]) + "}")
            staged[1].append("{" + ",".join(f'"{w}"' for w in wanted) + "}")
            staged[2].append("{" + ",".join(flags) + "}")
        block.values["schools"], block.values["majors"], block.values["accepts"] = staged

    @staticmethod
    def _texts(block, name):
        return block.texts.get(name) or [""] * len(block.numbers)

    def _row(self, texts, row, number, batch, findings, block) -> int:
        """Look at one row's schools; how many choices may be staged."""
        filled = [text for text in texts if text]
        if any(texts[len(filled) :]):
            findings.add(self.GAP, "志愿", number, "、".join(filled))
        if len(set(filled)) != len(filled):
            findings.add(self.TWICE, "志愿", number, "、".join(filled))
        allowed = self.batches.get(batch)
        if allowed is not None and len(filled) > allowed:
            fault = Fault("too_many_choices", f"超过该批次允许的 {allowed} 个志愿", "请核对志愿表。")
            findings.add(fault, "志愿", number, str(len(filled)))
        count = next((n for n, key in enumerate(row) if not key), len(row))
        return count


@registry.register
class ChoiceImporter(Importer):
    """Replaces choices; candidates and batches that are not in the file keep theirs."""

    profile_name = "choices"
    function = "admissions.manage_candidates"
    position = 3
    touched = ("admissions_choice",)
    staged = (
        Staged("number", field="candidate_number", width=20),
        Staged("name", width=60),
        Staged("batch", "bigint", field="batch_code"),
        Staged("schools", "bigint[]"),
        Staged("majors", "text[]"),
        Staged("accepts", "boolean[]"),
    )

    def __init__(self, context):
        super().__init__(context)
        rows = Batch.objects.filter(season=context.season, city=context.city)
        self.batches = {str(key): count for key, count in rows.values_list("pk", "choices_allowed")}
        self.room = (max(self.batches.values(), default=5), 2)

    @property
    def profile(self):
        return load_profile(self.profile_name, *self.room)

    def profile_for(self, header):
        """As wide as the file, so that no choice too many goes unseen."""
        found = [
            max((int(m[1]) for title in header if (m := shape.fullmatch(title))), default=0)
            for shape in (_SCHOOL, _MAJOR)
        ]
        self.room = tuple(min(max(a, b), MOST) for a, b in zip(self.room, found, strict=True))
        return self.profile

    def columns_words(self):
        return repr(sorted(self.batches.items()))

    def codes(self):
        return {"schools": codes.schools(self.context), "batches": codes.batches(self.context)}

    def checks(self):
        return (ChoicesCheck(self.batches, *self.room),)

    def lookups(self):
        yield Lookup(
            Fault("row_twice", "同一考生同一批次在文件中重复", "每名考生每个批次只能有一行。"),
            "number",
            f"SELECT s.row_no, s.number, '' FROM {ROWS} s JOIN (SELECT number, batch FROM {ROWS}"
            " GROUP BY 1, 2 HAVING count(*) > 1) d USING (number, batch)",
        )
        yield unknown(self.context)
        yield Lookup(
            Fault("name_differs", "姓名与考生库不一致", "请核对是否张冠李戴。"),
            "name",
            f"SELECT s.row_no, s.name, '' {JOIN} WHERE s.name <> c.name AND {self.context.within('c')}",
        )
        yield Lookup(
            Fault("choice_sent", "考生档案已不在库中，志愿不能再修改", "请先查看考生去向。"),
            "number",
            f"SELECT q.row_no, c.number, '' FROM {PLAN} q JOIN admissions_candidate c ON c.id = q.key"
            " JOIN admissions_dossier d ON d.candidate_id = c.id"
            " WHERE q.action = 'changed' AND d.state NOT IN ('pool', 'excluded')",
        )
        yield Lookup(
            Fault("major_unknown", "专业代码不在专业目录中", "请与院校计划核对。", Level.WARNING),
            "",
            "SELECT x.row_no, x.code, '' FROM (SELECT s.row_no, unnest(string_to_array("
            f"array_to_string(s.majors, ' '), ' ')) AS code FROM {ROWS} s) x WHERE x.code <> ''"
            " AND NOT EXISTS (SELECT FROM admissions_major m WHERE m.code = x.code)",
        )

    def foreign(self):
        return FOREIGN.format(within=self.context.within("c"))

    def diff(self):
        return (
            "SELECT a.row_no, a.key, CASE WHEN b.candidate_id IS NULL AND a.schools = '{}' THEN 'same'"
            " WHEN b.candidate_id IS NULL THEN 'new'"
            " WHEN (a.schools, a.majors, a.accepts) IS DISTINCT FROM (b.schools, b.majors, b.accepts)"
            " THEN 'changed' ELSE 'same' END AS action,"
            " CASE WHEN (a.schools, a.majors, a.accepts) IS DISTINCT FROM (b.schools, b.majors, b.accepts)"
            " THEN hashtextextended(row(b.schools, b.majors, b.accepts)::text, 0) END AS was"
            f" FROM (SELECT s.row_no, s.batch, c.id AS key, {AFTER} {JOIN} WHERE {self.context.within('c')}) a"
            f" LEFT JOIN ({BEFORE}) b ON b.candidate_id = a.key AND b.batch_id = a.batch"
        )

    def samples(self):
        return (
            "SELECT p.action, p.row_no, s.number || ' ' || coalesce(s.name, ''),"
            " (SELECT string_agg(code, '、' ORDER BY n) FROM unnest(s.schools) WITH ORDINALITY x (id, n)"
            f" JOIN admissions_school k ON k.organisation_id = x.id) FROM {PLAN} p JOIN {ROWS} s"
            " USING (row_no) WHERE p.action = 'changed' ORDER BY p.row_no"
        )

    def write(self, cursor):
        cursor.execute(
            f"DELETE FROM admissions_choice h USING {PLAN} p JOIN {ROWS} s USING (row_no)"
            " WHERE p.action = 'changed' AND h.candidate_id = p.key AND h.batch_id = s.batch"
        )
        cursor.execute(
            "INSERT INTO admissions_choice"
            " (candidate_id, batch_id, position, school_id, majors, accepts_adjustment)"
            " SELECT p.key, s.batch, x.n, x.school,"
            " array_remove(string_to_array(x.majors, ' '), '')::varchar[], x.accepts"
            f" FROM {PLAN} p JOIN {ROWS} s USING (row_no)"
            " CROSS JOIN LATERAL unnest(s.schools, s.majors, s.accepts)"
            " WITH ORDINALITY x (school, majors, accepts, n)"
            " WHERE p.action IN ('new', 'changed') ORDER BY p.key, s.batch, x.n"
        )
