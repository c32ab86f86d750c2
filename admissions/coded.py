"""Coded reasons of deeds that are no requests: which codes there are, and the words the track shows."""

from accounts.refusals import Refusal

from .reference import RequestReason, request_reasons


def reasons_of(function: str, use: str = "ask") -> list[RequestReason]:
    """Reasons that a deed may be done for, as the reference data have them.

    Args:
        function: key of the function.
        use: as ``RequestReason.use``.
    """
    return [row for row in request_reasons() if row.use == use and function in row.kinds]


def reason_said(function: str, code: str, words: str, use: str = "ask") -> str:
    """Code, name and further words of a reason.

    Args:
        function: key of the function.
        code: of the reason.
        words: needed where the code asks for them.
        use: as ``RequestReason.use``.

    Raises:
        Refusal: if the code is not one of the function's, or words are missing.
    """
    row = next((row for row in reasons_of(function, use) if row.code == code), None)
    if row is None:
        raise Refusal("请选择原因。")
    words = words.strip()
    if row.needs_text and not words:
        raise Refusal(f"原因“{row.name}”须注明具体情况。")
    return code_said(row.code, words)


def code_said(code: str, words: str = "") -> str:
    """Code, name and further words of a reason that was given; a code that is no more stands for itself."""
    name = next((row.name for row in request_reasons() if row.code == code), "")
    return f"{code} {name}".strip() + (f"：{words}" if words else "")
