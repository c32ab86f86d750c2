"""Reasons that need a paper, and papers as services take them."""

from struct import pack
from zlib import compress, crc32

from admissions.models import DossierPaper, ReturnReason
from admissions.services.papers import Paper, paper_store
from tests.factories_requests import PDF, paper

WAIVER = "Z01"


def waiver_known() -> ReturnReason:
    """The reason 考生书面放弃, which needs a paper."""
    return ReturnReason.objects.update_or_create(
        code=WAIVER, defaults={"name": "考生书面放弃", "needs_attachment": True}
    )[0]


def stored(name: str = "放弃书.pdf", content: bytes = PDF) -> Paper:
    """A paper whose bytes are stored, without a row."""
    return paper_store(paper(name, content), DossierPaper.FOLDER)


def dot() -> bytes:
    """A PNG that a browser shows: one black pixel."""

    def part(name: bytes, content: bytes) -> bytes:
        return pack(">I", len(content)) + name + content + pack(">I", crc32(name + content))

    head = pack(">IIBBBBB", 1, 1, 8, 0, 0, 0, 0)
    return b"\x89PNG\r\n\x1a\n" + part(b"IHDR", head) + part(b"IDAT", compress(b"\0\0")) + part(b"IEND", b"")
