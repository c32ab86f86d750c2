from django.apps import AppConfig


class AdmissionsConfig(AppConfig):
    name = "admissions"
    verbose_name = "招生"

    def ready(self):
        from .imports import importers  # noqa: F401 - each registers itself
