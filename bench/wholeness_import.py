"""Whether an import of a city's results is in the database whole, or not at all.

What is expected follows from the two files alone, that of the day before and that of today; what is found is counted
from the rows of candidates, dossiers, placements, events and seats, in one snapshot.
"""

import hashlib
from collections.abc import Mapping

from admissions.models import ImportedFile

from .wholeness import Promised

Admitted = Mapping[str, tuple[str, str]]
"""School and major by number of the candidate."""

_COUNTS = {
    "dossiers admitted": "SELECT count(*) FROM admissions_dossier d JOIN dispatch_placement p ON p.id = d.placement_id"
    " AND p.candidate_id = d.candidate_id AND p.school_id = d.school_id"
    " WHERE d.state = 'admitted' AND p.method = 'upload' AND p.closed_at IS NULL",
    "dossiers in the pool": "SELECT count(*) FROM admissions_dossier WHERE state = 'pool'"
    " AND placement_id IS NULL AND school_id IS NULL",
    "open placements": "SELECT count(*) FROM dispatch_placement WHERE closed_at IS NULL",
    "closed placements": "SELECT count(*) FROM dispatch_placement WHERE closed_at IS NOT NULL",
    "events of admission": "SELECT count(*) FROM admissions_dossierevent WHERE step = 'upload_admission'",
    "events of withdrawal": "SELECT count(*) FROM admissions_dossierevent WHERE step = 'upload_withdrawal'",
    "versions": "SELECT sum(version) FROM admissions_dossier",
    "seats taken": "SELECT sum(seats_taken) FROM quotas_planline",
    "lines with other seats than placements": "SELECT count(*) FROM quotas_planline l WHERE l.seats_taken <>"
    " (SELECT count(*) FROM dispatch_placement p WHERE p.plan_line_id = l.id AND p.closed_at IS NULL)",
    "deeds of the import": "SELECT count(*) FROM accounts_deed WHERE subject = '导入每日录取数据'",
    "files written": "SELECT count(*) FROM admissions_importedfile WHERE state = 'written'",
}
_OUTCOME = """
    SELECT c.number, k.code, l.major_code FROM admissions_dossier d JOIN admissions_candidate c ON c.id = d.candidate_id
    JOIN dispatch_placement p ON p.id = d.placement_id JOIN quotas_planline l ON l.id = p.plan_line_id
    JOIN admissions_school k ON k.organisation_id = p.school_id WHERE d.state = 'admitted'
"""


class ImportPromise(Promised):
    """What the write of a checked file must leave behind, to the row; or nothing.

    Args:
        file: checked, not confirmed.
        before: who is admitted by the file of the day before, which is written.
        today: who is by this one.
    """

    telling = ("events of admission", "closed placements")

    def __init__(self, file: ImportedFile, before: Admitted, today: Admitted):
        self.file = file.pk
        self.absent = self.found()
        comes = today.keys() - before.keys()
        goes = before.keys() - today.keys()
        moves = {number for number in today.keys() & before.keys() if today[number] != before[number]}
        self.added = {"new": len(comes), "changed": len(moves), "vanishing": len(goes)}
        more = len(comes) - len(goes)
        added = {
            "dossiers admitted": more, "dossiers in the pool": -more, "open placements": more, "seats taken": more,
            "closed placements": len(goes) + len(moves), "events of admission": len(comes) + len(moves),
            "events of withdrawal": len(goes) + len(moves), "deeds of the import": 1, "files written": 1,
            "versions": len(comes) + len(goes) + 2 * len(moves),
        }  # fmt: skip
        if self.absent["outcome"] != _digest((number, *place) for number, place in before.items()):
            raise ValueError("the file of the day before is not what stands")
        self.whole = {
            name: value + added.get(name, 0) for name, value in self.absent.items() if name in _COUNTS
        }
        self.whole["outcome"] = _digest((number, *place) for number, place in today.items())

    def look(self, cursor) -> dict:
        found = {}
        for name, statement in _COUNTS.items():
            cursor.execute(statement)
            found[name] = int(cursor.fetchone()[0])
        cursor.execute(_OUTCOME)
        found["outcome"] = _digest(cursor.fetchall())
        return found


def _digest(rows) -> str:
    return hashlib.sha256(repr(sorted(tuple(row) for row in rows)).encode()).hexdigest()
