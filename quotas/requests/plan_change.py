"""申请增减计划数: a school asks for more or fewer seats of one plan line; the source city decides.

A city may set that the plans of a batch need no audit; a request then takes effect at once and is
recorded all the same (粤招办〔2021〕28号 四（一）3).
"""

from collections.abc import Sequence

from django import forms

from accounts.models import User
from admissions.forms_requests import RequestForm
from admissions.models import Request
from admissions.services.requests import Asked, Check, Party, RequestKind, office_of, register

from ..guards import closed_lines
from ..services import Change, lines_locked, seats_change
from ..services.changes import named
from .lines import LineField, check_left, check_open, check_size, city_names, lines_of, own_lines

MOST = 9999


class PlanChangeForm(RequestForm):
    """One line, and how many seats more or fewer."""

    line = LineField(label="招生计划")
    seats = forms.IntegerField(
        label="增减数", min_value=-MOST, max_value=MOST, help_text="增加填正数，减少填负数，如 -5"
    )

    def __init__(self, *args, **kwargs):
        super().__init__(*args, **kwargs)
        self.fields["line"].offer(own_lines(self.actor))

    def clean_seats(self):
        seats = self.cleaned_data["seats"]
        if seats == 0:
            raise forms.ValidationError("增减数不能为 0。")
        return seats

    def asked(self) -> Asked:
        line, seats = self.cleaned_data["line"], self.cleaned_data["seats"]
        city = city_names([line.city]).get(line.city, line.city)
        return Asked(
            payload={"line": line.pk, "seats": seats},
            summary=f"{city}{line.batch.name} {line.major_name} 计划数 {seats:+d}",
            facts=(
                ("生源地市", city),
                ("批次", line.batch.name),
                ("专业", f"{line.major_code} {line.major_name}"),
                ("增减数", f"{seats:+d}"),
                ("填写时计划数", f"{line.seats}，已占用 {line.seats_taken}，调整后 {line.seats + seats}"),
            ),
            subject=f"plan:{line.pk}",
            school=line.school,
        )


def parties(request: Request) -> Sequence[Party]:
    """The office of the source city, unless it audits no plans of the batch."""
    line = lines_of([request.payload["line"]])[request.payload["line"]]
    return [Party(office_of(line.city), "生源地市")] if line.batch.reviews_plans else []


def check(requests: Sequence[Request]) -> dict[int, Sequence[Check]]:
    """余额, 录取未终结, 规模 of each."""
    lines = lines_of(request.payload["line"] for request in requests)
    closed = closed_lines(list(lines.values()))
    found = {}
    for request in requests:
        line, seats = lines.get(request.payload["line"]), request.payload["seats"]
        found[request.pk] = (
            check_left(line, seats),
            check_open(line, seats, closed),
            check_size(line, seats),
        )
    return found


def take_effect(request: Request, actor: User) -> str:
    """Change the line's seats."""
    change = Change(request.payload["line"], request.payload["seats"])
    made = seats_change(actor=actor, changes=[change], request=request)[0]
    return f"{named(made.line)}计划数 {made.before} → {made.after}。"


def lock(requests: Sequence[Request]) -> None:
    """All lines in the order of their keys."""
    lines_locked(request.payload["line"] for request in requests)


KIND = register(
    RequestKind(
        key="quotas.request_plan_change",
        review="quotas.review_plan_changes",
        prefix="ZJ",
        form=PlanChangeForm,
        checks=("余额", "未终结", "规模"),
        parties=parties,
        check=check,
        take_effect=take_effect,
        lock=lock,
        attachment_words="计划调整说明",
        source="粤招办〔2021〕28号 四（一）3",
    )
)
