from django.apps import AppConfig


class AdmissionsConfig(AppConfig):
    name = "admissions"
    verbose_name = "招生"

    def ready(self):
        from . import workbench  # noqa: F401 - registers its parts
        from .imports import importers  # noqa: F401 - each registers itself
