"""The rehearsals of a run as its page lists them, and what changed since the one before."""

from accounts.refusals import Refusal
from admissions.models import School

from ..models import Rehearsal, Run
from ..runs import outcome_kept
from .comparing import Kept, lowest_changed, schools_compared
from .parameters import asked_words, run_before


def rehearsals_panel(run: Run) -> dict:
    """All rehearsals of a run, the newest first, each beside the one it follows.

    A what-if is compared with the formal rehearsal it started from, a formal one with the formal one before.

    Returns:
        ``rehearsals``: rows of ``rehearsal``, ``words``, ``base`` (the one compared with, or None),
        ``unplaced``, ``sent_by``, ``moves`` (of a what-if, by name), ``changed_choice``, ``lowest`` (schools
        whose lowest differs, or None) and ``current``; ``formal``, the run's own; ``since``: rows of
        ``schools_compared`` by school, of the run's own and the formal one before it; ``since_number``, the
        number of the latter, or None.
    """
    rehearsals = list(run.rehearsals.select_related("made_by"))
    by_number = {rehearsal.number: rehearsal for rehearsal in rehearsals}
    current = next((r for r in rehearsals if not r.asked and r.fingerprint == run.fingerprint), None)
    schools = school_names(rehearsals)
    rows, since, since_number = [], {}, None
    for rehearsal in rehearsals:
        base = (
            by_number.get(rehearsal.asked.get("from"))
            if rehearsal.asked
            else formal_before(rehearsal, rehearsals)
        )
        moves = rehearsal.asked.get("difference")
        row = {
            "rehearsal": rehearsal,
            "words": words_of(rehearsal, base, schools),
            "base": base,
            "unplaced": rehearsal.candidates - rehearsal.sent,
            "sent_by": rehearsal.sent - base.sent if base else None,
            "moves": moves,
            "changed_choice": moves and moves["better"] + moves["worse"] + moves["other"],
            "lowest": moves and moves["lowest"],
            "current": rehearsal is current,
        }
        if base and not rehearsal.asked and (tables := _tables(base, rehearsal)):
            row["lowest"] = lowest_changed(*tables)
            if rehearsal is current:
                since, since_number = {r["school"]: r for r in schools_compared(*tables)}, base.number
        rows.append(row)
    return {"rehearsals": rows, "since": since, "since_number": since_number, "formal": current}


def formal_before(rehearsal: Rehearsal, rehearsals: list[Rehearsal]) -> Rehearsal | None:
    """The formal rehearsal of the same run before this one.

    Args:
        rehearsal: formal.
        rehearsals: of the run, the newest first.
    """
    return next((r for r in rehearsals if not r.asked and r.number < rehearsal.number), None)


def formal_of_last_run(actor, run: Run) -> Rehearsal | None:
    """What the last executed run of the batch before this one stands for, if the actor may see its pages."""
    last = run_before(run.batch, run)
    if last is None or not actor.may(last.function):
        return None
    return last.rehearsals.filter(fingerprint=last.fingerprint, asked={}).select_related("run__batch").first()


def school_names(rehearsals: list[Rehearsal]) -> dict[int, str]:
    """Names of the schools whose plans were asked about, by key."""
    asked = {int(school) for rehearsal in rehearsals for school in rehearsal.asked.get("plans", ())}
    return dict(School.objects.filter(pk__in=asked).values_list("pk", "name")) if asked else {}


def words_of(rehearsal: Rehearsal, base: Rehearsal | None, schools: dict[int, str]) -> str:
    """What a rehearsal is, in words: formal, or what it supposes.

    Args:
        rehearsal: of any kind.
        base: the formal one that a what-if started from.
        schools: as of ``school_names``.
    """
    if not rehearsal.asked:
        return "正式预演"
    return asked_words(rehearsal.asked, base.parameters if base else {}, schools)


def _tables(before: Rehearsal, after: Rehearsal) -> tuple[Kept, Kept] | None:
    """Both tables by school; None if a file is gone: a list shows what there is."""
    try:
        return outcome_kept(before), outcome_kept(after)
    except Refusal:
        return None
