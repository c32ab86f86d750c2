"""The pipeline: read → rows → checks → findings → plan → write; the same for every kind of file.

A dry run (``examine``) writes no table and leaves staged rows beside the upload; ``carry_out`` stages
these very rows again, makes the plan again and writes only if it is the plan that was confirmed.
"""

import json
from dataclasses import asdict, dataclass, field
from hashlib import sha256
from pathlib import Path

from django.db import connection

from accounts.refusals import Refusal

from .blocks import Columns, blocks, match_header
from .findings import Findings
from .importer import PLAN, ROWS, Counts, Importer, registry
from .readers import Limits, ReadError, open_rows, write_xlsx
from .staging import RowsFile, digest_of, stage, unstage

LIMITS = Limits(packed=64 * 1024 * 1024, unpacked=1024 * 1024 * 1024)
NAMED = 20_000
SAMPLES = 20


@dataclass(slots=True)
class Outcome:
    """What a dry run found.

    Attributes:
        counts: rows read, and what would become of them.
        findings: groups for the page.
        errors: number of single errors.
        plan_digest: digest of what would be written; empty if there are errors.
        samples: first changes, in words.
        reasons: row number → what is wrong with it.
        tick: what must be ticked to confirm, in words.
    """

    counts: Counts
    findings: list[dict] = field(default_factory=list)
    errors: int = 0
    plan_digest: str = ""
    samples: list[dict] = field(default_factory=list)
    reasons: dict[int, list[str]] = field(default_factory=dict)
    tick: dict | None = None


def rows_path(path: Path) -> Path:
    """Where the staged rows of an upload are."""
    return path.with_suffix(".rows")


def wrong_path(path: Path) -> Path:
    """Where the workbook of its wrong rows is."""
    return path.with_suffix(".wrong.xlsx")


def examine(importer: Importer, path: Path, progress) -> Outcome:
    """Check a file as a whole and say what it would change.

    Args:
        importer: of the file's format, for its place.
        path: the upload.
        progress: called with done, total and words.

    Raises:
        ReadError: if the file cannot be taken as a whole.
    """
    counts, findings, digest = _read(importer, path, progress)
    if not counts.read:
        raise ReadError("文件里没有数据行。", "请在模板中填写后再上传。")
    progress(counts.read, counts.read, "正在与库中数据核对")
    importer.present = stage(rows_path(path), importer.staged)
    _refuse_foreign(importer)
    _plan(importer)
    _look_up(importer, findings)
    outcome = Outcome(counts)
    if not findings.errors:
        _sum_up(importer, counts, outcome, digest)
    outcome.findings, outcome.errors, outcome.reasons = findings.as_rows(), findings.errors, findings.reasons
    unstage()
    return outcome


def carry_out(importer: Importer, path: Path, plan_digest: str, progress) -> Counts:
    """Write a plan that was confirmed.

    Args:
        importer: as for ``examine``, with the actor who confirmed.
        path: the upload.
        plan_digest: of the plan that was confirmed.
        progress: called with done, total and words.

    Raises:
        Refusal: if the plan is another one by now; nothing is written.
    """
    staged = rows_path(path)
    if not staged.exists():
        raise Refusal("检查结果已清理，请重新检查后再确认。")
    progress(0, 3, "正在载入检查过的数据")
    importer.present = stage(staged, importer.staged)
    findings, counts = Findings(), Counts(read=_count())
    progress(1, 3, "正在与库中数据再次核对")
    _plan(importer)
    _look_up(importer, findings)
    outcome = Outcome(counts)
    if not findings.errors:
        _sum_up(importer, counts, outcome, digest_of(staged))
    if outcome.plan_digest != plan_digest:
        raise Refusal("检查之后库中数据已有变化，本次没有写入。", hint="请重新检查，核对后再确认。")
    progress(2, 3, "正在写入")
    with connection.cursor() as cursor:
        importer.write(cursor)
    unstage()
    return counts


def wrong_rows(importer: Importer, path: Path, reasons: dict[int, list[str]]) -> None:
    """Write the wrong rows into a workbook of the same template, with the reasons in a last column."""
    rows = open_rows(path, limits=LIMITS)
    lines = (
        (*row.cells, "；".join(dict.fromkeys(reasons[row.number])))
        for row in rows.rows
        if row.number in reasons
    )
    write_xlsx(wrong_path(path), [("数据", (*rows.header, "错误原因"), lines)])


