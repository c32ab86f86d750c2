"""Filing rosters (审核、备案, 粤招办〔2021〕28号 二（四）): by a second person, after the digest is verified."""

from collections.abc import Sequence

from django.db import transaction
from django.utils import timezone

from accounts.context import deed_record, unwalled
from accounts.models import User
from accounts.refusals import Refusal
from registration.guards import enrolment_guard, withdrawal_guard
from registration.models import Enrolment

from ..models import Roster
from ..queries.roster_rows import content_digest, roster_sections
from .files import is_intact
from .printing import printing_require


@transaction.atomic
def roster_file(*, actor: User, roster: Roster) -> Roster:
    """File a printed roster; from then on what stands in it is changed by corrections only.

    Args:
        actor: an auditor of the supervising office or of the province, not he who printed it.
        roster: printed, the last version of its kind.

    Raises:
        Refusal: if he printed it himself, it is filed already, not the last version, not supervised by
            his office, its students are not those of the database any more, or its file is not the one that
            was printed; outside of the window.
    """
    rows = Roster.objects.select_for_update(of=("self",), no_key=True).select_related("school", "season")
    roster = rows.get(pk=roster.pk)
    if not actor.scope.holds_region(roster.school.supervisor):
        raise Refusal(f"{roster.school.name}不由您单位主管，不能备案其名册。")
    if roster.kind != Roster.Kind.VOCATIONAL or roster.state == Roster.State.QUEUED:
        raise Refusal("只能备案已打印的录取名册。")
    if roster.state == Roster.State.FILED:
        raise Refusal("该名册已经备案。")
    if roster.printed_by_id == actor.pk:
        raise Refusal("打印人不能备案自己打印的名册，请由另一人审核备案。")
    newer = Roster.objects.filter(
        season=roster.season,
        school=roster.school,
        kind=roster.kind,
        stage=roster.stage,
        version__gt=roster.version,
    ).exclude(state=Roster.State.QUEUED)
    if newer.exists():
        raise Refusal("该名册已有新版，请备案最新一版。")
    printing_require(roster.season, roster.stage)
    # Who is being changed or cancelled holds one of these: either he is seen here, or he sees what is filed.
    with unwalled():  # students of the school from other regions too; nothing of them is shown
        students = Enrolment.objects.filter(season=roster.season, school=roster.school, stage=roster.stage)
        list(students.select_for_update(of=("self",), no_key=True).order_by("pk").values_list("pk"))
        content, _ = content_digest(roster_sections(roster.season, roster.school, roster.stage))
    if content != roster.content:
        raise Refusal("打印以后注册名单或考生信息有变动，不能备案旧的名册。", hint="请打印新版后再备案。")
    if not is_intact(roster):
        raise Refusal("文件与打印时的摘要不符，可能已被改动，不能备案。", hint="请重新打印。")
    roster.state, roster.filed_by, roster.filed_at = Roster.State.FILED, actor, timezone.now()
    roster.save(update_fields=["state", "filed_by", "filed_at"])
    deed_record(actor=actor, subject=f"备案 {roster}", count=roster.students, note=f"摘要 {roster.digest}")
    return roster


@transaction.atomic
def roster_verify(*, actor: User, roster: Roster) -> bool:
    """Compare the stored file with the digest of its printing, on the record.

    Args:
        actor: who asks.
        roster: printed or filed.
    """
    intact = is_intact(roster)
    words = "相符" if intact else "不符"
    deed_record(actor=actor, subject=f"核验 {roster}", note=f"文件与摘要{words}：{roster.digest}")
    return intact


@enrolment_guard
def filed_stays(candidates: Sequence[int]) -> dict[int, str]:
    """Why a registered student may not be changed: he stands in a filed roster."""
    return {
        pk: f"该考生已列入备案的录取名册（第 {roster.version} 版），不能再改动，请申请更正。"
        for pk, roster in _standing(candidates, Roster.State.FILED).items()
    }


@withdrawal_guard
def printed_stays(candidates: Sequence[int]) -> dict[int, str]:
    """Why an admission may not be withdrawn: the student stands in a printed or filed roster."""
    return {
        pk: f"该考生已列入录取名册第 {roster.version} 版（{roster.get_state_display()}）"
        for pk, roster in _standing(candidates, Roster.State.PRINTED, Roster.State.FILED).items()
    }


def _standing(candidates: Sequence[int], *states: str) -> dict[int, Roster]:
    """For those who stand in a roster in one of the states, the last such roster; two queries for all."""
    students = list(Enrolment.objects.filter(pk__in=candidates))
    if not students:
        return {}
    rosters = Roster.objects.filter(
        school__in={student.school_id for student in students},
        kind=Roster.Kind.VOCATIONAL,
        state__in=states,
    )
    last: dict[tuple, Roster] = {}
    for roster in rosters.order_by("version"):
        last[roster.school_id, roster.season_id, roster.stage] = roster
    found = {}
    for student in students:
        roster = last.get((student.school_id, student.season_id, student.stage))
        if roster and roster.printed_at >= student.registered_at:
            found[student.pk] = roster
    return found
