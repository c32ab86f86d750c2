"""Requests to send candidates by themselves, for tests: 点投 and 批件投档, asked and agreed."""

from collections.abc import Sequence

from accounts.models import User
from admissions.models import Batch, Candidate, Request, School
from admissions.services import requests as services
from dispatch.models import RegionLine

from .factories_requests import submitted


def line_at(batch: Batch, score: int) -> RegionLine:
    """The city's line of a batch, in hundredths of a mark."""
    return RegionLine.objects.update_or_create(batch=batch, county="", kind="", defaults={"score": score})[0]


def point_values(candidate: Candidate, batch: Batch, school: School, **more) -> dict:
    """What an officer fills in for 点投; ``major`` and ``signers`` are read where the form has them."""
    return {
        "number": candidate.number,
        "name": candidate.name,
        "batch": batch.pk,
        "school": school.code,
        "major": "710201",
        "signers": "王一 李二",
        "reason": "D01",
        "words": "投档时漏投",
        **more,
    }


def point_asked(actor: User, key: str, candidate: Candidate, batch: Batch, school: School, **more) -> Request:
    """A request for 点投, with its paper, submitted."""
    return submitted(actor, key, point_values(candidate, batch, school, **more), with_paper=True)


def special_values(candidates: Sequence[Candidate], batch: Batch, **more) -> dict:
    """What a school fills in for 批件投档."""
    names = "\n".join(f"{c.number} {c.name} 院校同意接收" for c in candidates)
    return {"batch": batch.pk, "names": names, "reason": "B02", "words": "", **more}


def special_asked(actor: User, candidates: Sequence[Candidate], batch: Batch, **more) -> Request:
    """A request for 批件投档, with its paper, submitted."""
    values = special_values(candidates, batch, **more)
    return submitted(actor, "dispatch.request_special_dispatch", values, with_paper=True)


def agree(actor: User, request: Request) -> str:
    """The party's consent, in words what came of it."""
    return services.request_approve(actor=actor, request=request.pk)
