"""指定考生线上点投、线下点投, each also with 录取: an officer asks for one candidate and one school, another agrees.

Above the line a second person of the same office agrees, of the city where a county asks. Below it the offices above
do, up to the province; where there is none above, the head of one's own (domain.md §4.4, decision 0018).
"""

from collections.abc import Sequence

from django import forms

from accounts.models import Organisation, User
from accounts.refusals import Refusal
from admissions.forms_requests import RequestForm
from admissions.models import Batch, Candidate, Region, Request, School
from admissions.requests import Asked, Check, Light, Party, RequestKind, kind_of, office_of, register
from admissions.services.windows import season_of
from quotas.models import PlanLine

from ..queries.single import Ask, Standing, standings_of
from ..services.single import ADMITTING, Step, asks_lock, candidates_send

GREEN, YELLOW, RED = Light.GREEN, Light.YELLOW, Light.RED
BELOW = frozenset({Step.BELOW, Step.ADMIT_BELOW})
DANGER = "低于控制线，属高风险操作：须有两人签字的批准文件，由上一级招办批准，逐件列入线下投档登记。"
REGISTER = "线下投档登记"
TITLES = ("档案", "院校", "分数线", "特殊条件", "计划", "志愿")


def marks(hundredths: int) -> str:
    """Hundredths of a mark as marks: 400.50."""
    return f"{hundredths / 100:.2f}"


class PointForm(RequestForm):
    """Who is to go where; the name guards against a slip in the number."""

    number = forms.CharField(label="考生号", max_length=20)
    name = forms.CharField(label="姓名", max_length=60, help_text="与考生号核对")
    batch = forms.ModelChoiceField(Batch.objects.none(), label="批次", empty_label="请选择")
    school = forms.CharField(label="院校代码", max_length=20)
    major = forms.CharField(label="录取专业代码", max_length=20)
    signers = forms.CharField(label="签字人", max_length=60, help_text="在批准文件上签字的两人，用空格分开")

    def __init__(self, *args, **kwargs):
        super().__init__(*args, **kwargs)
        step = step_of(self.kind.key)
        if step not in ADMITTING:
            del self.fields["major"]
        if step not in BELOW:
            del self.fields["signers"]
        batches = Batch.objects.visible_to(self.actor).filter(season__current=True)
        field = self.fields["batch"]
        field.queryset = batches.order_by("city", "position")
        names = dict(Region.objects.filter(code__in=batches.values("city")).values_list("code", "name"))
        field.label_from_instance = lambda batch: f"{names.get(batch.city, batch.city)} {batch.name}"

    def clean_signers(self):
        signers = self.cleaned_data["signers"].replace("、", " ").replace("，", " ").split()
        if len(signers) != 2 or signers[0] == signers[1]:
            raise forms.ValidationError("线下投档的批准文件须有两人签字，请写明两人姓名。")
        return " ".join(signers)

    def clean(self):
        data = super().clean()
        self.found = self.unit = self.line = None
        self._find_candidate(str(data.get("number", "")).strip(), str(data.get("name", "")).strip())
        if batch := data.get("batch"):
            self._find_school(batch, str(data.get("school", "")).strip())
            if self.found and self.found.city != batch.city:
                self.add_error("batch", "该批次不是考生生源地市的批次。")
            if self.unit and "major" in self.fields:
                self._find_line(batch, str(data.get("major", "")).strip())
        return data

    def _find_candidate(self, number: str, name: str) -> None:
        if not number or not name:
            return
        seen = Candidate.objects.visible_to(self.actor).filter(season=season_of(self.actor), number=number)
        found = seen.first()
        if found is None or not self.actor.scope.holds_region(found.county):
            self.add_error("number", "没有这名考生，或不在您的管辖范围内。")
        elif found.name != name:
            self.add_error("name", "姓名与考生号不符。")
        else:
            self.found = found

    def _find_school(self, batch: Batch, code: str) -> None:
        planned = PlanLine.objects.filter(batch=batch, city=batch.city).values("school")
        self.unit = School.objects.filter(code=code, pk__in=planned).first()
        if code and self.unit is None:
            self.add_error("school", "该批次没有这所院校的招生计划。")

    def _find_line(self, batch: Batch, code: str) -> None:
        lines = PlanLine.objects.filter(batch=batch, school=self.unit, city=batch.city, major_code=code)
        lines = list(lines.order_by("pk"))
        self.line = next((line for line in lines if line.seats_left > 0), lines[0] if lines else None)
        if code and self.line is None:
            self.add_error("major", "该院校在该批次没有这个专业的招生计划。")

    def asked(self) -> Asked:
        candidate, batch, line = self.found, self.cleaned_data["batch"], self.line
        ask = Ask(candidate.pk, self.unit.pk, batch.pk, line and line.pk)
        now = standings_of([ask])[ask]
        major = f"{line.major_code} {line.major_name}" if line else ""
        below = f"，低于控制线 {marks(now.short)} 分" if now.short else ""
        facts = [
            ("考生号", candidate.number),
            ("姓名", candidate.name),
            ("生源", "".join(_names(candidate.city, candidate.county))),
            ("批次", batch.name),
            ("投往院校", f"{self.unit.code} {self.unit.name}"),
            *([("录取专业", major)] if major else []),
            ("填写时分数", score_words(now)),
            *([("签字人", self.cleaned_data["signers"])] if "signers" in self.fields else []),
        ]
        return Asked(
            payload={
                "number": candidate.number,
                "name": candidate.name,
                "batch": batch.pk,
                "school": self.unit.code,
                "major": line.major_code if line else "",
                "signers": self.cleaned_data.get("signers", ""),
                "candidate": candidate.pk,
                "unit": self.unit.pk,
                "line": line and line.pk,
            },
            summary=f"{candidate.number} {candidate.name} → {self.unit.name}"
            + (f"（{line.major_name}）" if line else "")
            + below,
            facts=facts,
            subject=f"candidate:{candidate.pk}",
            candidate=candidate,
            school=self.unit,
        )


