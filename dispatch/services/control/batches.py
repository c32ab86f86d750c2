"""设置地市批次: each city makes its own (粤招办〔2021〕28号 二（二）; 鲁招考〔2019〕46号)."""

from datetime import datetime

from django.db import transaction
from django.utils import timezone

from accounts.context import deed_record
from accounts.models import User
from accounts.refusals import Refusal
from admissions.models import Batch
from admissions.reference import plan_kinds
from admissions.services.control_columns import MOMENT, Column
from admissions.services.controls import Fault, Touched, applicants
from admissions.services.windows import season_of
from quotas.models import PlanLine

from .base import BatchControl

SPAN = ("opens_at", "closes_at")
VALUES = ("code", "name", "position", "choices_allowed", "plan_kinds", *SPAN, "reviews_plans")
LATER = ("name", *SPAN, "reviews_plans")


class SetBatches(BatchControl):
    """What a batch is; once it has sent dossiers only its name, its span and the audit of plans may change."""

    function = "dispatch.set_batches"
    keyed = False

    def values(self, batch):
        return (
            Column("code", "批次代码", note="一至四位字母或数字，计划和志愿文件中使用"),
            Column("name", "批次名称"),
            Column("position", "次序", "number", low=1, high=99),
            Column("choices_allowed", "志愿数", "number", low=1, high=20),
            Column("plan_kinds", "计划类型", "words", must=False, note="代码，用空格分开；不填为全部"),
            Column("opens_at", "投档开始", "moment", must=False, note="如 2021-08-20 09:00，不填不限"),
            Column("closes_at", "投档截止", "moment", must=False, note="到点后不能再投档，不填不限"),
            Column(
                "reviews_plans", "计划调整须审核", "flag", note="院校增减计划、区域间调整计划是否须市招办审核"
            ),
        )

    def now(self, batch):
        row = Batch.objects.values(*VALUES).get(pk=batch.pk)
        return {(): row | {name: moment_text(row[name]) for name in SPAN}}

    def faults(self, batch, before, after):
        if () not in after:
            return [Fault((), "批次不能取消。")]
        row, was = after[()], before[()]
        said = batch_faults(batch.season_id, batch.city, row, batch)
        changed = [name for name in VALUES if row[name] != was[name] and name not in LATER]
        sent = batch.runs.filter(executed_at__isnull=False, cancelled_at__isnull=True).exists()
        if changed and sent:
            said.append(f"{batch.name}已经投过档，只能修改名称、投档时间和计划调整是否审核。")
        return [Fault((), words) for words in said]

    def write(self, batch, before, after):
        span = {name: moment_of(after[()][name]) for name in SPAN}
        Batch.objects.filter(pk=batch.pk).update(**after[()] | span)
        batch.refresh_from_db()

    def touched(self, batch, before, after):
        return whole_batch(batch)


def moment_text(moment: datetime | None) -> str:
    """A moment in local time as it stands in a sheet; empty for none."""
    return timezone.localtime(moment).strftime(MOMENT) if moment else ""


def moment_of(text: str | None) -> datetime | None:
    """The moment that a text of local time means."""
    return timezone.make_aware(datetime.strptime(text, MOMENT)) if text else None


def whole_batch(batch: Batch) -> Touched:
    """All schools and applicants of a batch."""
    schools = PlanLine.objects.filter(batch=batch).values("school").distinct().count()
    return Touched(schools, applicants(batch))


def batch_faults(season: int, city: str, row: dict, batch: Batch | None = None) -> list[str]:
    """What is wrong with the values of a batch, in words."""
    said = []
    if not (row["code"].isascii() and row["code"].isalnum() and len(row["code"]) <= 4):
        said.append("批次代码须为一至四位字母或数字。")
    if len(row["name"]) > 60:
        said.append("批次名称最多 60 个字。")
    opens, closes = (moment_of(row.get(name)) for name in SPAN)
    if opens and closes and closes <= opens:
        said.append("投档截止须晚于开始。")
    known = {kind.code for kind in plan_kinds()}
    if unknown := [code for code in row["plan_kinds"] if code not in known]:
        said.append(f"没有“{unknown[0]}”这种计划类型。")
    twin = Batch.objects.filter(season=season, city=city, code=row["code"])
    if (twin.exclude(pk=batch.pk) if batch else twin).exists():
        said.append(f"批次代码 {row['code']} 已经使用。")
    return said


@transaction.atomic
def batch_add(*, actor: User, city: str, values: dict) -> Batch:
    """Make a batch of a city.

    Args:
        actor: an officer of the city.
        city: four digits.
        values: ``code``, ``name``, ``position``, ``choices_allowed``, ``plan_kinds``, ``reviews_plans``.

    Raises:
        Refusal: if the city is not his, or a value is wrong.
    """
    if not actor.scope.holds_region(city):
        raise Refusal("该市不属于您的管辖范围。")
    season = season_of(actor)
    if said := batch_faults(season.pk, city, values):
        raise Refusal("".join(said))
    made = Batch.objects.create(season=season, city=city, **values)
    deed_record(actor=actor, subject=f"新建批次 {made.name}")
    return made
