"""组长录退: a leader hands dossiers out to members and takes them back; 指定录退档案: a member gives back."""

from django.shortcuts import redirect

from accounts.refusals import Refusal
from accounts.views.base import ActionView

from ..forms_handing import HandOutForm
from ..queries.handing import Work, work_of
from ..services import handing
from .deciding import SheetDeed
from .sheet import SheetMixin


class HandOutView(SheetMixin, ActionView):
    """How the members stand, and four ways to hand out."""

    form_class = HandOutForm
    template_name = "dispatch/hand_out.html"
    submit_label = "分发"
    done = "{result}"

    def get_form_kwargs(self):
        return super().get_form_kwargs() | {"sheet": self.object}

    def act(self, data):
        return handing.dossiers_hand_out(actor=self.actor, sheet=self.object, deal=data["deal"])

    def get_success_url(self):
        return self.page("hand_out", pk=self.object.pk)

    def get_context_data(self, **kwargs):
        context = super().get_context_data(cancel_url=self.page("one", pk=self.object.pk), **kwargs)
        work = work_of([self.object]).get(self.object.pk, {})
        people = [(user, work.get(user.pk, Work())) for user in context["form"].people]
        known = {user.pk for user, _ in people}
        gone = sum(part.handed for member, part in work.items() if member is not None and member not in known)
        handed = sum(part.handed for member, part in work.items() if member is not None)
        frame = self.frame()
        counts = frame["counts"]
        here = counts.received - counts.returned
        with_leader = here - handed
        return (
            context
            | frame
            | {"people": people, "gone": gone, "with_leader": with_leader, "back": work.get(None)}
        )


class HandingDeed(SheetDeed):
    """A deed of one button of that page."""

    def back(self):
        return redirect(self.page("hand_out", pk=self.object.pk))


class CallBackView(HandingDeed):
    def act(self):
        member = self.request.POST.get("member", "")
        if not member.isdecimal():
            raise Refusal("请选择组员。")
        decided = "decided" in self.request.POST
        number = handing.dossiers_call_back(
            actor=self.actor, sheet=self.object, member=int(member), decided=decided
        )
        return f"已收回 {number} 份档案，由组长处理或重新分发。"


class EndView(HandingDeed):
    def act(self):
        number = handing.hand_out_end(actor=self.actor, sheet=self.object)
        return f"已取消分发（{number} 份），全体组员可阅本投档单。"


class GiveBackView(SheetDeed):
    """退回组长."""

    def act(self):
        keys = [int(key) for key in self.request.POST.getlist("candidate") if key.isdecimal()]
        words = self.request.POST.get("words", "")[:200]
        number = handing.dossiers_give_back(actor=self.actor, sheet=self.object, candidates=keys, words=words)
        return f"已将 {number} 份档案退回组长。"