def _names(*codes: str) -> list[str]:
    names = dict(Region.objects.filter(code__in=codes).values_list("code", "name"))
    return [names.get(code, code) for code in codes]


def step_of(key: str) -> Step:
    """The step of a function: dispatch.admit_above_line."""
    return Step(key.partition(".")[2])


def score_words(now: Standing) -> str:
    """The line, the own score and the difference, in words."""
    own = "没有成绩" if now.score is None else f"投档成绩 {marks(now.score)}"
    if not now.need:
        return f"未设控制线，{own}"
    below = f"，低 {marks(now.short)} 分" if now.short else ""
    return f"控制线 {marks(now.need)}，{own}{below}"


def ask_of(request: Request) -> Ask:
    """Whom a request is about, and where he is to go."""
    payload = request.payload
    return Ask(payload["candidate"], payload["unit"], payload["batch"], payload["line"])


def parties(request: Request) -> Sequence[Party]:
    """Who must agree: see the module."""
    own = request.organisation
    above = [own.region[:length] for length in (4, 2) if length < len(own.region)]
    if step_of(request.kind) not in BELOW:
        return [Party(office_of(own.region[:4]), "复核")]
    offices = [office for region in above if (office := _office(region))]
    return [Party(office, "上级招办") for office in offices] or [Party(own, "本单位负责人")]


def _office(region: str) -> Organisation | None:
    try:
        return office_of(region)
    except Refusal:  # a city that has the platform to itself
        return None


def barred(request: Request, actor: User) -> str:
    """Below the line nobody of the office that asked agrees but its head, and he where no office is above."""
    if step_of(request.kind) not in BELOW:
        return ""
    for party in request.parties.select_related("organisation"):
        higher = len(party.organisation.region) < len(request.organisation.region)
        if higher and party.organisation.region in actor.scope.regions:
            return ""
    head = actor.memberships.filter(organisation=actor.organisation_id, roles__contains=["head"]).exists()
    return "" if head else "线下投档须由上一级招办批准；没有上一级招办的，由本单位负责人批准。"


def check(requests: Sequence[Request]) -> dict[int, Sequence[Check]]:
    """档案, 院校, 分数线, 特殊条件, 计划, 志愿 of each."""
    found = standings_of([ask_of(request) for request in requests])
    return {request.pk: _checks(step_of(request.kind), found[ask_of(request)]) for request in requests}


def _checks(step: Step, now: Standing) -> tuple[Check, ...]:
    if now.candidate is None or now.school is None:
        return (Check(RED, "考生或院校在该批次的招生计划已不存在"), *[Check(RED, "无从检查")] * 5)
    return (
        check_dossier(now),
        check_school(now),
        _check_line(step, now),
        Check(RED, now.against) if now.against else Check(GREEN, "符合"),
        _check_seats(step, now),
        Check(GREEN, f"第 {now.choice} 志愿") if now.choice else Check(YELLOW, "未填报该校志愿"),
    )


