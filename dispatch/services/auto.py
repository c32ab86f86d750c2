"""自动审核管理: rules made, changed, tried, switched; see ``passing`` for what they let through.

A rule lets through what is plain and nothing else; it never refuses. It must be tried on a day of officers'
decisions before it is switched on, and switches itself off when those who check its sample object too often.
"""

import secrets
from datetime import date

from django.db import transaction
from django.utils import timezone

from accounts.context import deed_record
from accounts.models import Organisation, User
from accounts.refusals import Refusal
from admissions.models import Batch, School
from admissions.services.windows import season_of

from ..models import AutoRule, AutoSwitch, AutoTrial, AutoVersion
from ..queries.auto import KIND, OPTIONS, REASONS
from ..queries.auto_trials import tried_on
from .passing import auto_review_ask, switch_write

MAX_SAMPLE, MIN_SAMPLE = 100, 1


@transaction.atomic
def rule_make(
    *,
    actor: User,
    kind: str,
    content: dict,
    batch: Batch | None = None,
    school: School | None = None,
    plan_kind: str = "",
) -> AutoRule:
    """Make a rule for the actor's city, with its first version; it is off.

    Args:
        actor: of a city office.
        kind: a value of ``AutoRule.Kind``.
        content: as ``content_checked`` takes it.
        batch, school, plan_kind: what it is limited to; nothing for the whole city.

    Raises:
        Refusal: if the actor's office is no city's, the content makes no sense, or such a rule exists.
    """
    if actor.organisation.kind != Organisation.Kind.CITY:
        raise Refusal("自动审核规则由生源地市招办设置。")
    season, city = season_of(actor), actor.organisation.region
    if batch is not None and (batch.city != city or batch.season_id != season.pk):
        raise Refusal("批次不是本市当前年度的批次。")
    if kind == KIND.RETURNS and plan_kind:
        raise Refusal("退档没有录取专业，不能按计划类型设置规则。")
    content = content_checked(kind, content)
    rule, made = AutoRule.objects.get_or_create(
        season=season, city=city, kind=kind, batch=batch, school=school, plan_kind=plan_kind
    )
    if not made:
        raise Refusal(f"已有同样范围的规则“{rule}”，请修改该规则。")
    _version(actor, rule, content, "新建")
    deed_record(actor=actor, subject=f"新建{rule}", note=content_words(kind, content))
    return rule


def content_checked(kind: str, content: dict) -> dict:
    """The content of a version, whole and in order.

    Args:
        kind: of the rule.
        content: ``sample`` per cent drawn for a check, ``threshold`` per cent of objections that are too many,
            ``least`` checks from which the rate counts in full; for admissions ``margin`` hundredths of a mark
            above the lines and ``asks``, keys of ``OPTIONS``; for returns ``reasons``, keys of ``REASONS``.

    Raises:
        Refusal: in words for the officer.
    """
    sample, threshold, least = (int(content[name]) for name in ("sample", "threshold", "least"))
    if not MIN_SAMPLE <= sample <= MAX_SAMPLE:
        raise Refusal("抽样复核比例须为 1 至 100。")
    if not 0 <= threshold <= 100 or not 1 <= least <= 1000:
        raise Refusal("异议率上限须为 0 至 100，起算人数须为 1 至 1000。")
    common = {"sample": sample, "threshold": threshold, "least": least}
    if kind == KIND.ADMISSIONS:
        margin = int(content["margin"])
        if not 0 <= margin <= 100_000:
            raise Refusal("高出分数线的分数须为 0 至 1000。")
        return common | {"margin": margin, "asks": [key for key in OPTIONS if key in content["asks"]]}
    reasons = [code for code in REASONS if code in content["reasons"]]
    if not reasons:
        raise Refusal("请至少选择一种可以核实的退档原因。")
    return common | {"reasons": reasons}


def content_words(kind: str, content: dict) -> str:
    """The content of a version in one line."""
    if kind == KIND.ADMISSIONS:
        parts = [OPTIONS[key] for key in content["asks"]]
        parts.append(f"高出分数线 {content['margin'] / 100:g} 分" if content["margin"] else "达到分数线")
    else:
        parts = [f"原因 {code}" for code in content["reasons"]]
    parts.append(f"抽样 {content['sample']}% 复核")
    parts.append(f"异议率超过 {content['threshold']}% 自动停用（复核满 {content['least']} 名起算）")
    return "；".join(parts)


