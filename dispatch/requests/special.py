"""申请批件投档: a school asks for named candidates in the pool, each with his own reason; their city decides.

The school cannot browse the pool: it gives each candidate's number with his ID number or name, as for 录取在库考生.
Choices, lines and an earlier return do not bind a 批件 (domain.md §2.2 guard 4, §4.6); the office is told of them,
the school is not.
"""

import re
from collections.abc import Sequence

from django import forms

from accounts.context import unwalled
from accounts.models import User
from accounts.refusals import Refusal
from admissions.forms_requests import RequestForm
from admissions.models import Batch, Candidate, Region, Request
from admissions.requests import Asked, Check, Light, Party, RequestKind, office_of, register
from admissions.services.windows import season_of
from quotas.models import PlanLine

from ..queries.single import Ask, Standing, standings_of
from ..services.pool import candidate_proved, lookup_record, school_of, why_not_admitted
from ..services.single import Step, asks_lock, candidates_send
from .point import score_words

MOST = 20
REGISTER = "批件台账"
TITLES = ("在库", "院校", "计划", "特殊条件", "批件")
GREEN, YELLOW, RED = Light.GREEN, Light.YELLOW, Light.RED
ROW = re.compile(r"^(\S+?)[\s,，、]+(\S+?)[\s,，、]+(\S.*)$")


class SpecialForm(RequestForm):
    """One batch, and up to ``MOST`` candidates of its city, a line for each."""

    batch = forms.ModelChoiceField(Batch.objects.none(), label="批次", empty_label="请选择")
    names = forms.CharField(
        label="考生",
        max_length=4000,
        widget=forms.Textarea(attrs={"rows": 5}),
        help_text=f"每行一名：考生号 姓名或证件号码 理由，用空格隔开；同一生源地市、同一批次，最多 {MOST} 名",
    )

    def __init__(self, *args, **kwargs):
        super().__init__(*args, **kwargs)
        planned = PlanLine.objects.filter(school__in=self.actor.scope.schools, season__current=True)
        batches = Batch.objects.filter(pk__in=planned.values("batch")).order_by("city", "position")
        names = dict(Region.objects.filter(code__in=batches.values("city")).values_list("code", "name"))
        self.fields["batch"].queryset = batches
        self.fields["batch"].label_from_instance = lambda batch: (
            f"{names.get(batch.city, batch.city)} {batch.name}"
        )

    def clean(self):
        data = super().clean()
        self.rows: list[tuple[Candidate, str, str]] = []
        batch, text = data.get("batch"), data.get("names")
        if batch and text:
            try:
                self.rows = self._rows(batch, text)
            except Refusal as refusal:
                self.add_error("names", str(refusal))
        return data

    def _rows(self, batch: Batch, text: str) -> list[tuple[Candidate, str, str]]:
        lines = [line.strip() for line in text.splitlines() if line.strip()]
        if len(lines) > MOST:
            raise Refusal(f"一件申请最多 {MOST} 名考生，本次 {len(lines)} 名。")
        school, season = school_of(self.actor), season_of(self.actor)
        found, faults = {}, []
        said = [ROW.match(line) for line in lines]
        for match in filter(None, said):
            lookup_record(self.actor, match[1])
        with unwalled():
            for place, match in enumerate(said, 1):
                if match is None:
                    faults.append(f"第 {place} 行须写明考生号、姓名或证件号码、理由")
                    continue
                number, proof, reason = match.groups()
                try:
                    candidate = candidate_proved(season=season, number=number, proof=proof)
                except Refusal as refusal:
                    faults.append(f"第 {place} 行：{refusal}")
                    continue
                if why := why_not_admitted(candidate.dossier, school):
                    faults.append(f"第 {place} 行：{why}")
                elif candidate.city != batch.city:
                    faults.append(f"第 {place} 行：不是该批次生源地市的考生，请按生源地市分别申请")
                elif candidate.pk in found:
                    faults.append(f"第 {place} 行：考生号重复")
                found[candidate.pk] = (candidate, proof, reason.strip())
        if faults:
            raise Refusal("；".join(fault.rstrip("。") for fault in faults) + "。")
        return list(found.values())

    def asked(self) -> Asked:
        batch = self.cleaned_data["batch"]
        school = school_of(self.actor)
        city = Region.objects.filter(code=batch.city).values_list("name", flat=True).first() or batch.city
        first = self.rows[0][0]
        several = f"等 {len(self.rows)} 名考生" if len(self.rows) > 1 else ""
        return Asked(
            payload={
                "batch": batch.pk,
                "names": "\n".join(" ".join((c.number, _said(c, proof), why)) for c, proof, why in self.rows),
                "unit": school.pk,
                "candidates": [[c.pk, c.number, c.name, reason] for c, _, reason in self.rows],
            },
            summary=f"{city}{batch.name} {first.number} {first.name}{several} 批件投档",
            facts=[
                ("生源地市", city),
                ("批次", batch.name),
                ("投往院校", f"{school.code} {school.name}"),
                *((f"{c.number} {c.name}", reason) for c, _, reason in self.rows),
            ],
            subject=f"candidate:{first.pk}" if not several else "",
            candidate=first if not several else None,
            school=school,
        )


