from accounts.views.base import not_yet_open

app_name = "admissions"
urlpatterns = []
urlpatterns += not_yet_open(app_name, urlpatterns)
