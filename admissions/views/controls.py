"""Pages of a control: what is set, changing it, sheets out and in, versions (投档控制)."""

from django.core import signing
from django.core.paginator import Paginator
from django.http import Http404
from django.utils import timezone
from django.utils.functional import cached_property

from accounts.context import deed_record
from accounts.forms import ActionForm
from accounts.refusals import Refusal
from accounts.views.base import ActionView, FunctionView, ObjectMixin, PageView, UnderMixin, serve
from accounts.views.workbooks import workbook_response

from ..forms_controls import SALT, ControlForm, SheetForm
from ..models import Batch, Region
from ..services.control_sheets import sheet_rows
from ..services.controls import (
    Control,
    control_allowed,
    control_change,
    control_restore,
    differences_told,
    rows_of,
    version_of,
)

SHOWN = 20
NUMBERS = ("marks", "number")
PER_PAGE = 50


def control_pages(
    control: Control,
    change: type["ChangeView"] | None = None,
    home: type["BatchesPage"] | None = None,
    page_template: str = "admissions/control_page.html",
    under: str = "",
) -> list:
    """Bind the pages of a control below its function.

    Args:
        control: of one function.
        change: its form, if not the general one.
        home: its list of batches, if not the general one.
        page_template: of the page with its rows.
        under: the tail below which they stand, where the function has pages of its own; a control that is of no
            batch always has one.
    """
    key, options = control.function, {"control": control, "under": under}
    change = change or ChangeView
    one_row = not control.keyed
    at = f"{under}/<int:pk>".lstrip("/") if control.of_batch else under
    first = options if one_row else options | {"template_name": page_template}
    return [
        *([serve(key, home or BatchesPage, under, under=under)] if control.of_batch else []),
        serve(key, change if one_row else ControlPage, at, **first),
        *([] if one_row else [serve(key, change, f"{at}/change", **options)]),
        serve(key, ExportView, f"{at}/export", **options),
        serve(key, ImportView, f"{at}/import", **options),
        serve(key, VersionsPage, f"{at}/versions", **options),
        serve(key, RestoreView, f"{at}/restore/<int:number>", **options),
    ]


class BatchesPage(UnderMixin, PageView):
    """The batches an officer sees, each leading to the page of the function at hand."""

    template_name = "admissions/control_batches.html"
    said_title = ""

    def batches(self):
        return self.visible(Batch).filter(season__current=True)

    def said(self, batch: Batch) -> str:
        """What the list tells of a batch under ``said_title``."""
        return ""

    def get_context_data(self, **kwargs):
        batches = self.batches()
        names = dict(Region.objects.filter(code__in={b.city for b in batches}).values_list("code", "name"))
        rows = [
            {"batch": batch, "city": names.get(batch.city, batch.city), "url": self.page("one", pk=batch.pk)}
            for batch in batches
        ]
        for row in rows:
            row["said"] = self.said(row["batch"])
        return super().get_context_data(batches=rows, said_title=self.said_title, **kwargs)


class ControlMixin(UnderMixin, ObjectMixin):
    """A page about what one function has set for one batch, or for the ground that it has of its own."""

    model = Batch
    control: Control = None

    @cached_property
    def object(self):
        return super().object if self.control.of_batch else self.control.ground(self.actor)

    def tail(self, name: str, **kwargs) -> str:
        """Address of a page of this batch."""
        return self.page(name, **({"pk": self.object.pk} if self.control.of_batch else {}), **kwargs)

    def home(self) -> str:
        """Where its pages are reached from: its batches, or the function that it stands under."""
        return self.page() if self.control.of_batch else FunctionView.page(self)

    @cached_property
    def may_set(self) -> bool:
        """Whether the actor may change anything here, or only look."""
        return self.control.may(self.actor, self.object)

    def tabs(self) -> list[tuple[str, str, str]]:
        """The pages of this ground: address, title, icon."""
        return [
            (self.tail("one"), "设置" if self.control.of_batch else self.control.title, "sliders"),
            *([(self.tail("import"), "导入", "upload")] if self.may_set else []),
            (self.tail("export"), "导出", "file-earmark-spreadsheet"),
            (self.tail("versions"), "版本", "clock-history"),
        ]

    def get_context_data(self, **kwargs):
        return super().get_context_data(
            control=self.control, place=self.control.place(self.object), tabs=self.tabs(), here=self.request.path,
            home_url=self.home(), may_set=self.may_set, version=version_of(self.control, self.object), **kwargs,
        )  # fmt: skip


