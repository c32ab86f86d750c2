from .control import ControlVersion, RegionLine, SchoolControl
from .placement import Placement, ReviewTake
from .record import Rehearsal, Seal, Verification
from .run import FrozenChoices, Run, RunSchool
from .sheet import Sheet

__all__ = [
    "ControlVersion",
    "FrozenChoices",
    "Placement",
    "RegionLine",
    "Rehearsal",
    "ReviewTake",
    "Run",
    "RunSchool",
    "SchoolControl",
    "Seal",
    "Sheet",
    "Verification",
]
