"""Settings of the worker that is killed: as in a deployment, but a lost message comes back within seconds."""

from admissions.project.settings.dev import *  # noqa: F403
from admissions.project.settings.dev import CELERY_BROKER_TRANSPORT_OPTIONS as _DEPLOYED

CELERY_BROKER_TRANSPORT_OPTIONS = _DEPLOYED | {"visibility_timeout": 5, "unacked_restore_interval": 1}
