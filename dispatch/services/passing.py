"""What rules of 自动审核管理 let through, and what a person says of the sample afterwards (抽样复核)."""

import hashlib

from celery import current_app
from django.db import transaction
from django.utils import timezone

from accounts.context import deed_context, deed_record
from accounts.models import User
from accounts.refusals import Refusal
from admissions.models import Dossier
from admissions.services.dossiers import Move, dossiers_move

from ..models import AutoDecision, AutoRule, AutoSwitch, AutoTrial, AutoVersion, Placement
from ..queries.auto import KIND, STATES, objection_rate, plain_now

FUNCTION = "dispatch.manage_auto_review"
TASK = "dispatch.tasks.auto_review"
CHUNK = 2000
STEPS = {KIND.ADMISSIONS: "auto_admission", KIND.RETURNS: "auto_return"}


def auto_review_ask(*, season: int, city: str) -> None:
    """Have the rules of a city look at what waits, once the transaction has committed.

    A message that is lost does no harm: the clock asks for every city every few minutes.
    """
    if AutoRule.objects.filter(season=season, city=city, on=True).exists():
        transaction.on_commit(
            lambda: current_app.signature(TASK, args=[season, city]).apply_async(), robust=True
        )


def auto_review(*, season: int, city: str) -> int:
    """Let pass whatever the rules of a city let through now, in portions of a transaction each.

    Asked twice or by two workers at once it passes everything once: dossiers are locked and looked at again.

    Returns:
        the number of dossiers that passed.
    """
    rules = AutoRule.objects.filter(season=season, city=city, on=True)
    passed, before = 0, {kind: [] for kind in KIND}
    for rule in sorted(rules, key=lambda rule: rule.breadth):
        while True:
            some = _pass_some(rule.pk, before[rule.kind])
            passed += some
            if some < CHUNK:
                break
        before[rule.kind].append(rule)
    return passed


def auto_review_everywhere() -> int:
    """The same for every city that has rules on, season by season; the clock's way."""
    found = AutoRule.objects.filter(on=True, season__current=True).order_by("season", "city")
    places = found.values_list("season", "city").distinct()
    return sum(auto_review(season=season, city=city) for season, city in places)


@transaction.atomic
def _pass_some(key: int, narrower: list[AutoRule]) -> int:
    """One portion of what a rule lets through; the rule cannot be switched off or changed meanwhile."""
    rule = (
        AutoRule.objects.select_for_update(of=("self",), no_key=True)
        .select_related("batch", "school")
        .get(pk=key)
    )
    if not rule.on:
        return 0
    by = AutoSwitch.objects.filter(rule=rule, on=True).select_related("made_by").order_by("-pk")[0].made_by
    rows = plain_now(rule, by, narrower)
    wanted = dict(rows.order_by("since", "pk").values_list("candidate", "pk")[:CHUNK])
    free = Dossier.objects.select_for_update(no_key=True, skip_locked=True).filter(
        pk__in=list(wanted), state=STATES[rule.kind], held=False
    )
    locked = [d.placement_id for d in free.order_by("pk") if wanted[d.pk] == d.placement_id]
    found = list(rows.filter(pk__in=locked).order_by("pk"))  # taken, refused or full since the first look
    if not found:
        return 0
    return _passed(rule, found)


def _passed(rule: AutoRule, found: list[Placement]) -> int:
    version, now = rule.version, timezone.now()
    note = f"自动审核规则 {rule.pk} 第 {version.number} 版"
    with deed_context(function=FUNCTION):
        moved = dossiers_move(
            actor=None,
            step=STEPS[rule.kind],
            moves=[Move(row.candidate_id, reason=row.reason_id, note=note) for row in found],
            subject=f"{rule} 第 {version.number} 版",
            note=note,
        )
    if rule.kind == KIND.RETURNS:
        Placement.objects.filter(pk__in=[row.pk for row in found]).update(closed_at=now)
    AutoDecision.objects.bulk_create(
        [
            AutoDecision(
                placement=row,
                rule=rule,
                version=version,
                candidate_id=row.candidate_id,
                season_id=row.season_id,
                province=row.province,
                city=row.city,
                county=row.county,
                at=now,
                sampled=is_drawn(version.seed, row.pk, version.content["sample"]),
            )
            for row in found
        ],
        batch_size=5000,
    )
    return moved


