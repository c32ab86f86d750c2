"""Dossiers that an office may take back, hold or release, and what schools are told of it."""

from datetime import timedelta

from django.db.models import OuterRef, Q, Subquery
from django.utils import timezone

from accounts.models import User
from admissions.lifecycle import BY_STEP
from admissions.models import Dossier, DossierEvent

from ..models import Placement, Sheet

TOLD_FOR = timedelta(days=3)


def sheets_to_cancel(actor: User):
    """Sheets of an officer's cities that no school has submitted and nobody has cancelled.

    Args:
        actor: of an office.
    """
    cities = Q(pk__in=[])
    for code in actor.scope.regions:
        cities |= Q(batch__season__province=code) if len(code) == 2 else Q(batch__city=code)
    return Sheet.objects.filter(cities, submitted_at__isnull=True, cancelled_at__isnull=True)


def at_schools(actor: User, step: str):
    """Placements of candidates of an officer's region that a step may take back.

    Args:
        actor: of an office.
        step: ``cancel_dispatch`` or ``recall_dossier``.
    """
    return (
        Placement.objects.filter(actor.scope.sources())
        .current()
        .filter(
            candidate__dossier__state__in=BY_STEP[step].sources,
            candidate__dossier__held=False,
        )
        .select_related("candidate__dossier", "school", "batch", "sheet")
        .order_by("pk")
    )


def held_dossiers(actor: User):
    """Dossiers held of an officer's region, the last held first, with why, by whom and since when.

    Guests of the schools that his office supervises are not among them: their own city holds and releases, and
    knows why.

    Args:
        actor: of an office.
    """
    last = DossierEvent.objects.filter(candidate=OuterRef("pk"), step="hold_dossier").order_by("-pk")
    return (
        Dossier.objects.filter(actor.scope.sources(), held=True)
        .select_related("candidate", "school")
        .annotate(
            held_for=Subquery(last.values("note")[:1]),
            held_by=Subquery(last.values("deed__actor__name")[:1]),
            held_at=Subquery(last.values("at")[:1]),
        )
        .order_by("-changed_at", "pk")
    )


def taken_back(schools):
    """Placements of late that an office has ended: cancelled, recalled or not approved; the last first.

    Args:
        schools: keys of schools that the caller may see.
    """
    return _ended().filter(school__in=schools, closed_at__gte=timezone.now() - TOLD_FOR)


def taken_back_from(sheet: Sheet):
    """Those of a sheet that an office has ended, the last first.

    Args:
        sheet: one the caller may see.
    """
    return _ended().filter(sheet=sheet)


def _ended():
    rows = Placement.objects.filter(closed_at__isnull=False, reason__isnull=True).exclude(reason_words="")
    rows = rows.exclude(method=Placement.Method.UPLOAD)  # the candidates are out of the school's sight
    return rows.select_related("sheet").order_by("-closed_at", "pk")
