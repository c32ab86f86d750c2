"""Kinds of requests about dispatch; each registers itself."""

from . import point, special

__all__ = ["point", "special"]
