from .auto import AutoDecision, AutoRule, AutoSwitch, AutoTrial, AutoVersion
from .confirmation import Confirmation
from .control import (
    ControlVersion,
    ProvinceLine,
    ProvinceVersion,
    RegionLine,
    SchoolCondition,
    SchoolControl,
    SchoolLine,
)
from .drawing import Drawing
from .handing import HandOut
from .placement import Placement, ReviewTake
from .reconsideration import Reconsideration
from .record import Rehearsal, Seal, Verification
from .review_bulk import ReviewBulk, ReviewBulkRow
from .run import FrozenChoices, Run, RunSchool
from .sheet import Sheet
from .single import SingleDispatch
from .status import CandidateStatus, StatusChange, StatusRequest
from .testing import SchoolTest, Trait

__all__ = [
    "AutoDecision",
    "AutoRule",
    "AutoSwitch",
    "AutoTrial",
    "AutoVersion",
    "CandidateStatus",
    "Confirmation",
    "ControlVersion",
    "Drawing",
    "FrozenChoices",
    "HandOut",
    "Placement",
    "ProvinceLine",
    "ProvinceVersion",
    "Reconsideration",
    "RegionLine",
    "Rehearsal",
    "ReviewBulk",
    "ReviewBulkRow",
    "ReviewTake",
    "Run",
    "RunSchool",
    "SchoolCondition",
    "SchoolControl",
    "SchoolLine",
    "SchoolTest",
    "Seal",
    "Sheet",
    "SingleDispatch",
    "StatusChange",
    "StatusRequest",
    "Trait",
    "Verification",
]
