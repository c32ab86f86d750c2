from django.apps import AppConfig


class RegistrationConfig(AppConfig):
    name = "registration"
    verbose_name = "注册"

    def ready(self):
        from . import workbench  # noqa: F401 - registers its parts
