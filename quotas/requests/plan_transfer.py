"""申请调整区域间计划: seats move from one source city to another, of the same school and major.

The school asks both cities at once and both audit (粤招办〔2021〕28号 四（一）3). No line is opened for it and
none is increased where admission is closed, but what is left may be moved out (鲁招考〔2019〕46号 四).
"""

from collections.abc import Sequence

from django import forms

from accounts.models import User
from admissions.forms_requests import RequestForm
from admissions.models import Request
from admissions.reference import limit_of
from admissions.services.requests import Asked, Check, Light, Party, RequestKind, office_of, register

from ..guards import closed_lines
from ..models import PlanChange
from ..services import Change, lines_locked, seats_change
from ..services.changes import named
from .lines import GONE, LineField, check_left, check_open, check_size, city_names, lines_of, own_lines
from .plan_change import MOST

#: Whether a city that audits no plans of a batch is not asked when seats of that batch move either (decision 0017).
FOLLOW = "plan_transfers_follow_batch_review"


class PlanTransferForm(RequestForm):
    """From which line to which, and how many seats."""

    giver = LineField(label="调出计划")
    taker = LineField(label="调入计划", help_text="须为另一个市同一专业已有的计划，录取过程不增开户头")
    seats = forms.IntegerField(label="调整数", min_value=1, max_value=MOST)

    def __init__(self, *args, **kwargs):
        super().__init__(*args, **kwargs)
        for name in ("giver", "taker"):
            self.fields[name].offer(own_lines(self.actor))

    def clean(self):
        data = super().clean()
        giver, taker = data.get("giver"), data.get("taker")
        if giver and taker and (words := unlike(giver, taker)):
            self.add_error("taker", words)
        return data

    def asked(self) -> Asked:
        giver, taker, seats = (self.cleaned_data[name] for name in ("giver", "taker", "seats"))
        names = city_names([giver.city, taker.city])
        out, into = names.get(giver.city, giver.city), names.get(taker.city, taker.city)
        return Asked(
            payload={"giver": giver.pk, "taker": taker.pk, "seats": seats},
            summary=f"{giver.major_name} {seats} 个计划由{out}调到{into}",
            facts=(
                ("专业", f"{giver.major_code} {giver.major_name}"),
                ("调整数", str(seats)),
                ("调出", f"{out} {giver.batch.name}，填写时计划 {giver.seats}，已占用 {giver.seats_taken}"),
                ("调入", f"{into} {taker.batch.name}，填写时计划 {taker.seats}，已占用 {taker.seats_taken}"),
            ),
            subject=f"plans:{giver.pk}>{taker.pk}",
            school=giver.school,
        )


def unlike(giver, taker) -> str:
    """Why seats cannot move between two lines, in words; empty if they can."""
    if giver.city == taker.city:
        return "调出与调入须为不同的市；同一市内请用“申请增减计划数”。"
    if giver.school_id != taker.school_id:
        return "调出与调入须为同一所学校。"
    if (giver.major_code, giver.track, giver.kind) != (taker.major_code, taker.track, taker.kind):
        return "调出与调入须为同一专业、同一计划类型。"
    return ""


def parties(request: Request) -> Sequence[Party]:
    """Both cities, whatever they have set for plans of their own; unless the province lets that hold here too."""
    pair = zip(_pair(request, lines_of(_keys([request]))), ("调出市", "调入市"), strict=True)
    follow = limit_of(request.season.province, FOLLOW, 0)
    return [
        Party(office_of(line.city), role) for line, role in pair if line.batch.reviews_plans or not follow
    ]


def check(requests: Sequence[Request]) -> dict[int, Sequence[Check]]:
    """调出余额, 调入未终结, 同专业, 规模 of each."""
    lines = lines_of(_keys(requests))
    closed = closed_lines(list(lines.values()))
    found = {}
    for request in requests:
        (giver, taker), seats = _pair(request, lines), request.payload["seats"]
        found[request.pk] = (
            check_left(giver, -seats),
            check_open(taker, seats, closed),
            _check_alike(giver, taker),
            check_size(giver, -seats),
        )
    return found


def take_effect(request: Request, actor: User) -> str:
    """Move the seats."""
    giver, taker, seats = (request.payload[name] for name in ("giver", "taker", "seats"))
    way = PlanChange.Way
    changes = [Change(giver, -seats, way.OUT, other=taker), Change(taker, seats, way.IN, other=giver)]
    made = seats_change(actor=actor, changes=changes, request=request)
    return (
        "；".join(f"{named(row.line)}{row.get_way_display()}：{row.before} → {row.after}" for row in made)
        + "。"
    )


def lock(requests: Sequence[Request]) -> None:
    """All lines of all requests in the order of their keys."""
    lines_locked(_keys(requests))


def _keys(requests: Sequence[Request]) -> set[int]:
    return {request.payload[name] for request in requests for name in ("giver", "taker")}


def _pair(request: Request, lines: dict) -> tuple:
    return lines.get(request.payload["giver"]), lines.get(request.payload["taker"])


def _check_alike(giver, taker) -> Check:
    if giver is None or taker is None:
        return GONE
    words = unlike(giver, taker)
    return Check(Light.RED if words else Light.GREEN, words)


KIND = register(
    RequestKind(
        key="quotas.request_plan_transfer",
        review="quotas.review_plan_transfers",
        prefix="QY",
        form=PlanTransferForm,
        checks=("调出余额", "调入未终结", "同专业", "规模"),
        parties=parties,
        check=check,
        take_effect=take_effect,
        lock=lock,
        attachment_words="计划调整公函",
        source="粤招办〔2021〕28号 四（一）3",
    )
)
