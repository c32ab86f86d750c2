"""Windows of time: when what may be done, set by the province, decided by the clock at each asking."""

from collections.abc import Iterable
from datetime import datetime

from django.db import transaction
from django.utils import timezone

from accounts.context import deed_record
from accounts.models import Organisation, User
from accounts.refusals import Refusal

from ..deadlines import Place, calendar_of
from ..models import Batch, Season, Window
from ..reference import plan_kinds

STAGES = {1: "第一阶段（统一录取）", 2: "第二阶段（学校自行组织生源）"}
CLAUSES = {
    Window.Kind.DISPATCH: "粤招办〔2021〕28号 二（二）",
    Window.Kind.REGISTRATION: "粤招办〔2021〕28号 二（三）",
    Window.Kind.PRINTING: "粤招办〔2021〕28号 二（四）",
    Window.Kind.READING: "粤招办〔2021〕28号 四（二）1",
    Window.Kind.CONFIRMING: "衡教通〔2021〕127号 九",
}


def season_of(actor: User) -> Season:
    """The current season of the actor's province.

    Raises:
        Refusal: if the province has none.
    """
    season = Season.objects.visible_to(actor).filter(current=True).first()
    if season is None:
        raise Refusal("本省还没有设置当前招生年度。")
    return season


def windows_of(season: Season, kind: str) -> dict[int, Window]:
    """Windows of one kind that hold for the whole province, by stage."""
    rows = season.windows.of_province().filter(kind=kind)
    return {window.stage: window for window in rows.order_by("stage")}


def said(moment: datetime) -> str:
    """A moment in words: 9月22日 23:59."""
    local = timezone.localtime(moment)
    return f"{local.month}月{local.day}日 {local:%H:%M}"


def closed_words(window: Window | None, kind: str, stage: int) -> str:
    """Why a window is not open, with its dates; empty if it is open.

    Args:
        window: the window, None if it is not set.
        kind: what it is for.
        stage: of the season.
    """
    if window is None:
        return f"{STAGES.get(stage, f'第 {stage} 阶段')}{Window.Kind(kind).label}的时间尚未设置。"
    if window.is_open:
        return ""
    what = window_words(window)
    if window.has_closed:
        return f"{what}已于 {said(window.closes_at)} 截止。"
    return f"{what}尚未开始，时间为 {said(window.opens_at)} 至 {said(window.closes_at)}。"


def shut_at(*, season: Season, kind: str, places: Iterable[Place]) -> dict[Place, str]:
    """Why the window that holds for each place is not open, as ``closed_words``; empty words if it is."""
    calendar = calendar_of(season, kind)
    return {place: closed_words(calendar.over(place), kind, place.stage) for place in set(places)}


def windows_require(*, season: Season, kind: str, places: Iterable[Place]) -> None:
    """Refuse what is asked for outside of its windows; the clock is read now.

    Args:
        season: of the deed.
        kind: of the windows.
        places: those the deed concerns; the narrowest window of each must be open.

    Raises:
        Refusal: naming each window that is not open, with its dates.
    """
    shut = sorted(set(shut_at(season=season, kind=kind, places=places).values()))
    if any(shut):
        raise Refusal("".join(shut), hint="时间由省招办设置。")


def window_require(*, season: Season, kind: str) -> None:
    """Refuse what is asked for while windows of its kind are set and none is open.

    Args:
        season: of the deed.
        kind: of the windows.

    Raises:
        Refusal: naming each window with its dates.
    """
    windows = windows_of(season, kind)
    if windows and not any(window.is_open for window in windows.values()):
        shut = [closed_words(window, kind, stage) for stage, window in windows.items()]
        raise Refusal("".join(shut), hint="时间由省招办设置。")


def batch_window_require(batch: Batch) -> None:
    """Refuse to send dossiers of a batch outside of the span its city has set, if it has set one.

    Args:
        batch: with ``opens_at`` and ``closes_at``, each of which may be missing.

    Raises:
        Refusal: with the dates.
    """
    now = timezone.now()
    if batch.opens_at and now < batch.opens_at:
        raise Refusal(
            f"{batch.name}投档尚未开始，{said(batch.opens_at)} 开始。", hint="时间在“设置地市批次”中设置。"
        )
    if batch.closes_at and now >= batch.closes_at:
        raise Refusal(
            f"{batch.name}投档已于 {said(batch.closes_at)} 截止。", hint="时间在“设置地市批次”中设置。"
        )


