"""招生计划: plan lines of a source city, entered or changed; and what plans say about choices."""

from collections.abc import Iterable

from admissions.imports import codes
from admissions.imports.findings import Fault
from admissions.imports.importer import PLAN, ROWS, Context, Importer, Lookup, Staged, registry
from admissions.imports.roll import PlaceCheck

# staged column → column of the table; the others are its key
VALUES = ("major_name", "length", "seats_planned", "tuition", "boarding")
OPTIONAL = {"tuition": "0", "boarding": "0"}
JOIN = (
    f"FROM {ROWS} s LEFT JOIN quotas_planline l ON l.batch_id = s.batch AND l.school_id = s.school"
    " AND l.major_code = s.major_code AND l.track = '' AND l.kind = coalesce(s.kind, '')"
)


def source_cities(context: Context) -> dict[str, str]:
    """Codes that mean the importer's city: four digits, or six with zeros."""
    return {"": "", context.city: context.city, f"{context.city}00": context.city}


@registry.register
class PlanImporter(Importer):
    """Adds and changes plan lines; seats never fall below those taken, and no line vanishes."""

    profile_name = "plans"
    function = "quotas.manage_plans"
    touched = ("quotas_planline",)
    staged = (
        Staged("school", "bigint", field="school_code"),
        Staged("school_name", field="school_name"),
        Staged("major_code", width=8),
        Staged("major_name", width=60),
        Staged("length", field="study_years", width=10),
        Staged("batch", "bigint", field="batch_code"),
        Staged("kind", field="plan_kind"),
        Staged("seats_planned", "integer", field="seats"),
        Staged("tuition", "integer"),
        Staged("boarding", "integer", field="boarding_fee"),
    )

    def codes(self):
        return {
            "schools": codes.schools(self.context),
            "batches": codes.batches(self.context),
            "plan_kinds": codes.kinds(),
            "regions": source_cities(self.context),
        }

    def checks(self):
        return (
            PlaceCheck(
                "source_region_code", self.context.county or self.context.city, self.context.region_name
            ),
        )

    def lookups(self):
        yield Lookup(
            Fault("line_twice", "同一计划在文件中重复", "同一学校、专业、批次、计划类型只能有一行。"),
            "major_code",
            f"SELECT s.row_no, s.major_code, '' FROM {ROWS} s JOIN (SELECT school, major_code, batch, kind"
            f" FROM {ROWS} GROUP BY 1, 2, 3, 4 HAVING count(*) > 1) d ON (d.school, d.major_code, d.batch)"
            " = (s.school, s.major_code, s.batch) AND d.kind IS NOT DISTINCT FROM s.kind",
        )
        yield Lookup(
            Fault("below_taken", "计划数低于已录取占用的 {} 个", "计划只能减到已占用的数为止。"),
            "seats_planned",
            f"SELECT s.row_no, s.seats_planned::text, l.seats_taken::text {JOIN}"
            " WHERE s.seats_planned + l.seats_changed + l.seats_over < l.seats_taken",
        )
        yield Lookup(
            Fault("school_name", "学校名称与代码不符", "以代码为准，请核对是否填错代码。"),
            "school_name",
            f"SELECT s.row_no, s.school_name, '' FROM {ROWS} s JOIN admissions_school k"
            " ON k.organisation_id = s.school WHERE s.school_name <> k.name",
        )

    def diff(self):
        present = [c.name for c in self.staged if c.source in self.present and c.name in VALUES]
        stored = ", ".join(f"l.{name}" for name in present)
        differ = f"({self._values(present)}) IS DISTINCT FROM ({stored})"
        return (
            "SELECT s.row_no, l.id AS key, CASE WHEN l.id IS NULL THEN 'new'"
            f" WHEN {differ} THEN 'changed' ELSE 'same' END AS action,"
            f" CASE WHEN l.id IS NOT NULL AND {differ} THEN hashtextextended(row({stored})::text, 0) END AS was"
            f" {JOIN}"
        )

    def samples(self):
        return (
            "SELECT p.action, p.row_no, k.code || ' ' || k.name || ' ' || l.major_name,"
            " '计划数 ' || l.seats_planned || ' → ' || s.seats_planned"
            f" FROM {PLAN} p JOIN {ROWS} s USING (row_no) JOIN quotas_planline l ON l.id = p.key"
            " JOIN admissions_school k ON k.organisation_id = l.school_id"
            " WHERE p.action = 'changed' ORDER BY p.row_no"
        )

    def write(self, cursor):
        params = self.context.params
        present = [c.name for c in self.staged if c.source in self.present and c.name in VALUES]
        cursor.execute(
            f"SELECT 1 FROM quotas_planline l WHERE l.city = %(city)s AND l.id IN (SELECT key FROM {PLAN})"
            " ORDER BY l.id FOR NO KEY UPDATE",
            params,
        )
        cursor.execute(
            "INSERT INTO quotas_planline (season_id, batch_id, school_id, city, kind, major_code, track,"
            f" seats_changed, seats_over, seats_taken, {', '.join(VALUES)})"
            " SELECT %(season)s, s.batch, s.school, %(city)s, coalesce(s.kind, ''), s.major_code, '', 0, 0, 0,"
            f" {self._values(VALUES)} FROM {ROWS} s JOIN {PLAN} p USING (row_no) WHERE p.action = 'new'"
            " ORDER BY s.row_no",
            params,
        )
        changes = ", ".join(f"{name} = {self._values([name])}" for name in present)
        cursor.execute(
            f"UPDATE quotas_planline l SET {changes} FROM {PLAN} p JOIN {ROWS} s USING (row_no)"
            " WHERE p.action = 'changed' AND l.id = p.key AND l.city = %(city)s",
            params,
        )

    @staticmethod
    def _values(names) -> str:
        return ", ".join(
            f"coalesce(s.{name}, {OPTIONAL[name]})" if name in OPTIONAL else f"s.{name}" for name in names
        )


