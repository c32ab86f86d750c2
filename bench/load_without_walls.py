"""The web server as the owner of the tables: the same statements, and row-level security holds nobody."""

from admissions.project.wsgi import application  # makes the apps ready

# isort: split
from accounts import context

__all__ = ["application"]
context.WEB_ROLE = "zhongzhao"
