from accounts.views.base import not_yet_open

app_name = "dispatch"
urlpatterns = []
urlpatterns += not_yet_open(app_name, urlpatterns)
