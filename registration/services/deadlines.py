"""What happens when registration ends (恢复未注册考生, 粤招办〔2021〕28号 二（三）1)."""

from django.db import connection, transaction
from django.utils import timezone

from accounts.models import Organisation, User
from accounts.refusals import Refusal
from admissions.deadlines import each_by_itself
from admissions.jobs import Progress, job_start
from admissions.models import Job, Season, Window
from admissions.services.windows import STAGES, said, season_of, window_words, windows_of

from ..queries.students import unregistered
from .leaving import dossiers_leave

FUNCTION = "registration.reset_unregistered"
TASK = "registration.tasks.unregistered_reset"
_CODE = 1_000_000


def subject_of(window: Window, region: str) -> int:
    """The key under which a reset is one job: window and region in one number."""
    return window.pk * _CODE + int(region.ljust(6, "0"))


def deed_subject(window: Window) -> str:
    """What a reset is called in the record of deeds."""
    apart = window_words(window).partition(window.get_kind_display())[2]
    return f"{window.season.name}{STAGES[window.stage]}逾期未注册恢复未录取{apart}"


def window_asked(actor: User, stage: int, apart: int | None = None) -> Window | None:
    """The registration window of a stage of the current season, or one set apart from it that the actor sees."""
    season = season_of(actor)
    if apart is None:
        return windows_of(season, Window.Kind.REGISTRATION).get(stage)
    rows = Window.objects.visible_to(actor).set_apart().filter(season=season, stage=stage)
    return rows.select_related("season", "batch").filter(pk=apart).first()


@transaction.atomic
def unregistered_reset_start(*, actor: User, stage: int, apart: int | None = None) -> Job:
    """Start the job that resets who is not registered, among candidates from the actor's region.

    Args:
        actor: an officer of a province or a city.
        stage: of the current season.
        apart: primary key of the window of a batch or of a kind of plan; None for the province's own.

    Raises:
        Refusal: before the window has closed, or while such a job is under way.
    """
    if actor.organisation.kind not in (Organisation.Kind.PROVINCE, Organisation.Kind.CITY):
        raise Refusal("恢复未注册考生由省、市招办办理。")
    window = window_asked(actor, stage, apart)
    require_closed(window, stage)
    region = actor.organisation.region
    return job_start(
        actor=actor,
        function=FUNCTION,
        title=f"恢复未注册考生：{actor.organisation.name}，{window_words(window)}",
        task=TASK,
        subject=subject_of(window, region),
    )


@transaction.atomic
def unregistered_reset(
    *, actor: User | None, window: Window, region: str, progress: Progress | None = None
) -> int:
    """Return to the pool whoever is admitted and not registered when registration has closed.

    Registered students are not touched, held ones are left until they are released; a second run finds
    nobody. Admissions uploaded by cities with systems of their own are treated alike.

    Args:
        actor: the officer who asked, None for the clock.
        window: of registration.
        region: code of the province or city that the candidates come from.
        progress: told what is being done.

    Returns:
        the number of dossiers back in the pool.

    Raises:
        Refusal: before the window has closed; the clock is read now.
    """
    require_closed(window, window.stage)
    if actor is not None and not actor.scope.holds_region(region):
        raise Refusal("不在您的管辖范围内。")
    window = window_held(window)
    require_closed(window, window.stage)
    rows = unregistered(window, region).filter(held=False)
    dossiers = list(
        rows.select_for_update(of=("self",), no_key=True).only("pk", "placement_id").order_by("pk")
    )
    if progress:
        progress(0, len(dossiers), "恢复到未录取状态")
    if not dossiers:
        return 0
    moved = dossiers_leave(
        actor=actor,
        step="reset_unregistered",
        dossiers=dossiers,
        words=f"{said(window.closes_at)} 注册截止，未办理注册（粤招办〔2021〕28号 二（三）1）",
        subject=deed_subject(window),
        note=f"区域 {region}；{said(window.closes_at)} 注册截止",
    )
    if progress:
        progress(moved, moved, "完成")
    return moved


def window_held(window: Window) -> Window:
    """The window as it is now, for whoever resets its dossiers or takes a reset back: one after the other.

    It may have been put off since the caller looked; from here on nobody puts it off, or sets another apart, until the
    transaction ends.
    """
    with connection.cursor() as cursor:
        cursor.execute("SELECT pg_advisory_xact_lock(hashtextextended(%s, 0))", [f"reset:{window.season_id}"])
    Season.objects.select_for_update(of=("self",), no_key=True).get(pk=window.season_id)
    rows = Window.objects.select_for_update(of=("self",), no_key=True).select_related("season")
    return rows.get(pk=window.pk)


def deadlines_keep() -> int:
    """Start a job for each closed registration window that has left somebody unregistered behind.

    The clock decides, the caller only wakes: whoever wakes it twice starts nothing twice, and a job whose worker
    died is started again. Provinces do not wait for each other, and the fault of one concerns no other.

    Returns:
        the number of jobs started.
    """
    closed = Window.objects.filter(
        kind=Window.Kind.REGISTRATION, season__current=True, closes_at__lte=timezone.now()
    )
    windows = list(closed.select_related("season").order_by("pk"))
    return sum(each_by_itself(windows, _clock_start))


def _clock_start(window: Window) -> bool:
    region = window.season.province
    if not unregistered(window, region).filter(held=False).exists():
        return False
    office = Organisation.objects.filter(kind=Organisation.Kind.PROVINCE, province=region).first()
    try:
        job_start(
            actor=None,
            function=FUNCTION,
            title=f"恢复未注册考生：平台按期限自动执行，{window_words(window)}",
            task=TASK,
            subject=subject_of(window, region),
            organisation=office,
        )
    except Refusal:  # the job of before is still under way
        return False
    return True


def require_closed(window: Window | None, stage: int) -> None:
    """Refuse what must wait until registration has ended; the clock is read now.

    Raises:
        Refusal: if the window is not set or has not closed.
    """
    if window is None:
        raise Refusal(f"{STAGES.get(stage, '')}新生注册的时间尚未设置。")
    if not window.has_closed:
        raise Refusal(f"{window_words(window)}到 {said(window.closes_at)} 截止，截止前不能恢复未注册考生。")
