"""Papers that go with a request."""

from django.core.files.uploadedfile import UploadedFile
from django.db import transaction

from accounts.models import User
from accounts.refusals import Refusal

from ...models import Request, RequestAttachment
from ..papers import MAX_FILES, paper_store, path_of
from .rows import Deed, State, own, trail


@transaction.atomic
def attachment_add(*, actor: User, request: Request, upload: UploadedFile) -> RequestAttachment:
    """Attach a paper to a draft.

    Args:
        actor: of the organisation that asks.
        request: a draft.
        upload: as ``paper_store`` takes it.

    Raises:
        Refusal: if the request is no draft, has ``MAX_FILES`` already or this very file, or as ``paper_store``.
    """
    row = _draft(actor, request)
    if row.attachments.count() >= MAX_FILES:
        raise Refusal(f"一件申请最多 {MAX_FILES} 个附件。")
    paper = paper_store(upload, RequestAttachment.FOLDER)
    if same := row.attachments.filter(digest=paper.digest).first():
        raise Refusal(f"该文件已经上传（{same.name}）。")
    attachment = RequestAttachment.objects.create(request=row, **paper.columns(actor))
    trail(row, actor, Deed.ATTACHED, source=State.DRAFT, words=paper.said)
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
    trail(row, actor, Deed.DETACHED, source=State.DRAFT, words=attachment.said)
    transaction.on_commit(lambda: path.unlink(missing_ok=True))


def _draft(actor: User, request: Request) -> Request:
    row = own(actor, request)
    if row.state != State.DRAFT:
        raise Refusal(f"申请 {row.number} 当前为“{row.get_state_display()}”，附件不能再改动。")
    return row
