from django.apps import AppConfig


class QuotasConfig(AppConfig):
    name = "quotas"
    verbose_name = "计划"

    def ready(self):
        from . import imports, requests  # noqa: F401 - each fills a registry
