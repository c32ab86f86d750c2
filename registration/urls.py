from accounts.views.base import not_yet_open

app_name = "registration"
urlpatterns = []
urlpatterns += not_yet_open(app_name, urlpatterns)
