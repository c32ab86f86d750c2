"""设置院校机动计划数: how many, and giving them to plan lines."""

from django import forms

from accounts.forms import ActionForm
from accounts.views.base import ActionView
from admissions.views.controls import ControlMixin

from ..models import PlanChange, PlanLine, Reserve
from ..services.reserve import reserve_use


class UseForm(ActionForm):
    line = forms.ModelChoiceField(PlanLine.objects.none(), label="调入的计划")
    seats = forms.IntegerField(
        label="个数", min_value=-9999, max_value=9999, help_text="正数从机动计划调入，负数收回"
    )
    note = forms.CharField(label="说明", required=False, max_length=200)

    def __init__(self, *args, batch, **kwargs):
        super().__init__(*args, **kwargs)
        lines = PlanLine.objects.visible_to(self.actor).filter(batch=batch, school__reserve__batch=batch)
        self.fields["line"].queryset = lines.select_related("school").order_by("school__code", "major_code")
        self.fields["line"].label_from_instance = lambda line: (
            f"{line.school} {line.major_name}（余 {line.seats_left}）"
        )


class UseReserveView(ControlMixin, ActionView):
    """Give seats of a reserve to a plan line, or take them back."""

    form_class = UseForm
    template_name = "quotas/set_reserve_use.html"
    confirm = True
    done = "机动计划已调整。"

    def get_form_kwargs(self):
        return super().get_form_kwargs() | {"batch": self.object}

    def preview(self, data):
        line, seats = data["line"], data["seats"]
        reserve = Reserve.objects.get(batch=self.object, school=line.school_id)
        return {
            "count": abs(seats), "unit": "个计划",
            "words": f"{line.school.name}机动计划 {reserve.seats} 个，已使用 {reserve.used} 个；"
            f"“{line.major_name}”计划数 {line.seats} → {line.seats + seats}。无需审核，确认后立即生效。",
        }  # fmt: skip

    def act(self, data):
        reserve_use(actor=self.actor, batch=self.object, **data)

    def get_success_url(self):
        return self.tail("use")

    def get_context_data(self, **kwargs):
        batch = self.object
        uses = PlanChange.objects.visible_to(self.actor).filter(line__batch=batch, way=PlanChange.Way.RESERVE)
        return super().get_context_data(
            reserves=Reserve.objects.filter(batch=batch, seats__gt=0).select_related("school"),
            uses=uses.select_related("line__school", "made_by")[:50],
            cancel_url=self.tail("one"),
            **kwargs,
        )
