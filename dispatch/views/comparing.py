"""Rehearsals side by side: counts, parameters and schools."""

from itertools import zip_longest
from urllib.parse import urlencode

import numpy as np
from django.http import HttpResponse
from django.utils import timezone
from django.utils.functional import cached_property

from accounts.context import deed_record
from accounts.refusals import Refusal
from accounts.views.base import PageView
from accounts.views.workbooks import workbook_response
from admissions.models import School

from ..models import Rehearsal
from ..queries.comparing import MOVE_WORDS, compare, schools_compared
from ..queries.parameters import parameters_compared
from ..queries.rehearsals import formal_before, formal_of_last_run, school_names, words_of
from ..runs import outcome_kept
from .outcomes import marks_words
from .sending import RunMixin

LAST_RUN = "last"
SHOWN = 200
"""Schools of a comparison that are shown at first: those that change most."""
MOVES = [(move.name.lower(), words) for move, words in MOVE_WORDS.items()]


class Pair(RunMixin, PageView):
    """Two rehearsals of a run, named by ``a`` and ``b`` in the query; the earlier may be that of the last run."""

    @cached_property
    def rehearsals(self) -> list[Rehearsal]:
        return list(self.object.rehearsals.select_related("made_by"))

    @cached_property
    def last_run(self) -> Rehearsal | None:
        return formal_of_last_run(self.actor, self.object)

    @cached_property
    def pair(self) -> tuple[Rehearsal, Rehearsal]:
        """The two, by default the newest and what it follows.

        Raises:
            Refusal: if there are not two, or one named does not exist.
        """
        if not self.rehearsals:
            raise Refusal("该次投档还没有预演，没有可以比较的结果。", hint="请先预演。")
        after = self._named("b") or self.rehearsals[0]
        before = self._named("a") or self._follows(after)
        if before is None:
            raise Refusal("只有一次预演，没有可以比较的结果。", hint="请重新预演或试算后再比较。")
        return before, after

    @cached_property
    def kept(self):
        return tuple(outcome_kept(rehearsal) for rehearsal in self.pair)

    @cached_property
    def comparison(self):
        return compare(*self.kept)

    @cached_property
    def names(self) -> dict[int, School]:
        """Schools of either, by key."""
        keys = np.union1d(*(kept["schools"] for kept in self.kept)).tolist()
        return School.objects.only("code", "name").in_bulk(keys)

    def short_of(self, rehearsal: Rehearsal) -> str:
        """A rehearsal by its number, or by its run."""
        other = rehearsal.run_id != self.object.pk
        return f"上一次投档：{rehearsal.run}" if other else f"第 {rehearsal.number} 次"

    def title_of(self, rehearsal: Rehearsal) -> str:
        """What a rehearsal is called where two are compared."""
        if rehearsal.run_id != self.object.pk:
            return self.short_of(rehearsal)
        base = next((r for r in self.rehearsals if r.number == rehearsal.asked.get("from")), None)
        return f"{self.short_of(rehearsal)} {words_of(rehearsal, base, self.asked_schools)}"

    @cached_property
    def asked_schools(self) -> dict[int, str]:
        return school_names(self.rehearsals)

    def get_context_data(self, **kwargs):
        before, after = self.pair
        pair = {"a": LAST_RUN if before.run_id != self.object.pk else before.number, "b": after.number}
        offered = [(str(r.number), self.title_of(r)) for r in self.rehearsals]
        return super().get_context_data(
            before=before,
            after=after,
            short_before=self.short_of(before),
            short_after=self.short_of(after),
            title_before=self.title_of(before),
            title_after=self.title_of(after),
            a=str(pair["a"]),
            b=str(pair["b"]),
            pair_query=urlencode(pair),
            offered_after=offered,
            offered_before=offered + ([(LAST_RUN, self.title_of(self.last_run))] if self.last_run else []),
            **kwargs,
        )

    def deed(self, what: str) -> str:
        """An export of this pair, as it is written down."""
        before, after = self.pair
        return f"导出预演比较（{what}） {self.object}：{before.number} 与 {after.number}"

    def _named(self, name: str) -> Rehearsal | None:
        said = self.request.GET.get(name, "")
        if not said:
            return None
        if said == LAST_RUN and name == "a" and self.last_run:
            return self.last_run
        found = next((r for r in self.rehearsals if str(r.number) == said), None)
        if found is None:
            raise Refusal("要比较的预演不存在，可能已被删除。", hint="请在列表中重新选择。")
        return found

    def _follows(self, after: Rehearsal) -> Rehearsal | None:
        if after.asked:
            base = next((r for r in self.rehearsals if r.number == after.asked.get("from")), None)
            return base or next((r for r in self.rehearsals if not r.asked), None)
        return formal_before(after, self.rehearsals) or self.last_run


