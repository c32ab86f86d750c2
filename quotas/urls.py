from accounts.views.base import not_yet_open, serve
from admissions.views.imports import import_pages
from admissions.views.requests import request_pages

from .views.plans import ManagePlansView

app_name = "quotas"
urlpatterns = [
    serve("quotas.manage_plans", ManagePlansView),
    *import_pages("quotas.manage_plans"),
    *request_pages("quotas.request_plan_change"),
    *request_pages("quotas.request_plan_transfer"),
]
urlpatterns += not_yet_open(app_name, urlpatterns)
