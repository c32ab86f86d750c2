"""What holds for every deed of a school: may it act now, on which sheet, with which seats."""

from collections import Counter
from collections.abc import Iterable, Sequence

from django.db import connection
from django.utils import timezone

from accounts.models import User
from accounts.refusals import Refusal
from quotas.models import PlanLine
from quotas.services import seats_give_back, seats_take

from ..locks import batches_share
from ..models import Run, SchoolControl, Sheet
from ..models.run import PAUSING_STATES


def control_of(*, batch: int, school: int) -> SchoolControl:
    """What a city has set for a school in a batch; where it has set nothing, everything is audited.

    Args:
        batch: primary key.
        school: primary key.
    """
    found = SchoolControl.objects.filter(batch=batch, school=school).first()
    return found or SchoolControl(batch_id=batch, school_id=school)


def school_must_be_open(control: SchoolControl) -> None:
    """Refuse for a school that the city has paused or that has ended its admissions (设置院校状态).

    Raises:
        Refusal: if it may not act now.
    """
    if control.status == SchoolControl.Status.PAUSED:
        raise Refusal("市招办已暂停贵校在该批次的录取操作。", hint="如有疑问请联系生源地市招办。")
    if control.status == SchoolControl.Status.FINISHED:
        raise Refusal("贵校在该批次的录取已经结束，不能再作录退。")


def runs_pausing(batches: Iterable[int]) -> dict[int, Run]:
    """The run that pauses the schools of each batch: confirmed by a second person and not yet released.

    Args:
        batches: primary keys.

    Returns:
        the run by the batch's key; batches that are not paused are missing.
    """
    runs = Run.objects.filter(batch__in=list(batches), state__in=PAUSING_STATES).select_related("batch")
    return {run.batch_id: run for run in runs}


def batches_must_hold_still(batches: Iterable[int]) -> dict[int, Run]:
    """Keep batches from being confirmed or executed until this deed of a school ends, and look who is paused.

    Call it in the deed's transaction before any row is locked: an execution under way is waited for.

    Args:
        batches: primary keys.

    Returns:
        as ``runs_pausing``.
    """
    keys = sorted(set(batches))
    batches_share(keys)
    return runs_pausing(keys)


def batch_must_not_be_paused(batch: int) -> None:
    """Refuse a school's deed in a batch while a dispatch of it is confirmed or executed and not released.

    The dispatch protocol closes the schools' access before it and opens it after the verification (domain.md
    §2.4, P03). Call it in the deed's transaction before any row is locked.

    Args:
        batch: primary key.

    Raises:
        Refusal: if it is paused.
    """
    run = batches_must_hold_still([batch]).get(batch)
    if run:
        raise Refusal(pause_words(run), hint="投档单发布后自动恢复，请稍后再操作。")


def pause_words(run: Run) -> str:
    """That schools pause in a run's batch, and since when."""
    return (
        f"{run.batch.name}正在投档，院校操作已暂停（自 {timezone.localtime(run.confirmed_at):%m-%d %H:%M}）。"
    )


def sheet_locked(*, actor: User, sheet: Sheet) -> Sheet:
    """The sheet as it is now, locked against a second deed on it as a whole.

    Raises:
        Refusal: if it is not the actor's school's, not released, or has been cancelled, or the schools of the
            batch are paused.
    """
    batch_must_not_be_paused(sheet.batch_id)
    now = (
        Sheet.objects.select_for_update(of=("self",), no_key=True)
        .select_related("school", "batch")
        .get(pk=sheet.pk)
    )
    sheet_must_be_read_by(actor, now)
    return now


def sheet_must_be_read_by(actor: User, sheet: Sheet) -> None:
    """Refuse a sheet that the actor's school may not decide on.

    Raises:
        Refusal: as ``sheet_locked``.
    """
    if sheet.school_id not in actor.scope.schools:
        raise Refusal("该投档单不是发给贵校的。")
    if sheet.cancelled_at:
        raise Refusal(f"投档单 {sheet.number} 已被招办撤销。")
    if not sheet.released_at:
        raise Refusal(f"投档单 {sheet.number} 尚未发布。")


def seats_exchange(*, before: Counter, after: Counter) -> None:
    """Give back some seats and take others; all lines are locked in the order of their keys first.

    Args:
        before: seats held until now, by plan line.
        after: seats to be held, by plan line.

    Raises:
        SeatsExhausted: if a line has too few left; nothing is changed then.
    """
    freed, wanted = before - after, after - before
    keys = sorted(freed.keys() | wanted.keys())
    if not keys:
        return
    list(PlanLine.objects.select_for_update(no_key=True).filter(pk__in=keys).order_by("pk").values_list("pk"))
    seats_give_back(freed=freed)
    seats_take(wanted=wanted)


def placements_update(*, keys: Sequence[int], lines: Sequence[int | None], actor: User) -> None:
    """Write the major each placement is proposed for, None for none; their dossiers are locked.

    Args:
        keys: primary keys of placements.
        lines: plan line for each.
        actor: who decided.
    """
    with connection.cursor() as cursor:
        cursor.execute(
            "UPDATE dispatch_placement p SET plan_line_id = m.line, reason_id = NULL, reason_words = '',"
            " decided_by_id = %s, decided_at = statement_timestamp()"
            " FROM unnest(%s::bigint[], %s::bigint[]) m (key, line) WHERE p.id = m.key",
            [actor.pk, list(keys), list(lines)],
        )
