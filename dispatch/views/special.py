"""指定院校投档、指定派位录取: runs confined to some schools; the pages of a run are those of 批量投档."""

from django import forms

from accounts.forms import ActionForm
from accounts.views.base import ActionView, ObjectMixin, PageView
from admissions.models import Batch, School

from ..loading import parameters_of
from ..queries.checks import checks_of
from ..queries.runs import batches_with_runs
from ..queries.schools import SHOWN, schools_planned, schools_to_choose
from ..services import sending


class SpecialRunsView(PageView):
    """The batches of one's city, and the runs of this kind so far."""

    def get_context_data(self, **kwargs):
        batches = batches_with_runs(self.actor)
        for row in batches:
            row["runs"] = [run for run in row["runs"] if run.kind == self.function.name]
            row["own"] = row["open"] is not None and row["open"].kind == self.function.name
        keys = {key for row in batches for run in row["runs"] for key in run.only_schools}
        names = dict(School.objects.filter(pk__in=keys).values_list("pk", "name"))
        for row in batches:
            for run in row["runs"]:
                run.names = [names[key] for key in run.only_schools]
        return super().get_context_data(batches=batches, **kwargs)


class SchoolsForm(ActionForm):
    """Schools of a batch, chosen on the page before."""

    schools = forms.ModelMultipleChoiceField(
        label="院校", queryset=School.objects.none(), widget=forms.MultipleHiddenInput,
        error_messages={"required": "请先选择院校。", "invalid_choice": "所选院校在该批次没有招生计划。"},
    )  # fmt: skip

    def __init__(self, *args, batch: Batch, **kwargs):
        super().__init__(*args, **kwargs)
        self.fields["schools"].queryset = schools_planned(batch)


class OpenSpecialRunView(ObjectMixin, ActionView):
    """Choose schools of a batch, see the checks, and open a run confined to them."""

    model = Batch
    form_class = SchoolsForm
    template_name = "dispatch/open_special_run.html"
    done = "已建立，请先预演。"

    @property
    def submit_label(self):
        return f"新建{self.function.title}"

    def get_form_kwargs(self):
        return super().get_form_kwargs() | {"batch": self.object}

    def chosen(self) -> list[int]:
        """Keys of the schools chosen so far, those with a plan in the batch only."""
        values = self.request.POST.getlist("schools") or self.request.GET.getlist("schools")
        keys = {int(value) for value in values if value.isdecimal() and len(value) < 10}
        return list(schools_planned(self.object).filter(pk__in=keys).values_list("pk", flat=True))

    def act(self, data):
        self.run = sending.run_open(
            actor=self.actor, batch=self.object, kind=self.function.name, schools=list(data["schools"])
        )

    def get_success_url(self):
        return self.page("run", pk=self.run.pk) if hasattr(self, "run") else self.page()

    def get_context_data(self, **kwargs):
        chosen, words = self.chosen(), self.request.GET.get("q", "").strip()
        schools, found = schools_to_choose(self.actor, self.object, words, chosen)
        return super().get_context_data(
            schools=schools,
            more=max(found - SHOWN, 0),
            chosen=chosen,
            words=words,
            parameters=parameters_of(self.object, self.function.name, chosen),
            checks=checks_of(self.object, chosen) if chosen else None,
            **kwargs,
        )
