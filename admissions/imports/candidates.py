"""考生基本信息: candidates of a city, each new one with a dossier in the pool."""

import re

from . import codes
from .findings import Fault, Level
from .importer import PLAN, ROWS, Importer, Lookup, Staged, registry
from .persons import BirthCheck, IdentityCheck, NameCheck, PatternCheck, contact_checks, number_shape
from .roll import FOREIGN, JOIN, ConcessionCheck, PlaceCheck, UniqueCheck

# staged column → (column of the table, value there)
COLUMNS = {
    "name": "name",
    "sex": "sex",
    "id_type": "id_type",
    "id_number": "id_number",
    "born_on": "born_on",
    "ethnic_group": "ethnic_group_id",
    "political_status": "political_status",
    "student_number": "student_number",
    "exam_number": "exam_number",
    "feeder_school": "feeder_school_id",
    "signup_point": "signup_point_id",
    "county": "county",
    "phone": "phone",
    "address": "address",
    "postcode": "postcode",
    "guardian": "guardian",
    "concessions": "concessions",
}
NULLABLE = frozenset({"born_on", "feeder_school", "signup_point"})
PERSON = ("name", "sex", "id_type", "id_number", "born_on", "county")


@registry.register
class CandidateImporter(Importer):
    """Creates and updates candidates; nobody vanishes by an import of candidates."""

    profile_name = "candidates"
    function = "admissions.manage_candidates"
    raw = ("concession_code",)
    touched = ("admissions_candidate", "admissions_dossier")
    guarded = frozenset({"id_number", "phone", "address", "student_number"})
    staged = (
        Staged("number", field="candidate_number", width=20),
        Staged("name", width=60),
        Staged("sex"),
        Staged("id_type"),
        Staged("id_number", width=20),
        Staged("born_on", "date", field="birth_date"),
        Staged("ethnic_group"),
        Staged("political_status"),
        Staged("student_number", width=20),
        Staged("exam_number", width=20),
        Staged("feeder_school", "bigint", field="feeder_school_code"),
        Staged("feeder_name", field="feeder_school_name"),
        Staged("signup_point", "bigint", field="signup_point_code"),
        Staged("county", field="county_code"),
        Staged("phone", width=30),
        Staged("address", width=200),
        Staged("postcode"),
        Staged("guardian", width=60),
        Staged("concessions", "varchar[]", field="concession_code"),
    )

    def codes(self):
        return {
            "ethnic_groups": codes.ethnic(),
            "political_statuses": codes.political(),
            "feeder_schools": codes.feeders(self.context),
            "signup_points": codes.points(self.context),
            "regions": codes.counties(self.context),
        }

    def template_codes(self):
        from ..reference import ethnic_groups, political_statuses

        return {
            "ethnic_groups": [(g.code, g.name) for g in ethnic_groups()],
            "political_statuses": [(s.code, s.name) for s in political_statuses()],
        }

    def checks(self):
        shape = number_shape(codes.number_pattern(self.context), self.context.city)
        wrong = Fault("number_shape", "考生号不符合本省编码规则，或不是本市的考生号", "请与报名系统核对。")
        return (
            PlaceCheck("county_code", self.context.county or self.context.city, self.context.region_name),
            PatternCheck("number", shape, wrong),
            *map(UniqueCheck, ("number", "id_number", "student_number", "exam_number")),
            IdentityCheck(),
            NameCheck(),
            BirthCheck(self.context.season.year),
            *contact_checks(),
            ConcessionCheck(codes.concessions(self.context)),
        )

    def lookups(self):
        outside = f"{JOIN} WHERE NOT ({self.context.within('c')})"
        yield Lookup(
            Fault("number_taken", "考生号已被其他市或县区的考生使用", "请与报名系统核对。"),
            "number",
            f"SELECT s.row_no, s.number, '' {outside}",
        )
        yield Lookup(
            Fault("id_number_taken", "本省本年度已有另一考生号使用此证件号码", "请先查明是否重复报名。"),
            "id_number",
            f"SELECT s.row_no, s.id_number, '' FROM {ROWS} s"
            " JOIN admissions_candidate c ON c.id_number = s.id_number AND c.season_id = %(season)s"
            f" WHERE c.number <> s.number AND NOT EXISTS (SELECT FROM {ROWS} t WHERE t.number = c.number)",
        )
        person = self._compared(PERSON)
        if person:
            yield Lookup(
                Fault(
                    "person_registered",
                    "考生已在学校或已注册，姓名、证件、县区等不能再整批修改",
                    "请通过更正办理。",
                ),
                "number",
                f"SELECT s.row_no, s.number, '' FROM {PLAN} p JOIN {ROWS} s USING (row_no)"
                " JOIN admissions_candidate c ON c.id = p.key JOIN admissions_dossier d ON d.candidate_id = c.id"
                f" WHERE p.action = 'changed' AND d.state NOT IN ('pool', 'excluded') AND {person}",
            )
        yield Lookup(
            Fault(
                "feeder_elsewhere",
                "毕业学校在其他市",
                "回户籍地报考的请忽略，否则请核对代码。",
                Level.WARNING,
            ),
            "feeder_school_code",
            f"SELECT s.row_no, f.code, '' FROM {ROWS} s JOIN admissions_feederschool f ON f.id = s.feeder_school"
            " WHERE f.city <> %(city)s",
        )
        yield Lookup(
            Fault("feeder_name", "毕业学校名称与代码不符", "以代码为准，请核对。", Level.WARNING),
            "feeder_school_name",
            f"SELECT s.row_no, s.feeder_name, '' FROM {ROWS} s"
            " JOIN admissions_feederschool f ON f.id = s.feeder_school WHERE s.feeder_name <> f.name",
        )

    def diff(self):
        same = self._compared(tuple(COLUMNS)) or "false"
        before = ", ".join(f"c.{COLUMNS[name]}" for name in self._present())
        return (
            "SELECT s.row_no, c.id AS key, CASE WHEN c.id IS NULL THEN 'new'"
            f" WHEN {same} THEN 'changed' ELSE 'same' END AS action,"
            f" CASE WHEN {same} THEN hashtextextended(row({before})::text, 0) END AS was"
            f" FROM {ROWS} s LEFT JOIN admissions_candidate c"
            " ON c.season_id = %(season)s AND c.number = s.number"
        )

    def samples(self):
        words = ", ".join(
            f"CASE WHEN ({self._value(name)}) IS DISTINCT FROM c.{column} THEN '{self._header(name)}' END"
            for name, column in COLUMNS.items()
            if name in self._present()
        )
        return (
            f"SELECT p.action, p.row_no, s.number || ' ' || s.name, concat_ws('、', {words})"
            f" FROM {PLAN} p JOIN {ROWS} s USING (row_no) JOIN admissions_candidate c ON c.id = p.key"
            " WHERE p.action = 'changed' ORDER BY p.row_no"
        )

    def write(self, cursor):
        params, present = self.context.params, self._present()
        columns = ", ".join(COLUMNS[name] for name in COLUMNS)
        values = ", ".join(self._value(name) for name in COLUMNS)
        cursor.execute(
            f"WITH made AS (INSERT INTO admissions_candidate"
            f" (season_id, province, city, number, scores, updated_at, {columns})"
            f" SELECT %(season)s, %(province)s, %(city)s, s.number, '{{}}', statement_timestamp(), {values}"
            f" FROM {ROWS} s JOIN {PLAN} p USING (row_no) WHERE p.action = 'new' ORDER BY s.number"
            " RETURNING id, season_id, province, city, county)"
            " INSERT INTO admissions_dossier (candidate_id, season_id, province, city, county, state, held,"
            " version, changed_at) SELECT id, season_id, province, city, county, 'pool', false, 0,"
            " statement_timestamp() FROM made",
            params,
        )
        if not present:
            return
        changes = ", ".join(f"{COLUMNS[name]} = {self._value(name)}" for name in present)
        cursor.execute(
            f"UPDATE admissions_candidate c SET {changes}, updated_at = statement_timestamp()"
            f" FROM {PLAN} p JOIN {ROWS} s USING (row_no)"
            f" WHERE p.action = 'changed' AND c.id = p.key AND {self.context.within('c')}",
            params,
        )
        cursor.execute(
            f"UPDATE admissions_dossier d SET county = c.county FROM {PLAN} p, admissions_candidate c"
            " WHERE p.action = 'changed' AND c.id = p.key AND d.candidate_id = c.id"
            " AND d.county <> c.county"
        )

    def foreign(self):
        return FOREIGN.format(within=self.context.within("c"))

    def _present(self) -> list[str]:
        fields = set(self.present)
        return [c.name for c in self.staged if c.source in fields and c.name in COLUMNS]

    def _value(self, name: str) -> str:
        if name == "concessions":
            return "coalesce(s.concessions, '{}')"
        return f"s.{name}" if name in NULLABLE else f"coalesce(s.{name}, '')"

    def _compared(self, names) -> str:
        wanted = [name for name in self._present() if name in names]
        if not wanted:
            return ""
        staged = ", ".join(self._value(name) for name in wanted)
        stored = ", ".join(f"c.{COLUMNS[name]}" for name in wanted)
        return f"(c.id IS NOT NULL AND ({staged}) IS DISTINCT FROM ({stored}))"

    def _header(self, name: str) -> str:
        field = next(column.source for column in self.staged if column.name == name)
        return re.sub(r"['%]", "", self.profile.column(field).header)
