"""What the tests of 档案管理 share."""

from django.urls import reverse

from quotas.models import PlanLine

WITH_NUMBERS = {"cancel_dispatch": "by_number", "recall_dossier": "by_number", "hold_dossier": ""}


def page(name: str, tail: str = "", *args) -> str:
    return reverse(f"dispatch:{name}" + (f"__{tail}" if tail else ""), args=args)


def keys(candidates) -> list[int]:
    return [candidate.pk for candidate in candidates]


def taken() -> int:
    return PlanLine.objects.get().seats_taken
