"""What the filters of sheets and of queues share."""

from django.db.models import Q

from admissions.models import Batch


class BySchool:
    """For a filter set with the field ``school``: by code or a part of the name."""

    def by_school(self, rows, name, value):
        return rows.filter(Q(school__code=value) | Q(school__name__contains=value))


class SchoolAndBatch(BySchool):
    """For a filter set with the fields ``school`` and ``batch``: by code or name, of the batches seen."""

    def __init__(self, *args, **kwargs):
        super().__init__(*args, **kwargs)
        batches = Batch.objects.visible_to(self.request.user).order_by("city", "position")
        self.filters["batch"].extra["choices"] = list(batches.values_list("pk", "name"))
