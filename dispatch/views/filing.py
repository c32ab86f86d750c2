"""案卷 on a run's page: the case file to take away."""

from django.http import FileResponse, Http404

from accounts.context import deed_record
from accounts.views.base import FunctionView

from ..queries.records import case_kept
from ..services import filing
from .sending import RunDeed, RunMixin


class MakeCaseView(RunDeed):
    """生成案卷: in a worker, since a province's takes a while; it is kept, and each takes the same bytes."""

    confirm = False
    submit_label = "生成案卷"
    done = "案卷正在生成。"

    def act(self, data):
        filing.case_make_start(actor=self.actor, run=self.object)


class CaseView(RunMixin, FunctionView):
    """下载案卷: the stored file, each taking of it on the record."""

    def get(self, request, pk):
        kept = case_kept(self.object)
        if kept is None:
            raise Http404
        filing.case_intact(kept)
        deed_record(actor=self.actor, subject=f"下载案卷 {self.object}", note=f"SHA-256 {kept['digest']}")
        response = FileResponse(
            kept["path"].open("rb"),
            content_type="application/zip",
            as_attachment=True,
            filename=f"案卷-{self.object.batch.city}-{self.object}-{kept['digest'][:12]}.zip".replace(
                " ", ""
            ),
        )
        response.headers["X-Content-Type-Options"] = "nosniff"
        return response
