"""The leader of a school hands the dossiers of a sheet out to members and takes them back (组长录退).

domain.md §4.5: the leader distributes, watches and recalls files from members. A sheet that was never handed
out is read by all members. Every deed here locks the dossiers first, in the order of their keys, as a decision
does: whoever comes second sees what the first has done.
"""

import heapq
from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from itertools import pairwise

from django.db import transaction
from django.db.models import Exists, OuterRef, Q
from django.utils import timezone

from accounts.context import deed_record
from accounts.models import Membership, User
from accounts.refusals import Refusal
from accounts.roles import functions_of_roles
from admissions.lifecycle import AT_SCHOOL, UNDECIDED
from admissions.models import Dossier

from ..models import HandOut, Placement, Sheet
from .school import sheet_locked

LEADER, MEMBER = "dispatch.decide_as_leader", "dispatch.decide_dossiers"


@dataclass(frozen=True, slots=True)
class Dealt:
    """What a hand-out came to: dossiers of each member, and those no rule of it gave to anybody."""

    shares: Mapping[str, int]
    left: int = 0

    def __str__(self) -> str:
        words = "、".join(f"{name} {count} 份" for name, count in self.shares.items() if count)
        return f"已分发：{words}。" + (
            f"另有 {self.left} 份不在所设范围内，仍由组长处理。" if self.left else ""
        )


@dataclass(frozen=True, slots=True)
class Deal:
    """How dossiers are handed out; exactly one of the ways is filled.

    Attributes:
        evenly: members; whoever has the fewest undecided dossiers gets the next, best first.
        ranges: member, lowest and highest dispatch score in hundredths, both included.
        counties: member by code of the county of origin.
        chosen: a member, and candidate numbers.
        again: whether undecided dossiers that other members hold are handed out anew.
    """

    evenly: Sequence[User] = ()
    ranges: Sequence[tuple[User, int, int]] = ()
    counties: Mapping[str, User] = field(default_factory=dict)
    chosen: tuple[User, Sequence[str]] | None = None
    again: bool = False


def members_of(school: int) -> list[User]:
    """Active people of a school who may decide on dossiers, by name of log-in.

    Args:
        school: primary key.
    """
    found = Membership.objects.filter(organisation=school, user__is_active=True, user__organisation=school)
    return [
        row.user
        for row in found.select_related("user").order_by("user__username")
        if MEMBER in functions_of_roles(row.roles) | set(row.extra_functions)
    ]


def placements_of(sheet: Sheet):
    """Placements of a sheet whose dossiers are on them now."""
    return Placement.objects.open().filter(sheet=sheet)


def read_by(actor: User, placements):
    """Of some placements of his school those that the actor reads.

    A leader reads all; a member what was handed to him, and every sheet that has not been handed out.

    Args:
        actor: of the school.
        placements: a query set.
    """
    if actor.may(LEADER):
        return placements
    handed = HandOut.objects.filter(sheet=OuterRef("sheet"))
    own = HandOut.objects.filter(member=actor).values("pk")
    return placements.filter(Q(pk__in=own) | ~Exists(handed))


def whole_sheet_is_read_by(actor: User, sheet: Sheet) -> bool:
    """Whether the actor reads all of a sheet."""
    return actor.may(LEADER) or not HandOut.objects.filter(sheet=sheet).exists()


def why_not_read(actor: User, placement: Placement) -> str:
    """Why a dossier, which is locked, is not the actor's to decide on; empty if it is."""
    if actor.may(LEADER):
        return ""
    row = HandOut.objects.filter(pk=placement.pk).first()
    if row is None:
        handed = HandOut.objects.filter(sheet=placement.sheet_id).exists()
        return "该档案没有分给您，由组长处理。" if handed else ""
    if row.member_id != actor.pk:
        return "该档案已由组长收回或分给其他组员，您的这次操作没有保存。"
    return ""


