from .control import RegionLine, SchoolControl
from .placement import Placement, ReviewTake
from .run import FrozenChoices, Run, RunSchool
from .sheet import Sheet

__all__ = [
    "FrozenChoices",
    "Placement",
    "RegionLine",
    "ReviewTake",
    "Run",
    "RunSchool",
    "SchoolControl",
    "Sheet",
]
