from django.apps import AppConfig


class DispatchConfig(AppConfig):
    name = "dispatch"
    verbose_name = "投档录取"

    def ready(self):
        from . import closing, imports, workbench  # noqa: F401 - each fills a registry
