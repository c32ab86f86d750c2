from .control import RegionLine, SchoolControl
from .placement import Placement
from .run import FrozenChoices, Run, RunSchool
from .sheet import Sheet

__all__ = ["FrozenChoices", "Placement", "RegionLine", "Run", "RunSchool", "SchoolControl", "Sheet"]
