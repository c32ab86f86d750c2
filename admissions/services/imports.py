"""Imports as officers meet them: upload, check, confirm, write; each step leaves a row and a deed.

Nothing is written before the findings were seen: the confirmation carries the digests of the file and
of the plan, and is refused if either has changed (architecture.md, "Imports").
"""

from pathlib import Path
from uuid import uuid4

from django.conf import settings
from django.core.files.uploadedfile import UploadedFile
from django.db import transaction

from accounts.context import deed_record
from accounts.models import Organisation, User
from accounts.refusals import Refusal

from ..imports.importer import Context, Importer, registry
from ..imports.staging import digest_of, erase
from ..jobs import job_start
from ..models import ImportedFile, Job, Region
from .windows import season_of

CHECK_TASK, WRITE_TASK = "admissions.tasks.check_import", "admissions.tasks.write_import"
State = ImportedFile.State


def cities_of(actor: User) -> list[tuple[str, str]]:
    """Cities the actor may import for, as (four digits, name): his own, or all of his province.

    A school imports for itself alone; its files stand under the region of its supervisor.
    """
    if actor.organisation.kind == Organisation.Kind.SCHOOL:
        region = actor.organisation.region[:4]
        return [(region, Region.objects.filter(code=region).values_list("name", flat=True).first() or region)]
    codes = {code[:4] for code in actor.scope.regions if len(code) > 2}
    rows = Region.objects.filter(parent_id__in=[code for code in actor.scope.regions if len(code) == 2])
    names = dict(Region.objects.filter(code__in=codes).values_list("code", "name"))
    found = {code: names.get(code, code) for code in codes} | dict(rows.values_list("code", "name"))
    return sorted(found.items())


def importer_of(file: ImportedFile, actor: User | None = None) -> Importer:
    """The importer of a file, for the place whose file it is.

    Args:
        file: its organisation decides: a county's file touches the county only, whoever confirms it.
        actor: who acts; the one who uploaded it if not given.
    """
    organisation = file.organisation
    county = organisation.region if organisation.kind == Organisation.Kind.COUNTY else ""
    context = Context(file.season, file.city, county, actor or file.uploaded_by, file.pk)
    return registry.importers[file.profile](context)


def path_of(file: ImportedFile) -> Path:
    """Where the bytes of a file are: under a name of our own, never the client's."""
    return Path(settings.MEDIA_ROOT) / file.path


@transaction.atomic
def import_upload(
    *,
    actor: User,
    function: str,
    profile: str,
    upload: UploadedFile,
    city: str = "",
    again: bool = False,
) -> tuple[ImportedFile, bool]:
    """Take a file and start its dry run.

    Args:
        actor: who uploads.
        function: key of the function.
        profile: name of the format, one of the function's.
        upload: the file.
        city: four digits; may be left out by whoever has only one.
        again: check a file again that was written before.

    Returns:
        the file, and whether it is new; the same bytes uploaded twice are one file.

    Raises:
        Refusal: no permission, wrong format or city, empty or too large, or written already.
    """
    if not actor.may(function):
        raise Refusal("您没有该功能的权限。")
    importer = registry.importers.get(profile)
    if importer is None or importer.function != function:
        raise Refusal("该功能不接受这种格式的文件。")
    cities = [code for code, _ in cities_of(actor)]
    if not city and len(cities) == 1:
        city = cities[0]
    if city not in cities:
        raise Refusal("请选择您管辖范围内的市。")
    if not upload.size:
        raise Refusal("文件是空的（0 字节）。", hint="请重新导出后再上传。")
    if upload.size > settings.UPLOAD_MAX_BYTES:
        limit = settings.UPLOAD_MAX_BYTES // 1048576
        raise Refusal(f"文件有 {upload.size / 1048576:.1f} MB，超过上限 {limit} MB。", hint="请分批上传。")
    season = season_of(actor)
    path, digest = _store(upload)
    known = ImportedFile.objects.filter(
        season=season,
        organisation=actor.organisation,
        function=function,
        profile=profile,
        city=city,
        digest=digest,
    ).first()
    if known is not None and (known.state != State.WRITTEN or not again):
        erase(Path(settings.MEDIA_ROOT) / path)
        return known, False
    file = ImportedFile.objects.create(
        season=season,
        organisation=actor.organisation,
        function=function,
        profile=profile,
        city=city,
        path=path,
        file_name=_safe_name(upload.name),
        size=upload.size,
        digest=digest,
        uploaded_by=actor,
    )
    deed_record(
        actor=actor,
        subject=f"上传{importer.title()}",
        note=file.file_name,
        function=function,
    )
    import_check(actor=actor, file=file)
    return file, True


