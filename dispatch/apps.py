from django.apps import AppConfig


class DispatchConfig(AppConfig):
    name = "dispatch"
    verbose_name = "投档录取"

    def ready(self):
        from . import imports  # noqa: F401 - registers what it imports
