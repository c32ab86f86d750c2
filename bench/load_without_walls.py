"""The web server as the owner of the tables: the same statements, and row-level security holds nobody."""

from accounts import context
from admissions.project.wsgi import application

__all__ = ["application"]
context.WEB_ROLE = "zhongzhao"
