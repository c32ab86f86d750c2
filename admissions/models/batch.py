"""Batches of a city and the mode in which each is dispatched."""

from django.contrib.postgres.fields import ArrayField
from django.db import models

from .score import CityQuerySet
from .season import Season


class Batch(models.Model):
    """A batch of a city: which choices it has and by which rule dossiers are sent.

    Each city makes its own (粤招办〔2021〕28号 二（二）; 鲁招考〔2019〕46号 leaves batches to the cities).
    """

    class Mode(models.TextChoices):
        CHOICE_FIRST = "choice_first", "志愿优先"
        SCORE_FIRST = "score_first", "平行志愿（分数优先）"
        PARALLEL = "parallel", "分段平行志愿"
        TIERS = "tiers", "梯度线内志愿优先"
        DEFERRED = "deferred_acceptance", "院校自主排序"

    class Ties(models.TextChoices):
        STRICT = "strict", "按考生号取足"
        ACCEPT_ALL = "accept_all", "同分全部投出"
        REJECT_ALL = "reject_all", "同分全部不投"

    class Rounding(models.TextChoices):
        UP = "up", "进一"
        HALF_UP = "half_up", "四舍五入"

    class Majors(models.TextChoices):
        SCORE_CLEAR = "score_clear", "分数清"
        MAJOR_CLEAR = "major_clear", "专业清"
        LEVEL_GAP = "level_gap", "专业级差"

    class Allotment(models.TextChoices):
        NONE = "", "不设"
        BEFORE = "before", "先指标后统招"
        AFTER = "after", "先统招后指标"

    season = models.ForeignKey(Season, models.CASCADE)
    city = models.CharField("市", max_length=4)
    code = models.CharField("批次代码", max_length=4)
    name = models.CharField("批次名称", max_length=60)
    position = models.PositiveSmallIntegerField("次序")
    choices_allowed = models.PositiveSmallIntegerField("志愿数", default=4)
    mode = models.CharField("投档模式", max_length=20, choices=Mode, default=Mode.SCORE_FIRST)
    ratio_percent = models.PositiveSmallIntegerField("投档比例（%）", default=100)
    rounding = models.CharField("取整", max_length=8, choices=Rounding, default=Rounding.UP)
    tie_policy = models.CharField("末位同分", max_length=12, choices=Ties, default=Ties.STRICT)
    tie_keys = ArrayField(
        models.CharField(max_length=40),
        default=list,
        verbose_name="同分比较",
        blank=True,
        help_text="依次比较的科目代码，可用加号求和，如 zh+ma",
    )
    tiers = ArrayField(
        models.IntegerField(),
        default=list,
        verbose_name="梯度线（百分之一分）",
        blank=True,
        help_text="由高到低，仅梯度模式使用",
    )
    bands = ArrayField(
        models.PositiveSmallIntegerField(),
        default=list,
        verbose_name="志愿分段",
        blank=True,
        help_text="每段的志愿数，最后一段重复；仅分段平行志愿使用",
    )
    allotment = models.CharField("指标到校", max_length=8, choices=Allotment, default="", blank=True)
    allotment_floor = models.PositiveIntegerField("指标生最低分", null=True, blank=True)
    allotment_margin = models.PositiveIntegerField("低于统招线不超过", null=True, blank=True)
    allotment_trait = models.CharField("指标生资格", max_length=20, blank=True)
    major_rule = models.CharField("专业分配", max_length=12, choices=Majors, default=Majors.SCORE_CLEAR)
    major_gaps = ArrayField(
        models.PositiveIntegerField(),
        default=list,
        verbose_name="专业级差（百分之一分）",
        blank=True,
        help_text="第二专业起每个专业志愿减去的分数，最后一个重复",
    )
    plan_kinds = ArrayField(models.CharField(max_length=4), default=list, verbose_name="计划类型")
    opens_at = models.DateTimeField("投档开始", null=True, blank=True)
    closes_at = models.DateTimeField("投档截止", null=True, blank=True)
    reviews_plans = models.BooleanField("计划调整须审核", default=True)
    mode_version = models.PositiveIntegerField("参数版本", default=1)

    objects = CityQuerySet.as_manager()

    class Meta:
        verbose_name = "批次"
        ordering = ["season", "city", "position"]
        constraints = [
            models.UniqueConstraint(fields=["season", "city", "code"], name="batch_once"),
            models.CheckConstraint(
                condition=models.Q(closes_at__gt=models.F("opens_at"))
                | models.Q(opens_at=None)
                | models.Q(closes_at=None),
                name="batch_window_forward",
            ),
        ]

    def __str__(self) -> str:
        return self.name
