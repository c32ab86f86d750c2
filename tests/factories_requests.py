"""Requests for tests: papers, drafts and submitted requests of any kind."""

from uuid import uuid4

from django.core.files.uploadedfile import SimpleUploadedFile

from accounts.models import User
from admissions.models import Request
from admissions.services import requests as services

PDF = b"%PDF-1.4\n1 0 obj<</Type/Catalog>>endobj\ntrailer<</Root 1 0 R>>\n%%EOF\n"
PNG = b"\x89PNG\r\n\x1a\n" + b"\x00" * 20 + b"IEND\xaeB`\x82"


def paper(name: str = "申请书.pdf", content: bytes = PDF) -> SimpleUploadedFile:
    """A paper as a browser uploads it."""
    return SimpleUploadedFile(name, content, content_type="application/octet-stream")


def drafted(actor: User, key: str, values: dict, *, with_paper: bool = False) -> Request:
    """A draft, made through the form of its kind.

    Args:
        actor: of the school.
        key: of the function that asks.
        values: of the form, ``reason`` among them.
        with_paper: whether one is attached.
    """
    kind = services.kind_of(key)
    form = kind.form(values, actor=actor, kind=kind)
    assert form.is_valid(), form.errors
    made = services.request_draft(
        actor=actor,
        kind=kind,
        asked=form.asked(),
        reason=form.cleaned_data["reason"],
        words=form.cleaned_data["words"],
    )
    if with_paper:
        services.attachment_add(actor=actor, request=made, upload=paper())
    return made


def submitted(actor: User, key: str, values: dict, *, with_paper: bool = False) -> Request:
    """As ``drafted``, and submitted."""
    made = drafted(actor, key, values, with_paper=with_paper)
    return services.request_submit(actor=actor, request=made)


def posted(**values) -> dict:
    """What a browser posts, with a key of its own."""
    return {"form_key": str(uuid4()), **values}
