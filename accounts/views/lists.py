"""Lists: one table class per list serves page and export, one filter set serves page and counts."""

from django.http import HttpResponse
from django.utils import timezone
from django.utils.functional import cached_property
from django.views.generic.list import MultipleObjectMixin, MultipleObjectTemplateResponseMixin
from django_filters.views import FilterMixin
from django_tables2 import LazyPaginator, SingleTableMixin
from django_tables2.data import TableQuerysetData

from ..context import deed_record
from ..forms import style_field
from ..refusals import Refusal
from .base import FunctionView
from .workbooks import workbook_response

COUNT_BOUND = 10_000
PAGE_BOUND = 100
EXPORT_BOUND = 2_000


class KeysFirst(TableQuerysetData):
    """Rows of a table of which first the keys are sorted, and only those of the page are then looked at in full.

    Args:
        data: rows in their order.
        keys: up to ``COUNT_BOUND`` and one more of their primary keys in this very order, where the caller
            knows them.
    """

    def __init__(self, data, keys=None):
        super().__init__(data)
        self.keys = keys

    def order_by(self, aliases):
        before = self.data
        super().order_by(aliases)
        if self.data is not before:
            self.keys = None

    def __getitem__(self, key):
        if not isinstance(key, slice):
            return super().__getitem__(key)
        known = self.keys is not None and (key.stop or COUNT_BOUND) <= max(len(self.keys), COUNT_BOUND)
        keys = list((self.keys if known else self.data.values_list("pk", flat=True))[key])
        found = self.data.in_bulk(keys)
        return [found[pk] for pk in keys if pk in found]


class ListView(
    FunctionView, SingleTableMixin, FilterMixin, MultipleObjectTemplateResponseMixin, MultipleObjectMixin
):
    """A list with filters above and a table below; its whole state lives in the query string.

    Subclasses give ``model`` (with ``visible_to``), ``table_class`` and ``filterset_class``.
    Counting stops at ``COUNT_BOUND``, so that no list slows down with the size of the province.
    """

    paginator_class = LazyPaginator
    table_pagination = {"per_page": 50}
    template_name = None
    list_actions: tuple = ()

    def get_template_names(self):
        return [self.template_name or self.function.template, "components/list.html"]

    def get_queryset(self):
        return self.visible(self.model)

    def get_filterset_kwargs(self, filterset_class):
        return super().get_filterset_kwargs(filterset_class) | {"request": self.request}

    def get(self, request, *args, **kwargs):
        if request.GET.get("per_page", "").isdecimal() and int(request.GET["per_page"]) > PAGE_BOUND:
            request.GET = request.GET.copy()
            request.GET["per_page"] = str(PAGE_BOUND)
        self.filterset = self.get_filterset(self.get_filterset_class())
        for field in self.filterset.form.fields.values():
            style_field(field)
        self.object_list = self.filterset.qs
        if request.GET.get("export") == "xlsx":
            return self.export()
        return self.render_to_response(self.get_context_data(filter=self.filterset))

    def get_context_data(self, **kwargs):
        counted = self.count()
        query = self.request.GET.copy()
        for name in ("page", "export"):
            query.pop(name, None)
        return super().get_context_data(
            counted=min(counted, COUNT_BOUND),
            count_bounded=counted > COUNT_BOUND,
            applied=self.applied(),
            export_query=query.urlencode(),
            export_bound=EXPORT_BOUND,
            list_actions=self.list_actions,
            **kwargs,
        )

    def count(self) -> int:
        """How many rows there are, as far as ``COUNT_BOUND`` and one more."""
        return self.object_list.order_by()[: COUNT_BOUND + 1].count()

    def applied(self) -> list[dict]:
        """Filters in force, each as label, value and the query string without it."""
        chips = []
        for name in self.filterset.form.fields:
            value = self.request.GET.get(name)
            if not value:
                continue
            field = self.filterset.form.fields[name]
            shown = dict(getattr(field, "choices", ())).get(value, value)
            rest = self.request.GET.copy()
            rest.pop(name)
            rest.pop("page", None)
            chips.append({"label": field.label, "value": shown, "rest": rest.urlencode()})
        return chips

    def export(self) -> HttpResponse:
        """The list as a workbook with the very columns of the page, up to ``EXPORT_BOUND`` rows.

        Totals of the table, if it has any, are its last row.
        """
        count = self.object_list.order_by()[: EXPORT_BOUND + 1].count()
        if count > EXPORT_BOUND:
            raise Refusal(f"结果超过 {EXPORT_BOUND} 行，请先缩小查询范围再导出。")
        table = self.get_table_class()(self.get_table_data(), **self.get_table_kwargs())
        values = [list(row) for row in table.as_values()]
        if table.has_footer():
            values.append(
                [column.footer for column in table.columns if not column.column.exclude_from_export]
            )
        deed_record(actor=self.actor, subject=f"导出{self.function.title}", count=count)
        name = f"{self.function.title}-{timezone.localtime():%Y%m%d%H%M}.xlsx"
        return workbook_response(name, values)


class KeysFirstListView(ListView):
    """A list whose rows cost much to make: keys are sorted and counted once, and rows made for the page only."""

    @cached_property
    def keys(self) -> list[int]:
        """Keys of the list in its order, up to ``COUNT_BOUND`` and one more."""
        return list(self.object_list.values_list("pk", flat=True)[: COUNT_BOUND + 1])

    def count(self):
        return len(self.keys)

    def get_table_data(self):
        return KeysFirst(self.object_list, self.keys)