@transaction.atomic
def rule_change(*, actor: User, rule: AutoRule, content: dict, note: str = "") -> AutoVersion:
    """Write the next version of a rule; a rule that is on goes off, because the new version is not tried yet.

    Args:
        actor: of the rule's city.
        rule: the rule.
        content: as ``content_checked`` takes it.
        note: why.

    Raises:
        Refusal: if the rule is not his, or nothing would change.
    """
    rule = _own(actor, rule)
    content = content_checked(rule.kind, content)
    if content == rule.version.content:
        raise Refusal("规则没有改变。")
    if rule.on:
        switch_write(rule, on=False, by=actor, words="规则修改，须重新试运行后启用")
    made = _version(actor, rule, content, note)
    deed_record(
        actor=actor, subject=f"修改{rule}：第 {made.number} 版", note=content_words(rule.kind, content)
    )
    return made


def rule_restore(*, actor: User, rule: AutoRule, number: int) -> AutoVersion:
    """Go back to an earlier version, as the next version (还原).

    Raises:
        Refusal: as ``rule_change``; or if there is no such version.
    """
    kept = AutoVersion.objects.filter(rule=rule, number=number).first()
    if kept is None:
        raise Refusal("没有这一版本。")
    return rule_change(actor=actor, rule=rule, content=kept.content, note=f"还原为第 {number} 版")


@transaction.atomic
def rule_try(*, actor: User, rule: AutoRule, day: date) -> AutoTrial:
    """Try the current version on what officers decided on a day; no dossier is touched.

    Args:
        actor: sees the rule.
        rule: the rule.
        day: in the past or today.

    Raises:
        Refusal: for a day to come.
    """
    if day > timezone.localdate():
        raise Refusal("试运行的日期不能晚于今天。")
    rule = _own(actor, rule)
    found = tried_on(rule, day, actor)
    trial = AutoTrial.objects.create(
        rule=rule,
        version=rule.version,
        day=day,
        decided=found.decided,
        passed=found.passed,
        refused=found.refused,
        made_by=actor,
    )
    note = f"{day:%Y-%m-%d} 人工审核 {found.decided} 名，规则会通过 {found.passed} 名，其中人工退回 {len(found.refused)} 名"
    deed_record(
        actor=actor, subject=f"试运行{rule}第 {rule.version.number} 版", count=found.passed, note=note
    )
    return trial


@transaction.atomic
def rule_switch(*, actor: User, rule: AutoRule, on: bool, words: str) -> AutoSwitch:
    """Switch a rule on or off.

    Args:
        actor: of the rule's city; whoever switches on answers for it.
        rule: the rule.
        on: on or off.
        words: why.

    Raises:
        Refusal: if it is so already, without words, or on without a trial of the current version.
    """
    rule = _own(actor, rule)
    if rule.on == on:
        raise Refusal(f"规则已经{'启用' if on else '停用'}。")
    if not words.strip():
        raise Refusal("请写明原因。")
    trial = AutoTrial.objects.filter(version=rule.version_id).order_by("-pk").first()
    if on and trial is None:
        raise Refusal("现行版本还没有试运行，试运行并核对结果后才能启用。")
    switch = switch_write(rule, on=on, by=actor, words=words.strip(), trial=trial if on else None)
    if on:
        auto_review_ask(season=rule.season_id, city=rule.city)
    return switch


def _own(actor: User, rule: AutoRule) -> AutoRule:
    """The rule, locked, if it is of the actor's own city."""
    seen = AutoRule.objects.visible_to(actor).select_for_update(of=("self",), no_key=True)
    found = seen.select_related("version", "batch", "school").filter(pk=rule.pk).first()
    if found is None or not actor.scope.holds_region(found.city):
        raise Refusal("自动审核规则由生源地市招办设置，县区招办只能查看和复核。")
    return found


def _version(actor: User, rule: AutoRule, content: dict, note: str) -> AutoVersion:
    made = AutoVersion.objects.create(
        rule=rule,
        number=AutoVersion.objects.filter(rule=rule).count() + 1,
        content=content,
        seed=secrets.token_hex(16),
        note=note[:200],
        made_by=actor,
    )
    AutoRule.objects.filter(pk=rule.pk).update(version=made)
    rule.version = made
    return made
