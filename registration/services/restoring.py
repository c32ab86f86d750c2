"""A reset of the unregistered is taken back: the window was wrong, and each gets the very place he lost.

粤招办〔2021〕28号 二（三）1 resets who does not register in time; who could not register because the time was set
wrong is not meant by it. Two persons do it, as with whatever moves many dossiers (docs/decisions/0029).
"""

from collections import Counter
from collections.abc import Iterable, Sequence

from django.db import connection, transaction
from django.utils import timezone

from accounts.context import deed_record, unwalled
from accounts.models import Organisation, User
from accounts.refusals import Refusal
from admissions.jobs import Progress, job_start
from admissions.models import Job, Window
from admissions.services.dossiers import dossiers_move_all
from admissions.services.windows import said, season_of
from dispatch.models import Placement
from dispatch.services.school import batches_must_hold_still
from quotas.services import seats_take

from ..models import Restoration
from ..queries.restoring import (
    FREE,
    OUTCOMES,
    Part,
    Reset,
    Standing,
    counts_of,
    resets_of,
    standings,
    total_of,
)
from .deadlines import FUNCTION, deed_subject, window_held
from .transfers import lines_locked
from .withdrawals import dossiers_locked

TASK = "registration.tasks.unregistered_restore"
RELATION = "SELECT c, p, s, NULL::varchar, %s::text FROM unnest(%s::bigint[], %s::bigint[], %s::bigint[]) u (c, p, s)"


def resets_seen(
    actor: User, *, windows: Iterable[Window] | None = None, deed: int | None = None
) -> list[Reset]:
    """Resets of the current season that touched candidates of the actor's own region.

    Args:
        actor: of a province or a city; others see none.
        windows: of registration of the season, if they are at hand.
        deed: key of the only one that is wanted.
    """
    season = season_of(actor)
    if windows is None:
        windows = season.windows.filter(kind=Window.Kind.REGISTRATION)
    return resets_of(actor, season, {deed_subject(window): window for window in windows}, deed=deed)


def part_of(row: Restoration) -> Part:
    """What of its reset a restoration is about."""
    return Part(row.deed_id, row.region, row.school_id, tuple(row.candidates))


@transaction.atomic
def restoration_ask(
    *, actor: User, deed: int, words: str, school: int | None = None, candidates: Sequence[int] = ()
) -> Restoration:
    """Ask that a reset be taken back; nothing happens to the candidates until a second person agrees.

    Args:
        actor: an officer of a province or a city who may reset.
        deed: key of the reset.
        words: why, for the track of each candidate.
        school: key of the only school; None for all.
        candidates: keys, each of the reset; none for all.

    Raises:
        Refusal: if the reset is not one of his region, its registration is not open again, nobody could have
            his place back, there is no reason, or the same is asked for already.
    """
    _may(actor)
    if not words.strip():
        raise Refusal("请写明原因。")
    found = resets_seen(actor, deed=deed)
    if not found:
        raise Refusal("没有这次恢复，或其中没有您辖区的考生。")
    reset, region = found[0], actor.organisation.region
    require_open(reset.window)
    with connection.cursor() as cursor:  # two who ask the same at once
        cursor.execute("SELECT pg_advisory_xact_lock(hashtextextended(%s, 0))", [f"restore-ask:{deed}"])
    keys = sorted(set(candidates))
    same = Restoration.objects.filter(
        deed=deed, region=region, school=school, candidates=keys, state__in=Restoration.OPEN
    ).first()
    if same:
        raise Refusal(f"同样的撤销已由{same.made_by.name}提交（第 {same.pk} 号），待另一人复核。")
    total = total_of(counts_of(Part(deed, region, school, tuple(keys))))
    if not total.get(FREE):
        raise Refusal(f"没有可以恢复录取的考生{_others(total)}。")
    row = Restoration.objects.create(
        season=reset.window.season, window=reset.window, deed=reset.deed, region=region, school_id=school,
        candidates=keys, words=words.strip(), made_by=actor,
    )  # fmt: skip
    deed_record(
        actor=actor, subject=f"申请撤销恢复未注册考生（第 {row.pk} 号）", count=total[FREE], note=row.words
    )
    return row


@transaction.atomic
def restoration_agree(*, actor: User, row: Restoration) -> Job:
    """The second person agrees: the job starts. An agreed one whose job did not end well is started again.

    Raises:
        Refusal: if the actor asked for it himself or may not decide it, it is decided, its registration is not
            open, or its job is under way.
    """
    row = _locked(actor, row)
    if row.made_by_id == actor.pk:
        raise Refusal("申请人不能复核自己的申请，须由另一人复核。")
    require_open(row.window)
    if row.state == Restoration.State.SUBMITTED:
        deed_record(actor=actor, subject=f"同意撤销恢复未注册考生（第 {row.pk} 号）", note=row.words)
    Restoration.objects.filter(pk=row.pk).update(
        state=Restoration.State.CONFIRMED, decided_by=actor, decided_at=timezone.now()
    )
    return job_start(
        actor=actor,
        function=FUNCTION,
        title=f"撤销恢复未注册考生：第 {row.pk} 号",
        task=TASK,
        subject=row.pk,
    )


