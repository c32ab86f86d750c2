"""Jobs: what runs in a worker, as rows that survive Redis and the worker."""

from uuid import uuid4

from django.conf import settings
from django.db import models

from accounts.models import TenantQuerySet


class JobQuerySet(TenantQuerySet):
    supervisor_column = "organisation__region"
    school_column = "organisation"


class Job(models.Model):
    """A job: who asked for what, how it stands, how it ended."""

    class State(models.TextChoices):
        QUEUED = "queued", "排队中"
        RUNNING = "running", "执行中"
        DONE = "done", "已完成"
        FAILED = "failed", "失败"
        CANCELLED = "cancelled", "已取消"

    UNDER_WAY = (State.QUEUED, State.RUNNING)

    id = models.UUIDField(primary_key=True, default=uuid4)
    function = models.CharField("功能", max_length=60)
    title = models.CharField("名称", max_length=200)
    task = models.CharField("任务", max_length=100)
    subject_id = models.BigIntegerField("对象")
    owner = models.ForeignKey(settings.AUTH_USER_MODEL, models.PROTECT, null=True)
    organisation = models.ForeignKey("accounts.Organisation", models.PROTECT, null=True)
    state = models.CharField("状态", max_length=10, choices=State, default=State.QUEUED)
    words = models.TextField("结果", blank=True)
    in_portions = models.BooleanField("逐批写入", default=False, help_text="已办完的不因中断或取消而退回")
    created_at = models.DateTimeField(auto_now_add=True)
    started_at = models.DateTimeField(null=True)
    ended_at = models.DateTimeField(null=True)

    objects = JobQuerySet.as_manager()

    class Meta:
        verbose_name = "作业"
        ordering = ["-created_at"]
        indexes = [models.Index(fields=["function", "subject_id"], name="job_subject")]

    @property
    def ended(self) -> bool:
        return self.state not in self.UNDER_WAY
