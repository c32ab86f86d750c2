"""What the tests of 档案管理 share."""

from django.urls import reverse

from accounts.models import User
from admissions.models import Candidate, DossierEvent
from quotas.models import PlanLine

WITH_NUMBERS = {
    "cancel_dispatch": "by_number",
    "recall_dossier": "by_number",
    "hold_dossier": "",
    "release_dossier": "by_number",
}


def page(name: str, tail: str = "", *args) -> str:
    return reverse(f"dispatch:{name}" + (f"__{tail}" if tail else ""), args=args)


def keys(candidates) -> list[int]:
    return [candidate.pk for candidate in candidates]


def taken() -> int:
    return PlanLine.objects.get().seats_taken


def posted(client, name: str, candidates, reason: str = "重投", *, confirmed: bool = True, **more):
    """Send the form of a deed on candidates named by number."""
    fields = {"numbers": " ".join(candidate.number for candidate in candidates), "reason": reason} | more
    return client.post(page(name, WITH_NUMBERS[name]), fields | ({"confirmed": "1"} if confirmed else {}))


def trace(step: str, candidate: Candidate) -> tuple:
    """The last event of a step: actor, function, organisation of the deed; reason; state before and after."""
    event = DossierEvent.objects.filter(step=step, candidate=candidate).select_related("deed__actor").last()
    deed = event.deed
    return deed.actor, deed.function, deed.organisation, deed.note, event.note, event.source, event.target


def traced(actor: User, step: str, reason: str, source: str, target: str) -> tuple:
    """What ``trace`` is to be."""
    return actor, f"dispatch.{step}", actor.organisation, reason, reason, source, target


def unknown_alike(client, name: str, foreign: Candidate) -> bool:
    """The number of another tenant's candidate and one that is none are told alike, without his name."""
    answer = posted(client, name, [foreign], confirmed=False)
    told = answer.content.decode()
    assert (answer.status_code, foreign.name in told) == (422, False)
    foreign.number, number = "999", foreign.number
    assert posted(client, name, [foreign], confirmed=False).content.decode().count("没有找到考生：999") == 1
    return f"没有找到考生：{number}，未作任何改动" in told
