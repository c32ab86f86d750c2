"""录后退: an admission is undone, the seat is free and the dossier lies in the pool again.

粤招办〔2021〕28号 四（二）3: on the application signed by the candidate and a parent the school submits it; the
office of the source city audits it.
"""

from collections.abc import Sequence
from dataclasses import dataclass

from django.db import transaction
from django.db.models import Count

from accounts.context import unwalled
from accounts.models import User
from accounts.refusals import Refusal
from admissions.lifecycle import FINAL, State
from admissions.models import Dossier, DossierEvent
from admissions.reference import limit_of

from ..guards import not_withdrawn
from ..models import Enrolment
from .leaving import dossiers_leave

STEP = "withdraw_after_admission"
LIMIT = "withdrawals_per_candidate"


@dataclass(frozen=True, slots=True)
class Standing:
    """How a candidate stands to a withdrawal.

    Attributes:
        state: of the dossier; None if it is gone.
        school: where it is.
        placement: on which it is.
        held: whether it is held.
        fixed: why the admission may not be withdrawn any more; else empty.
        before: how often an admission of his was withdrawn already.
        limit: how often that may be, by the province's rule.
    """

    state: str | None
    school: int | None
    placement: int | None
    held: bool
    fixed: str
    before: int
    limit: int


def standings(candidates: Sequence[int]) -> dict[int, Standing]:
    """How some candidates stand to a withdrawal, in a bounded number of queries.

    It looks behind the wall, because rosters and earlier schools are not the actor's: the caller answers
    for the candidates being those of requests he sees.
    """
    keys = list(candidates)
    with unwalled():
        dossiers = {d.pk: d for d in Dossier.objects.filter(pk__in=keys)}
        events = DossierEvent.objects.filter(candidate__in=keys, step=STEP).order_by()
        before = dict(events.values_list("candidate").annotate(n=Count("pk")))
        fixed = not_withdrawn(keys)
    found = {}
    for key in keys:
        dossier = dossiers.get(key)
        found[key] = Standing(
            state=dossier and dossier.state,
            school=dossier and dossier.school_id,
            placement=dossier and dossier.placement_id,
            held=bool(dossier and dossier.held),
            fixed=fixed.get(key, ""),
            before=before.get(key, 0),
            limit=limit_of(dossier.province, LIMIT, 1) if dossier else 1,
        )
    return found


def dossiers_locked(candidates: Sequence[int]) -> None:
    """Lock enrolments and dossiers of candidates, each in the order of their keys."""
    keys = sorted(set(candidates))
    with unwalled():
        list(
            Enrolment.objects.select_for_update(of=("self",), no_key=True)
            .filter(pk__in=keys)
            .order_by("pk")
            .values_list("pk")
        )
        rows = Dossier.objects.select_for_update(of=("self",), no_key=True).filter(pk__in=keys)
        list(rows.order_by("pk").values_list("pk"))


@transaction.atomic
def admission_withdraw(*, actor: User, candidate: int, placement: int | None, words: str) -> str:
    """Withdraw an admission: registration ends, the dossier goes back to the pool, its seat is free.

    Args:
        actor: of the office of the source region, who approves; sees the candidate.
        candidate: primary key.
        placement: the admission that is meant, None for whichever there is.
        words: why, for the track of the candidate.

    Returns:
        what the state was before, in words.

    Raises:
        Refusal: if the candidate is not admitted or registered on that placement any more, is held, or
            stands in a printed roster.
    """
    if not Dossier.objects.visible_to(actor).filter(pk=candidate).exists():
        raise Refusal("该考生不在您的管辖范围内。")
    dossiers_locked([candidate])
    with unwalled():
        dossier = Dossier.objects.get(pk=candidate)
        if dossier.state not in FINAL or placement not in (None, dossier.placement_id):
            raise Refusal(f"该考生当前为“{dossier.word}”，已不在申请所指的录取上，不能录后退。")
        if fixed := not_withdrawn([candidate]).get(candidate):
            raise Refusal(f"{fixed}，不能录后退。", hint="学生信息有误的，请按更正办理。")
        Enrolment.objects.filter(pk=candidate).delete()
        dossiers_leave(
            actor=actor,
            step=STEP,
            dossiers=[dossier],
            words=words,
            subject=f"{dossier.candidate} 录后退",
        )
    return State(dossier.state).word
