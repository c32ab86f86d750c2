"""申请录后退: a school asks to undo an admission; the office of the source city decides.

While it is asked the dossier stays where it is. Signed consent must be attached (粤招办〔2021〕28号 四（二）3).
"""

from collections.abc import Sequence

from django import forms
from django.db.models import F

from accounts.context import unwalled
from accounts.models import User
from admissions.forms_requests import RequestForm
from admissions.lifecycle import FINAL, State
from admissions.models import Region, Request
from admissions.services.requests import Asked, Check, Light, Party, RequestKind, office_of, register
from admissions.services.windows import season_of
from dispatch.models import Placement
from quotas.models import PlanLine

from ..queries.students import own_students
from ..services.withdrawals import Standing, admission_withdraw, dossiers_locked, standings

#: Grounds on which the candidate himself leaves: these are counted against the province's limit.
OWN_WISH = frozenset({"W01", "W02"})


class WithdrawalForm(RequestForm):
    """Whose admission is to be undone; the name guards against a slip in the number."""

    number = forms.CharField(label="考生号", max_length=20)
    name = forms.CharField(label="姓名", max_length=60, help_text="与考生号核对")

    def clean(self):
        data = super().clean()
        number, name = (str(data.get(field, "")).strip() for field in ("number", "name"))
        self.found = None
        if number and name:
            rows = own_students(self.actor, season_of(self.actor)).select_related("batch")
            self.found = rows.filter(candidate__number=number).first()
            if self.found is None:
                self.add_error("number", "本校录取或注册的考生中没有这个考生号。")
            elif self.found.candidate.name != name:
                self.found = None
                self.add_error("name", "姓名与考生号不符。")
        return data

    def asked(self) -> Asked:
        row = self.found
        candidate, line = row.candidate, row.plan_line
        city = Region.objects.filter(code=candidate.city).values_list("name", flat=True).first()
        return Asked(
            payload={"number": candidate.number, "name": candidate.name, "placement": row.pk},
            summary=f"{candidate.number} {candidate.name} 录后退（{line.major_name if line else '未定专业'}）",
            facts=(
                ("考生号", candidate.number),
                ("姓名", candidate.name),
                ("生源地市", city or candidate.city),
                ("录取专业", f"{line.major_code} {line.major_name}" if line else "—"),
                ("批次", row.batch.name if row.batch else "—"),
                ("填写时状态", State(candidate.dossier.state).word),
            ),
            subject=f"candidate:{candidate.pk}",
            candidate=candidate,
            school=row.school,
        )


def parties(request: Request) -> Sequence[Party]:
    """The office of the source city, also of a candidate who has just left the school and its sight."""
    with unwalled():
        city = request.candidate.city
    return [Party(office_of(city), "生源地市")]


def check(requests: Sequence[Request]) -> dict[int, Sequence[Check]]:
    """录取, 未挂起, 名册, 次数 of each."""
    found = standings([request.candidate_id for request in requests])
    return {request.pk: _checks(request, found[request.candidate_id]) for request in requests}


def _checks(request: Request, now: Standing) -> tuple[Check, ...]:
    green, red = Light.GREEN, Light.RED
    word = State(now.state).word if now.state else "没有档案"
    here = now.state in FINAL and now.placement == request.payload["placement"]
    again = f"此前已录后退 {now.before} 次，本省每名考生限 {now.limit} 次"
    if now.before < now.limit:
        times = Check(green, "首次" if not now.before else f"此前 {now.before} 次")
    else:
        times = Check(red if request.reason in OWN_WISH else Light.YELLOW, again)
    return (
        Check(green, word) if here else Check(red, f"当前为“{word}”，已不在申请所指的录取上"),
        Check(red, "档案已挂起，释放后才能办理") if now.held else Check(green),
        Check(red, f"{now.fixed}，请按更正办理") if now.fixed else Check(green, "未打印"),
        times,
    )


def take_effect(request: Request, actor: User) -> str:
    """Withdraw the admission."""
    kind_reason = KIND.reason("ask", request.reason, request.words).name
    words = f"{kind_reason}：{request.words}" if request.words else kind_reason
    was = admission_withdraw(
        actor=actor,
        candidate=request.candidate_id,
        placement=request.payload["placement"],
        words=f"{words}（申请 {request.number}）",
    )
    return f"{request.payload['number']} {request.payload['name']} 由“{was}”回到在库，计划数已释放。"


def lock(requests: Sequence[Request]) -> None:
    """Dossiers in the order of their keys, then the plan lines that get seats back, likewise."""
    candidates = [request.candidate_id for request in requests]
    dossiers_locked(candidates)
    with unwalled():
        lines = Placement.objects.filter(
            candidate__in=candidates, candidate__dossier__placement_id=F("pk"), plan_line__isnull=False
        )
        keys = list(lines.values_list("plan_line", flat=True))
        list(
            PlanLine.objects.select_for_update(no_key=True)
            .filter(pk__in=keys)
            .order_by("pk")
            .values_list("pk")
        )


KIND = register(
    RequestKind(
        key="registration.request_withdrawal",
        review="registration.review_withdrawals",
        prefix="LT",
        form=WithdrawalForm,
        checks=("录取", "未挂起", "名册", "次数"),
        parties=parties,
        check=check,
        take_effect=take_effect,
        lock=lock,
        needs_attachment=True,
        attachment_words="考生本人及家长签字的申请",
        source="粤招办〔2021〕28号 四（二）3",
    )
)
