"""What is looked at before a deed that cannot be taken back easily: each check passes, or names who is concerned."""

from dataclasses import dataclass, field

NAMED = 20


@dataclass(slots=True)
class Check:
    """One line of a page of checks.

    Attributes:
        title: what is looked at.
        words: the figure, in words.
        people: who is concerned if it fails, with why; the first of them do if ``number`` says how many.
        blocks: whether nothing is done while it fails.
        number: how many are concerned, if not all are in ``people``.
    """

    title: str
    words: str = ""
    people: list[str] = field(default_factory=list)
    blocks: bool = True
    number: int = 0

    @property
    def passes(self) -> bool:
        return not self.people

    @property
    def count(self) -> int:
        """How many are concerned."""
        return max(self.number, len(self.people))

    @property
    def named(self) -> list[str]:
        """The first of those concerned."""
        return self.people[:NAMED]

    @property
    def more(self) -> int:
        """How many are not named."""
        return self.count - len(self.named)
