"""Scanned papers: checked by content, kept outside of the web, never under a client's name.

Bytes are stored before the row that refers to them, so that no row is ever without; what no row came to refer
to (a form that was not confirmed, a deed that was refused, a draft taken back) is swept away a day later.
"""

import time
from dataclasses import asdict, dataclass
from hashlib import sha256
from pathlib import Path
from uuid import uuid4

from django.conf import settings
from django.core import signing
from django.core.files.uploadedfile import UploadedFile

from accounts.models import User
from accounts.refusals import Refusal

from ..models import DossierPaper, RequestAttachment, StoredPaper

MAX_BYTES = 5 * 1024 * 1024
MAX_FILES = 10
ACCEPT = ".pdf,.jpg,.jpeg,.png"
FORMATS = f"PDF、JPG 或 PNG，不超过 {MAX_BYTES // 1048576} MB"
#: First bytes of a format, and what must stand near its end.
SIGNS = {
    "pdf": (b"%PDF-", b"%%EOF"),
    "jpg": (b"\xff\xd8\xff", b"\xff\xd9"),
    "png": (b"\x89PNG\r\n\x1a\n", b"IEND\xaeB`\x82"),
}
MIME = {"pdf": "application/pdf", "jpg": "image/jpeg", "png": "image/png"}

SALT = "admissions.papers"
#: Seconds for which a paper outlives the form it came with; far less than the sweep waits.
KEPT, SWEPT = 12 * 3600, 24 * 3600
MODELS: tuple[type[StoredPaper], ...] = (RequestAttachment, DossierPaper)
_CHUNK = 1000


@dataclass(frozen=True, slots=True)
class Paper:
    """A paper whose bytes are stored: what a row of ``StoredPaper`` will say of it."""

    name: str
    path: str
    kind: str
    size: int
    digest: str

    def __str__(self) -> str:
        return self.name

    @property
    def said(self) -> str:
        """Name and digest, for the record."""
        return f"{self.name}（摘要 {self.digest[:16]}）"

    def columns(self, actor: User) -> dict:
        """Values of the columns of a row."""
        return asdict(self) | {"uploaded_by": actor}


def format_of(content: bytes) -> str:
    """Which format bytes are, whatever the file is called: ``pdf``, ``jpg``, ``png``, or empty for none."""
    for name, (head, tail) in SIGNS.items():
        if content.startswith(head) and tail in content[-1024:]:
            return name
    return ""


def paper_store(upload: UploadedFile, folder: str) -> Paper:
    """Check a paper and store its bytes.

    Args:
        upload: a PDF, JPEG or PNG of at most ``MAX_BYTES``.
        folder: ``FOLDER`` of the model whose row will refer to it.

    Raises:
        Refusal: if the file is empty, too large, cut off, or none of these; nothing is stored then.
    """
    if not upload.size:
        raise Refusal("文件是空的，请重新扫描或选择。")
    if upload.size > MAX_BYTES:
        raise Refusal(f"文件有 {upload.size / 1048576:.1f} MB，超过上限 {MAX_BYTES // 1048576} MB。")
    content = upload.read()
    kind = format_of(content)
    if not kind:
        raise Refusal("须为完整的 PDF、JPG 或 PNG 文件（按内容识别，与扩展名无关）。")
    paper = Paper(
        name=_shown_name(upload.name, kind),
        path=f"{folder}/{uuid4().hex}.{kind}",
        kind=kind,
        size=len(content),
        digest=sha256(content).hexdigest(),
    )
    path = path_of(paper)
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_bytes(content)
    return paper


def path_of(paper: StoredPaper | Paper) -> Path:
    """Where the bytes of a paper are."""
    return Path(settings.MEDIA_ROOT) / paper.path


def bytes_of(paper: StoredPaper | Paper) -> bytes:
    """The bytes of a paper, if they are those that were uploaded.

    Raises:
        Refusal: if the file is gone or its digest is another one.
    """
    path = path_of(paper)
    content = path.read_bytes() if path.is_file() else b""
    if sha256(content).hexdigest() != paper.digest:
        raise Refusal("附件已损坏或缺失，与上传时的摘要不符。", hint="请联系平台管理员。")
    return content


def token_of(paper: Paper, actor: User) -> str:
    """A paper in a form that is shown again: signed, for whoever uploaded it, for half a day."""
    return signing.dumps([actor.pk, *asdict(paper).values()], salt=SALT)


def paper_of_token(token: str, actor: User) -> Paper:
    """The paper that a form brought back.

    Args:
        token: as ``token_of`` gave it.
        actor: whoever sends the form.

    Raises:
        Refusal: if it is not his, too old or meddled with, or its bytes are gone.
    """
    try:
        owner, *values = signing.loads(token, salt=SALT, max_age=KEPT)
    except signing.BadSignature:
        owner, values = None, []
    if owner is None or owner != actor.pk:
        raise Refusal("先前上传的文件已过期，请重新上传。")
    paper = Paper(*values)
    bytes_of(paper)
    return paper


def papers_sweep() -> int:
    """Remove files that no row refers to, a day after they came.

    A row refers to a file no later than ``KEPT`` after it was stored, so nothing that is swept can still be
    wanted, and no lock is needed.

    Returns:
        how many files were removed.
    """
    before, gone = time.time() - SWEPT, 0
    for model in MODELS:
        folder = Path(settings.MEDIA_ROOT) / model.FOLDER
        old = [file for file in folder.glob("*") if file.is_file() and file.stat().st_mtime < before]
        for start in range(0, len(old), _CHUNK):
            some = {f"{model.FOLDER}/{file.name}": file for file in old[start : start + _CHUNK]}
            wanted = set(model.objects.filter(path__in=some).values_list("path", flat=True))
            for path in some.keys() - wanted:
                some[path].unlink(missing_ok=True)
                gone += 1
    return gone


def _shown_name(name: str, kind: str) -> str:
    """The client's file name for showing, its ending that of the content."""
    stem = "".join(sign for sign in Path(name or "").stem if sign.isprintable() and sign not in '"\\/')
    return f"{stem[:190] or '附件'}.{kind}"