def _said(candidate: Candidate, proof: str) -> str:
    """What a draft keeps as proof: the name, which has no digits of an ID number, where it is one word."""
    return proof if " " in candidate.name else candidate.name


def asks_of(request: Request) -> list[Ask]:
    """Whom a request is about, in the order of the request."""
    payload = request.payload
    return [Ask(key, payload["unit"], payload["batch"]) for key, *_ in payload["candidates"]]


def parties(request: Request) -> Sequence[Party]:
    """The office of the source city."""
    city = Batch.objects.values_list("city", flat=True).get(pk=request.payload["batch"])
    return [Party(office_of(city), "生源地市")]


def check(requests: Sequence[Request]) -> dict[int, Sequence[Check]]:
    """在库, 院校, 计划, 特殊条件, 批件 of each; nothing that the school may not know."""
    with unwalled():  # the candidates lie in the pool; each was named by the school with his proof
        found = standings_of([ask for request in requests for ask in asks_of(request)])
    return {request.pk: _checks([found[ask] for ask in asks_of(request)]) for request in requests}


def _checks(standings: Sequence[Standing]) -> tuple[Check, ...]:
    if any(now.candidate is None or now.school is None for now in standings):
        return (Check(RED, "考生或院校在该批次的招生计划已不存在"), *[Check(RED, "无从检查")] * 4)
    gone = [
        f"{now.candidate.number} {why_not_admitted(now.candidate.dossier, now.school).rstrip('。')}"
        for now in standings
        if not now.free
    ]
    first, number = standings[0], len(standings)
    against = sum(1 for now in standings if now.against)
    return (
        Check(RED, "；".join(gone)) if gone else Check(GREEN, f"{number} 名均在库"),
        Check(RED, first.closed) if first.closed else Check(GREEN, "可投"),
        Check(GREEN, f"余 {first.left}，申请 {number}")
        if first.left >= number
        else Check(RED, f"计划余 {max(first.left, 0)}（扣除正在阅档的考生），少于申请的 {number} 名"),
        Check(YELLOW, f"{against} 名不符合") if against else Check(GREEN, "符合"),
        Check(YELLOW, "不受志愿、分数线限制，须逐名核对批件"),
    )


def standing(request: Request) -> Sequence[tuple[str, str]]:
    """Of each candidate line, score, choice, conditions and earlier returns, for whoever decides."""
    found = standings_of(asks_of(request))
    facts = [("注意", voids) for voids in sorted({now.voids for now in found.values() if now.voids})]
    for ask, (_, number, name, _) in zip(asks_of(request), request.payload["candidates"], strict=True):
        now = found[ask]
        if now.candidate is None:
            facts.append((f"{number} {name}", "已不存在"))
            continue
        said = [
            now.candidate.dossier.word,
            score_words(now),
            f"第 {now.choice} 志愿" if now.choice else "未填报该校",
            *filter(None, [now.against, now.returned and "本批次曾被该校退档"]),
        ]
        facts.append((f"{number} {name}", "；".join(said)))
    return facts


def lock(requests: Sequence[Request]) -> None:
    """Batches, dossiers, plan lines, each in the order of keys."""
    with unwalled():
        asks_lock(ask for request in requests for ask in asks_of(request))


def take_effect(request: Request, actor: User) -> str:
    """Send all candidates on one sheet, or none, looked at once more under the lock."""
    asks = asks_of(request)
    found = standings_of(asks)
    standings = [found[ask] for ask in asks]
    red = [
        f"{title}：{found.words}"
        for title, found in zip(TITLES, _checks(standings), strict=True)
        if found.light == RED
    ]
    if red:
        raise Refusal(f"不能批件投档，未作任何改动。{'；'.join(red)}。")
    ground = KIND.reason("ask", request.reason, request.words).name
    words = {key: f"{ground}：{reason}" for key, _, _, reason in request.payload["candidates"]}
    made = candidates_send(
        actor=actor, request=request, step=Step.SPECIAL, standings=standings, reason=ground, words=words
    )
    return f"{len(made)} 名考生已投往{standings[0].school.name}，投档单 {made[0].sheet.number}。"


KIND = register(
    RequestKind(
        key="dispatch.request_special_dispatch",
        review="dispatch.review_special_dispatch",
        prefix="PJ",
        form=SpecialForm,
        checks=TITLES,
        parties=parties,
        check=check,
        take_effect=take_effect,
        lock=lock,
        standing=standing,
        register=REGISTER,
        needs_attachment=True,
        attachment_words="各级签字的批件",
        source="粤招办〔2021〕28号 附件1 审核管理",
    )
)
