"""Pages of an import: upload, progress, what was found, confirmation, receipt, files of before.

They hang below the page of the function that the format belongs to; ``import_pages`` binds them.
"""

from urllib.parse import quote

from django.contrib import messages
from django.http import FileResponse, Http404, HttpResponse
from django.shortcuts import redirect
from django.utils import timezone

from accounts.context import deed_record
from accounts.views.base import ActionView, FunctionView, ObjectMixin, serve
from accounts.views.lists import ListView
from accounts.views.workbooks import XLSX

from ..filters import ImportedFileFilter
from ..forms import ConfirmForm, UploadForm
from ..imports.formats import template_xlsx
from ..imports.importer import Context, registry
from ..imports.pipeline import wrong_path
from ..models import ImportedFile
from ..services import imports as services
from ..services.windows import season_of
from ..tables import ImportedFileTable


def import_pages(key: str, upload_is_home: bool = False) -> list:
    """Bind the pages of imports below a function.

    Args:
        key: of the function.
        upload_is_home: the function is an import and nothing else, so its own page is the upload.
    """
    home = [serve(key, UploadView)] if upload_is_home else []
    return [
        *home,
        serve(key, UploadView, "upload"),
        serve(key, TemplateDownloadView, "template/<slug:profile>"),
        serve(key, FilesView, "files"),
        serve(key, FileView, "file/<int:pk>"),
        serve(key, CheckView, "file/<int:pk>/check"),
        serve(key, ConfirmView, "file/<int:pk>/confirm"),
        serve(key, WrongRowsView, "file/<int:pk>/wrong"),
    ]


class UploadView(ActionView):
    """Upload a file; its dry run starts at once."""

    form_class = UploadForm
    template_name = "admissions/import_upload.html"
    submit_label = "上传并检查"

    def get_form_kwargs(self):
        return super().get_form_kwargs() | {"function": self.function.key}

    def get_context_data(self, **kwargs):
        formats = [
            {
                "name": one.profile_name,
                "title": one.title(),
                "url": self.page("template", profile=one.profile_name),
            }
            for one in registry.of_function(self.function.key)
        ]
        files = self.visible(ImportedFile).filter(function=self.function.key).select_related("uploaded_by")
        return super().get_context_data(
            formats=formats, files=files[:10], files_url=self.page("files"), cities=services.cities_of(self.actor),
            is_home=self.request.path == self.page(), **kwargs,
        )  # fmt: skip

    def act(self, data):
        self.file, is_new = services.import_upload(actor=self.actor, function=self.function.key, **data)
        return "文件已收到，正在检查。" if is_new else self.told()

    def told(self) -> str:
        at = timezone.localtime(self.file.written_at or self.file.uploaded_at)
        verb = "写入" if self.file.written_at else "上传"
        return f"同一文件已于 {at:%m月%d日 %H:%M} {verb}，以下是它的情况，没有重复导入。"

    done = "{result}"

    def get_success_url(self):
        return self.page("file", pk=self.file.pk) if hasattr(self, "file") else self.page("files")


class TemplateDownloadView(FunctionView):
    """The empty workbook of a format, with the city's own columns and code lists."""

    def get(self, request, profile):
        importer = registry.importers.get(profile)
        if importer is None or importer.function != self.function.key:
            raise Http404
        cities = services.cities_of(self.actor)
        city = request.GET.get("city") or (cities[0][0] if cities else "")
        if city not in dict(cities):
            raise Http404
        made = importer(Context(season_of(self.actor), city))
        content = template_xlsx(made.profile, made.template_codes())
        return HttpResponse(content, content_type=XLSX, headers=attachment(f"{made.profile.title}模板.xlsx"))


class FilesView(ListView):
    """Files of this function that came in before."""

    model = ImportedFile
    table_class = ImportedFileTable
    filterset_class = ImportedFileFilter
    template_name = "admissions/import_files.html"

    def get_queryset(self):
        rows = super().get_queryset().filter(function=self.function.key)
        return rows.select_related("uploaded_by", "confirmed_by")

    def get_table_kwargs(self):
        return {"function": self.function}

    def get_context_data(self, **kwargs):
        return super().get_context_data(upload_url=self.page("upload"), **kwargs)


class OneFile(ObjectMixin):
    """A page about one file of this function."""

    model = ImportedFile

    def rows(self):
        rows = super().rows().filter(function=self.function.key)
        return rows.select_related("organisation", "season", "uploaded_by", "confirmed_by")

    def file_page(self) -> str:
        return self.page("file", pk=self.object.pk)


class FileView(OneFile, ActionView):
    """How a file stands: progress, findings, plan with the form to confirm it, or the receipt."""

    form_class = ConfirmForm
    template_name = "admissions/import_file.html"
    submit_label = "确认写入"
    done = "已确认，正在写入。"

    def post(self, request, *args, **kwargs):
        return self.http_method_not_allowed(request)

    def get_initial(self):
        return {"digest": self.object.digest, "plan_digest": self.object.plan_digest}

    def get_context_data(self, **kwargs):
        file = self.object
        groups = {
            level: [row for row in file.findings if row["level"] == level]
            for level in ("refusal", "error", "warning", "plan")
        }
        return super().get_context_data(
            file=file, groups=groups, tick=services.tick_of(file), job=services.job_of(file),
            profile_title=registry.importers[file.profile].title(), has_wrong_rows=_has_wrong_rows(file),
            upload_url=self.page("upload"), files_url=self.page("files"), list_url=self.page(),
            check_url=self.page("file__check", pk=file.pk), confirm_url=self.page("file__confirm", pk=file.pk),
            wrong_url=self.page("file__wrong", pk=file.pk), **kwargs,
        )  # fmt: skip


class ConfirmView(FileView):
    """Confirm what was seen; what is written is exactly that."""

    def get(self, request, *args, **kwargs):
        return redirect(self.file_page())

    def post(self, request, *args, **kwargs):
        return super(FileView, self).post(request, *args, **kwargs)

    def act(self, data):
        return services.import_confirm(actor=self.actor, file=self.object, **data)

    def get_success_url(self):
        return self.file_page()


class CheckView(OneFile, FunctionView):
    """Run the dry run once more, after something in the tables was put right."""

    def post(self, request, *args, **kwargs):
        services.import_check(actor=self.actor, file=self.object)
        messages.info(request, "正在重新检查。")
        return redirect(self.file_page())


class WrongRowsView(OneFile, FunctionView):
    """The wrong rows in the same template, with what is wrong in a last column."""

    def get(self, request, *args, **kwargs):
        if not _has_wrong_rows(self.object):
            raise Http404
        deed_record(
            actor=self.actor, subject=f"下载错误行 {self.object.file_name}", count=self.object.findings_count
        )
        path = wrong_path(services.path_of(self.object))
        name = f"错误行-{self.object.file_name.rsplit('.', 1)[0]}.xlsx"
        return FileResponse(path.open("rb"), content_type=XLSX, as_attachment=True, filename=name)


def _has_wrong_rows(file: ImportedFile) -> bool:
    return file.state == ImportedFile.State.FAULTY and wrong_path(services.path_of(file)).exists()


def attachment(name: str) -> dict[str, str]:
    """Header of a download whose name may be Chinese."""
    return {"Content-Disposition": f"attachment; filename*=UTF-8''{quote(name)}"}
