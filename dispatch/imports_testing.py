"""院校考核成绩 and 考生附加信息: what conditions, own orders and grades of tie keys rest on."""

from django.db.models import Q

from admissions.imports import codes
from admissions.imports.findings import Fault
from admissions.imports.importer import PLAN, ROWS, Importer, Lookup, Staged, registry
from admissions.imports.roll import FOREIGN, JOIN, differs, unknown
from admissions.models import Batch

from .models.run import PAUSING_STATES
from .services.control.base import batch_free

FUNCTION = "dispatch.set_school_conditions"
PAUSING = ", ".join(f"'{state}'" for state in PAUSING_STATES)


class AboutCandidate(Importer):
    """Rows about candidates who are there, several for each.

    Attributes:
        table: that is written.
        identity: columns that, with the candidate, name a row.
        content: the other columns.
        batches: which batches a file concerns, as a condition on a batch ``b`` and a staged row ``s``.
    """

    function = FUNCTION
    table = ""
    identity: tuple[str, ...] = ()
    content: tuple[str, ...] = ()
    batches = "b.id = s.batch"

    def lookups(self):
        yield unknown(self.context)
        yield differs(self.context, "name", "姓名")
        named = ", ".join(f"s.{column}" for column in ("number", *self.identity))
        yield Lookup(
            Fault("row_twice", "同一考生同一项在文件中重复", "只能有一行，请查明后删除或更正。"),
            "number",
            f"SELECT row_no, number, '' FROM (SELECT s.row_no, s.number, count(*) OVER (PARTITION BY {named})"
            f" FROM {ROWS} s) twice (row_no, number, n) WHERE n > 1",
        )
        yield Lookup(
            Fault("run_confirmed", "{}有一次投档已复核或正在进行", "请先执行并发布，或撤销该次投档。"),
            "",
            f"SELECT s.row_no, '', b.name FROM {ROWS} s JOIN admissions_batch b ON {self.batches}"
            " AND b.season_id = %(season)s AND b.city = %(city)s WHERE EXISTS (SELECT FROM dispatch_run r"
            f" WHERE r.batch_id = b.id AND r.state IN ({PAUSING}))",
        )

    def foreign(self):
        return FOREIGN.format(within=self.context.within("c"))

    def diff(self):
        joined = " AND ".join(f"t.{self._stored(name)} = s.{name}" for name in self.identity)
        new, old = (", ".join(f"{alias}.{name}" for name in self.content) for alias in "st")
        return (
            "SELECT s.row_no, c.id AS key, CASE WHEN t.id IS NULL THEN 'new'"
            f" WHEN ({new}) IS DISTINCT FROM ({old}) THEN 'changed' ELSE 'same' END AS action,"
            f" hashtextextended(row({old})::text, 0) AS was {JOIN}"
            f" LEFT JOIN {self.table} t ON t.candidate_id = c.id AND {joined} WHERE {self.context.within('c')}"
        )

    def write(self, cursor):
        params = self.context.params
        cursor.execute(
            f"SELECT DISTINCT b.id FROM {ROWS} s JOIN admissions_batch b ON {self.batches}"
            " AND b.season_id = %(season)s AND b.city = %(city)s",
            params,
        )
        keys = [key for (key,) in cursor.fetchall()]
        for batch in (
            Batch.objects.select_for_update(of=("self",), no_key=True).filter(Q(pk__in=keys)).order_by("pk")
        ):
            batch_free(batch)
        columns = [*(self._stored(name) for name in self.identity), *self.content]
        values = ", ".join(f"s.{name}" for name in (*self.identity, *self.content))
        unique = ", ".join(["candidate_id", *(self._stored(name) for name in self.identity)])
        added, value = self._more()
        cursor.execute(
            f"INSERT INTO {self.table} (candidate_id, {', '.join(columns)}{added})"
            f" SELECT p.key, {values}{value} FROM {PLAN} p JOIN {ROWS} s USING (row_no)"
            " WHERE p.action IN ('new', 'changed') ORDER BY p.key"
            f" ON CONFLICT ({unique}) DO UPDATE SET "
            + ", ".join(f"{name} = excluded.{name}" for name in self.content),
            params,
        )

    def _more(self) -> tuple[str, str]:
        """A further column of the table and its value, each with its comma."""
        return "", ""

    @staticmethod
    def _stored(name: str) -> str:
        """Column of the table that a staged column of the identity goes to."""
        return {"school": "school_id", "batch": "batch_id"}.get(name, name)


@registry.register
class SchoolTestImporter(AboutCandidate):
    """Marks at schools' own tests."""

    profile_name = "school_tests"
    table = "dispatch_schooltest"
    touched = (table,)
    identity = ("batch", "school")
    content = ("marks", "passed")
    staged = (
        Staged("number", field="candidate_number", width=20),
        Staged("name", width=60),
        Staged("school", "bigint", field="school_code"),
        Staged("batch", "bigint", field="batch_code"),
        Staged("marks", "integer"),
        Staged("passed", "boolean"),
    )

    def codes(self):
        return {"schools": codes.schools(self.context), "batches": codes.batches(self.context)}

    def lookups(self):
        yield from super().lookups()
        yield Lookup(
            Fault("not_chosen", "该考生在本批次没有填报该校", "请核对学校代码和批次。"),
            "number",
            f"SELECT s.row_no, s.number, '' {JOIN} WHERE {self.context.within('c')} AND NOT EXISTS (SELECT FROM"
            " admissions_choice h WHERE h.candidate_id = c.id AND h.batch_id = s.batch AND h.school_id = s.school)",
        )


@registry.register
class TraitImporter(AboutCandidate):
    """Things known of candidates under names of the city's own."""

    profile_name = "traits"
    position = 2
    table = "dispatch_trait"
    touched = (table,)
    identity = ("code",)
    content = ("value",)
    batches = "true"
    staged = (
        Staged("number", field="candidate_number", width=20),
        Staged("name", width=60),
        Staged("code", width=20),
        Staged("value", width=20),
    )

    def lookups(self):
        yield from super().lookups()
        yield Lookup(
            Fault("code_odd", "项目只能用汉字、字母和数字", "特殊条件按项目名称引用它。"),
            "code",
            f"SELECT s.row_no, s.code, '' FROM {ROWS} s WHERE s.code !~ '^\\w{{1,20}}$'",
        )
        yield Lookup(
            Fault("value_odd", "内容不能含空格", "多项允许的内容在特殊条件里用空格分开。"),
            "value",
            f"SELECT s.row_no, s.value, '' FROM {ROWS} s WHERE s.value ~ '\\s'",
        )

    def _more(self):
        return ", season_id", ", %(season)s"
