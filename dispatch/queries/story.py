"""What was done to a run, in turn, by whom and when: for whoever reads its page years later."""

from collections.abc import Sequence
from datetime import timedelta

from accounts.models import Deed

from ..models import Rehearsal, Run, Seal
from .records import run_seals

NEAR = timedelta(minutes=1)
"""How far the record of a deed may be from its seal, which is set last in the same transaction."""


def run_story(run: Run, *, formal: Rehearsal | None, seals: Sequence[Seal] | None = None) -> list[dict]:
    """The deeds of a run that were done, in turn.

    Args:
        run: of any state, with its opener and second person.
        formal: its own rehearsal, with whoever made it; none before there is one.
        seals: as of ``records.run_seals``, which tell who executed, released or cancelled; read if not given.

    Returns:
        ``word``, ``at``, ``by`` (a name, empty where no person did it) and ``words`` (why, or empty) of each.
    """
    if seals is None:
        seals = run_seals(run)["seals"] if run.cancelled_at else []
    by = {seal.deed: seal.by for seal in seals}
    told = (
        ("发起", run.created_at, run.created_by.name),
        ("预演", run.rehearsed_at, formal.made_by.name if formal else ""),
        ("复核", run.confirmed_at, run.confirmed_by.name if run.confirmed_by else ""),
        ("执行", run.executed_at, by.get("execute", "")),
        ("核验一致", run.verified_at, ""),
        ("发布院校", run.released_at, by.get("release", "")),
        ("撤销", run.cancelled_at, by.get("cancel", "")),
    )
    story = [{"word": word, "at": at, "by": who, "words": ""} for word, at, who in told if at]
    if run.cancelled_at:
        seal = next((seal for seal in seals if seal.deed == "cancel"), None)
        story[-1]["words"] = _reason(run, seal) if seal else ""
    return story


def _reason(run: Run, seal: Seal) -> str:
    """The reason that was given when a run was cancelled; other cities have runs of the same name."""
    when = (seal.at - NEAR, seal.at + NEAR)
    deeds = Deed.objects.filter(actor=seal.by_key, at__range=when, subject=f"撤销 {run}")
    return deeds.order_by("pk").values_list("note", flat=True).first() or ""
