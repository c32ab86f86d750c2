"""The lowest lines of a province, below which no city's line counts; set by the province only."""

from django.db import connection

from accounts.models import Organisation
from accounts.refusals import Refusal
from admissions.lifecycle import State
from admissions.models import Batch, Choice, Season
from admissions.services.control_columns import Column
from admissions.services.controls import Control, Fault, Touched, differences
from admissions.services.windows import season_of
from quotas.models import PlanLine

from ...lines import floors_of
from ...models import ProvinceLine, ProvinceVersion
from .base import batch_free, batches_warned, kinds_of

NAMED = 5
_BELOW = """
    SELECT count(DISTINCT c.id) FILTER (WHERE c.total < f.old), count(DISTINCT c.id) FILTER (WHERE c.total < f.new)
    FROM unnest(%s::bigint[], %s::int[], %s::int[]) f (batch, old, new)
    JOIN admissions_choice h ON h.batch_id = f.batch AND h.position = 1
    JOIN admissions_dossier d ON d.candidate_id = h.candidate_id AND d.state = %s
    JOIN admissions_candidate c ON c.id = h.candidate_id
"""


class SetProvinceLine(Control):
    """Lowest lines by kind of plan, in marks or per cent of full marks (鲁招考〔2019〕46号 二3; domain.md §4.3)."""

    function = "dispatch.set_region_line"
    versions = ProvinceVersion
    bulk = of_batch = False
    unset_words = "勾选后取消这条线"
    title = "设置全省最低分数线"

    def ground(self, actor):
        return season_of(actor)

    def filed(self, season):
        return {"season": season}

    def place(self, season):
        return season.name

    def may(self, actor, season):
        return (
            actor.organisation.kind == Organisation.Kind.PROVINCE and actor.scope.province == season.province
        )

    def hold(self, actor, season):
        if not self.may(actor, season):
            raise Refusal("全省最低分数线由省招办设置。")
        return Season.objects.select_for_update(of=("self",), no_key=True).get(pk=season.pk)

    def guard(self, season):
        for batch in (
            Batch.objects.select_for_update(of=("self",), no_key=True).filter(season=season).order_by("pk")
        ):
            batch_free(batch)

    def warned(self, season):
        return batches_warned(Batch.objects.filter(season=season))

    def keys(self, season):
        return (Column("kind", "计划类型", "choice", kinds_of()),)

    def values(self, season):
        return (
            Column("score", "分数线", "marks", must=False, note="各市满分不同的，请填下一项"),
            Column(
                "percent", "满分的百分之几", "number", must=False, low=1, high=100,
                note="按各市计分科目满分折算，小数进一；与分数线只填一项",
            ),
        )  # fmt: skip

    def now(self, season):
        rows = ProvinceLine.objects.filter(season=season).order_by("kind")
        return {(row.kind,): {"score": row.score, "percent": row.percent} for row in rows}

    def faults(self, season, before, after):
        kinds = kinds_of()
        found = [
            Fault(key, "没有这种计划类型。") for key in after if key not in before and key[0] not in kinds
        ]
        return found + [
            Fault(key, "分数线和满分的百分比须填一项，且只能填一项。")
            for key, row in after.items()
            if before.get(key) != row and (row["score"] is None) == (row["percent"] is None)
        ]

    def write(self, season, before, after):
        ProvinceLine.objects.filter(season=season).delete()
        ProvinceLine.objects.bulk_create(
            ProvinceLine(season=season, kind=kind, **row) for (kind,), row in after.items()
        )

    def touched(self, season, before, after):
        """Schools with plans of the kinds, applicants of the batches; and whom a raised line shuts out."""
        kinds = {key[0] for key, _, _ in differences(before, after)}
        plans = PlanLine.objects.filter(season=season)
        if "" not in kinds:
            plans = plans.filter(kind__in=kinds)
        batches = list(Batch.objects.filter(pk__in=plans.values("batch")).order_by("city", "position"))
        chosen = Choice.objects.filter(batch__in=batches, position=1).values("candidate").distinct()
        words = []
        for kind in sorted(kinds):
            changed = [
                (batch.pk, *pair)
                for batch in batches
                if len(set(pair := _pair(batch, kind, before, after))) > 1
            ]
            if not changed:
                continue
            with connection.cursor() as cursor:
                cursor.execute(_BELOW, [*map(list, zip(*changed, strict=True)), State.POOL])
                old, new = cursor.fetchone()
            words.append(
                f"{kinds_of()[kind]}：{len(changed)} 个批次的最低线有变化；在库且填报的考生中，总分低于最低线的"
                f"由 {old} 名变为 {new} 名（不含照顾加分）。"
            )
        return Touched(plans.values("school").distinct().count(), chosen.count(), tuple(words))


def _pair(batch: Batch, kind: str, before, after) -> tuple[int, int]:
    """The lowest line of a kind in a batch's marks, before and after."""
    found = []
    for rows in (before, after):
        floors = floors_of(batch, [ProvinceLine(kind=key[0], **row) for key, row in rows.items()])
        found.append(floors.get(kind, floors.get("", 0)))
    return found[0], found[1]
