"""Who goes elsewhere in one rehearsal of a run than in another."""

import csv
from collections.abc import Iterator
from io import StringIO
from urllib.parse import quote

import numpy as np
from django import forms
from django.core.paginator import Paginator
from django.http import HttpResponse
from django.utils import timezone
from django.utils.functional import cached_property

from accounts.context import deed_record
from accounts.forms import style_field
from accounts.masking import mask_name
from accounts.refusals import Refusal
from accounts.views.lists import EXPORT_BOUND
from accounts.views.workbooks import workbook_response
from admissions.models import Candidate
from admissions.templatetags.words import region_name

from ..queries.comparing import MOVE_WORDS, Move
from .comparing import MOVES, Pair
from .outcomes import marks_words

PER_PAGE = 50
CSV_BOUND = 50_000
UNPLACED = "未投出"
HEAD = ["考生号", "姓名", "县区", "变动", "原投院校", "原志愿", "现投院校", "现志愿", "位次"]


class MovedForm(forms.Form):
    """Which of those who move are shown."""

    move = forms.ChoiceField(label="变动", required=False, choices=[("", "全部"), *MOVES])
    school = forms.CharField(label="院校代码", required=False, max_length=20, help_text="原投或改投该校")
    number = forms.CharField(label="考生号", required=False, max_length=30)

    def __init__(self, *args, **kwargs):
        super().__init__(*args, **kwargs)
        for field in self.fields.values():
            style_field(field)


class MovedView(Pair):
    """The candidates who go elsewhere in the later of two rehearsals than in the earlier."""

    template_name = "dispatch/compare_candidates.html"

    def get(self, request, *args, **kwargs):
        export = {"xlsx": self.export_workbook, "csv": self.export_csv}.get(request.GET.get("export"))
        return export() if export else super().get(request, *args, **kwargs)

    @cached_property
    def form(self) -> MovedForm:
        form = MovedForm(self.request.GET)
        form.is_valid()
        return form

    @cached_property
    def chosen(self) -> np.ndarray:
        """Indices of those who move and answer the filters, in order of rank."""
        found, asked = self.comparison, self.form.cleaned_data
        who = found.moved()
        if move := asked.get("move"):
            who = who[found.move[who] == Move[move.upper()]]
        if code := asked.get("school"):
            school = next((key for key, row in self.names.items() if row.code == code), -1)
            who = who[(found.school_before[who] == school) | (found.school_after[who] == school)]
        if number := asked.get("number"):
            rows = self.visible(Candidate).filter(season=self.object.batch.season_id, number=number)
            who = who[np.isin(found.candidates[who], list(rows.values_list("pk", flat=True)))]
        return who

    def rows_of(self, who: np.ndarray) -> list[dict]:
        """Some of the candidates with number, masked name, and where they go in both."""
        found = self.comparison
        keys = found.candidates[who].tolist()
        persons = {
            pk: (number, mask_name(name), county)
            for pk, number, name, county in self.visible(Candidate)
            .filter(pk__in=keys)
            .values_list("pk", "number", "name", "county")
        }
        columns = (
            keys, found.move[who], found.school_before[who], found.school_after[who], found.choice_before[who],
            found.choice_after[who], found.score[who], found.rank_before[who], found.rank_after[who],
        )  # fmt: skip
        rows = []
        for key, move, *rest in zip(*(list(map(int, column)) for column in columns), strict=True):
            number, name, county = persons.get(key, ("", "", ""))
            before, after, choice_before, choice_after, score, rank_before, rank_after = rest
            rows.append(
                {
                    "number": number,
                    "name": name,
                    "county": county,
                    "move": Move(move).name.lower(),
                    "words": MOVE_WORDS[Move(move)],
                    "before": self.names.get(before),
                    "after": self.names.get(after),
                    "choice_before": choice_before,
                    "choice_after": choice_after,
                    "score": score,
                    "rank": rank_after or rank_before,
                }
            )
        return rows

    def get_context_data(self, **kwargs):
        page = Paginator(self.chosen, PER_PAGE).get_page(self.request.GET.get("page"))
        query = self.request.GET.copy()
        for name in ("page", "export"):
            query.pop(name, None)
        return super().get_context_data(
            filters=self.form,
            page=page,
            rows=self.rows_of(page.object_list),
            counted=len(self.chosen),
            list_query=query.urlencode(),
            workbook_bound=EXPORT_BOUND,
            csv_bound=CSV_BOUND,
            **kwargs,
        )

    def export_workbook(self) -> HttpResponse:
        """The filtered list as a workbook, within the bound of every list."""
        name = f"预演比较-考生-{timezone.localtime():%Y%m%d%H%M}.xlsx"
        return workbook_response(name, list(self.cells(EXPORT_BOUND)))

    def export_csv(self) -> HttpResponse:
        """The filtered list as CSV, for more than a workbook's bound."""
        file = StringIO()
        csv.writer(file).writerows(map(_inert, row) for row in self.cells(CSV_BOUND))
        name = quote(f"预演比较-考生-{timezone.localtime():%Y%m%d%H%M}.csv")
        return HttpResponse(
            file.getvalue().encode("utf-8-sig"),
            content_type="text/csv; charset=utf-8",
            headers={"Content-Disposition": f"attachment; filename*=UTF-8''{name}"},
        )

    def cells(self, bound: int) -> Iterator[list]:
        """Header and rows of an export.

        Raises:
            Refusal: if there are more rows than the bound.
        """
        if len(self.chosen) > bound:
            raise Refusal(f"结果超过 {bound} 行，请先缩小查询范围再导出。")
        deed_record(actor=self.actor, subject=self.deed("考生"), count=len(self.chosen))
        rows = self.rows_of(self.chosen)
        draws = self.object.admits  # marks say nothing of a draw
        yield HEAD if draws else [*HEAD, "投档成绩"]
        for row in rows:
            cells = [
                row["number"], row["name"], region_name(row["county"]), row["words"], row["before"] or UNPLACED,
                row["choice_before"] or "", row["after"] or UNPLACED, row["choice_after"] or "", row["rank"],
            ]  # fmt: skip
            yield cells if draws else [*cells, marks_words(row["score"])]


def _inert(value):
    """A cell that no spreadsheet takes for a formula."""
    text = str(value)
    return f"'{text}" if text[:1] in "=+-@\t" and not text.lstrip("-").isdecimal() else text
