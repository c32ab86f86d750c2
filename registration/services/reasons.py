"""Reasons for leaving a school: which code, and which words the track of the candidate shows."""

from accounts.refusals import Refusal
from admissions.models import ReturnReason
from admissions.services.papers import Paper


def leaving_reason(reason: str, words: str, paper: Paper | None = None) -> tuple[str | None, str]:
    """Code and words of a reason for leaving a school, the words never empty.

    Args:
        reason: code of a ``ReturnReason``, or words.
        words: more words; needed where the code asks for them.
        paper: stored; needed where the code asks for one.

    Raises:
        Refusal: if there is no reason, or words or the paper are missing.
    """
    words = (words or "").strip()
    row = ReturnReason.objects.filter(pk=reason).first() if len(reason) <= 4 else None
    if row is None:
        if not (said := "：".join(filter(None, [reason.strip(), words]))):
            raise Refusal("请注明原因。")
        return None, said
    if row.needs_words and not words:
        raise Refusal(f"原因“{row.name}”须注明具体情况。")
    if row.needs_attachment and paper is None:
        raise Refusal(f"原因“{row.name}”须附书面材料。")
    return row.pk, f"{row.name}：{words}" if words else row.name
