"""Kinds of requests about admissions; each registers itself."""

from . import late_candidate, transfer, withdrawal

__all__ = ["late_candidate", "transfer", "withdrawal"]
