"""Requests: what a school asks of offices, who must agree, what was said and shown (申请 → 审核)."""

from django.conf import settings
from django.contrib.postgres.fields import ArrayField
from django.contrib.postgres.indexes import GinIndex
from django.db import models
from django.db.models import Q
from django.utils import timezone

from accounts.models import Organisation, TenantQuerySet

from .candidate import Candidate
from .paper import StoredPaper
from .school import School
from .season import Season


class RequestQuerySet(TenantQuerySet):
    """Seen by the school that asks, by those who must agree, and by the offices above both."""

    def visible_to(self, actor):
        scope = actor.scope
        if scope is None:
            return self.none()
        seen = Q(regions__overlap=list(scope.regions)) if scope.regions else Q(pk__in=[])
        if scope.schools:
            seen |= Q(schools__overlap=list(scope.schools))
        return self.filter(seen)


class Request(models.Model):
    """One request of one kind; kinds are registered by the apps above (``services.requests``).

    ``payload`` holds what the kind asks for; ``facts`` and ``summary`` say it in words. ``subject`` names what no
    second open request may be about. ``regions`` and ``schools`` say who sees the row: codes of the
    offices concerned and of those above them, keys of the schools concerned.
    """

    class State(models.TextChoices):
        DRAFT = "draft", "草稿"
        SUBMITTED = "submitted", "审核中"
        EFFECTIVE = "effective", "已生效"
        REFUSED = "refused", "不同意"
        WITHDRAWN = "withdrawn", "已撤回"

    season = models.ForeignKey(Season, models.PROTECT, related_name="+")
    kind = models.CharField("种类", max_length=60, help_text="提出申请的功能")
    number = models.CharField("申请编号", max_length=20, unique=True)
    organisation = models.ForeignKey(Organisation, models.PROTECT, related_name="+", verbose_name="申请单位")
    asked_by = models.ForeignKey(
        settings.AUTH_USER_MODEL, models.PROTECT, related_name="+", verbose_name="申请人"
    )
    state = models.CharField("状态", max_length=10, choices=State, default=State.DRAFT)
    version = models.PositiveIntegerField("版本", default=0)
    payload = models.JSONField("内容", default=dict)
    facts = models.JSONField("内容（文字）", default=list, help_text="名称与值，依次")
    summary = models.CharField("申请事项", max_length=200)
    reason = models.CharField("理由代码", max_length=4, blank=True)
    words = models.TextField("理由", blank=True)
    subject = models.CharField(max_length=60, blank=True)
    candidate = models.ForeignKey(Candidate, models.PROTECT, null=True, related_name="+", db_constraint=False)
    school = models.ForeignKey(School, models.PROTECT, null=True, related_name="+")
    regions = ArrayField(models.CharField(max_length=6), default=list)
    schools = ArrayField(models.BigIntegerField(), default=list)
    created_at = models.DateTimeField("填写时间", auto_now_add=True)
    submitted_at = models.DateTimeField("提交时间", null=True)
    due_at = models.DateTimeField("办理期限", null=True)
    closed_at = models.DateTimeField("办结时间", null=True)

    objects = RequestQuerySet.as_manager()

    class Meta:
        verbose_name = "申请"
        ordering = ["-pk"]
        constraints = [
            models.UniqueConstraint(
                fields=["season", "subject"],
                condition=Q(state="submitted") & ~Q(subject=""),
                name="one_open_request_per_subject",
            ),
            models.CheckConstraint(
                condition=Q(state="draft") | Q(state="withdrawn") | Q(submitted_at__isnull=False),
                name="request_submitted_before_decided",
            ),
        ]
        indexes = [
            GinIndex(fields=["regions"], name="request_regions"),
            GinIndex(fields=["schools"], name="request_schools"),
            models.Index(
                fields=["kind", "submitted_at"], name="request_waiting", condition=Q(state="submitted")
            ),
            models.Index(fields=["organisation", "kind"], name="request_own"),
        ]

    def __str__(self) -> str:
        return f"{self.number} {self.summary}"

    @property
    def open(self) -> bool:
        """Whether somebody must still do something about it."""
        return self.state in (self.State.DRAFT, self.State.SUBMITTED)

    @property
    def overdue(self) -> bool:
        """Decided by the clock at the moment of asking."""
        return self.state == self.State.SUBMITTED and self.due_at is not None and timezone.now() > self.due_at