def check_school(now: Standing) -> Check:
    """Whether the school takes anybody now, and whether a rehearsal that waits would become void."""
    if now.closed:
        return Check(RED, now.closed)
    return Check(YELLOW, now.voids) if now.voids else Check(GREEN, "可投")


def check_dossier(now: Standing) -> Check:
    """Whether the dossier may be sent: in the pool, not held, not returned by the school before."""
    dossier = now.candidate.dossier
    if dossier.held:
        return Check(RED, "档案已挂起，释放后才能投档")
    if not now.free:
        return Check(RED, f"当前为“{dossier.word}”，不在库")
    if now.returned:
        return Check(RED, "本批次已被该校退档，只能由院校申请批件投档")
    return Check(GREEN, dossier.word)


def _check_line(step: Step, now: Standing) -> Check:
    words = score_words(now)
    if step in BELOW:
        if not now.need:
            return Check(RED, f"{words}，应使用线上点投")
        return Check(YELLOW, words) if now.short else Check(RED, f"{words}，已达线，应使用线上点投")
    if now.score is None:
        return Check(RED, words)
    if now.short:
        return Check(RED, f"{words}，不能线上点投")
    return Check(GREEN if now.need else YELLOW, words)


def _check_seats(step: Step, now: Standing) -> Check:
    if now.left <= 0:
        return Check(RED, "院校计划已满（含正在阅档的考生）")
    if step in ADMITTING:
        if now.line is None or now.line.seats_left <= 0:
            return Check(RED, "该专业计划已满")
        return Check(GREEN, f"专业余 {now.line.seats_left}，院校余 {now.left}")
    return Check(GREEN, f"院校余 {now.left}")


def standing(request: Request) -> Sequence[tuple[str, str]]:
    """Line, score and difference as they are now, for whoever decides."""
    now = standings_of([ask_of(request)])[ask_of(request)]
    if now.candidate is None:
        return ()
    facts = [("控制线", marks(now.need) if now.need else "未设")]
    facts.append(("投档成绩", "没有成绩" if now.score is None else marks(now.score)))
    if now.short:
        facts.append(("低于控制线", f"{marks(now.short)} 分"))
    return facts


def lock(requests: Sequence[Request]) -> None:
    """Batches, dossiers, plan lines, each in the order of keys."""
    asks_lock(ask_of(request) for request in requests)


def take_effect(request: Request, actor: User) -> str:
    """Send the candidate, looked at once more under the lock."""
    kind, ask, step = kind_of(request.kind), ask_of(request), step_of(request.kind)
    now = standings_of([ask])[ask]
    red = [
        f"{title}：{found.words}"
        for title, found in zip(TITLES, _checks(step, now), strict=True)
        if found.light == RED
    ]
    if red:
        raise Refusal(f"不能{step.label}，未作任何改动。{'；'.join(red)}。")
    ground = kind.reason("ask", request.reason, request.words).name
    words = f"{ground}：{request.words}" if request.words else ground
    made = candidates_send(
        actor=actor, request=request, step=step, standings=[now], reason=ground,
        words={ask.candidate: words},
    )  # fmt: skip
    who = f"{now.candidate.number} {now.candidate.name}"
    if step in ADMITTING:
        return f"{who} 已由{now.school.name}录取，专业 {now.line.major_name}。"
    return f"{who} 已投往{now.school.name}，投档单 {made[0].sheet.number}。"


def _kind(step: Step, prefix: str, number: int) -> RequestKind:
    return register(
        RequestKind(
            key=f"dispatch.{step}",
            review="dispatch.confirm_dispatch",
            under="single",
            prefix=prefix,
            form=PointForm,
            checks=TITLES,
            parties=parties,
            check=check,
            take_effect=take_effect,
            lock=lock,
            barred=barred,
            standing=standing,
            danger=DANGER if step in BELOW else "",
            register=REGISTER if step in BELOW else "",
            needs_attachment=True,
            attachment_words="两人签字的批准文件" if step in BELOW else "批准文件",
            source=f"粤招办〔2021〕28号 附件1 投档{number}",
        )
    )


KINDS = (
    _kind(Step.ABOVE, "XS", 4),
    _kind(Step.ADMIT_ABOVE, "XSL", 5),
    _kind(Step.BELOW, "XX", 6),
    _kind(Step.ADMIT_BELOW, "XXL", 7),
)
