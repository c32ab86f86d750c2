"""To which stage an admission belongs: the last one whose dispatch had begun when it was made."""

from collections.abc import Iterable
from datetime import datetime

from django.db.models import Case, IntegerField, Q, Value, When

from admissions.models import Season, Window
from admissions.services.windows import windows_of


def beginnings(season: Season) -> dict[int, datetime]:
    """When dispatch of each stage after the first begins, by stage."""
    return begun_by(windows_of(season, Window.Kind.DISPATCH).values())


def begun_by(windows: Iterable[Window]) -> dict[int, datetime]:
    """``beginnings`` by the windows of dispatch themselves."""
    return {window.stage: window.opens_at for window in windows if window.stage > 1}


def stage_at(begun: dict[int, datetime], moment: datetime) -> int:
    """The stage of an admission made at a moment.

    Args:
        begun: as ``beginnings`` gives it.
        moment: when the dossier became admitted.
    """
    return max((stage for stage, since in begun.items() if moment >= since), default=1)


def of_stage(begun: dict[int, datetime], stage: int, column: str = "changed_at") -> Q:
    """Condition: an admitted dossier belongs to the stage.

    Args:
        begun: as ``beginnings`` gives it.
        stage: from 1.
        column: path to the moment the dossier became admitted.
    """
    until = [since for later, since in begun.items() if later > stage]
    condition = Q(**{f"{column}__lt": min(until)}) if until else Q()
    return condition & Q(**{f"{column}__gte": begun[stage]}) if stage in begun else condition


def stage_case(begun: dict[int, datetime], column: str) -> Case:
    """The stage as a column of a query."""
    later = [
        When(**{f"{column}__gte": begun[stage]}, then=Value(stage)) for stage in sorted(begun, reverse=True)
    ]
    return Case(*later, default=Value(1), output_field=IntegerField())
