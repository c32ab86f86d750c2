from accounts.views.base import not_yet_open

app_name = "quotas"
urlpatterns = []
urlpatterns += not_yet_open(app_name, urlpatterns)
