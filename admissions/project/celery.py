"""Celery: jobs are delivered late-acknowledged; their state lives in rows, never in the broker."""

import os

from celery import Celery

os.environ.setdefault("DJANGO_SETTINGS_MODULE", "admissions.project.settings.dev")

app = Celery("zhongzhao")
app.config_from_object("django.conf:settings", namespace="CELERY")
app.autodiscover_tasks()