@transaction.atomic
def restoration_close(*, actor: User, row: Restoration, words: str = "") -> None:
    """Whoever asked takes it back; anybody else who may decide refuses it, and says why.

    Raises:
        Refusal: if it is carried out or closed already, or a refusal has no words.
    """
    row = _locked(actor, row)
    own = row.made_by_id == actor.pk
    if not own and not words.strip():
        raise Refusal("不同意须写明原因。")
    state = Restoration.State.WITHDRAWN if own else Restoration.State.REFUSED
    Restoration.objects.filter(pk=row.pk).update(
        state=state, decided_by=actor, decided_at=timezone.now(), answer=words.strip()
    )
    verb = "撤回" if own else "不同意"
    deed_record(actor=actor, subject=f"{verb}撤销恢复未注册考生的申请（第 {row.pk} 号）", note=words.strip())


@transaction.atomic
def unregistered_restore(
    *, actor: User, row: Restoration, progress: Progress | None = None
) -> dict[str, int]:
    """Give those whom a reset sent to the pool their places back: same placement, school, plan line, seat.

    Who is elsewhere by now, held, out of the admissions, or whose seat is taken stays where he is. Seats that
    do not suffice go by dispatch score, then rank, then number. A second run finds nobody.

    Args:
        actor: the second person, who agreed.
        row: agreed to.
        progress: told what is being done.

    Returns:
        outcome → number, as of ``OUTCOMES``; ``free`` are those who got their places back now.

    Raises:
        Refusal: if it is not agreed to, or registration is not open (the clock is read now).
    """
    _may(actor)
    told = progress or (lambda *_: None)
    part = part_of(row)
    told(0, 4, "核对考生")
    rows = standings(part)
    with unwalled():
        batches_must_hold_still({one.batch for one in rows if one.batch})
        window = window_held(row.window)
        require_open(window)
        row = _row_locked(row)
        if row.state == Restoration.State.DONE:
            return total_of(row.outcome)
        if row.state != Restoration.State.CONFIRMED:
            raise Refusal("该申请没有经另一人同意，不能执行。")
        dossiers_locked([one.candidate for one in rows])
        lines_locked(one.line for one in rows)
        told(1, 4, "核对计划余额")
        counts = counts_of(part)
        free = [one for one in standings(part) if one.outcome == FREE]
        told(2, 4, f"恢复 {len(free)} 名考生的录取")
        _give_back(actor, row, free)
        told(3, 4, "登记结果")
        Restoration.objects.filter(pk=row.pk).update(
            state=Restoration.State.DONE, done_at=timezone.now(), outcome=counts
        )
    told(4, 4, "完成")
    return total_of(counts)


def _give_back(actor: User, row: Restoration, free: list[Standing]) -> None:
    if not free:
        return
    placements = [one.placement for one in free]
    words = (
        f"{row.words}（撤销 {said(row.deed.at)} 的逾期恢复；申请：{row.made_by.name}，复核：{actor.name}）"
    )
    dossiers_move_all(
        actor=actor,
        step="restore_unregistered",
        relation=RELATION,
        params=[words, [one.candidate for one in free], placements, [one.school for one in free]],
        subject=f"撤销恢复未注册考生（第 {row.pk} 号）",
        note=words,
    )
    # The placement goes on where the reset closed it; the track keeps both steps.
    Placement.objects.filter(pk__in=placements).update(closed_at=None, reason=None, reason_words="")
    seats_take(wanted=Counter(one.line for one in free if one.line))


def require_open(window: Window) -> None:
    """Refuse while registration is not open: who is restored then would be reset again within minutes.

    Raises:
        Refusal: with the moment it closed, or will open.
    """
    if window.is_open:
        return
    when = f"已于 {said(window.closes_at)} 截止" if window.has_closed else f"{said(window.opens_at)} 才开始"
    raise Refusal(
        f"新生注册{when}，撤销以后会被再次恢复。", hint="请先由省招办顺延新生注册的截止时间，再办理撤销。"
    )


def said_of(total: dict[str, int]) -> str:
    """The outcome of a restoration in words."""
    return f"已恢复 {total.get(FREE, 0)} 名考生的录取{_others(total)}。"


def _others(total: dict[str, int]) -> str:
    others = [f"{OUTCOMES[outcome]} {number} 名" for outcome, number in total.items() if outcome != FREE]
    return f"；未恢复：{'、'.join(others)}" if others else ""


def _may(actor: User) -> None:
    if not actor.may(FUNCTION):
        raise Refusal("您没有“恢复未注册考生”的权限。")
    if actor.organisation.kind not in (Organisation.Kind.PROVINCE, Organisation.Kind.CITY):
        raise Refusal("恢复未注册考生由省、市招办办理。")


def _locked(actor: User, row: Restoration) -> Restoration:
    _may(actor)
    if not actor.scope.holds_region(row.region):
        raise Refusal("不在您的管辖范围内。")
    row = _row_locked(row)
    if row.state not in Restoration.OPEN:
        raise Refusal(f"该申请{row.get_state_display()}，不能再办理。")
    return row


def _row_locked(row: Restoration) -> Restoration:
    rows = Restoration.objects.select_for_update(of=("self",), no_key=True)
    return rows.select_related("window", "deed", "made_by", "season").get(pk=row.pk)
