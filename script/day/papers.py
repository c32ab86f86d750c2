"""A scanned paper as schools upload it: one blank page."""

from functools import cache
from io import BytesIO
from pathlib import Path
from tempfile import mkdtemp

from pypdf import PdfWriter


@cache
def signed_paper() -> Path:
    """The file, made once."""
    writer, buffer = PdfWriter(), BytesIO()
    writer.add_blank_page(width=595, height=842)
    writer.write(buffer)
    path = Path(mkdtemp()) / "签字的书面材料.pdf"
    path.write_bytes(buffer.getvalue())
    return path
