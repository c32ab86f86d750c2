"""The bytes of a paper on their way to a browser, on the record."""

from urllib.parse import quote

from django.http import HttpResponse

from accounts.context import deed_record
from accounts.models import User

from ..models import StoredPaper
from ..services.papers import MIME, bytes_of

#: The style is that of the browser's own page around a picture.
NOTHING_RUNS = "default-src 'none'; style-src 'unsafe-inline'; sandbox"
#: The browser's own viewer of PDF does not open in a sandbox.
PDF_VIEWER = "default-src 'none'; object-src 'self'; style-src 'unsafe-inline'"


def paper_response(actor: User, paper: StoredPaper, *, of: str, inline: bool = True) -> HttpResponse:
    """A paper, if its bytes are those that were uploaded; that it was opened is written down.

    Args:
        actor: who opens it; whether he may is for the caller to say.
        paper: the row.
        of: whose or what it belongs to, for the record.
        inline: shown in the browser, else saved by it.

    Raises:
        Refusal: as ``bytes_of``.
    """
    content = bytes_of(paper)
    verb, way = ("打开材料", "inline") if inline else ("下载附件", "attachment")
    deed_record(actor=actor, subject=f"{verb} {of} {paper.name}"[:200], note=paper.digest)
    return HttpResponse(
        content,
        content_type=MIME[paper.kind],
        headers={
            "Content-Disposition": f"{way}; filename*=UTF-8''{quote(paper.name)}",
            "X-Content-Type-Options": "nosniff",
            "Cache-Control": "private, no-store",
            "Content-Security-Policy": PDF_VIEWER if inline and paper.kind == "pdf" else NOTHING_RUNS,
        },
    )


class CarriesPaper:
    """Mixed into an ``ActionView`` whose form is ``WithPaper``: the paper goes along to the confirmation."""

    def form_valid(self, form):
        self.request.POST = form.data  # with the paper that was stored, in place of the file
        return super().form_valid(form)
