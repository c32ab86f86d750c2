from accounts.views.base import not_yet_open, serve
from admissions.views.controls import control_pages
from admissions.views.imports import import_pages
from admissions.views.requests import request_pages

from .services.allotments import CONTROL as ALLOTMENTS
from .services.reserve import CONTROL
from .views.allotments import AllotmentsPage
from .views.plans import ManagePlansView, PlanChangesView
from .views.reserve import UseReserveView

app_name = "quotas"
urlpatterns = [
    serve("quotas.manage_plans", ManagePlansView),
    serve("quotas.manage_plans", PlanChangesView, "changes"),
    *import_pages("quotas.manage_plans"),
    *control_pages(
        ALLOTMENTS, home=AllotmentsPage, page_template="quotas/allotments.html", under="allotments"
    ),
    *control_pages(CONTROL, page_template="quotas/set_reserve.html"),
    serve("quotas.set_reserve", UseReserveView, "<int:pk>/use", control=CONTROL),
    *request_pages("quotas.request_plan_change"),
    *request_pages("quotas.request_plan_transfer"),
]
urlpatterns += not_yet_open(app_name, urlpatterns)
