from .change import PlanChange
from .plan import PlanLine

__all__ = ["PlanChange", "PlanLine"]
