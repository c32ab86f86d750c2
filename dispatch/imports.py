"""每日录取数据: a city with a system of its own uploads all it has admitted; each day replaces the day before.

粤招办〔2021〕28号 四（一）5. Only the city's own uploaded admissions are touched: who is no longer in the
file is withdrawn, who is registered never is, and many vanishing at once must be ticked.
"""

from accounts.refusals import Refusal
from admissions.imports import codes
from admissions.imports.findings import Fault
from admissions.imports.general_admissions import STATE_WORD
from admissions.imports.importer import PLAN, ROWS, Importer, Lookup, Staged, registry
from admissions.imports.roll import FOREIGN, JOIN, UniqueCheck, differs, unknown
from admissions.reference import load_pack, pack_names
from admissions.services.dossiers import dossiers_move_all
from quotas.services import seats_give_back, seats_take

LEAVING = "('changed', 'changed:withdrawn', 'vanishing')"
ENTERING = "('new', 'changed')"
FEW = 5
PERCENT = 2

# Plan lines that a row may mean.
MEANT = (
    "l.season_id = %(season)s AND l.city = %(city)s AND l.school_id = s.school"
    " AND (s.batch IS NULL OR l.batch_id = s.batch)"
    " AND (s.major_code IS NULL OR l.major_code = s.major_code)"
    " AND (l.kind = s.kind OR s.kind IS NULL AND l.kind IN ('', '10'))"
)


