"""普通高中录取数据: who is in it leaves the pool (粤招办〔2021〕28号 三（四）)."""

from ..lifecycle import WORDS
from ..services.dossiers import dossiers_move_all
from .findings import Fault
from .importer import PLAN, ROWS, Importer, Lookup, Staged, registry
from .roll import FOREIGN, JOIN, UniqueCheck, differs, unknown

STATE_WORD = "CASE d.state " + " ".join(f"WHEN '{s}' THEN '{w}'" for s, w in WORDS.items()) + " END"


@registry.register
class GeneralAdmissionImporter(Importer):
    """Moves the listed candidates' dossiers out of the pool; who is out already stays so."""

    profile_name = "general_admissions"
    function = "admissions.import_general_admissions"
    touched = ("admissions_dossier", "admissions_dossierevent")
    staged = (
        Staged("number", field="candidate_number", width=20),
        Staged("name", width=60),
        Staged("id_number", width=20),
        Staged("school_code", width=20),
        Staged("school_name", width=100),
    )

    def checks(self):
        return (UniqueCheck("number"),)

    def lookups(self):
        yield unknown(self.context)
        yield differs(self.context, "name", "姓名")
        yield differs(self.context, "id_number", "证件号码")
        yield Lookup(
            Fault("not_in_pool", "档案当前为“{}”，不能登记为普通高中录取", "请先查明考生去向。"),
            "number",
            f"SELECT s.row_no, s.number, CASE WHEN d.held THEN '挂起' ELSE {STATE_WORD} END {JOIN}"
            " JOIN admissions_dossier d ON d.candidate_id = c.id WHERE d.state <> 'excluded'"
            f" AND (d.state <> 'pool' OR d.held) AND {self.context.within('c')}",
        )

    def foreign(self):
        return FOREIGN.format(within=self.context.within("c"))

    def diff(self):
        return (
            "SELECT s.row_no, c.id AS key, CASE d.state WHEN 'excluded' THEN 'same' ELSE 'new' END AS action,"
            f" d.version::bigint AS was {JOIN} JOIN admissions_dossier d ON d.candidate_id = c.id"
            f" WHERE {self.context.within('c')}"
        )

    def write(self, cursor):
        dossiers_move_all(
            actor=self.context.actor,
            step="exclude",
            relation=(
                "SELECT p.key, NULL::bigint, NULL::bigint, NULL::varchar, s.school_code || ' ' || s.school_name"
                f" FROM {PLAN} p JOIN {ROWS} s USING (row_no) WHERE p.action = 'new'"
            ),
            subject="普通高中录取数据导入",
            note="已被普通高中录取",
        )
