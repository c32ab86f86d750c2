"""Kinds of requests about plans; each registers itself."""

from . import plan_change, plan_transfer

__all__ = ["plan_change", "plan_transfer"]