@transaction.atomic
def dossiers_hand_out(*, actor: User, sheet: Sheet, deal: Deal) -> Dealt:
    """Hand undecided dossiers of a sheet out to members.

    Args:
        actor: the school's leader.
        sheet: a released sheet of his school.
        deal: how.

    Raises:
        Refusal: if the actor does not lead, a member is not of the school or may not decide, ranges overlap,
            a number is not among the dossiers to be handed out, or nothing would be handed out.
    """
    sheet = _led(actor, sheet)
    free = placements_locked(sheet, UNDECIDED)
    free.sort(key=lambda p: (-(p.dispatch_score or 0), p.rank or 0, p.pk))
    held = dict(HandOut.objects.filter(sheet=sheet, member__isnull=False).values_list("pk", "member"))
    to_deal = [p for p in free if deal.again or p.pk not in held]
    shares = _shares(deal, sheet, to_deal, Counter(held[p.pk] for p in free if p.pk in held))
    allowed = {user.pk: user for user in members_of(sheet.school_id)}
    if any(key not in allowed for key in shares.values()):
        raise Refusal("只能分给本校有录退权限的组员。")
    if not shares:
        raise Refusal("没有可分发的未定档案。", hint="已分发的档案请先收回，或选择“连同已分发的未定档案”。")
    _write(actor, sheet, shares)
    counts = Counter(shares.values())
    dealt = Dealt(
        {allowed[key].name: count for key, count in sorted(counts.items())}, len(to_deal) - len(shares)
    )
    deed_record(actor=actor, subject=f"分发投档单 {sheet.number}", count=len(shares), note=str(dealt))
    return dealt


@transaction.atomic
def dossiers_call_back(*, actor: User, sheet: Sheet, member: int, decided: bool = False) -> int:
    """Take dossiers of a sheet back from a member; what he has decided stays as a draft.

    Args:
        actor: the school's leader.
        sheet: of his school.
        member: primary key.
        decided: whether those he has decided on are taken too.

    Returns:
        number of dossiers.

    Raises:
        Refusal: if the actor does not lead, or the member has none.
    """
    sheet = _led(actor, sheet)
    rows = placements_locked(sheet, AT_SCHOOL if decided else UNDECIDED, held=None)
    own = set(HandOut.objects.filter(sheet=sheet, member=member).values_list("pk", flat=True))
    keys = [row.pk for row in rows if row.pk in own]
    if not keys:
        raise Refusal("该组员没有可收回的档案。")
    _write(actor, sheet, dict.fromkeys(keys))
    name = User.objects.values_list("name", flat=True).get(pk=member)
    deed_record(actor=actor, subject=f"从组员收回投档单 {sheet.number} 的档案", count=len(keys), note=name)
    return len(keys)


@transaction.atomic
def dossiers_give_back(*, actor: User, sheet: Sheet, candidates: Iterable[int], words: str) -> int:
    """A member gives dossiers back to the leader (退回组长); a decision of his stays as a draft.

    Args:
        actor: to whom they were handed.
        sheet: of his school.
        candidates: primary keys.
        words: why; the leader reads it.

    Raises:
        Refusal: without words, or if one is not his or has been submitted; nothing is done then.
    """
    words = words.strip()
    if not words:
        raise Refusal("退回组长须写明原因。")
    wanted = set(candidates)
    sheet = sheet_locked(actor=actor, sheet=sheet)
    rows = placements_locked(sheet, AT_SCHOOL, held=None, candidates=wanted)
    own = set(HandOut.objects.filter(sheet=sheet, member=actor).values_list("pk", flat=True))
    keys = [row.pk for row in rows if row.pk in own]
    if not wanted or len(keys) != len(wanted):
        raise Refusal("有档案没有分给您、已被收回或已提交，未作任何改动。", hint="请刷新页面。")
    _write(actor, sheet, dict.fromkeys(keys), words)
    deed_record(actor=actor, subject=f"投档单 {sheet.number} 退回组长", count=len(keys), note=words)
    return len(keys)


@transaction.atomic
def hand_out_end(*, actor: User, sheet: Sheet) -> int:
    """Let all members read the whole sheet again.

    Args:
        actor: the school's leader.
        sheet: of his school.

    Returns:
        number of dossiers that had been handed out.

    Raises:
        Refusal: if the actor does not lead, or the sheet has not been handed out.
    """
    sheet = _led(actor, sheet)
    placements_locked(sheet, AT_SCHOOL, held=None)
    number, _ = HandOut.objects.filter(sheet=sheet).delete()
    if not number:
        raise Refusal("本投档单没有分发。")
    deed_record(actor=actor, subject=f"投档单 {sheet.number} 改为全体组员可阅", count=number)
    return number


