"""Numbers as officers read them."""


def score_words(hundredths: int | None) -> str:
    """A score without needless noughts: 53100 is 531, 53150 is 531.5."""
    if hundredths is None:
        return ""
    whole, rest = divmod(hundredths, 100)
    return f"{whole}.{rest:02d}".rstrip("0") if rest else str(whole)
