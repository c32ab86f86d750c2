"""投档情况查询、历史投档单查询: sheets in figures, and each sheet as it was."""

from django.http import HttpResponse
from django_tables2.data import TableQuerysetData

from accounts.context import deed_record
from accounts.views.base import ObjectMixin, PageView
from accounts.views.lists import ListView
from accounts.views.workbooks import workbook_response
from admissions.templatetags.words import marks, region_name

from ..filters_finding import SheetFilters
from ..models import Sheet, SingleDispatch
from ..queries.figures import figures_of, oldest
from ..queries.finding import placements_on, sheets_in_figures
from ..queries.sheets import counts_of
from ..tables_finding import DispatchTable, PastSheetTable


class Figured(TableQuerysetData):
    """Sheets of which those that are shown get their ``figures``, all of a page at once."""

    def __init__(self, data, actor):
        super().__init__(data)
        self.actor = actor

    def __iter__(self):
        return iter(self._with_figures(self.data))

    def __getitem__(self, key):
        return self._with_figures(self.data[key])

    def _with_figures(self, sheets):
        sheets = list(sheets)
        lacking = [sheet for sheet in sheets if not hasattr(sheet, "figures")]
        found = figures_of(self.actor, lacking) if lacking else {}
        for sheet in lacking:
            sheet.figures = found[sheet.pk]
        return sheets


class FiguredListView(ListView):
    """A list of sheets with how their dossiers stand, and of which moment that is."""

    model = Sheet
    filterset_class = SheetFilters
    table_pagination = {"per_page": 25}

    def get_table_data(self):
        return Figured(self.object_list, self.actor)

    def get_context_data(self, **kwargs):
        context = super().get_context_data(**kwargs)
        return context | {"at": oldest(row.record.figures for row in context["table"].paginated_rows)}


class FindDispatchesView(FiguredListView):
    """投档情况查询: sheets not cancelled, how each stands."""

    table_class = DispatchTable

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

    def get(self, request, *args, **kwargs):
        return self.export() if request.GET.get("export") == "xlsx" else super().get(request, *args, **kwargs)

    def export(self) -> HttpResponse:
        """The dossiers of the sheet as the page lists them, with their number at the end."""
        lines = [[
            "位次", "考生号", "姓名", "生源县区", "志愿", "投档成绩", "结果", "专业", "退档原因", "结束时间",
        ]]  # fmt: skip
        for row in placements_on(self.object):
            reason = f"{row.reason.name if row.reason else ''} {row.reason_words}".strip()
            dossier = row.candidate.dossier
            stands = "已退档" if row.reason_id else "已收回" if row.closed_at else dossier.word
            lines.append([
                row.rank, row.candidate.number, row.candidate.name, region_name(row.county),
                row.choice_position, marks(row.dispatch_score), stands,
                row.plan_line.major_name if row.plan_line else "", reason, row.closed_at,
            ])  # fmt: skip
        count = len(lines) - 1
        lines.append(["合计", f"{count} 份档案"])
        deed_record(actor=self.actor, subject=f"导出投档单 {self.object.number}", count=count)
        return workbook_response(f"投档单-{self.object.number}.xlsx", lines)

    def get_context_data(self, **kwargs):
        rows = list(placements_on(self.object))
        counts = counts_of([self.object])[self.object.pk]
        singles = (
            self.visible(SingleDispatch).filter(request=self.object.request_id).select_related("agreed_by")
        )
        return super().get_context_data(rows=rows, counts=counts, singles=singles, **kwargs)
