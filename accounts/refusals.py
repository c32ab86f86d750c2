"""Refusals: a rule says no, in words for the officer."""


class Refusal(Exception):
    """A rule refuses what was asked; nothing has been written.

    Args:
        message: why not, one Chinese sentence for the officer.
        hint: what he can do instead, if anything.
    """

    def __init__(self, message: str, *, hint: str = ""):
        super().__init__(message)
        self.message = message
        self.hint = hint

    def __str__(self) -> str:
        return f"{self.message}{self.hint}"
