"""申请考生转学: a school asks for a student of another school, the old school consents, the source city decides.

While it is asked he stays where he is; with the city's approval he moves in one transaction. Signed consent must be
attached (粤招办〔2021〕28号 四（二）3).
"""

from collections.abc import Sequence

from django import forms
from django.db.models import prefetch_related_objects
from django.utils import timezone

from accounts.context import unwalled
from accounts.models import Organisation, User
from accounts.refusals import Refusal
from admissions.deadlines import calendar_of
from admissions.forms_requests import RequestForm
from admissions.lifecycle import FINAL, State
from admissions.models import Request, RequestParty, Window
from admissions.services.requests import Asked, Check, Light, Party, RequestKind, office_of, register
from admissions.services.windows import said
from quotas.models import PlanLine
from quotas.requests.lines import GONE, LineField, city_names, own_lines

from ..guards import not_withdrawn
from ..queries.transfers import Standing, standings_of
from ..services.seats import lines_asked, why_shut
from ..services.transfers import (
    candidate_transfer,
    limit_in,
    registration_over,
    student_find,
    transfers_lock,
)

GREEN, YELLOW, RED = Light.GREEN, Light.YELLOW, Light.RED


class TransferForm(RequestForm):
    """Who is to be taken, named as exactly as from the pool, and to which line of one's own."""

    number = forms.CharField(
        label="考生号", max_length=20, widget=forms.TextInput(attrs={"autocomplete": "off"})
    )
    proof = forms.CharField(
        label="证件号码或姓名",
        max_length=60,
        help_text="须与考生号一致，完整填写；每次查找都有记录",
        widget=forms.TextInput(attrs={"autocomplete": "off"}),
    )
    line = LineField(label="转入计划", help_text="须为本校面向该考生生源地市、还有余额的计划")

    def __init__(self, *args, **kwargs):
        super().__init__(*args, **kwargs)
        self.fields["line"].offer(own_lines(self.actor))

    def clean(self):
        data = super().clean()
        self.found = None
        if data.get("number") and data.get("proof"):
            try:
                self.found = student_find(actor=self.actor, number=data["number"], proof=data["proof"])
            except Refusal as refusal:
                self.add_error("number", str(refusal))
        line = data.get("line")
        if self.found and line and line.city != self.found.city:
            city = city_names([self.found.city]).get(self.found.city, self.found.city)
            self.add_error("line", f"该考生的生源地为{city}，请选择面向{city}的计划。")
        return data

    def asked(self) -> Asked:
        row, line = self.found, self.cleaned_data["line"]
        candidate, old = row.candidate, row.plan_line
        city = city_names([line.city]).get(line.city, line.city)
        return Asked(
            payload={
                "number": candidate.number,
                "proof": candidate.name,
                "line": line.pk,
                "placement": row.pk,
                "city": candidate.city,
                "school": row.school_id,
            },
            summary=f"{candidate.number} {candidate.name} 转入{line.school.name}（{line.major_name}）",
            facts=(
                ("考生号", candidate.number),
                ("姓名", candidate.name),
                ("生源地市", city),
                ("原录取学校", row.school.name),
                ("原录取专业", f"{old.major_code} {old.major_name}" if old else "—"),
                ("转入学校", line.school.name),
                ("转入专业", f"{line.batch.name} {line.major_code} {line.major_name}"),
            ),
            subject=f"candidate:{candidate.pk}",
            candidate=candidate,
            school=line.school,
        )


def parties(request: Request) -> Sequence[Party]:
    """The old school, then the office of the source city."""
    old = Organisation.objects.get(pk=request.payload["school"])
    return [Party(old, "原录取学校"), Party(office_of(request.payload["city"]), "生源地市")]


