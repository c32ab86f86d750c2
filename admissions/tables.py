"""Lists of this app, on screen and as exports."""

import django_tables2 as tables
from django.urls import reverse
from django.utils.html import format_html

from accounts.masking import mask_id_number
from accounts.templatetags.interface import state_badge

from .imports.importer import registry
from .lifecycle import State
from .models import Candidate, ImportedFile
from .templatetags.words import marks, region_name

NUM = {"td": {"class": "num"}, "th": {"class": "num"}}


class StateColumn(tables.Column):
    """State of a dossier: words, icon and colour on screen, words in an export.

    The column's accessor leads to the dossier; a candidate without one is ``—``.
    """

    def __init__(self, **kwargs):
        super().__init__(**({"verbose_name": "状态", "orderable": False} | kwargs))

    def render(self, value):
        return state_badge(value.state, value.held)

    def value(self, value):
        return "挂起" if value.held else State(value.state).word


class MaskedColumn(tables.Column):
    """An identity number of which only the ends are shown, on screen and in exports."""

    def render(self, value):
        return mask_id_number(value)


class MarksColumn(tables.Column):
    """Hundredths of a mark as marks, to the right."""

    def __init__(self, **kwargs):
        super().__init__(**({"attrs": NUM} | kwargs))

    def render(self, value):
        return marks(value)


class RegionColumn(tables.Column):
    """A region's name for its code."""

    def render(self, value):
        return region_name(value)


class CandidateTable(tables.Table):
    """考生资料管理."""

    number = tables.Column()
    name = tables.Column(orderable=False)
    sex = tables.Column(orderable=False)
    id_number = MaskedColumn(orderable=False)
    county = RegionColumn(orderable=False)
    feeder_school = tables.Column(accessor="feeder_school__name", verbose_name="毕业学校", orderable=False)
    concessions = tables.Column(orderable=False)
    total = MarksColumn(orderable=False)
    state = StateColumn(accessor="dossier")

    class Meta:
        model = Candidate
        fields = (
            "number",
            "name",
            "sex",
            "id_number",
            "county",
            "feeder_school",
            "concessions",
            "total",
            "state",
        )
        attrs = {"data-freeze": "", "aria-label": "考生"}
        empty_text = "没有符合条件的考生"

    def render_concessions(self, value):
        return "、".join(value)


class ImportedFileTable(tables.Table):
    """Files that came in; the function says where each one's page is."""

    uploaded_at = tables.DateTimeColumn(verbose_name="上传时间", format="Y-m-d H:i")
    file_name = tables.Column(orderable=False)
    profile = tables.Column(orderable=False)
    city = RegionColumn(orderable=False)
    state = tables.Column(orderable=False)
    rows_read = tables.Column(orderable=False, attrs=NUM)
    rows_new = tables.Column(orderable=False, attrs=NUM)
    rows_changed = tables.Column(orderable=False, attrs=NUM)
    rows_vanishing = tables.Column(orderable=False, attrs=NUM)
    findings_count = tables.Column(orderable=False, attrs=NUM)
    uploaded_by = tables.Column(accessor="uploaded_by__name", verbose_name="上传人", orderable=False)
    written_at = tables.DateTimeColumn(verbose_name="写入时间", format="Y-m-d H:i", orderable=False)

    class Meta:
        model = ImportedFile
        fields = (
            "uploaded_at",
            "file_name",
            "profile",
            "city",
            "state",
            "rows_read",
            "rows_new",
            "rows_changed",
            "rows_vanishing",
            "findings_count",
            "uploaded_by",
            "written_at",
        )
        attrs = {"data-freeze": "", "aria-label": "导入文件"}
        empty_text = "还没有导入过文件"

    def __init__(self, *args, function=None, **kwargs):
        self.function = function
        super().__init__(*args, **kwargs)

    def render_file_name(self, value, record):
        address = reverse(f"{self.function.url_name}__file", args=[record.pk])
        return format_html('<a href="{}">{}</a>', address, value)

    def value_file_name(self, value):
        return value

    def render_profile(self, value):
        return registry.importers[value].title() if value in registry.importers else value
