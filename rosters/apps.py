from django.apps import AppConfig


class RostersConfig(AppConfig):
    name = "rosters"
    verbose_name = "名册"

    def ready(self):
        # Each registers itself: parts of the workbench, the guard of what is filed.
        from . import workbench  # noqa: F401
        from .services import filing  # noqa: F401
