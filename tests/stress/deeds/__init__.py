"""Deeds of offices, schools and the clock, each on something picked by chance; a refusal is an answer, no fault.

Each deed gets the world and its own dice. What it picks may be gone by the time it acts: that is the point.
"""

from . import asking, offices, schools, sending, students  # noqa: F401 - each registers its own
from .registry import DEEDS, Nothing

__all__ = ["DEEDS", "Nothing"]
