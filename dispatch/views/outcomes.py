"""What a run gives each school and why, on its page and on the second person's."""

from django import forms
from django.core.paginator import Paginator
from django.http import HttpResponse
from django.utils import timezone

from accounts.context import deed_record
from accounts.forms import style_field
from accounts.views.workbooks import workbook_response
from admissions.models import Candidate

from ..models import Run, RunSchool
from ..queries.rehearsals import rehearsals_panel
from ..queries.runs import run_feeders_told, run_schools
from ..runs import run_explain

PER_PAGE = 100
SUMS = ("plan", "offered", "wanted", "sent", "short")


class SchoolsForm(forms.Form):
    """Which schools of a run are listed."""

    school = forms.CharField(label="院校代码或名称", required=False, max_length=60)
    only = forms.ChoiceField(label="只看", required=False)

    def __init__(self, *args, run: Run, compared: bool, **kwargs):
        super().__init__(*args, **kwargs)
        sent = "中签" if run.admits else "投出"
        choices = [("", "全部院校"), ("short", "有缺额"), ("nobody", f"没有{sent}")]
        choices += [("changed", "与上次预演不同")] if compared else []
        choices += [("out", "已隔离")] if run.left_out else []
        self.fields["only"].choices = choices
        for field in self.fields.values():
            style_field(field)


class OutcomeMixin:
    """Shows the table of schools of ``self.object``, a run, gives it as a workbook, and explains any candidate."""

    def get(self, request, *args, **kwargs):
        if request.GET.get("export") == "schools":
            return self.export_schools()
        return super().get(request, *args, **kwargs)

    def outcome(self) -> dict:
        """Context of the rehearsals and of the table of schools, which counts all and lists those asked for."""
        panel = rehearsals_panel(self.object)
        rows = list(run_schools(self.object))
        form = SchoolsForm(self.request.GET, run=self.object, compared=bool(panel["since_number"]))
        asked = form.cleaned_data if form.is_valid() else {}
        listed = [row for row in rows if self._asked_for(row, asked, panel["since"])]
        query = self.request.GET.copy()
        for name in ("page", "export"):
            query.pop(name, None)
        page = Paginator(listed, PER_PAGE).get_page(self.request.GET.get("page"))
        sheets = self.object.sheets.filter(school__in=[row.school_id for row in page.object_list])
        by_school = {sheet.school_id: sheet for sheet in sheets.select_related("run")}
        for row in page.object_list:
            row.sheet = by_school.get(row.school_id)
        return panel | {
            "schools_form": form,
            "schools": page.object_list,
            "schools_page": page,
            "schools_query": query.urlencode(),
            "schools_listed": len(listed),
            "schools_all": len(rows),
            "summary": totals_of(rows),
            "listed_summary": totals_of(listed) if len(listed) < len(rows) else None,
            "sheets_shown": bool(self.object.executed_at),
            "may_see_sheets": self.actor.may("dispatch.find_past_sheets"),
            "feeders": run_feeders_told(self.object),
            "why": self.why(),
        }

    def why(self) -> dict | None:
        """The explanation asked for by ``?candidate=``: one sentence for each choice."""
        number = self.request.GET.get("candidate", "").strip()
        if not number:
            return None
        candidate = self.visible(Candidate).filter(season=self.object.batch.season_id, number=number).first()
        return {
            "number": number,
            "candidate": candidate,
            "words": run_explain(self.object, candidate.pk) if candidate else [],
        }

    def export_schools(self) -> HttpResponse:
        """All schools of the run with their totals."""
        run, rows = self.object, list(run_schools(self.object))
        sent = "中签" if run.admits else "投出"
        head = ["代码", "院校", "计划余额", "可投", "填报", sent, "缺额"]
        head += ["末位中签位次"] if run.admits else ["最低分", "最低位次", "同分比较值"]
        allotted = "allotted" in run.parameters
        head += ["统招最低分", "指标", "指标投出", "指标最低分"] if allotted else []
        lines = [head]
        for row in rows:
            cells = [row.school.code, row.school.name, *(getattr(row, name) for name in SUMS)]
            cells += [] if run.admits else [marks_words(row.lowest)]
            cells += [row.lowest_rank]
            cells += [] if run.admits else [" / ".join(map(marks_words, row.lowest_keys))]
            if allotted:
                lowest = marks_words(row.lowest_unified), marks_words(row.lowest_allotted)
                cells += [lowest[0], row.kept, row.allotted, lowest[1]]
            lines.append([*cells, "已隔离" if row.school_id in run.left_out else ""])
        lines[0].append("备注")
        sums = totals_of(rows)
        lines.append(["合计", f"{len(rows)} 所院校", *(sums[name] for name in SUMS)])
        if allotted:
            lines[-1] += ["", "", "", "", sums["kept"], sums["allotted"]]
        deed_record(actor=self.actor, subject=f"导出院校投档结果 {run}", count=len(rows))
        name = f"院校投档结果-{run.batch.city}-{run}-{timezone.localtime():%Y%m%d%H%M}.xlsx".replace(" ", "")
        return workbook_response(name, lines)

    def _asked_for(self, row: RunSchool, asked: dict, since: dict) -> bool:
        words, difference = asked.get("school", "").strip(), since.get(row.school_id)
        if words and not (row.school.code.startswith(words) or words in row.school.name):
            return False
        return {
            "short": bool(row.short),
            "nobody": not row.sent,
            "changed": bool(difference and difference["changed"]),
            "out": row.school_id in self.object.left_out,
        }.get(asked.get("only"), True)


def marks_words(hundredths: int | None) -> str:
    """Hundredths of a mark as marks; empty for none."""
    return "" if hundredths is None else f"{hundredths / 100:g}"


def totals_of(rows: list[RunSchool]) -> dict[str, int]:
    """Sums over schools: plan, offered, wanted, sent, short, kept, allotted."""
    return {name: sum(getattr(row, name) or 0 for row in rows) for name in (*SUMS, "kept", "allotted")}
