"""What a city sets before it sends dossiers: modes, lines, audits (投档控制)."""

from django.db import transaction

from accounts.context import deed_record
from accounts.models import User
from accounts.refusals import Refusal
from admissions.models import Batch, School
from admissions.services.windows import season_of

from ..loading import tie_key_sql
from ..models import RegionLine, SchoolControl
from ..models.run import UNFINISHED_STATES


@transaction.atomic
def set_mode(*, actor: User, batch: Batch, values: dict) -> Batch:
    """Set how a batch is dispatched; each change is a new version.

    Args:
        actor: an officer of the batch's city.
        batch: visible to him.
        values: ``mode``, ``ratio_percent``, ``rounding``, ``tie_policy``, ``tie_keys``, ``tiers``.

    Raises:
        Refusal: if a run of the batch is open or a tie key names no subject of the city.
    """
    batch = _free(actor, batch)
    for key in values["tie_keys"]:
        if key != "lottery":
            tie_key_sql(batch, key)
    if values["mode"] == Batch.Mode.TIERS and not values["tiers"]:
        raise Refusal("梯度模式须填写梯度线。")
    changed = {name: value for name, value in values.items() if getattr(batch, name) != value}
    if not changed:
        raise Refusal("没有任何变化。")
    before = "；".join(f"{name}：{getattr(batch, name)} → {value}" for name, value in changed.items())
    Batch.objects.filter(pk=batch.pk).update(**changed, mode_version=batch.mode_version + 1)
    deed_record(actor=actor, subject=f"设置投档模式 {batch.name}", note=before)
    return batch


@transaction.atomic
def set_batches(*, actor: User, city: str, values: dict, batch: Batch | None = None) -> Batch:
    """Make a batch of a city, or change one that has sent nothing yet.

    Args:
        actor: an officer of the city.
        city: four digits.
        values: ``code``, ``name``, ``position``, ``choices_allowed``, ``plan_kinds``.
        batch: the one to change, None for a new one.

    Raises:
        Refusal: if the code is taken, the city is not his, or the batch has sent dossiers already.
    """
    if not actor.scope.holds_region(city):
        raise Refusal("该市不属于您的管辖范围。")
    season = batch.season if batch else season_of(actor)
    twin = Batch.objects.filter(season=season, city=city, code=values["code"])
    if (twin.exclude(pk=batch.pk) if batch else twin).exists():
        raise Refusal(f"批次代码 {values['code']} 已经使用。")
    if batch is None:
        made = Batch.objects.create(season=season, city=city, **values)
        deed_record(actor=actor, subject=f"新建批次 {made.name}")
        return made
    batch = _free(actor, batch)
    if batch.runs.filter(executed_at__isnull=False, cancelled_at__isnull=True).exists():
        raise Refusal(f"{batch.name}已经投过档，不能再修改。")
    before = "；".join(f"{name}：{getattr(batch, name)} → {value}" for name, value in values.items())
    Batch.objects.filter(pk=batch.pk).update(**values)
    deed_record(actor=actor, subject=f"修改批次 {batch.name}", note=before)
    return batch


@transaction.atomic
def set_region_line(*, actor: User, batch: Batch, county: str, score: int) -> RegionLine:
    """Set the line of a batch for the whole city, or for one county.

    Args:
        actor: an officer of the batch's city.
        batch: visible to him.
        county: six digits, or empty for the whole city.
        score: hundredths of a mark.

    Raises:
        Refusal: if a run of the batch is open, or the county is of another city.
    """
    batch = _free(actor, batch)
    if county and not county.startswith(batch.city):
        raise Refusal("该县区不属于本批次所在的市。")
    line, created = RegionLine.objects.select_for_update(of=("self",)).get_or_create(
        batch=batch, county=county, defaults={"score": score}
    )
    before = "" if created else f"原为 {line.score / 100:g} 分"
    RegionLine.objects.filter(pk=line.pk).update(score=score)
    where = county or "全市"
    deed_record(actor=actor, subject=f"设置区域分数线 {batch.name} {where} {score / 100:g} 分", note=before)
    return line


@transaction.atomic
def set_school_review(
    *, actor: User, batch: Batch, schools: list[School], admissions: bool, returns: bool
) -> int:
    """Set whether admissions and returns of schools must be audited in a batch.

    Args:
        actor: an officer of the batch's city.
        batch: visible to him.
        schools: those concerned.
        admissions, returns: whether an office audits them.

    Returns:
        number of schools.
    """
    if not actor.scope.holds_region(batch.city):
        raise Refusal(f"{batch.name}不属于您的管辖范围。")
    SchoolControl.objects.bulk_create(
        [
            SchoolControl(batch=batch, school=school, reviews_admissions=admissions, reviews_returns=returns)
            for school in schools
        ],
        update_conflicts=True,
        unique_fields=["batch", "school"],
        update_fields=["reviews_admissions", "reviews_returns"],
    )
    words = f"录取{'须' if admissions else '免'}审核，退档{'须' if returns else '免'}审核"
    deed_record(actor=actor, subject=f"设置院校是否审核 {batch.name}", count=len(schools), note=words)
    return len(schools)


def _free(actor: User, batch: Batch) -> Batch:
    """The batch, locked; refused while a run of it is open, or executed and not released."""
    if not actor.scope.holds_region(batch.city):
        raise Refusal(f"{batch.name}不属于您的管辖范围。")
    batch = Batch.objects.select_for_update(of=("self",)).get(pk=batch.pk)
    if batch.runs.filter(state__in=UNFINISHED_STATES).exists():
        raise Refusal(f"{batch.name}有一次投档正在进行，不能修改参数。")
    return batch