def check(requests: Sequence[Request]) -> dict[int, Sequence[Check]]:
    """录取, 挂起, 名册, 次数, 计划, 注册, 原校 of each."""
    prefetch_related_objects(requests, "season")
    with unwalled():
        found = standings_of(requests)
        fixed = not_withdrawn([request.candidate_id for request in requests])
        lines = lines_asked(request.payload["line"] for request in requests)
    seasons = {request.season_id for request in requests}
    calendars = {season: calendar_of(season, Window.Kind.REGISTRATION) for season in seasons}
    checks = {}
    for request in requests:
        now = found[request.pk]
        line = lines.get(request.payload["line"])
        over = registration_over(calendars[request.season_id], now.stage, line)
        printed = fixed.get(request.candidate_id, "")
        checks[request.pk] = (
            _check_place(request, now),
            Check(RED, "档案已挂起，释放后才能办理") if now.held else Check(GREEN, "未挂起"),
            Check(RED, f"{printed}，请按更正办理") if printed else Check(GREEN, "未打印"),
            _check_times(now.before, limit_in(request.season.province)),
            _check_line(request, line),
            Check(RED, over) if over else Check(GREEN, "尚未截止"),
            _check_answer(request, now.answer),
        )
    return checks


def _check_place(request: Request, now: Standing) -> Check:
    word = State(now.state).word if now.state else "没有档案"
    if now.state in FINAL and now.placement == request.payload["placement"]:
        return Check(GREEN, word)
    if now.state == State.POOL:
        return Check(RED, "已回到在库，请改用“录取在库考生”办理")
    return Check(RED, f"当前为“{word}”，已不在申请所指的录取上")


def _check_times(before: int, limit: int) -> Check:
    if before < limit:
        return Check(GREEN, f"此前 {before} 次" if before else "首次")
    return Check(RED, f"此前已转校 {before} 次，本省每名考生限 {limit} 次")


def _check_line(request: Request, line: PlanLine | None) -> Check:
    if line is None:
        return GONE
    if line.city != request.payload["city"]:
        return Check(RED, "计划不面向该考生的生源地市")
    shut = why_shut(line)
    return Check(RED, shut) if shut else Check(GREEN, f"余 {line.seats_left} 个")


def _check_answer(request: Request, answer: str | None) -> Check:
    if request.state != Request.State.SUBMITTED:
        return Check(YELLOW, "提交后由原录取学校答复")
    if answer == RequestParty.Decision.APPROVED:
        return Check(GREEN, "已同意")
    until = KIND.consent_until(request)
    if timezone.now() < until:
        return Check(YELLOW, f"尚未答复，答复期限 {said(until)}")
    return Check(YELLOW, f"到 {said(until)} 仍未答复，可径行审核")


def take_effect(request: Request, actor: User) -> str:
    """Move the student."""
    ground = KIND.reason("ask", request.reason, request.words).name
    words = f"{ground}：{request.words}" if request.words else ground
    old, new = candidate_transfer(
        actor=actor,
        candidate=request.candidate_id,
        placement=request.payload["placement"],
        plan_line=request.payload["line"],
        words=f"{words}（申请 {request.number}）",
    )
    who = f"{request.payload['number']} {request.payload['proof']}"
    return f"{who} 由{old.school.name}转入{new.school.name}（{new.plan_line.major_name}），待新学校注册。"


def lock(requests: Sequence[Request]) -> None:
    """Dossiers in the order of their keys, then the plan lines of both schools, likewise."""
    transfers_lock({request.candidate_id: request.payload["line"] for request in requests})


KIND = register(
    RequestKind(
        key="registration.request_transfer",
        review="registration.review_transfers",
        prefix="ZX",
        form=TransferForm,
        checks=("录取", "挂起", "名册", "次数", "计划", "注册", "原校"),
        parties=parties,
        check=check,
        take_effect=take_effect,
        lock=lock,
        consent="registration.request_transfer",
        consent_first=True,
        needs_attachment=True,
        attachment_words="考生本人及家长签字的申请",
        source="粤招办〔2021〕28号 四（二）3",
    )
)