class ControlPage(ControlMixin, PageView):
    """All rows of a control, found by code or name, a page at a time, to choose and change."""

    template_name = "admissions/control_page.html"

    def get_context_data(self, **kwargs):
        rows = found_rows(self.control, self.object, self.request.GET)
        page = Paginator(list(rows.items()), PER_PAGE).get_page(self.request.GET.get("page"))
        keys, values = self.control.keys(self.object), self.control.values(self.object)
        names = self.control.names(self.object, [key for key, _ in page])
        numbers = [title in self.control.counted for title in self.control.told()]
        shown = [
            {
                "key": "|".join(key),
                "cells": [column.write(part) for column, part in zip(keys, key, strict=True)],
                "names": zip(names.get(key, ()), numbers, strict=False),
                "values": [(column.write(row.get(column.name)), column.kind in NUMBERS) for column in values],
                "set": bool(row) or not values,
            }
            for key, row in page
        ]
        header = [(c.title, False) for c in keys] + list(zip(self.control.told(), numbers, strict=True))
        header += [(c.title, c.kind in NUMBERS) for c in values]
        query = self.request.GET.copy()
        query.pop("page", None)
        return super().get_context_data(
            rows=shown, header=header, page=page, counted=len(rows), query=query.urlencode(),
            change_url=self.tail("change"), has_values=bool(values), **kwargs,
        )  # fmt: skip


def found_rows(control: Control, batch: Batch, asked) -> dict:
    """Rows whose keys or names hold the words asked for; ``set=1`` only those of which something is set."""
    rows = control.listed(batch)
    if asked.get("set"):
        rows = {key: row for key, row in rows.items() if row or not control.values(batch)}
    words = asked.get("q", "").strip()
    if not words:
        return rows
    keys = control.keys(batch)
    names = control.names(batch, rows)
    return {
        key: row
        for key, row in rows.items()
        if any(words in part for part in (*key, *names.get(key, ())))
        or any(words in column.write(part) for column, part in zip(keys, key, strict=True))
    }


class ChangeBase(ControlMixin, ActionView):
    """Shows whom a change touches, and makes it when confirmed."""

    confirm = True
    submit_label = "提交"

    def preview(self, data):
        control, batch = self.control, self.object
        control_allowed(self.actor, control, batch)
        before, after = data["before"], data["after"]
        told = differences_told(control, batch, before, after)
        if not told:
            raise Refusal("没有任何变化。")
        touched = control.touched(batch, before, after)
        return {
            "title": control.title, "count": len(told), "unit": "项变化",
            "header": ("对象", "原设置", "新设置"), "rows": told[:SHOWN],
            "words": f"涉及 {touched.schools} 所院校、{touched.candidates} 名填报了志愿的考生。{touched.said}",
            "warnings": [*touched.words, *control.warned(batch)],
        }  # fmt: skip

    def act(self, data):
        return control_change(
            actor=self.actor, control=self.control, batch=self.object, after=data["after"],
            note=data.get("note", ""), seen=data.get("seen"),
        )  # fmt: skip

    done = "已设置 {result} 项。"

    def get_success_url(self):
        return self.tail("one")

    def get_context_data(self, **kwargs):
        return super().get_context_data(cancel_url=self.tail("one"), **kwargs)


class ChangeView(ChangeBase):
    """The form of a control."""

    form_class = ControlForm
    template_name = "admissions/control_form.html"

    def get_form_kwargs(self):
        return super().get_form_kwargs() | {"control": self.control, "batch": self.object}

    def get_initial(self):
        initial = {"seen": version_of(self.control, self.object)}
        columns = self.control.values(self.object)
        row = {}
        if not self.control.keyed:
            row = self.control.now(self.object).get((), {})
        elif self.request.method == "GET":
            keys = self.chosen()
            first, *others = self.control.keys(self.object)
            if len({key[1:] for key in keys}) > 1:
                raise Refusal(
                    f"所选各行的{'、'.join(column.title for column in others)}不同，不能一起设置。",
                    hint="请分别选择，或用导出、导入一次修改。",
                )
            initial[first.name] = "\n".join(dict.fromkeys(key[0] for key in keys))
            if keys:
                initial |= {column.name: part for column, part in zip(others, keys[0][1:], strict=True)}
                row = self.control.listed(self.object).get(keys[0], {})
        return initial | {
            c.name: c.write(row[c.name]) if c.kind != "choice" else row[c.name]
            for c in columns
            if c.name in row
        }

    def chosen(self) -> list[tuple[str, ...]]:
        """Rows ticked on the list, or all that its query finds."""
        asked = self.request.GET
        if asked.get("all"):
            return list(found_rows(self.control, self.object, asked))
        width = len(self.control.keys(self.object))
        keys = [tuple(text.split("|")) for text in asked.getlist("chosen")]
        return [key for key in keys if len(key) == width]