def _read(importer: Importer, path: Path, progress) -> tuple[Counts, Findings, str]:
    rows = open_rows(path, limits=LIMITS)
    profile = importer.profile_for(rows.header)
    layout = match_header(profile, rows, importer.needed)
    findings = Findings(c.header for c in profile.columns if c.field in importer.guarded)
    importer.present = layout.fields
    columns = Columns(
        layout,
        importer.codes(),
        widths={c.source: c.width for c in importer.staged if c.width},
        bytewise=rows.kind == "dbf",
        raw=importer.raw,
    )
    checks, counts = list(importer.checks()), Counts()
    out = RowsFile(rows_path(path), layout.fields, importer.staged)
    try:
        for group in blocks(rows.rows):
            block = columns.check(group, findings)
            for column in importer.staged:
                if column.field and column.field in block.values:
                    block.values.setdefault(column.name, block.values[column.field])
                    block.headers[column.name] = block.headers[column.field]
            for check in checks:
                check.check(block, findings)
            importer.shape(block, findings)
            out.write(block)
            counts.read += len(group)
            progress(counts.read, rows.total or 0, f"已检查 {counts.read} 行")
    finally:
        digest = out.close()
    for check in checks:
        if hasattr(check, "finish"):
            check.finish(findings)
    return counts, findings, digest


def _refuse_foreign(importer: Importer) -> None:
    statement = importer.foreign()
    if not statement:
        return
    with connection.cursor() as cursor:
        cursor.execute(statement, importer.context.params)
        own, others = cursor.fetchone()
    if others and not own:
        name = importer.context.region_name
        raise ReadError(f"这不是{name}的文件：其中没有一名{name}的考生。", f"请上传{name}自己的文件。")


def _look_up(importer: Importer, findings: Findings) -> None:
    headers = {column.field: column.header for column in importer.profile.columns}
    headers |= {c.name: headers[c.field] for c in importer.staged if c.field in headers}
    with connection.cursor() as cursor:
        for lookup in registry.lookups_of(importer):
            statement = (
                f"SELECT row_no, value, word, count(*) OVER (PARTITION BY word)"
                f" FROM ({lookup.sql}) found (row_no, value, word) ORDER BY row_no LIMIT {NAMED}"
            )
            cursor.execute(statement, importer.context.params)
            told = set()
            header = headers.get(lookup.field, "")
            for row, value, word, count in cursor.fetchall():
                fault = lookup.fault.worded(word or "")
                if word not in told:
                    told.add(word)
                    findings.tell(fault, header, count)
                findings.place(fault, header, row or 0, value or "")


def _plan(importer: Importer) -> None:
    """Put into a table what would become of each row; checks may look at it."""
    with connection.cursor() as cursor:
        cursor.execute(
            f"CREATE TEMP TABLE {PLAN} ON COMMIT DROP AS {importer.diff()}", importer.context.params
        )
        cursor.execute(f"ANALYZE {PLAN} (row_no, key, action)")


def _sum_up(importer: Importer, counts: Counts, outcome: Outcome, rows_digest: str) -> None:
    params = importer.context.params
    with connection.cursor() as cursor:
        cursor.execute(
            f"SELECT action, count(*), coalesce(sum(hashint8extended(coalesce(row_no, 0)::bigint, 1)::numeric"
            f" + hashint8extended(coalesce(key, 0), 2) + coalesce(was, 0)), 0)"
            f" FROM {PLAN} GROUP BY action ORDER BY action"
        )
        found = {action: (count, str(mark)) for action, count, mark in cursor.fetchall()}
        for action, (count, _) in found.items():
            name = action.split(":")[0]
            setattr(counts, name, getattr(counts, name) + count)
        if samples := importer.samples():
            cursor.execute(f"{samples} LIMIT {SAMPLES}", params)
            outcome.samples = [
                dict(zip(("action", "row", "label", "words"), row, strict=True)) for row in cursor.fetchall()
            ]
        fault = importer.tick(cursor)
    outcome.tick = {"message": fault.message, "kind": fault.kind, "hint": fault.hint} if fault else None
    parts = {"rows": rows_digest, "rest": importer.fingerprint(), "plan": found, "counts": asdict(counts)}
    outcome.plan_digest = sha256(json.dumps(parts, sort_keys=True).encode()).hexdigest()


def _count() -> int:
    with connection.cursor() as cursor:
        cursor.execute(f"SELECT count(*) FROM {ROWS}")
        return cursor.fetchone()[0]
