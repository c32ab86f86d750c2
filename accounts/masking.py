"""Masks: what of a person is shown where the function at hand does not need the whole.

One place for page, export and document (security.md, "Personal data stay masked"). To show the whole
is a deed with a reason.
"""

HIDDEN = "*"


def mask_id_number(value: str) -> str:
    """Region and last two digits of an ID number: ``440103********12``; short ones keep their ends."""
    if not value:
        return ""
    head = 6 if len(value) >= 15 else 2
    return value[:head] + HIDDEN * max(len(value) - head - 2, 1) + value[-2:]


def mask_phone(value: str) -> str:
    """First three and last two digits: ``138******21``."""
    if len(value) < 7:
        return HIDDEN * len(value)
    return value[:3] + HIDDEN * (len(value) - 5) + value[-2:]


def mask_address(value: str) -> str:
    """The first six characters, which name city and district at most."""
    return value[:6] + HIDDEN * 4 if len(value) > 6 else HIDDEN * len(value)


def mask_name(value: str) -> str:
    """The family name and one star for each other character: ``张**``."""
    return value[:1] + HIDDEN * (len(value) - 1)