class ExportView(ControlMixin, FunctionView):
    """All rows as a sheet, which is also the template of an import."""

    def get(self, request, *args, **kwargs):
        control, batch = self.control, self.object
        rows = sheet_rows(control, batch, control.listed(batch))
        place = control.place(batch)
        deed_record(actor=self.actor, subject=f"导出{control.title} {place}", count=len(rows) - 1)
        return workbook_response(f"{control.title}-{place}-{timezone.localtime():%Y%m%d%H%M}.xlsx", rows)


class ImportView(ChangeBase):
    """A sheet is read and checked as a whole, shown, and written when confirmed."""

    form_class = SheetForm
    template_name = "admissions/control_import.html"
    submit_label = "上传并检查"

    def get_form_kwargs(self):
        return super().get_form_kwargs() | {"control": self.control, "batch": self.object}

    def preview(self, data):
        found = super().preview(data)
        kept = {
            "control": type(self.control).__name__,
            "batch": self.object.pk,
            "seen": data["seen"],
            "rows": [[list(key), row] for key, row in data["after"].items()],
        }
        self.request.POST = self.request.POST.copy()  # what is confirmed is what was read
        self.request.POST["content"] = signing.dumps(kept, salt=SALT, compress=True)
        return found

    def get_context_data(self, **kwargs):
        form = kwargs.get("form")
        wrong = getattr(form, "wrong", ())
        return super().get_context_data(wrong=wrong[:200], wrong_count=len(wrong), **kwargs)


class VersionsPage(ControlMixin, PageView):
    """All versions, newest first; two of them compared."""

    template_name = "admissions/control_versions.html"

    def versions(self) -> list[dict]:
        """Newest first: number, at, by, rows (how many), note, restore and about (addresses, or empty)."""
        kept = list(self.control.kept(self.object).select_related("made_by"))
        self.contents = {version.number: version.content for version in kept}
        return [
            {
                "number": one.number, "at": one.made_at, "by": one.made_by.name, "rows": len(one.content),
                "note": one.note,
                "restore": self.tail("restore", number=one.number) if place and self.may_set else "",
            }
            for place, one in enumerate(kept)
        ]  # fmt: skip

    def differ(self, old: int, new: int) -> tuple[dict, dict]:
        """The rows of two versions, or those in which they differ."""
        return rows_of(self.contents[old]), rows_of(self.contents[new])

    def get_context_data(self, **kwargs):
        versions = self.versions()
        numbers = [version["number"] for version in versions]
        pair = [self._number(name) for name in ("old", "new")]
        if not set(pair) <= set(numbers):
            pair = numbers[1::-1] if len(numbers) > 1 else None
        rows = differences_told(self.control, self.object, *self.differ(*pair)) if pair else []
        return super().get_context_data(
            versions=versions, pair=pair, differences=rows[:200], count=len(rows), **kwargs
        )

    def _number(self, name: str) -> int:
        text = self.request.GET.get(name, "")
        return int(text) if text.isdecimal() and len(text) < 9 else -1


class RestoreForm(ActionForm):
    """Only a confirmation."""


class RestoreView(ChangeBase):
    """Go back to an earlier version, as a new one."""

    form_class = RestoreForm
    template_name = "admissions/control_restore.html"
    submit_label = "还原"
    done = "已还原，{result} 项有变化。"

    def kept(self):
        found = self.control.kept(self.object).filter(number=self.kwargs["number"]).first()
        if found is None:
            raise Http404
        return found

    def get_context_data(self, **kwargs):
        return super().get_context_data(kept=self.kept(), **kwargs)

    def preview(self, data):
        before = self.control.now(self.object)
        data |= {"before": before, "after": self.control.restored(self.object, self.kept().content)}
        return super().preview(data)

    def act(self, data):
        return control_restore(
            actor=self.actor, control=self.control, batch=self.object, number=self.kept().number
        )

    def get_success_url(self):
        return self.tail("versions")