class RequestRowQuerySet(TenantQuerySet):
    """Rows of a request, seen by whoever sees the request."""

    def visible_to(self, actor):
        if actor.scope is None:
            return self.none()
        return self.filter(request__in=Request.objects.visible_to(actor).values("pk"))


class RequestParty(models.Model):
    """An organisation that must agree; all must, in any order."""

    class Decision(models.TextChoices):
        OPEN = "", "待审"
        APPROVED = "approved", "同意"
        REFUSED = "refused", "不同意"
        RETURNED = "returned", "退回修改"
        LAPSED = "lapsed", "逾期未答复"

    #: How long a row stays with the officer who has taken it.
    MINUTES = 30

    request = models.ForeignKey(Request, models.CASCADE, related_name="parties")
    organisation = models.ForeignKey(Organisation, models.PROTECT, related_name="+", verbose_name="审核单位")
    role = models.CharField("身份", max_length=20, help_text="如 调出市")
    decision = models.CharField("意见", max_length=10, choices=Decision, default=Decision.OPEN, blank=True)
    decided_by = models.ForeignKey(
        settings.AUTH_USER_MODEL, models.PROTECT, null=True, related_name="+", verbose_name="审核人"
    )
    decided_at = models.DateTimeField("审核时间", null=True)
    reason = models.CharField("理由代码", max_length=4, blank=True)
    words = models.TextField("理由", blank=True)
    taken_by = models.ForeignKey(settings.AUTH_USER_MODEL, models.PROTECT, null=True, related_name="+")
    taken_at = models.DateTimeField(null=True)

    objects = RequestRowQuerySet.as_manager()

    class Meta:
        verbose_name = "审核方"
        ordering = ["pk"]
        constraints = [
            models.UniqueConstraint(fields=["request", "organisation"], name="request_party_once"),
            models.CheckConstraint(
                condition=Q(decision="") | Q(decided_by__isnull=False, decided_at__isnull=False),
                name="request_party_decided_by_somebody",
            ),
        ]
        indexes = [
            models.Index(fields=["organisation"], name="request_party_open", condition=Q(decision="")),
        ]


class RequestAttachment(StoredPaper):
    """A scanned paper that goes with a request."""

    FOLDER = "requests"

    request = models.ForeignKey(Request, models.CASCADE, related_name="attachments")

    objects = RequestRowQuerySet.as_manager()

    class Meta:
        verbose_name = "附件"
        ordering = ["pk"]


class RequestEvent(models.Model):
    """One line of a request's trail. Rows are only ever added; the database refuses the rest."""

    class Deed(models.TextChoices):
        DRAFTED = "drafted", "填写"
        CHANGED = "changed", "修改"
        ATTACHED = "attached", "上传附件"
        DETACHED = "detached", "删除附件"
        SUBMITTED = "submitted", "提交"
        WITHDRAWN = "withdrawn", "撤回"
        APPROVED = "approved", "同意"
        REFUSED = "refused", "不同意"
        RETURNED = "returned", "退回修改"
        EFFECTIVE = "effective", "生效"
        LAPSED = "lapsed", "逾期未答复"
        REMINDED = "reminded", "提醒"
        OVERDUE = "overdue", "逾期"

    request = models.ForeignKey(Request, models.PROTECT, related_name="events")
    at = models.DateTimeField("时间", auto_now_add=True)
    deed = models.CharField("事项", max_length=10, choices=Deed)
    actor = models.ForeignKey(settings.AUTH_USER_MODEL, models.PROTECT, null=True, related_name="+")
    organisation = models.ForeignKey(Organisation, models.PROTECT, null=True, related_name="+")
    source = models.CharField("原状态", max_length=10, choices=Request.State)
    target = models.CharField("新状态", max_length=10, choices=Request.State)
    words = models.TextField("说明", blank=True)
    content = models.JSONField("当时的内容", default=dict)

    objects = RequestRowQuerySet.as_manager()

    class Meta:
        verbose_name = "申请轨迹"
        ordering = ["pk"]
