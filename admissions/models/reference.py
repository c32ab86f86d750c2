"""Public code tables: the same for everyone, loaded from files with their standard and version."""

from django.db import models


class Region(models.Model):
    """A province (2 digits), city (4) or county (6) of GB/T 2260."""

    code = models.CharField("代码", max_length=6, primary_key=True)
    name = models.CharField("名称", max_length=60)
    parent = models.ForeignKey("self", models.PROTECT, null=True, related_name="children")

    class Meta:
        verbose_name = "行政区划"
        ordering = ["code"]

    def __str__(self) -> str:
        return self.name


class EthnicGroup(models.Model):
    """A row of GB/T 3304."""

    code = models.CharField("代码", max_length=2, primary_key=True)
    name = models.CharField("名称", max_length=20)

    class Meta:
        verbose_name = "民族"
        ordering = ["code"]

    def __str__(self) -> str:
        return self.name


class Major(models.Model):
    """A row of a catalogue of majors; the code is unique within catalogue and version."""

    catalogue = models.CharField("目录", max_length=20)
    code = models.CharField("代码", max_length=8)
    name = models.CharField("名称", max_length=60)

    class Meta:
        verbose_name = "专业"
        ordering = ["catalogue", "code"]
        constraints = [models.UniqueConstraint(fields=["catalogue", "code"], name="major_once_per_catalogue")]

    def __str__(self) -> str:
        return self.name


class ReturnReason(models.Model):
    """A code for why a school returns a dossier (domain.md §8.9)."""

    code = models.CharField("代码", max_length=4, primary_key=True)
    name = models.CharField("原因", max_length=60)
    needs_words = models.BooleanField("须注明", default=False)
    needs_attachment = models.BooleanField("须附书面材料", default=False)

    class Meta:
        verbose_name = "退档原因"
        ordering = ["code"]

    def __str__(self) -> str:
        return f"{self.code} {self.name}"

    @property
    def label(self) -> str:
        """Code and name as a list offers them, with what the reason asks for."""
        asked = [
            word
            for needed, word in ((self.needs_words, "说明"), (self.needs_attachment, "附书面材料"))
            if needed
        ]
        return f"{self}（须{'、'.join(asked)}）" if asked else str(self)
