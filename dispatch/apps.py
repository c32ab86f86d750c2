from django.apps import AppConfig


class DispatchConfig(AppConfig):
    name = "dispatch"
    verbose_name = "投档录取"

    def ready(self):
        from . import closing, deadlines, imports, imports_testing, requests, workbench  # noqa: F401 - each fills a registry
        from .services import control  # noqa: F401 - the guard of what is set while a run is under way
