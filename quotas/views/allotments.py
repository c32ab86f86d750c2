"""指标分配: the batches of a city, each with the seats that its schools keep for junior schools."""

from django.db.models import Sum

from admissions.views.controls import BatchesPage

from ..models import Allotment


class AllotmentsPage(BatchesPage):
    """The batches, each leading to its allotted seats."""

    template_name = "quotas/allotments_batches.html"
    said_title = "指标"

    def batches(self):
        found = list(super().batches())
        rows = self.visible(Allotment).filter(batch__in=found).order_by().values("batch")
        self.seats = dict(rows.annotate(seats=Sum("seats")).values_list("batch", "seats"))
        return found

    def said(self, batch):
        seats = self.seats.get(batch.pk, 0)
        when = batch.get_allotment_display()
        return (
            f"{seats} 个，{when if batch.allotment else '投档模式未启用'}" if seats or batch.allotment else ""
        )
