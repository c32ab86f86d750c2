"""The demonstration on one machine: plain HTTP on loopback."""

from .base import *  # noqa: F403

WHITENOISE_USE_FINDERS = True
