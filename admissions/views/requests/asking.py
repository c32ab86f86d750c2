"""The side that asks: its own requests, a form, and a page for each; a draft's page is the preview."""

from django.contrib import messages
from django.shortcuts import get_object_or_404, redirect

from accounts.refusals import Refusal
from accounts.views.base import ActionView, FunctionView, PageView
from accounts.views.lists import ListView

from ...filters_requests import OwnRequestFilter
from ...forms_requests import PaperForm, SubmitForm, WithdrawForm
from ...models import Request
from ...queries import requests as queries
from ...requests import CONSENTS
from ...services import requests as services
from ...tables_requests import OwnRequestTable
from .shared import OfKind, OneRequest, PaperView


class OwnRequestsView(OfKind, ListView):
    """One's own requests of this kind, newest first."""

    model = Request
    table_class = OwnRequestTable
    filterset_class = OwnRequestFilter
    template_name = None

    def get_template_names(self):
        return [self.function.template, "admissions/requests_own.html"]

    def get_queryset(self):
        return queries.own_requests(self.actor, self.kind)

    def get_table_kwargs(self):
        return {"url": f"{self.function.url_name}__one"}

    @property
    def list_actions(self):
        new = {"title": "新申请", "url": self.page("new"), "icon": "plus-lg", "primary": True}
        if self.kind.consent != self.kind.key:
            return (*self.register_links(), new)
        consents = {"title": "待本校同意", "url": self.page(CONSENTS), "icon": "clipboard-check"}
        return (*self.register_links(), consents, new)


class NewRequestView(OfKind, ActionView):
    """A new request, kept as a draft; its page is the preview."""

    template_name = "admissions/requests_form.html"
    submit_label = "保存草稿，下一步核对"
    done = "草稿 {result} 已保存，请核对后提交。"

    def get_form_class(self):
        return self.kind.form

    def get_form_kwargs(self):
        return super().get_form_kwargs() | {"kind": self.kind}

    def get_context_data(self, **kwargs):
        return super().get_context_data(**({"cancel_url": self.page()} | kwargs))

    def act(self, data):
        form = self.bound
        self.made = services.request_draft(
            actor=self.actor, kind=self.kind, asked=form.asked(), reason=data["reason"], words=data["words"]
        )
        if data.get("paper"):
            services.attachment_add(actor=self.actor, request=self.made, upload=data["paper"])
        return self.made.number

    def form_valid(self, form):
        self.bound = form
        return super().form_valid(form)

    def get_success_url(self):
        return self.page("one", pk=self.made.pk) if hasattr(self, "made") else self.page()


class EditRequestView(OneRequest, NewRequestView):
    """Change a draft."""

    submit_label = "保存修改"
    done = "草稿 {result} 已修改，请核对后提交。"

    def get_initial(self):
        row = self.object
        return row.payload | {"reason": row.reason, "words": row.words}

    def get_form_kwargs(self):
        return super().get_form_kwargs() | {"draft": self.object}

    def act(self, data):
        self.made = services.request_draft(
            actor=self.actor,
            kind=self.kind,
            asked=self.bound.asked(),
            reason=data["reason"],
            words=data["words"],
            request=self.object,
        )
        return self.made.number


class OwnRequestView(OneRequest, PageView):
    """One of one's own requests."""

    template_name = "admissions/requests_one.html"

    def get_context_data(self, **kwargs):
        row = self.object
        names = ("submit", "withdraw", "edit", "attach")
        return super().get_context_data(
            pages={name: self.page(name, pk=row.pk) for name in names},
            detach=[
                (paper, self.page("detach", pk=row.pk, attachment=paper.pk))
                for paper in row.attachments.all()
            ],
            paper_form=PaperForm(actor=self.actor),
            own=True,
            **kwargs,
        )


class OwnDeed(OneRequest, ActionView):
    """A deed on one's own request; afterwards its page."""

    template_name = "components/action.html"

    def get_context_data(self, **kwargs):
        return super().get_context_data(**({"cancel_url": self.here()} | kwargs))

    def get_success_url(self):
        return self.here()


class SubmitRequestView(OwnDeed):
    """Submit a draft, after what is asked for and what the checks say were seen."""

    form_class = SubmitForm
    template_name = "admissions/requests_submit.html"
    confirm = True
    submit_label = "提交申请"
    done = "{result}"

    def get(self, request, *args, **kwargs):
        return redirect(self.here())

    def form_valid(self, form):
        if "edit" in self.request.POST:  # there is nothing to fill in here: a draft is changed on its page
            return redirect(self.here())
        return super().form_valid(form)

    def preview(self, data):
        row = self.object
        if row.state != Request.State.DRAFT or row.version != data["version"]:
            raise Refusal("申请内容或状态已变化，没有提交。", hint="请返回申请页面核对。")
        checks = dict(zip(self.kind.checks, queries.checks_of([row])[row.pk], strict=True))
        red = [
            f"{title}：{check.words}" for title, check in checks.items() if check.light == services.Light.RED
        ]
        if red:
            raise Refusal("系统检查未通过，不能提交。" + "；".join(red), hint="请修改或作废。")
        parties = [f"{party.role}{party.organisation.name}" for party in self.kind.parties(row)]
        days = self.kind.days(row.season.province)
        to = f"由{'、'.join(parties)}审核，期限 {days} 天" if parties else "无需审核，提交后立即生效"
        return {
            "words": f"{row.summary}。{to}。",
            "header": ("项目", "内容"),
            "rows": [*row.facts, *self.more_facts()],
            "unit": "项",
            "warnings": [
                *filter(None, [self.kind.danger]),
                *(
                    f"{title}：{check.words}"
                    for title, check in checks.items()
                    if check.light != services.Light.GREEN
                ),
            ],
        }

    def more_facts(self):
        row = self.object
        ground = self.kind.reason("ask", row.reason, row.words).name
        yield "申请理由", f"{ground}：{row.words}" if row.words else ground
        yield "附件", "、".join(row.attachments.values_list("name", flat=True)) or "无"

    def act(self, data):
        row = services.request_submit(actor=self.actor, request=self.object, version=data["version"])
        if row.state == Request.State.EFFECTIVE:
            return f"申请 {row.number} 无需审核，已生效。"
        return f"申请 {row.number} 已提交，等待审核。"


class WithdrawRequestView(OwnDeed):
    """Take a request back."""

    form_class = WithdrawForm
    submit_label = "撤回申请"
    done = "申请已撤回。"
    extra_context = {"danger": True}

    def act(self, data):
        services.request_withdraw(actor=self.actor, request=self.object, words=data["words"])


class AttachView(OwnDeed):
    """Add a paper to a draft."""

    form_class = PaperForm
    submit_label = "上传附件"
    done = "附件 {result} 已上传。"

    def act(self, data):
        return services.attachment_add(actor=self.actor, request=self.object, upload=data["paper"]).name


class DetachView(OneRequest, FunctionView):
    """Remove a paper from a draft."""

    def post(self, request, pk, attachment):
        services.attachment_remove(
            actor=self.actor, attachment=get_object_or_404(self.object.attachments, pk=attachment)
        )
        messages.success(request, "附件已删除。")
        return redirect(self.here())


class OwnPaperView(PaperView):
    """A paper of one's own request."""