def is_drawn(seed: str, placement: int, percent: int) -> bool:
    """Whether a decision belongs to the sample: SHA-256 of seed and key, the first 8 bytes modulo 10 000.

    Args:
        seed: of the version.
        placement: primary key.
        percent: of decisions to be drawn.
    """
    digest = hashlib.sha256(f"{seed}:{placement}".encode()).digest()
    return int.from_bytes(digest[:8], "big") % 10_000 < percent * 100


@transaction.atomic
def decision_check(*, actor: User, decision: AutoDecision, agrees: bool, words: str = "") -> AutoDecision:
    """Say what a person thinks of an automatic decision of the sample (复核).

    An objection changes nothing for the candidate; an admission is undone by 录后退. If too many object, the
    rule switches itself off.

    Args:
        actor: an officer of the source region who has not switched the rule on.
        decision: of the sample.
        agrees: whether he would have decided so.
        words: why not.

    Raises:
        Refusal: if it was not drawn, is checked already, is one's own rule or dispatch, or words are missing.
    """
    rule = AutoRule.objects.select_for_update(of=("self",), no_key=True).get(pk=decision.rule_id)
    rows = AutoDecision.objects.visible_to(actor).select_for_update(of=("self",), no_key=True)
    found = rows.select_related("version", "placement__sheet__run", "candidate").get(pk=decision.pk)
    if not found.sampled:
        raise Refusal("该决定没有被抽中复核。")
    if found.agrees is not None:
        raise Refusal(f"该决定已由{found.checked_by.name}复核，没有改动。")
    if AutoSwitch.objects.filter(version=found.version_id, on=True, made_by=actor).exists():
        raise Refusal("该规则由您本人启用，须由其他人员复核。")
    if found.placement.sheet.run.created_by_id == actor.pk:
        raise Refusal("该考生由您本人投档，须由其他人员复核。")
    if not agrees and not words.strip():
        raise Refusal("有异议的请写明理由。")
    found.agrees, found.words = agrees, words.strip()
    found.checked_by, found.checked_at = actor, timezone.now()
    found.save(update_fields=["agrees", "words", "checked_by", "checked_at"])
    word = "同意" if agrees else "有异议"
    subject = f"复核自动审核：考生 {found.candidate.number}，{word}"
    deed_record(actor=actor, subject=subject, note=found.words)
    _off_if_too_many(rule, found.version)
    return found


def _off_if_too_many(rule: AutoRule, version: AutoVersion) -> None:
    content = version.content
    checked, objections, rate = objection_rate(AutoDecision.objects.filter(version=version))
    # Few checks say little: until ``least`` of them, objections are measured against that number.
    if not rule.on or rule.version_id != version.pk:
        return
    if objections * 100 > content["threshold"] * max(checked, content["least"]):
        words = f"复核 {checked} 名，异议 {objections} 名（{rate:.1f}%），超过上限 {content['threshold']}%，自动停用"
        switch_write(rule, on=False, by=None, words=words)


def switch_write(
    rule: AutoRule, *, on: bool, by: User | None, words: str, trial: AutoTrial | None = None
) -> AutoSwitch:
    """Switch a locked rule; none but services of rules call this."""
    AutoRule.objects.filter(pk=rule.pk).update(on=on)
    rule.on = on
    verb = "启用" if on else "停用"
    with_version = f"{verb}{rule}第 {rule.version.number} 版"
    deed_record(actor=by, subject=with_version, note=words)
    return AutoSwitch.objects.create(
        rule=rule, version=rule.version, on=on, words=words[:200], trial=trial, made_by=by
    )
