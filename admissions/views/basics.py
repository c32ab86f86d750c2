"""基本资料: candidates."""

from accounts.views.lists import ListView

from ..filters import CandidateFilter
from ..models import Candidate, Season
from ..tables import CandidateTable


class ManageCandidatesView(ListView):
    """考生资料管理: candidates who come from one's regions, in the current season."""

    model = Candidate
    table_class = CandidateTable
    filterset_class = CandidateFilter

    def get_queryset(self):
        scope = self.actor.scope
        seasons = Season.objects.filter(province=scope.province, current=True).values_list("pk", flat=True)
        rows = Candidate.objects.filter(scope.sources(), season__in=list(seasons))
        return rows.select_related("feeder_school", "dossier").order_by("number")

    @property
    def list_actions(self):
        return (
            {"title": "批量导入", "url": self.page("upload"), "icon": "upload", "primary": True},
            {"title": "导入记录", "url": self.page("files"), "icon": "clock-history"},
        )