def choices_have_plans(context: Context) -> Iterable[Lookup]:
    """Choices must name schools and majors that have a plan in their batch, once plans are loaded."""
    loaded = "EXISTS (SELECT FROM quotas_planline l WHERE l.batch_id = s.batch)"
    yield Lookup(
        Fault("school_without_plan", "学校 {} 在该批次没有面向本市的招生计划", "请核对志愿或院校计划。"),
        "",
        f"SELECT s.row_no, k.code, k.code || ' ' || k.name FROM {ROWS} s CROSS JOIN LATERAL unnest(s.schools)"
        f" x (school) JOIN admissions_school k ON k.organisation_id = x.school WHERE {loaded}"
        " AND NOT EXISTS (SELECT FROM quotas_planline l WHERE l.batch_id = s.batch AND l.school_id = x.school)",
    )
    yield Lookup(
        Fault("major_without_plan", "所填专业在该校该批次没有招生计划：{}", "请核对志愿或院校计划。"),
        "",
        "SELECT w.row_no, w.major, k.code || ' ' || w.major FROM (SELECT s.row_no, s.batch, x.school,"
        f" unnest(string_to_array(x.majors, ' ')) AS major FROM {ROWS} s"
        f" CROSS JOIN LATERAL unnest(s.schools, s.majors) x (school, majors) WHERE {loaded}) w"
        " JOIN admissions_school k ON k.organisation_id = w.school WHERE w.major <> ''"
        " AND EXISTS (SELECT FROM quotas_planline l WHERE l.batch_id = w.batch AND l.school_id = w.school)"
        " AND NOT EXISTS (SELECT FROM quotas_planline l WHERE l.batch_id = w.batch"
        " AND l.school_id = w.school AND l.major_code = w.major)",
    )


registry.add_lookups("choices", choices_have_plans)
