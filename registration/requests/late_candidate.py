"""补录考生档案: a school enters a person outside of the base roll; the office of the city he comes from decides.

What he is stands for the ground of the request (往届初中毕业生, 复员退伍军人, …: request_reasons.csv). With the approval he
has a number, a dossier and a place (粤招办〔2021〕28号 二（二）, 四（二）2).
"""

from collections.abc import Sequence

from django import forms

from accounts.masking import mask_id_number
from accounts.models import User
from admissions.forms_requests import RequestForm
from admissions.imports.formats import load_profile
from admissions.models import EthnicGroup, Region, Request, Sex
from admissions.reference import political_statuses
from admissions.services.requests import Asked, Check, Light, Party, RequestKind, office_of, register
from admissions.services.windows import season_of
from quotas.models import PlanLine
from quotas.requests.lines import LineField, own_lines

from ..entries import KEY, PROFILE, Entry
from ..services.late import late_candidate_admit, late_candidates_lock
from ..services.late_checks import HEADERS, TITLES, Case, cases_of, late_checks

#: Under which field a red check is told; what is wrong with the person himself is told under its own.
FIELDS = dict(zip(TITLES, ("", "id_number", "id_number", "id_number", "line", None), strict=True))
OWN = {header: field for field, header in HEADERS.items()}
FIRST = ("reason", "words")
PLAIN = forms.TextInput(attrs={"autocomplete": "off"})


class LateCandidateForm(RequestForm):
    """A person, the plan line he goes to, and who answers for the entry. What is wrong is told at once."""

    two_columns = True
    name = forms.CharField(label="姓名", max_length=60, widget=PLAIN, help_text="与证件一致")
    sex = forms.ChoiceField(label="性别", choices=[("", "请选择"), *Sex.choices])
    id_type = forms.ChoiceField(label="证件类型", initial="1")
    id_number = forms.CharField(label="证件号码", max_length=20, widget=PLAIN)
    born_on = forms.DateField(
        label="出生日期", widget=forms.DateInput(attrs={"type": "date"}, format="%Y-%m-%d")
    )
    ethnic_group = forms.ChoiceField(label="民族", initial="01")
    political_status = forms.ChoiceField(label="政治面貌", required=False)
    graduated_from = forms.CharField(label="毕业学校或原单位", max_length=100, required=False)
    graduated_in = forms.IntegerField(label="毕业年份", required=False, min_value=1950, max_value=2100)
    line = LineField(label="录取专业", help_text="本校面向考生生源地市、还有余额的计划")
    county = forms.ChoiceField(label="生源地县区", help_text="由该县区所属的市招办审核")
    phone = forms.CharField(label="联系电话", max_length=30, required=False, widget=PLAIN)
    address = forms.CharField(label="家庭住址", max_length=200, required=False, widget=PLAIN)
    guardian = forms.CharField(label="监护人", max_length=60, required=False, widget=PLAIN)
    handler = forms.CharField(
        label="经办人", max_length=60, help_text="本校核实这名考生信息的人，对信息的真实性负责（四（二）2）"
    )

    def __init__(self, *args, **kwargs):
        super().__init__(*args, **kwargs)
        fields, lines = self.fields, own_lines(self.actor)
        fields["line"].offer(lines)
        fields["reason"].label = "考生类别"
        fields["id_type"].choices = list(load_profile(PROFILE).column("id_type").codes.items())
        fields["ethnic_group"].choices = EthnicGroup.objects.order_by("code").values_list("code", "name")
        statuses = [(status.code, status.name) for status in political_statuses()]
        fields["political_status"].choices = [("", "请选择"), *statuses]
        fields["county"].choices = [("", "请选择"), *counties_of_lines(lines)]
        self.order_fields(FIRST)

    def clean_id_number(self):
        return self.cleaned_data["id_number"].strip().upper()

    def clean(self):
        data = super().clean()
        if self.errors:
            return data
        season = season_of(self.actor)
        self.entry = Entry(
            **{name: data[name] for name in Entry.__dataclass_fields__ if name not in ("line", "born_on")},
            line=data["line"].pk,
            born_on=data["born_on"].isoformat(),
        )
        case = Case(self.draft.pk if self.draft else 0, self.entry, season, data["line"].school_id)
        for title, found in zip(TITLES, late_checks([case])[case.key], strict=True):
            if found.light != Light.RED:
                continue
            for words in found.words.split("；"):
                header, _, rest = words.partition("：")
                field = FIELDS[title] if header not in OWN else OWN[header]
                self.add_error(field or None, f"{rest if header in OWN else words}。")
        return data

    def asked(self) -> Asked:
        return asked_of(self.entry, self.cleaned_data["line"])


def counties_of_lines(lines) -> list[tuple[str, str]]:
    """Counties of the cities that some plan lines are for, by name; a city without counties stands for its own."""
    cities = sorted(set(lines.order_by().values_list("city", flat=True)))
    rows = Region.objects.filter(parent__in=cities).select_related("parent").order_by("code")
    return [(row.code, f"{row.parent.name} {row.name}") for row in rows if len(row.code) == 6]


def asked_of(entry: Entry, line: PlanLine) -> Asked:
    """What is asked for a person, by form or by file."""
    place = Region.objects.filter(code=entry.county).select_related("parent").first()
    groups = dict(EthnicGroup.objects.filter(code=entry.ethnic_group).values_list("code", "name"))
    facts = (
        ("姓名", entry.name),
        ("性别", Sex(entry.sex).label),
        ("证件号码", mask_id_number(entry.id_number)),
        ("出生日期", entry.born_on),
        ("民族", groups.get(entry.ethnic_group, entry.ethnic_group)),
        ("毕业学校或原单位", entry.graduated_from),
        ("毕业年份", str(entry.graduated_in or "")),
        ("生源地", f"{place.parent.name} {place.name}" if place else entry.county),
        ("录取专业", f"{line.batch.name} {line.major_code} {line.major_name}"),
        ("经办人", entry.handler),
    )
    return Asked(
        payload=entry.payload,
        summary=f"{entry.name} 补录到{line.major_name}（经办人 {entry.handler}）",
        facts=[(name, value) for name, value in facts if value],
        subject=entry.subject,
        school=line.school,
    )


def parties(request: Request) -> Sequence[Party]:
    """The office of the city he comes from."""
    return [Party(office_of(Entry.of(request).city), "生源地市")]


def check(requests: Sequence[Request]) -> dict[int, Sequence[Check]]:
    """证件, 考生库, 录取, 重复, 计划, 时间 of each."""
    return late_checks(cases_of(requests))


def standing(request: Request) -> Sequence[tuple[str, str]]:
    """The whole number of the document, which the audit compares with the papers."""
    entry = Entry.of(request)
    kind = load_profile(PROFILE).column("id_type").codes.get(entry.id_type, "")
    return [(f"{kind}（审核用）", entry.id_number), ("联系电话", entry.phone or "—")]


def take_effect(request: Request, actor: User) -> str:
    """Issue the number and admit him."""
    late = late_candidate_admit(actor=actor, request=request)
    return f"{Entry.of(request).name} 的考生号为 {late.number}，已录取，待学校注册。"


KIND = register(
    RequestKind(
        key=KEY,
        review="registration.review_late_candidates",
        prefix="BL",
        form=LateCandidateForm,
        checks=TITLES,
        parties=parties,
        check=check,
        take_effect=take_effect,
        lock=late_candidates_lock,
        standing=standing,
        attachment_words="身份和报考资格证明",
        source="粤招办〔2021〕28号 四（二）2",
    )
)
