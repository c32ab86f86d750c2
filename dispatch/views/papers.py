"""Papers of returns: attached and removed by the school, opened by it and by the office that audits."""

from django.contrib import messages
from django.http import Http404
from django.shortcuts import get_object_or_404, redirect

from accounts.refusals import Refusal
from accounts.views.base import FunctionView, ObjectMixin, PageView
from admissions.models import DossierPaper
from admissions.services.papers import paper_store
from admissions.views.papers import paper_response

from ..forms_papers import AttachForm
from ..models import Confirmation, Placement
from ..queries.papers import papers_on
from ..queries.sheets import rows_of
from ..services import papers
from ..services.handing import read_by
from .reading_list import keep_of
from .reviewing import Queue
from .sheet import SheetMixin


class SheetPapersView(SheetMixin, PageView):
    """Returns of a sheet that need papers, lacking ones first; one file may be attached to several."""

    template_name = "dispatch/papers.html"

    def get_context_data(self, **kwargs):
        rows = read_by(self.actor, rows_of(self.object, shown="return"))
        pairs = papers_on(self.object, rows)
        return (
            super().get_context_data(
                pairs=pairs,
                missing=sum(row.reason.needs_attachment and not found for row, found in pairs),
                form=AttachForm(actor=self.actor),
                **kwargs,
            )
            | self.frame()
        )


class AttachView(SheetMixin, FunctionView):
    """Attach a file to the proposed returns of one candidate or of several."""

    def post(self, request, **kwargs):
        form = AttachForm(request.POST, request.FILES, actor=self.actor)
        try:
            if not form.is_valid():
                raise Refusal("；".join(error[0] for error in form.errors.values()))
            data = form.cleaned_data
            paper = paper_store(data["paper"], DossierPaper.FOLDER)
            count = papers.papers_attach(
                actor=self.actor, sheet=self.object, candidates=data["candidates"], paper=paper
            )
            messages.success(request, f"材料“{paper}”已上传，用于 {count} 名考生。")
        except Refusal as refusal:
            messages.error(request, str(refusal))
        return self.back_to(request.POST)

    def back_to(self, data):
        """The dossier that it came from, in the list as it was filtered, or the list of papers."""
        if data.get("dossier", "").isdecimal():
            query = "&".join(filter(None, [f"dossier={data['dossier']}", keep_of(self.filters)]))
            return redirect(f"{self.page('one', pk=self.object.pk)}?{query}")
        return redirect(self.page("papers", pk=self.object.pk))


class OnePaper(SheetMixin):
    """One paper of a dossier that is on the sheet now and that the actor reads."""

    @property
    def paper(self) -> DossierPaper:
        rows = read_by(self.actor, Placement.objects.open().filter(sheet=self.object))
        papers = self.visible(DossierPaper).filter(placement_id__in=rows.values("pk"))
        return get_object_or_404(papers.select_related("candidate"), pk=self.kwargs["paper"])


class SheetPaperView(OnePaper, FunctionView):
    """The bytes of a paper, for the school that gave it."""

    def get(self, request, **kwargs):
        paper = self.paper
        return paper_response(self.actor, paper, of=paper.candidate.number)


class DetachView(OnePaper, AttachView):
    """Remove a paper before it is submitted."""

    def post(self, request, **kwargs):
        paper = self.paper
        try:
            papers.paper_detach(actor=self.actor, sheet=self.object, paper=paper)
            messages.success(request, f"材料“{paper}”已删除。")
        except Refusal as refusal:
            messages.error(request, str(refusal))
        return self.back_to(request.POST)


class Reviewed(Queue, ObjectMixin, FunctionView):
    """A file of one row of a queue, for the officer who audits it."""

    model = Placement

    def rows(self):
        return self.queue()


class ReviewPaperView(Reviewed):
    """The bytes of a paper, for the officer who audits the return, or the admission from the pool."""

    def get(self, request, **kwargs):
        papers = self.visible(DossierPaper).filter(placement_id=self.object.pk)
        paper = get_object_or_404(papers.select_related("candidate"), pk=self.kwargs["paper"])
        return paper_response(self.actor, paper, of=paper.candidate.number)


class ReviewConfirmationView(Reviewed):
    """The image by which a candidate has confirmed at the school, for the officer who audits his admission."""

    def get(self, request, **kwargs):
        found = get_object_or_404(self.visible(Confirmation).select_related("candidate"), pk=self.object.pk)
        if not found.path:  # a card leaves none
            raise Http404
        return paper_response(self.actor, found, of=found.candidate.number)
