"""投档控制: batches, modes, lines, statuses, audits and conditions of one's city."""

from django import forms

from accounts.forms import ActionForm
from accounts.models import Organisation
from accounts.refusals import Refusal
from accounts.views.base import ActionView, serve
from admissions.models import Region
from admissions.reference import plan_kinds
from admissions.templatetags.words import region_name
from admissions.views.controls import BatchesPage, ChangeView, control_pages
from admissions.views.imports import import_pages

from ..condition_kinds import KINDS
from ..models import ProvinceLine
from ..services import control
from ..services.control import CONTROLS, PROVINCE_LINE
from ..services.control.base import schools_of
from ..services.control.conditions import offered, tried
from ..services.control.mode import keys_known, mode_example

BLANK = 4
OFFERED = {"对象": "items-known", "要求": "demands-known"}
MOST = 16


def cities_of(actor) -> list[tuple[str, str]]:
    """Cities whose batches an actor may set: his own; a county sets none."""
    codes = [code for code in actor.scope.regions if len(code) == 4]
    return list(Region.objects.filter(code__in=codes).values_list("code", "name"))


class BatchFields(ActionForm):
    city = forms.ChoiceField(label="市")
    code = forms.RegexField(
        r"^[0-9A-Za-z]{1,4}$", label="批次代码", help_text="一至四位字母或数字，计划和志愿文件中使用"
    )
    name = forms.CharField(label="批次名称", max_length=60)
    position = forms.IntegerField(label="次序", min_value=1, max_value=99)
    choices_allowed = forms.IntegerField(label="志愿数", min_value=1, max_value=20)
    plan_kinds = forms.MultipleChoiceField(
        label="计划类型", required=False, widget=forms.CheckboxSelectMultiple,
        choices=[(kind.code, f"{kind.code} {kind.name}") for kind in plan_kinds()],
    )  # fmt: skip

    def __init__(self, *args, **kwargs):
        super().__init__(*args, **kwargs)
        self.fields["city"].choices = cities_of(self.actor)


class SetBatchesPage(BatchesPage):
    """设置地市批次: the batches, each leading to its form; and a way to a new one."""

    template_name = "dispatch/set_batches.html"

    def get_context_data(self, **kwargs):
        return super().get_context_data(may_add=bool(cities_of(self.actor)), **kwargs)


class AddBatchView(ActionView):
    """A new batch of one's city."""

    form_class = BatchFields
    template_name = "dispatch/batch_new.html"
    submit_label = "新建批次"
    done = "批次已建立，请继续设置投档模式和分数线。"

    def get_context_data(self, **kwargs):
        return super().get_context_data(cancel_url=self.page(), **kwargs)

    def act(self, data):
        control.batch_add(actor=self.actor, city=data.pop("city"), values=data)


class SetModeView(ChangeView):
    """设置投档模式: with the example in words, and what tie keys may name."""

    template_name = "dispatch/set_mode_form.html"

    def get_context_data(self, **kwargs):
        row = self.control.now(self.object)[()]
        return super().get_context_data(
            keys_known=keys_known(self.object), example=mode_example(row), **kwargs
        )


class RegionLinePage(BatchesPage):
    """设置区域分数线: the batches, and the lowest lines of the province."""

    template_name = "dispatch/set_region_line.html"
    said_title = "分数线"

    def batches(self):
        return super().batches().prefetch_related("lines")

    def said(self, batch):
        lines = sorted(batch.lines.all(), key=lambda line: (line.county, line.kind))
        return "；".join(
            f"{region_name(line.county) or '全市'}{f' {line.kind}' if line.kind else ''} {line.score / 100:g}"
            for line in lines
        )

    def get_context_data(self, **kwargs):
        names = {"": "全部"} | {kind.code: f"{kind.code} {kind.name}" for kind in plan_kinds()}
        floors = [
            (names.get(line.kind, line.kind), line)
            for line in self.visible(ProvinceLine).filter(season__current=True)
        ]
        return super().get_context_data(
            floors=floors, province_url=self.page("province"),
            may_set=self.actor.organisation.kind == Organisation.Kind.PROVINCE, **kwargs,
        )  # fmt: skip


class ConditionsPage(BatchesPage):
    """设置院校投档特殊条件限制: the batches, and the files that conditions rest on."""

    template_name = "dispatch/set_school_conditions.html"


