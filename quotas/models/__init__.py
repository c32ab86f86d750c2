from .plan import PlanLine

__all__ = ["PlanLine"]
