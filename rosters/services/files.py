"""Stored documents: written once, digested, checked before anyone sees them."""

import hashlib
from pathlib import Path
from uuid import uuid4

from django.conf import settings
from django.db import transaction
from django.db.models import Max

from accounts.context import deed_record
from accounts.models import User
from accounts.refusals import Refusal

from ..models import Printing, Roster

FOLDER = "rosters"


def new_path() -> tuple[str, Path]:
    """A place for a new document: as stored in the row, and on the disk."""
    name = f"{FOLDER}/{uuid4()}.pdf"
    path = Path(settings.MEDIA_ROOT) / name
    path.parent.mkdir(parents=True, exist_ok=True)
    return name, path


def path_of(roster: Roster) -> Path:
    """Where a printed document lies.

    Raises:
        Refusal: if it is not printed, or would lie outside of the store.
    """
    if roster.state == Roster.State.QUEUED or not roster.path:
        raise Refusal("该文书尚未打印完成。")
    store = (Path(settings.MEDIA_ROOT) / FOLDER).resolve()
    path = (Path(settings.MEDIA_ROOT) / roster.path).resolve()
    if path.parent != store:
        raise Refusal("文书的存放位置有误，已停止提供，请联系管理员。")
    return path


def digest_of(path: Path) -> str:
    """SHA-256 of a file, hexadecimal; empty if there is no such file."""
    if not path.is_file():
        return ""
    with path.open("rb") as file:
        return hashlib.file_digest(file, "sha256").hexdigest()


def is_intact(roster: Roster) -> bool:
    """Whether the stored file is, byte for byte, the one that was printed."""
    return digest_of(path_of(roster)) == roster.digest


@transaction.atomic
def roster_open(*, actor: User, roster: Roster) -> Path:
    """Let someone see or print a document: its digest is checked, the ledger gets a line.

    Args:
        actor: who looks.
        roster: printed or filed, visible to him.

    Returns:
        the file.

    Raises:
        Refusal: if the file is gone or has been changed since it was printed.
    """
    path = path_of(roster)
    if digest_of(path) != roster.digest:
        raise Refusal(
            f"{roster}的文件与打印时的摘要不符，可能已被改动，已停止提供。", hint="请联系管理员并重新打印。"
        )
    Roster.objects.select_for_update(of=("self",), no_key=True).only("pk").get(pk=roster.pk)
    last = Printing.objects.filter(roster=roster).aggregate(last=Max("copy"))["last"] or 0
    Printing.objects.create(roster=roster, user=actor, copy=last + 1)
    deed_record(
        actor=actor, subject=f"查阅 {roster}", count=1, note=f"第 {last + 1} 次；摘要 {roster.digest[:16]}"
    )
    return path
