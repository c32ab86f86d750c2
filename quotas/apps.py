from django.apps import AppConfig


class QuotasConfig(AppConfig):
    name = "quotas"
    verbose_name = "计划"

    def ready(self):
        from . import imports  # noqa: F401 - registers what it imports and checks
