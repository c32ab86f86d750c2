"""The importers of this app, each in a module of its own; importing them registers them."""

from . import candidates, choices, general_admissions, scores

__all__ = ["candidates", "choices", "general_admissions", "scores"]
