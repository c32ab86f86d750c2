"""Papers that go with a request: checked by content, kept outside of the web, never under a client's name."""

from hashlib import sha256
from pathlib import Path
from uuid import uuid4

from django.conf import settings
from django.core.files.uploadedfile import UploadedFile
from django.db import transaction

from accounts.models import User
from accounts.refusals import Refusal

from ...models import Request, RequestAttachment
from .rows import Deed, State, own, trail

MAX_BYTES = 5 * 1024 * 1024
MAX_FILES = 10
#: First bytes of a format, and what must stand near its end.
SIGNS = {
    "pdf": (b"%PDF-", b"%%EOF"),
    "jpg": (b"\xff\xd8\xff", b"\xff\xd9"),
    "png": (b"\x89PNG\r\n\x1a\n", b"IEND\xaeB`\x82"),
}
MIME = {"pdf": "application/pdf", "jpg": "image/jpeg", "png": "image/png"}


def format_of(content: bytes) -> str:
    """Which format bytes are, whatever the file is called: ``pdf``, ``jpg``, ``png``, or empty for none."""
    for name, (head, tail) in SIGNS.items():
        if content.startswith(head) and tail in content[-1024:]:
            return name
    return ""


def path_of(attachment: RequestAttachment) -> Path:
    """Where the bytes of an attachment are."""
    return Path(settings.MEDIA_ROOT) / attachment.path


def bytes_of(attachment: RequestAttachment) -> bytes:
    """The bytes of an attachment, if they are those that were uploaded.

    Raises:
        Refusal: if the file is gone or its digest is another one.
    """
    path = path_of(attachment)
    content = path.read_bytes() if path.is_file() else b""
    if sha256(content).hexdigest() != attachment.digest:
        raise Refusal("附件已损坏或缺失，与上传时的摘要不符。", hint="请联系平台管理员。")
    return content


@transaction.atomic
def attachment_add(*, actor: User, request: Request, upload: UploadedFile) -> RequestAttachment:
    """Attach a paper to a draft.

    Args:
        actor: of the organisation that asks.
        request: a draft.
        upload: a PDF, JPEG or PNG of at most ``MAX_BYTES``.

    Raises:
        Refusal: if the request is no draft, has ``MAX_FILES`` already, or the file is none of these.
    """
    row = _draft(actor, request)
    if upload.size > MAX_BYTES:
        raise Refusal(f"附件有 {upload.size / 1048576:.1f} MB，超过上限 {MAX_BYTES // 1048576} MB。")
    content = upload.read()
    kind = format_of(content)
    if not kind:
        raise Refusal("附件须为完整的 PDF、JPG 或 PNG 文件（按内容识别，与扩展名无关）。")
    digest = sha256(content).hexdigest()
    if row.attachments.count() >= MAX_FILES:
        raise Refusal(f"一件申请最多 {MAX_FILES} 个附件。")
    if same := row.attachments.filter(digest=digest).first():
        raise Refusal(f"该文件已经上传（{same.name}）。")
    relative = f"requests/{uuid4().hex}.{kind}"
    path = Path(settings.MEDIA_ROOT) / relative
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_bytes(content)
    attachment = RequestAttachment.objects.create(
        request=row,
        name=_shown_name(upload.name, kind),
        path=relative,
        kind=kind,
        size=len(content),
        digest=digest,
        uploaded_by=actor,
    )
    trail(row, actor, Deed.ATTACHED, source=State.DRAFT, words=f"{attachment.name}（摘要 {digest[:16]}）")
    return attachment


@transaction.atomic
def attachment_remove(*, actor: User, attachment: RequestAttachment) -> None:
    """Remove a paper from a draft; its bytes go when that is certain.

    Raises:
        Refusal: if the request is no draft.
    """
    row = _draft(actor, attachment.request)
    path = path_of(attachment)
    if not RequestAttachment.objects.filter(pk=attachment.pk, request=row).delete()[0]:
        raise Refusal("该附件已经删除。")
    words = f"{attachment.name}（摘要 {attachment.digest[:16]}）"
    trail(row, actor, Deed.DETACHED, source=State.DRAFT, words=words)
    transaction.on_commit(lambda: path.unlink(missing_ok=True))


def _draft(actor: User, request: Request) -> Request:
    row = own(actor, request)
    if row.state != State.DRAFT:
        raise Refusal(f"申请 {row.number} 当前为“{row.get_state_display()}”，附件不能再改动。")
    return row


def _shown_name(name: str, kind: str) -> str:
    """The client's file name for showing, its ending that of the content."""
    stem = "".join(sign for sign in Path(name or "").stem if sign.isprintable() and sign not in '"\\/')
    return f"{stem[:190] or '附件'}.{kind}"
