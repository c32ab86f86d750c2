"""Dossiers sent one by one on an agreed request: 点投 above and below the line, with or without admission; 批件投档.

Source: 粤招办〔2021〕28号 附件1 投档 4–7, 审核管理 3; domain.md §4.4, §4.6. Who asks, who agrees and what is checked is
said by the kinds of request (``dispatch.requests``); here the agreed deed is carried out.
"""

from collections import Counter
from collections.abc import Iterable, Mapping, Sequence

from django.db import transaction
from django.utils import timezone

from accounts.models import User
from accounts.refusals import Refusal
from admissions.models import Dossier, Request
from admissions.services.dossiers import Move, dossiers_move
from quotas.models import PlanLine
from quotas.services import seats_take

from ..locks import batches_share
from ..models import Placement, Sheet, SingleDispatch
from ..queries.single import Ask, Standing

Step = SingleDispatch.Step
ADMITTING = frozenset({Step.ADMIT_ABOVE, Step.ADMIT_BELOW})


def asks_lock(asks: Iterable[Ask]) -> None:
    """Lock what sending some candidates by themselves reads and changes.

    Batches against an execution, dossiers in the order of their keys, then all plan lines of the schools
    likewise: two who send to the same school count its seats one after the other. The caller may see all of it,
    or stands outside of the wall.
    """
    asks = list(asks)
    batches_share(ask.batch for ask in asks)
    keys = sorted({ask.candidate for ask in asks})
    list(Dossier.objects.select_for_update(no_key=True).filter(pk__in=keys).order_by("pk").values_list("pk"))
    wanted = {(ask.batch, ask.school) for ask in asks}
    lines = PlanLine.objects.filter(
        batch__in={batch for batch, _ in wanted}, school__in={school for _, school in wanted}
    )
    pairs = lines.order_by("pk").values_list("pk", "batch", "school")
    mine = [key for key, batch, school in pairs if (batch, school) in wanted]
    list(PlanLine.objects.select_for_update(no_key=True).filter(pk__in=mine).order_by("pk").values_list("pk"))


@transaction.atomic
def candidates_send(
    *,
    actor: User,
    request: Request,
    step: str,
    standings: Sequence[Standing],
    reason: str,
    words: Mapping[int, str],
) -> list[Placement]:
    """Send candidates to one school of one batch by themselves, all or none.

    They go on a sheet of their own, which the school may read at once; where the step admits, there is nothing to
    read: they are admitted and their seats taken. The caller has locked (``asks_lock``) and checked them.

    Args:
        actor: who agreed last; holds the function of the step.
        request: that was agreed.
        step: a value of ``SingleDispatch.Step``.
        standings: of candidates in the pool, all to one school and batch; with ``line`` where the step admits.
        reason: ground of the request, by name.
        words: more about it, by candidate.

    Returns:
        the placements, in the order given.

    Raises:
        SeatsExhausted: if a line has no seat left.
        Refusal: if a dossier is not free any more; nothing is done then.
    """
    school, batch, now = standings[0].school, standings[0].batch, timezone.now()
    admits = step in ADMITTING
    if any((s.school.pk, s.batch.pk) != (school.pk, batch.pk) for s in standings):
        raise Refusal("一张投档单只能发给一所院校的一个批次。")
    sheet = None
    if not admits:
        sheet = Sheet.objects.create(
            request=request, batch=batch, school=school, number=request.number, size=len(standings),
            released_at=now,
        )  # fmt: skip
    method = Placement.Method.SPECIAL if step == Step.SPECIAL else Placement.Method.SINGLE
    placements = Placement.objects.bulk_create(
        Placement(
            sheet=sheet,
            candidate=standing.candidate,
            season_id=batch.season_id,
            batch=batch,
            province=standing.candidate.province,
            city=standing.candidate.city,
            county=standing.candidate.county,
            school=school,
            supervisor=school.supervisor,
            method=method,
            choice_position=standing.choice,
            dispatch_score=standing.score,
            plan_line=standing.line,
            decided_by=actor if admits else None,
            decided_at=now if admits else None,
        )
        for standing in standings
    )
    label = Step(step).label
    moves = [
        Move(
            placement.candidate_id,
            placement=placement.pk,
            school=school.pk,
            note=f"{words.get(placement.candidate_id) or reason}（申请 {request.number}）",
        )
        for placement in placements
    ]
    subject = f"{label}：申请 {request.number} {school.name}"
    dossiers_move(actor=actor, step=step, moves=moves, subject=subject, note=reason)
    if admits:
        seats_take(wanted=Counter(standing.line.pk for standing in standings))
    SingleDispatch.objects.bulk_create(
        _record(actor, request, step, standing, placement, reason, words)
        for standing, placement in zip(standings, placements, strict=True)
    )
    return placements


def _record(actor, request, step, standing, placement, reason, words) -> SingleDispatch:
    line = standing.line
    return SingleDispatch(
        request=request,
        step=step,
        placement_id=placement.pk,
        candidate=standing.candidate,
        season_id=placement.season_id,
        batch_id=placement.batch_id,
        province=placement.province,
        city=placement.city,
        county=placement.county,
        school_id=placement.school_id,
        supervisor=placement.supervisor,
        major=f"{line.major_code} {line.major_name}" if line else "",
        line=standing.need,
        score=standing.score,
        reason=reason,
        words=words.get(placement.candidate_id, ""),
        asked_by=request.asked_by,
        agreed_by=actor,
    )
