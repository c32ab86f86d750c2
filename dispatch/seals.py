"""Seals of runs: what one says, in one form, and how it is linked to the one before (decision 0014)."""

import hashlib
import json
from collections.abc import Mapping

from .models import Run

DEEDS = {"execute": "执行", "release": "发布", "cancel": "撤销"}
FORM = 1
"""Version of the content's form; a later form adds fields and keeps the meaning of these."""
TIMES = ("created_at", "rehearsed_at", "confirmed_at", "executed_at", "released_at", "cancelled_at")
KEPT = (
    "kind", "round", "only_schools", "parameters", "input_digest", "outcome_digest", "fingerprint", "candidates",
    "sent", "faults", "left_out", "roster_digest", "roster_size",
    "randomness", "created_by_id", "confirmed_by_id",
)  # fmt: skip


def state_of(run: Run) -> dict:
    """What a seal says of a run and its sheets: all that must not change any more until the next seal."""
    state = {name: getattr(run, name) for name in KEPT}
    state |= {name: at.isoformat() if (at := getattr(run, name)) else None for name in TIMES}
    sheets = list(run.sheets.order_by("number").values_list("number", "size"))
    listed = "".join(f"{number},{size}\n" for number, size in sheets)
    return state | {"sheets": len(sheets), "sheets_digest": hashlib.sha256(listed.encode()).hexdigest()}


def canonical(content: Mapping) -> str:
    """JSON with sorted keys and without blanks: the same content is the same text."""
    return json.dumps(content, sort_keys=True, ensure_ascii=False, separators=(",", ":"))


def digest_of(previous: str, content: str) -> str:
    """The digest of a link: SHA-256 over the digest before it and its own content, as 64 digits."""
    return hashlib.sha256(f"{previous}{content}".encode()).hexdigest()