class CompareView(Pair):
    """Counts, parameters and schools of two rehearsals."""

    template_name = "dispatch/compare_outcomes.html"

    def get(self, request, *args, **kwargs):
        return self.export() if request.GET.get("export") == "xlsx" else super().get(request, *args, **kwargs)

    @cached_property
    def table(self) -> list[dict]:
        """Every school of either, the greatest change first."""
        rows = schools_compared(*self.kept, self.comparison)
        return [
            row
            | {
                "school": self.names[row["school"]],
                "pairs": (row["plan"], row["offered"], row["sent"]),
                "lowest_words": tuple(map(marks_words, row["lowest"])),
                "keys_words": tuple(map(_keys, row["keys"])),
            }
            for row in rows
        ]

    def get_context_data(self, **kwargs):
        before, after = self.pair
        changed = [row for row in self.table if row["changed"]]
        everything = self.request.GET.get("all") == "1"
        counts = self.comparison.counts()
        return super().get_context_data(
            figures=_figures(before, after),
            parameters=self.parameters(),
            rows=self.table if everything else changed[:SHOWN],
            cut=0 if everything else max(len(changed) - SHOWN, 0),
            everything=everything,
            number_changed=len(changed),
            number_schools=len(self.table),
            totals=self.totals(),
            moves=[(name, words, counts[name]) for name, words in MOVES],
            **kwargs,
        )

    def parameters(self) -> list[dict]:
        """Parameters that differ between the two."""
        before, after = self.pair
        rows = parameters_compared(self.object.batch, after.parameters, before.parameters)
        return [row for row in rows if row["changed"]]

    def totals(self) -> dict:
        """Sums over all schools, as pairs (before, after) and differences."""
        sums = {
            name: tuple(sum(row[name][side] or 0 for row in self.table) for side in (0, 1))
            for name in ("plan", "offered", "sent")
        }
        moved = {name: sum(row[name] for row in self.table) for name in ("sent_by", "came", "went")}
        return sums | moved

    def export(self) -> HttpResponse:
        """Every school with its two rows, as a workbook."""
        draws = self.object.admits  # marks say nothing of a draw
        marks = () if draws else (("最低分", "lowest_words"), ("同分比较值", "keys_words"))
        titles = [f"{name}（{side}）" for name in ("计划", "可投", "投出", "末位位次") for side in "前后"]
        titles += [f"{name}（{side}）" for name, _ in marks for side in "前后"]
        lines = [["代码", "院校", *titles, "投出增减", "转入", "转出"]]
        for row in self.table:
            pairs = (*row["pairs"], row["rank"], *(row[name] for _, name in marks))
            cells = [value for pair in pairs for value in pair]
            lines.append(
                [row["school"].code, row["school"].name, *cells, row["sent_by"], row["came"], row["went"]]
            )
        deed_record(actor=self.actor, subject=self.deed("院校"), count=len(self.table))
        return workbook_response(f"预演比较-院校-{timezone.localtime():%Y%m%d%H%M}.xlsx", lines)


def _figures(before: Rehearsal, after: Rehearsal) -> list[dict]:
    """How many take part, are sent by each choice, and are not sent, in both."""
    told = [
        ("参加投档", before.candidates, after.candidates, False),
        ("投出", before.sent, after.sent, False),
    ]
    for at, (one, two) in enumerate(zip_longest(before.by_choice, after.by_choice, fillvalue=0), 1):
        if one or two or at <= 2:
            told.append((f"第 {at} 志愿", one, two, True))
    told.append(("未投出", before.candidates - before.sent, after.candidates - after.sent, False))
    return [
        {"label": label, "before": one, "after": two, "by": two - one, "inner": inner}
        for label, one, two, inner in told
    ]


def _keys(values: list[int] | None) -> str:
    return " / ".join(map(marks_words, values or ()))
