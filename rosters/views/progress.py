"""录取进度统计 and 各院校该区域录取进度查询: tables that add up, and the same as a workbook."""

from django.utils import timezone

from accounts.context import deed_record
from accounts.views.base import PageView
from accounts.views.workbooks import workbook_response
from admissions.models import Region
from admissions.services.windows import season_of

from ..queries import progress


class ProgressView(PageView):
    """A table of progress with its total; ``?export=xlsx`` is the same as a workbook."""

    template_name = "rosters/progress.html"
    header: tuple[str, ...] = ()

    def region(self) -> str:
        """The region asked for, if the actor sees it; else his own."""
        code = self.request.GET.get("region", "")
        return code if code and self.actor.scope.holds_region(code) else ""

    def progress_rows(self, season) -> list:
        raise NotImplementedError

    def get(self, request, *args, **kwargs):
        season = season_of(self.actor)
        rows = self.progress_rows(season)
        total = progress.total_of(rows)
        if request.GET.get("export") == "xlsx":
            deed_record(actor=self.actor, subject=f"导出{self.function.title}", count=len(rows))
            name = f"{self.function.title}-{timezone.localtime():%Y%m%d%H%M}.xlsx"
            cells = [row.cells for row in (*rows, total) if row]
            return workbook_response(name, [self.header, *cells])
        query = request.GET.copy()
        query["export"] = "xlsx"
        context = self.get_context_data(
            season=season,
            header=self.header,
            rows=rows,
            total=total,
            region=self.region(),
            regions=self.regions(),
            now=timezone.now(),
            export_url=f"?{query.urlencode()}",
        )
        return self.render_to_response(context)

    def regions(self):
        """Regions below one's own, to choose from."""
        return list(Region.objects.filter(parent__in=self.actor.scope.regions).values_list("code", "name"))


class CountProgressView(ProgressView):
    """By city for a province, by county for a city."""

    template_name = "rosters/count_progress.html"
    header = progress.REGION_HEADER

    def progress_rows(self, season):
        return progress.progress_by_region(self.actor, season, self.region())


class FindSchoolProgressView(ProgressView):
    """By school, for the candidates of one's region."""

    template_name = "rosters/find_school_progress.html"
    header = progress.SCHOOL_HEADER

    def progress_rows(self, season):
        rows = progress.progress_by_school(self.actor, season, self.region())
        words = self.request.GET.get("words", "").strip()
        return [row for row in rows if words in row.name or row.code.startswith(words)] if words else rows

    def get_context_data(self, **kwargs):
        return super().get_context_data(words=self.request.GET.get("words", ""), **kwargs)