def placements_locked(
    sheet: Sheet, states, *, held: bool | None = False, candidates: Iterable[int] | None = None
) -> list[Placement]:
    """Placements of a sheet whose dossiers are in some states, the dossiers locked in key order.

    Args:
        sheet: locked.
        states: of the dossiers.
        held: whether they are held; None for either.
        candidates: primary keys to limit to.

    Returns:
        placements as they are under the lock, each with ``state``, in the order of candidates.
    """
    rows = placements_of(sheet)
    if candidates is not None:
        rows = rows.filter(candidate__in=list(candidates))
    keys = list(rows.values_list("candidate", flat=True))
    dossiers = Dossier.objects.select_for_update(no_key=True).filter(pk__in=keys, state__in=states)
    if held is not None:
        dossiers = dossiers.filter(held=held)
    locked = list(dossiers.order_by("pk"))
    # Read under the lock: a member may have decided otherwise while it was waited for.
    placements = {p.candidate_id: p for p in rows.filter(candidate__in=[dossier.pk for dossier in locked])}
    found = []
    for dossier in locked:
        placement = placements.get(dossier.pk)
        if placement is not None and dossier.placement_id == placement.pk:
            placement.state = dossier.state
            found.append(placement)
    return found


def _led(actor: User, sheet: Sheet) -> Sheet:
    if not actor.may(LEADER):
        raise Refusal("分发和收回档案由组长办理。")
    return sheet_locked(actor=actor, sheet=sheet)


def _write(actor: User, sheet: Sheet, shares: Mapping[int, int | None], note: str = "") -> None:
    now = timezone.now()
    HandOut.objects.bulk_create(
        [
            HandOut(pk=key, sheet=sheet, member_id=member, handed_by=actor, handed_at=now, note=note)
            for key, member in shares.items()
        ],
        update_conflicts=True,
        unique_fields=["placement_id"],
        update_fields=["member", "handed_by", "handed_at", "note"],
    )


def _shares(deal: Deal, sheet: Sheet, free: list[Placement], load: Counter) -> dict[int, int]:
    """Key of a member by key of a placement; who is not in it stays where he is."""
    if deal.evenly:
        if deal.again:
            load = Counter()
        queue = [(load[user.pk], place, user.pk) for place, user in enumerate(deal.evenly)]
        heapq.heapify(queue)
        shares = {}
        for placement in free:
            count, place, member = queue[0]
            shares[placement.pk] = member
            heapq.heapreplace(queue, (count + 1, place, member))
        return shares
    if deal.ranges:
        return _by_score(deal.ranges, free)
    if deal.counties:
        return {p.pk: deal.counties[p.county].pk for p in free if p.county in deal.counties}
    if deal.chosen:
        return _by_number(*deal.chosen, free)
    raise Refusal("请选择分发方式和组员。")


def _by_score(ranges: Sequence[tuple[User, int, int]], free: list[Placement]) -> dict[int, int]:
    for user, low, high in ranges:
        if low > high:
            raise Refusal(f"{user.name}的分数段下限高于上限。")
    ordered = sorted(ranges, key=lambda row: row[1])
    for (before, _, high), (after, low, _) in pairwise(ordered):
        if low <= high:
            raise Refusal(f"{before.name}与{after.name}的分数段重叠。")
    shares = {}
    for placement in free:
        for user, low, high in ranges:
            if low <= (placement.dispatch_score or 0) <= high:
                shares[placement.pk] = user.pk
    return shares


def _by_number(user: User, numbers: Sequence[str], free: list[Placement]) -> dict[int, int]:
    wanted = list(dict.fromkeys(numbers))
    rows = Placement.objects.filter(pk__in=[p.pk for p in free], candidate__number__in=wanted)
    found = dict(rows.values_list("candidate__number", "pk"))
    missing = [number for number in wanted if number not in found]
    if missing:
        shown = "、".join(missing[:10]) + ("等" if len(missing) > 10 else "")
        raise Refusal(f"{shown}不是本投档单可分发的未定档案，未作任何改动。")
    return dict.fromkeys(found.values(), user.pk)
