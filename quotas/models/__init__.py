from .change import PlanChange
from .plan import PlanLine
from .reserve import Reserve, ReserveVersion

__all__ = ["PlanChange", "PlanLine", "Reserve", "ReserveVersion"]