@transaction.atomic
def window_set(
    *,
    actor: User,
    kind: str,
    stage: int,
    opens_at: datetime,
    closes_at: datetime,
    batch: Batch | None = None,
    plan_kind: str = "",
) -> Window:
    """Set a window of the current season (粤招办〔2021〕28号 二（二）（三）（四）).

    Of an officer of the province it holds for the whole province; a city sets the kinds of ``CITY_KINDS`` for
    itself or for one of its batches. Those of ``NARROW_KINDS`` the province may also set for a batch of whatever
    city, or for a kind of plan (三二分段, 二（三）1); they go before its own.

    Args:
        actor: an officer of the province or a city.
        kind: a value of ``Window.Kind``.
        stage: 1 or 2.
        opens_at: from this moment on.
        closes_at: up to, and no longer at, this moment.
        batch: for which alone it holds; of the actor's city.
        plan_kind: code of the kind of plan for which alone it holds.

    Raises:
        Refusal: if the actor may not set it, or it would close before it opens.
    """
    if kind not in Window.Kind.values or stage not in STAGES:
        raise Refusal("没有这一事项或阶段。")
    city = window_place(actor, kind)
    if closes_at <= opens_at:
        raise Refusal("截止时间须晚于开始时间。")
    season = season_of(actor)
    if batch is not None and batch.season_id == season.pk and kind in Window.NARROW_KINDS:
        city = batch.city
    if batch is not None and (batch.city != city or batch.season_id != season.pk):
        raise Refusal("只能为本市当前年度的批次设置期限。")
    if plan_kind and (batch is not None or kind not in Window.NARROW_KINDS):
        raise Refusal("只有新生注册可以按计划类型设置，且不能同时指定批次。")
    if plan_kind and plan_kind not in kind_names():
        raise Refusal("没有这一计划类型。")
    Season.objects.select_for_update(of=("self",), no_key=True).get(pk=season.pk)
    reach = {"kind": kind, "stage": stage, "city": city, "batch": batch, "plan_kind": plan_kind}
    before = Window.objects.filter(season=season, **reach).first()
    span = {"opens_at": opens_at, "closes_at": closes_at}
    window, _ = Window.objects.update_or_create(season=season, **reach, defaults=span)
    note = f"{said(opens_at)} 至 {said(closes_at)}"
    if before:
        note += f"（原为 {said(before.opens_at)} 至 {said(before.closes_at)}）"
    deed_record(actor=actor, subject=window_words(window), note=note)
    return window


def window_place(actor: User, kind: str) -> str:
    """The city for which an officer sets windows of a kind; empty for the whole province.

    Raises:
        Refusal: if he sets none of this kind.
    """
    own = actor.organisation
    if own.kind == Organisation.Kind.PROVINCE:
        return ""
    if kind not in Window.CITY_KINDS:
        raise Refusal("时间窗由省招办统一设置。")
    if own.kind != Organisation.Kind.CITY:
        raise Refusal("院校的期限由省、市招办设置。")
    return own.region


def window_is_set_by(window: Window, actor: User) -> bool:
    """Whether an officer may change a window: the province its own, a city those of schools that are its own."""
    own = actor.organisation
    if own.kind == Organisation.Kind.PROVINCE:
        return window.kind not in Window.CITY_KINDS or window.city == ""
    return (
        own.kind == Organisation.Kind.CITY and window.kind in Window.CITY_KINDS and window.city == own.region
    )


def kind_names() -> dict[str, str]:
    """Kinds of plan, by code."""
    return {kind.code: kind.name for kind in plan_kinds()}


def window_words(window: Window) -> str:
    """What a window is, in words: 第一阶段（统一录取）新生注册."""
    what = f"{STAGES.get(window.stage, f'第 {window.stage} 阶段')}{window.get_kind_display()}"
    reach = window_reach(window) or ("全市" if window.city else "")
    return f"{what}（{reach}）" if reach else what


def window_reach(window: Window) -> str:
    """The batch or the kind of plan for which alone a window holds; empty if for all."""
    return window.batch.name if window.batch_id else kind_names().get(window.plan_kind, window.plan_kind)
