"""Kinds of requests about admissions; each registers itself."""

from . import transfer, withdrawal

__all__ = ["transfer", "withdrawal"]
