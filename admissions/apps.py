from django.apps import AppConfig


class AdmissionsConfig(AppConfig):
    name = "admissions"
    verbose_name = "招生"

    def ready(self):
        from . import (
            lookups,  # noqa: F401 - registers itself
            workbench,  # noqa: F401 - registers its parts
        )
        from .imports import importers  # noqa: F401 - each registers itself
