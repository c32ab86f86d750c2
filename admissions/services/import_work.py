"""The work of imports in a worker: the dry run, the write, and what is left in order after it."""

from django.db import connection, transaction
from django.utils import timezone

from accounts.context import deed_record
from accounts.models import User
from accounts.refusals import Refusal

from ..imports.importer import registry
from ..imports.pipeline import Outcome, carry_out, examine, rows_path, wrong_path, wrong_rows
from ..imports.readers import ReadError
from ..imports.staging import digest_of, erase
from ..models import ImportedFile, Job
from .imports import importer_of, path_of

State = ImportedFile.State


def file_check(*, file: ImportedFile, progress) -> str:
    """The dry run: writes nothing but what was found, on the file's own row.

    Args:
        file: what to check.
        progress: called with done, total and words.

    Returns:
        the result in words.
    """
    path, importer = path_of(file), importer_of(file)
    for left in (rows_path(path), wrong_path(path)):
        erase(left)
    if not path.exists() or digest_of(path) != file.digest:
        return _refused(file, ReadError("存放的文件已不在或已损坏。", "请重新上传。"))
    try:
        outcome = examine(importer, path, progress)
        if outcome.reasons:
            wrong_rows(importer, path, outcome.reasons)
    except ReadError as error:
        return _refused(file, error)
    counts = outcome.counts
    file.state = State.FAULTY if outcome.errors else State.CHECKED
    file.plan_digest = outcome.plan_digest
    file.findings = _findings(outcome)
    file.findings_count = outcome.errors
    file.rows_read, file.rows_new, file.rows_changed = counts.read, counts.new, counts.changed
    file.rows_same, file.rows_vanishing = counts.same, counts.vanishing
    file.save()
    if outcome.errors:
        return f"读入 {counts.read} 行，发现 {outcome.errors} 处错误，未写入任何数据。"
    return f"读入 {counts.read} 行，没有错误，请核对后确认。"


def file_write(*, file: ImportedFile, actor: User, progress) -> str:
    """Write a confirmed file, whole or not at all.

    Args:
        file: what was confirmed.
        actor: who confirmed it.
        progress: called with done, total and words.

    Raises:
        Refusal: if the bytes or the plan are no longer those confirmed.
    """
    with connection.cursor() as cursor:
        cursor.execute(
            "SELECT pg_advisory_xact_lock(hashtextextended(%s, 0))", [f"import:{file.season_id}:{file.city}"]
        )
    file = ImportedFile.objects.select_for_update(of=("self",), no_key=True).get(pk=file.pk)
    if file.state == State.WRITTEN:
        return "该文件已经写入。"
    if file.state != State.CONFIRMED:
        raise Refusal("该文件尚未确认。")
    path = path_of(file)
    if not path.exists() or digest_of(path) != file.digest:
        raise Refusal("存放的文件已不在或已改变，没有写入。", hint="请重新上传。")
    importer = importer_of(file, actor)
    counts = carry_out(importer, path, file.plan_digest, progress)
    file.state, file.written_at = State.WRITTEN, timezone.now()
    file.save(update_fields=["state", "written_at"])
    words = f"新增 {counts.new}，变更 {counts.changed}，不变 {counts.same}，消失 {counts.vanishing}"
    deed_record(
        actor=actor,
        subject=f"导入{importer.profile.title}",
        count=counts.new + counts.changed + counts.vanishing,
        note=f"{file.file_name}，文件摘要 {file.digest[:16]}，{words}",
    )
    transaction.on_commit(lambda: [erase(left) for left in (rows_path(path), wrong_path(path))])
    return f"已写入：{words}。"


@transaction.atomic
def import_end(*, job: Job) -> None:
    """After a write: renew statistics of the tables, or let the file wait to be checked again.

    A job whose worker died may end late, when the file is another job's already; it is let be then.
    """
    file = ImportedFile.objects.get(pk=job.subject_id)
    if Job.objects.filter(
        function=job.function, subject_id=job.subject_id, created_at__gt=job.created_at
    ).exists():
        return
    if job.state == Job.State.DONE:
        _count_anew(registry.importers[file.profile].touched, file.rows_new)
    if job.state in (Job.State.FAILED, Job.State.CANCELLED):
        ImportedFile.objects.filter(pk=job.subject_id, state=State.CONFIRMED).update(
            state=State.UPLOADED, plan_digest="", confirmed_by=None
        )


def _count_anew(tables: tuple[str, ...], added: int) -> None:
    """Renew what the planner knows of tables that have grown by a fifth, before anyone asks them.

    The database does so by itself, but minutes later, and the next file comes in seconds.
    """
    with connection.cursor() as cursor:
        for table in tables:
            cursor.execute("SELECT reltuples FROM pg_class WHERE oid = %s::regclass", [table])
            if added * 5 > cursor.fetchone()[0]:
                cursor.execute("SET LOCAL default_statistics_target = 10")
                cursor.execute(f"ANALYZE (SKIP_LOCKED) {table}")
                cursor.execute("SET LOCAL default_statistics_target TO DEFAULT")


def _findings(outcome: Outcome) -> list[dict]:
    rows = list(outcome.findings)
    if outcome.tick:
        rows.append({"level": "tick"} | outcome.tick)
    return rows + [{"level": "plan"} | sample for sample in outcome.samples]


def _refused(file: ImportedFile, error: ReadError) -> str:
    file.state, file.plan_digest, file.findings_count = State.REFUSED, "", 1
    file.findings = [{"level": "refusal", "message": error.message, "hint": error.hint}]
    file.save()
    return f"整份文件被拒绝：{error.message}{error.hint}"
