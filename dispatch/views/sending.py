"""批量投档 on the page: batches, one page per run, the second person's confirmation."""

from django import forms
from django.shortcuts import redirect

from accounts.forms import ActionForm
from accounts.views.base import ActionView, ObjectMixin, PageView
from admissions.jobs import job_interrupted
from admissions.models import Batch, Job, School
from admissions.queries.requests import waiting_for

from ..models import Run
from ..queries.ceremony import ceremony_of
from ..queries.checks import checks_of
from ..queries.records import run_record
from ..queries.rehearsals import formal_of_last_run
from ..queries.runs import batches_with_runs, opened
from ..queries.since import since_rehearsed
from ..queries.story import run_story
from ..requests import point
from ..services import executing, sending
from .outcomes import OutcomeMixin


class DispatchBatchView(PageView):
    """批量投档: the batches of one's city, how each stands, and the runs so far."""

    def get_context_data(self, **kwargs):
        return super().get_context_data(batches=batches_with_runs(self.actor), **kwargs)


class OpenRunView(ObjectMixin, ActionView):
    """Open a run of a batch: the checks and the parameters as they stand."""

    model = Batch
    template_name = "dispatch/open_run.html"
    submit_label = "新建投档"
    done = "投档已建立，请先预演。"

    def act(self, data):
        self.run = sending.run_open(actor=self.actor, batch=self.object)

    def get_success_url(self):
        return self.page("run", pk=self.run.pk) if hasattr(self, "run") else self.page()

    def get_context_data(self, **kwargs):
        return super().get_context_data(
            checks=checks_of(self.object), parameters=sending.parameters_of(self.object), **kwargs
        )


class RunMixin(ObjectMixin):
    """A page about a run of the kind that the function at hand opens."""

    model = Run

    def rows(self):
        runs = super().rows().filter(kind=self.function.name)
        return runs.select_related("batch__season", "created_by", "confirmed_by")


class RunPage(OutcomeMixin, RunMixin, PageView):
    """The page of a run: parameters, rehearsal, confirmation, execution, sheets; and why, for anyone."""

    template_name = "dispatch/run.html"

    def get_context_data(self, **kwargs):
        job = Job.objects.filter(function=self.object.function, subject_id=self.object.pk).first()
        outcome, record = self.outcome(), run_record(self.object)
        seals = record["record"] and record["record"]["seals"]
        return super().get_context_data(
            job=job,
            busy=bool(job and not job.ended and not job_interrupted(job)),
            left_out=School.objects.filter(pk__in=self.object.left_out),
            may_cancel=self.object.state != Run.State.CANCELLED and not opened(self.object),
            story=run_story(self.object, formal=outcome["formal"], seals=seals),
            **outcome,
            comparable=len(outcome["rehearsals"]) > 1 or bool(formal_of_last_run(self.actor, self.object)),
            ceremony=ceremony_of(self.object),
            **record,
            since_rehearsed=since_rehearsed(self.object),
            **kwargs,
        )


class RunDeed(RunMixin, ActionView):
    """One step of a run's procedure; the run's page shows the outcome and any refusal."""

    template_name = "dispatch/run_deed.html"
    confirm = True

    def get(self, request, *args, **kwargs):
        """Where there is nothing to fill in, the confirmation is shown at once."""
        form = self.get_form()
        asks = self.confirm and not form.visible_fields()
        preview = self.preview({}) if asks else None
        return self.render_to_response(self.get_context_data(form=form, preview=preview))

    def post(self, request, *args, **kwargs):
        if "edit" in request.POST and not self.get_form().visible_fields():
            return redirect(self.get_success_url())
        return super().post(request, *args, **kwargs)

    def get_success_url(self):
        return self.page("run", pk=self.object.pk)

    def get_context_data(self, **kwargs):
        return super().get_context_data(cancel_url=self.get_success_url(), **kwargs)

    def preview(self, data):
        words = self.words_admits if self.object.admits else self.words
        return {"count": self.object.sent, "unit": "份档案", "words": words.format(run=self.object)}


class RehearseView(RunDeed):
    confirm = False
    done = "预演已开始。"

    def act(self, data):
        sending.run_rehearse_start(actor=self.actor, run=self.object)


class ExecuteView(RunDeed):
    submit_label = "执行投档"
    done = "投档已开始执行。"
    words = "将按复核过的指纹 {run.fingerprint:.16} 执行“{run}”，档案投出后考生状态改为“已投档”。"
    words_admits = "将按复核过的指纹 {run.fingerprint:.16} 执行“{run}”，中签考生直接改为“录取”并占用计划。"

    def act(self, data):
        executing.run_execute_start(actor=self.actor, run=self.object)


class ReleaseView(RunDeed):
    submit_label = "发布院校"
    done = "已发布 {result} 份投档单，院校可以开始办理。"
    words = "将把“{run}”的投档单发布给院校；院校开始阅档后，不能再整体撤销。"
    words_admits = "将把“{run}”的录取名单发布给院校，院校据以办理注册。"

    def act(self, data):
        return executing.run_release(actor=self.actor, run=self.object)


class ReasonForm(ActionForm):
    reason = forms.CharField(label="原因", max_length=200, widget=forms.Textarea(attrs={"rows": 2}))


class CancelView(RunDeed):
    form_class = ReasonForm
    extra_context = {"danger": True}
    submit_label = "撤销"
    done = "已撤销，{result} 份档案回到在库。"
    words = "将撤销“{run}”，已投出的档案全部回到在库。"
    words_admits = "将撤销“{run}”，已录取的档案全部回到在库，占用的计划退回。"

    def act(self, data):
        return executing.run_cancel(actor=self.actor, run=self.object, reason=data["reason"])


class ConfirmDispatchView(PageView):
    """投档复核: runs that wait for a second person."""

    def get_context_data(self, **kwargs):
        waiting = self.visible(Run).filter(state=Run.State.REHEARSED).select_related("batch", "created_by")
        recent = self.visible(Run).filter(confirmed_by=self.actor).select_related("batch", "created_by")[:10]
        single = waiting_for(self.actor, *point.KINDS).count()
        return super().get_context_data(waiting=waiting, recent=recent, single=single, **kwargs)


class FingerprintForm(ActionForm):
    fingerprint = forms.CharField(widget=forms.HiddenInput)


class ConfirmRunView(OutcomeMixin, ObjectMixin, ActionView):
    """The second person sees what the first saw, and confirms its fingerprint."""

    model = Run
    form_class = FingerprintForm
    template_name = "dispatch/confirm_run.html"
    submit_label = "核对无误，确认投档"
    done = "已复核，发起人可以执行投档。"

    def rows(self):
        return super().rows().select_related("batch__season", "created_by", "confirmed_by")

    def get_initial(self):
        return {"fingerprint": self.object.fingerprint}

    def act(self, data):
        sending.run_confirm(actor=self.actor, run=self.object, fingerprint=data["fingerprint"])

    def get_context_data(self, **kwargs):
        return super().get_context_data(
            cancel_url=self.page(),
            left_out=School.objects.filter(pk__in=self.object.left_out),
            **self.outcome(),
            ceremony=ceremony_of(self.object),
            since_rehearsed=since_rehearsed(self.object),
            **kwargs,
        )
