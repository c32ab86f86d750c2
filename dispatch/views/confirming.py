"""Where a city asks for it: candidates confirm at the school, and whoever does not is proposed for return."""

from django.contrib import messages
from django.http import Http404
from django.shortcuts import get_object_or_404, redirect

from accounts.refusals import Refusal
from admissions.services.papers import paper_store
from admissions.views.papers import paper_response

from ..models import Confirmation
from ..queries.confirming import unconfirmed_of
from ..services import confirming
from .deciding import SheetAction
from .presence import OwnDossier
from .reading_list import keep_of


class ConfirmView(OwnDossier):
    """One candidate at the desk: his card is read, or he signs, or a picture is taken."""

    def post(self, request, **kwargs):
        candidate, upload = self.placement.candidate, request.FILES.get("image")
        try:
            found = confirming.confirmation_record(
                actor=self.actor,
                sheet=self.object,
                candidate=candidate.pk,
                method=request.POST.get("method", ""),
                id_number=request.POST.get("id_number", ""),
                paper=paper_store(upload, Confirmation.FOLDER) if upload else None,
            )
            messages.success(request, f"{candidate.name} 已确认（{found.get_method_display()}）。")
        except Refusal as refusal:
            messages.error(request, str(refusal))
        keep = keep_of(self.filters)
        address = self.page("one", pk=self.object.pk) + f"?dossier={candidate.pk}"
        return redirect(address + (f"&{keep}" if keep else ""))


class ImageView(OwnDossier):
    """The image that a confirmation rests on."""

    def get(self, request, **kwargs):
        placement = self.placement
        found = get_object_or_404(self.visible(Confirmation), pk=placement.pk)
        if not found.path:
            raise Http404
        return paper_response(self.actor, found, of=placement.candidate.number)


class UnconfirmedView(SheetAction):
    """Propose the return of everybody who has not confirmed."""

    submit_label = "未到校者拟退档"
    done = "已将 {result} 名未确认的考生拟退档，提交、审核后转入下一志愿。"

    def preview(self, data):
        count = unconfirmed_of(self.object).count()
        if not count:
            raise Refusal("没有未确认的拟录取考生。")
        words = f"{count} 名拟录取而没有到校确认的考生改为拟退档，原因“未按时确认”，占用的计划释放。仍为草稿，可以逐份撤销。"
        return {"title": self.submit_label, "count": count, "unit": "名", "words": words}

    def act(self, data):
        return confirming.unconfirmed_return(actor=self.actor, sheet=self.object)