@transaction.atomic
def import_check(*, actor: User, file: ImportedFile) -> Job:
    """Start the dry run of a file, for the first time or again.

    Raises:
        Refusal: if the file was written, or a job is under way.
    """
    file = ImportedFile.objects.select_for_update(of=("self",), no_key=True).get(pk=file.pk)
    if file.state == State.WRITTEN:
        raise Refusal("该文件已经写入。", hint="如要重新导入，请在上传页勾选“重新检查”。")
    job = job_start(
        actor=actor,
        function=file.function,
        title=f"检查 {file.file_name}",
        task=CHECK_TASK,
        subject=file.pk,
    )
    ImportedFile.objects.filter(pk=file.pk).update(
        state=State.UPLOADED, plan_digest="", findings=[], findings_count=0
    )
    return job


@transaction.atomic
def import_confirm(
    *, actor: User, file: ImportedFile, digest: str, plan_digest: str, ticked: bool = False
) -> Job:
    """Confirm what the dry run showed, and start writing it.

    Args:
        actor: who confirms.
        file: the file.
        digest: of the file's bytes, as shown.
        plan_digest: of the plan, as shown.
        ticked: the extra tick where the plan asks for one.

    Raises:
        Refusal: no permission, not checked, other digests than shown, or the tick is missing.
    """
    file = ImportedFile.objects.select_for_update(of=("self",), no_key=True).get(pk=file.pk)
    if not actor.may(file.function):
        raise Refusal("您没有该功能的权限。")
    if file.state != State.CHECKED:
        raise Refusal(f"该文件当前为“{file.get_state_display()}”，不能确认。")
    if not digest or digest != file.digest:
        raise Refusal("文件与您看到的不是同一份，没有写入。", hint="请刷新页面，核对后再确认。")
    if not plan_digest or plan_digest != file.plan_digest:
        raise Refusal("检查结果已经更新，与您看到的不一致，没有写入。", hint="请刷新页面，核对后再确认。")
    tick = tick_of(file)
    if tick and not ticked:
        raise Refusal(tick["message"], hint="确认无误的，请勾选后再提交。")
    job = job_start(
        actor=actor,
        function=file.function,
        title=f"写入 {file.file_name}",
        task=WRITE_TASK,
        subject=file.pk,
    )
    ImportedFile.objects.filter(pk=file.pk).update(state=State.CONFIRMED, confirmed_by=actor)
    return job


def tick_of(file: ImportedFile) -> dict | None:
    """What must be ticked beside confirming, as a finding; None for most files."""
    return next((row for row in file.findings if row["level"] == "tick"), None)


def job_of(file: ImportedFile) -> Job | None:
    """The last job about a file."""
    return Job.objects.filter(function=file.function, subject_id=file.pk).order_by("-created_at").first()


def _store(upload: UploadedFile) -> tuple[str, str]:
    """Keep the bytes under a name of our own; give the path within the media folder, and the digest."""
    relative = f"imports/{uuid4().hex}"
    path = Path(settings.MEDIA_ROOT) / relative
    path.parent.mkdir(parents=True, exist_ok=True)
    with path.open("wb") as file:
        for chunk in upload.chunks():
            file.write(chunk)
    return relative, digest_of(path)


def _safe_name(name: str) -> str:
    """The client's file name, for showing only."""
    return "".join(sign for sign in Path(name or "").name if sign.isprintable())[:200] or "未命名"
