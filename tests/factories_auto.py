"""Rules of 自动审核管理 for tests: contents, and a rule tried and switched on."""

from django.utils import timezone

from admissions.models import ReturnReason
from dispatch.queries.auto import OPTIONS, REASONS
from dispatch.services import auto, passing
from quotas.models import PlanLine

COMMON = {"sample": 100, "threshold": 10, "least": 10}
PLAIN = COMMON | {"margin": 0, "asks": list(OPTIONS)}
CODED = COMMON | {"reasons": list(REASONS)}


def switch_on(rule, actor):
    """Try a rule on today and switch it on."""
    auto.rule_try(actor=actor, rule=rule, day=timezone.localdate())
    auto.rule_switch(actor=actor, rule=rule, on=True, words="试运行无误")
    rule.refresh_from_db()
    return rule


def run(rule) -> int:
    """Let the rules of the city of a rule look at what waits."""
    return passing.auto_review(season=rule.season_id, city=rule.city)


def full(line):
    """Take the free seats of a plan line away."""
    PlanLine.objects.filter(pk=line.pk).update(seats_planned=PlanLine.objects.get(pk=line.pk).seats_taken)


def reason_known(code):
    """Load the reason of a return."""
    ReturnReason.objects.get_or_create(code=code, defaults={"name": REASONS[code][:20]})