@registry.register
class DailyResultsImporter(Importer):
    """Admits, withdraws and moves candidates as the city's own system says."""

    profile_name = "daily_results"
    function = "dispatch.import_daily_results"
    touched = ("dispatch_placement_single", "admissions_dossier", "admissions_dossierevent")
    staged = (
        Staged("number", field="candidate_number", width=20),
        Staged("name", width=60),
        Staged("id_number", width=20),
        Staged("exam_number", width=20),
        Staged("school", "bigint", field="school_code"),
        Staged("major_code", width=8),
        Staged("batch", "bigint", field="batch_code"),
        Staged("kind", field="plan_kind"),
        Staged("status"),
        Staged("admitted_at", "timestamptz"),
        Staged("score", "integer", field="dispatch_score"),
    )
    replaced = "true"  # which of the city's uploaded admissions the file speaks of

    def codes(self):
        return {
            "schools": codes.schools(self.context),
            "batches": codes.batches(self.context),
            "plan_kinds": codes.kinds(),
        }

    def checks(self):
        return (UniqueCheck("number"),)

    def lookups(self):
        yield unknown(self.context)
        yield differs(self.context, "name", "姓名")
        yield differs(self.context, "id_number", "证件号码")
        yield differs(self.context, "exam_number", "准考证号")
        yield Lookup(
            Fault(
                "line_unknown",
                "没有找到对应的招生计划：{}",
                "请核对学校、专业、批次和计划类型，或先导入招生计划。",
            ),
            "major_code",
            f"SELECT s.row_no, s.major_code, k.code || ' ' || k.name FROM {ROWS} s JOIN admissions_school k"
            f" ON k.organisation_id = s.school WHERE NOT EXISTS (SELECT FROM quotas_planline l WHERE {MEANT})",
        )
        yield Lookup(
            Fault("line_ambiguous", "对应多条招生计划", "请填写专业代码、批次和计划类型。"),
            "major_code",
            f"SELECT s.row_no, s.major_code, '' FROM {ROWS} s"
            f" WHERE (SELECT count(*) FROM quotas_planline l WHERE {MEANT}) > 1",
        )
        yield from self._states()
        yield Lookup(
            Fault("seats", "超过招生计划：{}", "请先申请增加计划，或改录其他专业。"),
            "",
            "SELECT need.row_no, k.code, k.name || '“' || l.major_name || '”剩余 ' ||"
            " (l.seats_planned + l.seats_changed + l.seats_over - l.seats_taken) || ' 个，本次净增 ' || need.net"
            " FROM (SELECT line, min(row_no) AS row_no, sum(n) AS net FROM ("
            f"SELECT d.line, d.row_no, 1 AS n FROM {PLAN} d WHERE d.action IN {ENTERING}"
            f" UNION ALL SELECT d.old_line, NULL, -1 FROM {PLAN} d WHERE d.action IN {LEAVING}"
            ") moves GROUP BY line) need JOIN quotas_planline l ON l.id = need.line"
            " JOIN admissions_school k ON k.organisation_id = l.school_id WHERE need.net > 0"
            " AND l.seats_taken + need.net > l.seats_planned + l.seats_changed + l.seats_over",
        )

    def _states(self):
        word = f"CASE WHEN d.held THEN '挂起' ELSE {STATE_WORD} END"
        found = (
            f"SELECT p.row_no, c.number, {word} FROM {PLAN} p"
            " JOIN admissions_dossier d ON d.candidate_id = p.key JOIN admissions_candidate c ON c.id = p.key"
        )
        yield Lookup(
            Fault("not_in_pool", "档案当前为“{}”，不能由地市系统录取", "请先查明考生去向。"),
            "number",
            f"{found} WHERE p.action = 'new' AND (d.state <> 'pool' OR d.held)",
        )
        yield Lookup(
            Fault(
                "not_movable", "档案当前为“{}”，文件中的录取学校、专业或状态却变了", "已注册的须先注销注册。"
            ),
            "number",
            f"{found} WHERE p.action LIKE 'changed%%' AND (d.state <> 'admitted' OR d.held)",
        )
        yield Lookup(
            Fault("gone", "档案当前为“{}”，却不在今天的文件里", "文件可能不完整；确已放弃的，须先注销注册。"),
            "number",
            f"{found} WHERE p.action = 'vanishing' AND (d.state <> 'admitted' OR d.held)",
        )

    def foreign(self):
        return FOREIGN.format(within=self.context.within("c"))

    def diff(self):
        within = self.context.within("p")
        return (
            "SELECT w.row_no, coalesce(w.candidate, u.candidate_id) AS key,"
            " CASE WHEN w.candidate IS NULL THEN 'vanishing'"
            " WHEN w.status = '2' THEN CASE WHEN u.placement IS NULL THEN 'same' ELSE 'changed:withdrawn' END"
            " WHEN u.placement IS NULL THEN 'new'"
            " WHEN u.old_line IS DISTINCT FROM w.line THEN 'changed' ELSE 'same' END AS action,"
            " u.placement AS was, w.line, u.placement, u.old_line FROM"
            " (SELECT s.row_no, coalesce(s.status, '1') AS status, c.id AS candidate,"
            f" (SELECT min(l.id) FROM quotas_planline l WHERE {MEANT}) AS line"
            f" {JOIN} WHERE {self.context.within('c')}) w"
            " FULL JOIN (SELECT p.candidate_id, p.id AS placement, p.plan_line_id AS old_line, p.school_id"
            " FROM dispatch_placement p WHERE p.run_id IS NULL AND p.season_id = %(season)s"
            f" AND {within} AND p.method = 'upload' AND p.closed_at IS NULL) u"
            f" ON u.candidate_id = w.candidate WHERE w.candidate IS NOT NULL OR {self.replaced}"
        )

    def samples(self):
        return (
            "SELECT p.action, p.row_no, c.number || ' ' || c.name, concat_ws(' → ',"
            " (SELECT k.name || l.major_name FROM quotas_planline l JOIN admissions_school k"
            " ON k.organisation_id = l.school_id WHERE l.id = p.old_line),"
            " CASE WHEN p.action IN ('vanishing', 'changed:withdrawn') THEN '退出录取' ELSE"
            " (SELECT k.name || l.major_name FROM quotas_planline l JOIN admissions_school k"
            " ON k.organisation_id = l.school_id WHERE l.id = p.line) END)"
            f" FROM {PLAN} p JOIN admissions_candidate c ON c.id = p.key"
            " WHERE p.action NOT IN ('same', 'new') ORDER BY p.action DESC, p.row_no, c.number"
        )

    def tick(self, cursor):
        cursor.execute(
            "SELECT count(*) FILTER (WHERE placement IS NOT NULL), count(*) FILTER (WHERE action = 'vanishing')"
            f" FROM {PLAN}"
        )
        before, vanishing = cursor.fetchone()
        percent = self._percent()
        if vanishing <= max(FEW, before * percent / 100):
            return None
        return Fault(
            "many_vanishing",
            f"昨天的 {before} 条录取中有 {vanishing} 条不在今天的文件里，超过 {percent}%，确认后这些考生将退出录取。",
            "文件可能不完整，请先向报送单位核实。",
        )

    def _percent(self) -> int:
        packs = [load_pack(name) for name in pack_names()]
        own = [pack for pack in packs if pack.code.startswith(self.context.season.province)]
        return int(own[0].limits.get("vanishing_percent", PERCENT)) if own else PERCENT

    def write(self, cursor):
        self._withdraw(cursor)
        self._admit(cursor)
        seats_give_back(freed=self._lines(cursor, "old_line", LEAVING))
        seats_take(wanted=self._lines(cursor, "line", ENTERING))

    def _withdraw(self, cursor):
        dossiers_move_all(
            actor=self.context.actor,
            step="upload_withdrawal",
            relation=(
                "SELECT p.key, NULL::bigint, NULL::bigint, NULL::varchar, CASE p.action"
                " WHEN 'vanishing' THEN '' WHEN 'changed' THEN '改录' ELSE '录后退' END"
                f" FROM {PLAN} p WHERE p.action IN {LEAVING}"
            ),
            subject="每日录取数据导入：退出录取",
        )
        cursor.execute(
            "UPDATE dispatch_placement d SET closed_at = statement_timestamp(),"
            " reason_words = CASE p.action WHEN 'vanishing' THEN '次日数据中已无此录取'"
            f" WHEN 'changed' THEN '改录' ELSE '录后退' END FROM {PLAN} p"
            f" WHERE p.action IN {LEAVING} AND d.id = p.placement AND d.run_id IS NULL AND d.city = %(city)s",
            self.context.params,
        )

    def _admit(self, cursor):
        cursor.execute(f"ALTER TABLE {PLAN} ADD COLUMN placed bigint")
        cursor.execute(
            f"UPDATE {PLAN} SET placed = nextval('dispatch_placement_id_seq') WHERE action IN {ENTERING}"
        )
        cursor.execute(
            "INSERT INTO dispatch_placement (id, candidate_id, season_id, batch_id, school_id, plan_line_id,"
            " decided_by_id, decided_at, dispatch_score, province, city, county, supervisor, method)"
            " SELECT p.placed, c.id, c.season_id, l.batch_id, l.school_id, l.id, %(actor)s,"
            " coalesce(s.admitted_at, statement_timestamp()), s.score, c.province, c.city, c.county,"
            f" k.supervisor, 'upload' FROM {PLAN} p JOIN {ROWS} s USING (row_no)"
            " JOIN admissions_candidate c ON c.id = p.key JOIN quotas_planline l ON l.id = p.line"
            f" JOIN admissions_school k ON k.organisation_id = l.school_id WHERE p.action IN {ENTERING}",
            self.context.params,
        )
        moved = dossiers_move_all(
            actor=self.context.actor,
            step="upload_admission",
            relation=(
                "SELECT p.key, p.placed, l.school_id, NULL::varchar, ''::text"
                f" FROM {PLAN} p JOIN quotas_planline l ON l.id = p.line WHERE p.action IN {ENTERING}"
            ),
            subject="每日录取数据导入：录取",
        )
        if moved != sum(self._lines(cursor, "key", ENTERING).values()):
            raise Refusal("有考生没有对应的招生计划，没有写入。", hint="请重新检查。")

    @staticmethod
    def _lines(cursor, column: str, actions: str) -> dict[int, int]:
        cursor.execute(
            f"SELECT {column}, count(*) FROM {PLAN} WHERE action IN {actions} AND {column} IS NOT NULL GROUP BY 1"
        )
        return dict(cursor.fetchall())


@registry.register
class ShandongResultsImporter(DailyResultsImporter):
    """The same as DBF after 鲁招考〔2019〕46号 附件4, one file for each school: it speaks of its schools only."""

    profile_name = "shandong_2019"
    position = 2
    staged = (
        *(c for c in DailyResultsImporter.staged if c.name != "admitted_at"),
        Staged("admitted_at", "timestamptz", field="dispatched_at"),
    )
    replaced = f"u.school_id IN (SELECT school FROM {ROWS})"

    def codes(self):
        return {"school_code": codes.schools(self.context)}
