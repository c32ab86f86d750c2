from .allotment import Allotment
from .change import PlanChange
from .plan import PlanLine
from .reserve import Reserve, ReserveVersion

__all__ = ["Allotment", "PlanChange", "PlanLine", "Reserve", "ReserveVersion"]
