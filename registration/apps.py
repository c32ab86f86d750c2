from django.apps import AppConfig


class RegistrationConfig(AppConfig):
    name = "registration"
    verbose_name = "注册"

    def ready(self):
        from . import deadlines, imports, requests, workbench  # noqa: F401 - each fills a registry