class ConditionsForm(ActionForm):
    """The conditions of one school, a row each, and a candidate to try them on."""

    school = forms.CharField(label="学校代码", max_length=20)
    number = forms.CharField(
        label="试一名考生", required=False, max_length=20, help_text="填考生号，点“试算”"
    )
    note = forms.CharField(label="说明", required=False, max_length=100, help_text="写入版本记录，可不填")
    seen = forms.IntegerField(widget=forms.HiddenInput, required=False)

    def __init__(self, *args, control, batch, rows=(), **kwargs):
        self.control, self.batch = control, batch
        super().__init__(*args, **kwargs)
        self.fields["school"].widget.attrs["list"] = "schools-known"
        posted = [name for name in self.data if name.startswith("kind_")] if self.is_bound else rows
        self.count = min(max(len(posted), len(rows)) + (0 if self.is_bound else BLANK), MOST)
        kinds = [("", "（空）"), *((key, kind.title) for key, kind in KINDS.items())]
        for number in range(self.count):
            group, kind, item, demand = rows[number] if number < len(rows) else (str(number + 1), "", "", "")
            added = {
                f"group_{number}": forms.IntegerField(
                    label="组号", min_value=1, max_value=20, required=False, initial=group
                ),
                f"kind_{number}": forms.ChoiceField(
                    label="项目", choices=kinds, required=False, initial=kind
                ),
                f"item_{number}": forms.CharField(label="对象", max_length=60, required=False, initial=item),
                f"demand_{number}": forms.CharField(
                    label="要求", max_length=200, required=False, initial=demand
                ),
            }
            for name, field in added.items():
                style = "form-select" if isinstance(field.widget, forms.Select) else "form-control"
                field.widget.attrs |= {"class": style, "aria-label": f"第 {number + 1} 行{field.label}"}
                if field.label in OFFERED:
                    field.widget.attrs["list"] = OFFERED[field.label]
                self.fields[name] = field

    @property
    def rows(self):
        """The bound fields of each row."""
        parts = ("group", "kind", "item", "demand")
        return [[self[f"{part}_{number}"] for part in parts] for number in range(self.count)]

    def visible_fields(self):
        """What the step of confirmation shows; the rows stand in its table."""
        return [self["school"], self["note"]]

    def clean(self):
        data = super().clean()
        school = data.get("school", "")
        asked = {}
        for number in range(self.count):
            kind = data.get(f"kind_{number}")
            if kind:
                parts = (data.get(f"item_{number}", ""), data.get(f"demand_{number}", ""))
                asked[
                    school, str(data.get(f"group_{number}") or 1), kind, *(part.strip() for part in parts)
                ] = {}
        before = self.control.now(self.batch)
        asked = {key: {} for key in self.control.settled(self.batch, asked)}
        after = {key: row for key, row in before.items() if key[0] != school} | asked
        for fault in self.control.faults(self.batch, before, after):
            self.add_error(None, fault.words)
        data |= {"before": before, "after": after}
        return data


class SetConditionsView(ChangeView):
    """The rule builder: one school's conditions, tried on a candidate, counted, then set."""

    form_class = ConditionsForm
    template_name = "dispatch/set_school_conditions_form.html"

    def get_initial(self):
        chosen = self.request.GET.get("chosen", "").split("|")[0]
        return {"seen": super().get_initial()["seen"], "school": chosen or self.request.GET.get("school", "")}

    def get_form_kwargs(self):
        rows = []
        if self.request.method == "GET" and (school := self.get_initial()["school"]):
            rows = [key[1:] for key in self.control.now(self.object) if key[0] == school]
        return super().get_form_kwargs() | {"rows": rows}

    def form_valid(self, form):
        if "try" not in self.request.POST:
            return super().form_valid(form)
        data = form.cleaned_data
        try:
            against = tried(
                actor=self.actor, batch=self.object, school=data["school"], number=data["number"], rows=data["after"]
            )  # fmt: skip
        except Refusal as refusal:
            return self.refused(form, refusal)
        answer = f"考生 {data['number']}：{against or '符合全部条件'}。"
        return self.render_to_response(self.get_context_data(form=form, answer=answer, met=not against))

    def get_context_data(self, **kwargs):
        items, demands = offered(self.object)
        return super().get_context_data(
            kinds=KINDS, schools=schools_of(self.object).values(), items=items, demands=demands, **kwargs
        )


def pages() -> list:
    """The pages of all controls of this app."""
    special = {
        "dispatch.set_mode": SetModeView,
        "dispatch.set_school_conditions": SetConditionsView,
    }
    homes = {
        "dispatch.set_batches": SetBatchesPage,
        "dispatch.set_region_line": RegionLinePage,
        "dispatch.set_school_conditions": ConditionsPage,
    }
    bound = [
        page
        for key, one in CONTROLS.items()
        for page in control_pages(one, change=special.get(key), home=homes.get(key))
    ]
    return [
        *bound,
        serve("dispatch.set_batches", AddBatchView, "new"),
        *control_pages(PROVINCE_LINE, under="province", page_template="dispatch/set_province_line.html"),
        *import_pages("dispatch.set_school_conditions"),
    ]
