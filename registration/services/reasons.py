"""Coded reasons of the deeds of registration: which code, and which words the track of the candidate shows."""

from accounts.refusals import Refusal
from admissions.models import ReturnReason
from admissions.reference import RequestReason, request_reasons


def reasons_of(function: str) -> list[RequestReason]:
    """Reasons that a deed may be done for, as the reference data have them.

    Args:
        function: key of the function.
    """
    return [row for row in request_reasons() if row.use == "ask" and function in row.kinds]


def reason_said(function: str, code: str, words: str) -> str:
    """Code, name and further words of a reason.

    Args:
        function: key of the function.
        code: of the reason.
        words: needed where the code asks for them.

    Raises:
        Refusal: if the code is not one of the function's, or words are missing.
    """
    row = next((row for row in reasons_of(function) if row.code == code), None)
    if row is None:
        raise Refusal("请选择原因。")
    words = words.strip()
    if row.needs_text and not words:
        raise Refusal(f"原因“{row.name}”须注明具体情况。")
    return f"{row.code} {row.name}" + (f"：{words}" if words else "")


def leaving_reason(reason: str, words: str) -> tuple[str | None, str]:
    """Code and words of a reason for leaving a school, the words never empty.

    Args:
        reason: code of a ``ReturnReason``, or words.
        words: more words; needed where the code asks for them.

    Raises:
        Refusal: if there is no reason, or words are missing.
    """
    words = (words or "").strip()
    row = ReturnReason.objects.filter(pk=reason).first() if len(reason) <= 4 else None
    if row is None:
        if not (said := "：".join(filter(None, [reason.strip(), words]))):
            raise Refusal("请注明原因。")
        return None, said
    if row.needs_words and not words:
        raise Refusal(f"原因“{row.name}”须注明具体情况。")
    return row.pk, f"{row.name}：{words}" if words else row.name
