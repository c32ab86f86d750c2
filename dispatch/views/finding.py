"""投档情况查询、历史投档单查询: sheets in figures, and each sheet as it was."""

from accounts.views.base import ObjectMixin, PageView
from accounts.views.lists import ListView

from ..filters_finding import SheetFilters
from ..models import Sheet, SingleDispatch
from ..queries.finding import placements_on, sheets_in_figures
from ..queries.sheets import counts_of
from ..tables_finding import DispatchTable, PastSheetTable


class FindDispatchesView(ListView):
    """投档情况查询: sheets not cancelled, how each stands at this moment."""

    model = Sheet
    table_class = DispatchTable
    filterset_class = SheetFilters

    def get_queryset(self):
        return sheets_in_figures(self.actor).filter(cancelled_at__isnull=True)


class FindPastSheetsView(ListView):
    """历史投档单查询: every sheet there was, also those cancelled."""

    model = Sheet
    table_class = PastSheetTable
    filterset_class = SheetFilters

    def get_queryset(self):
        return self.visible(Sheet).select_related("batch", "school", "run")


class PastSheetPage(ObjectMixin, PageView):
    """One sheet: what it was made from, what became of each dossier."""

    model = Sheet
    template_name = "dispatch/past_sheet.html"

    def rows(self):
        related = ("batch__season", "school", "run__created_by", "run__confirmed_by")
        related += ("request__organisation", "request__asked_by")
        return super().rows().select_related(*related)

    def get_context_data(self, **kwargs):
        rows = list(placements_on(self.object))
        counts = counts_of([self.object])[self.object.pk]
        singles = (
            self.visible(SingleDispatch).filter(request=self.object.request_id).select_related("agreed_by")
        )
        return super().get_context_data(rows=rows, counts=counts, singles=singles, **kwargs)
