"""This app's routes alone: its tests hold without the apps above."""

from django.contrib import admin
from django.urls import include, path
from drf_spectacular.views import SpectacularAPIView
from rest_framework.response import Response
from rest_framework.views import APIView


class Whoami(APIView):
    """A protected route that changes nothing, in each of the ways a client may ask."""

    def get(self, request):
        return Response({"email": request.user.email})

    def post(self, request):
        return Response({"email": request.user.email, "sent": request.data})


urlpatterns = [
    path("admin/", admin.site.urls),
    path("", include("accounts.urls")),
    path("", include("accounts.api_urls")),
    path("whoami", Whoami.as_view()),
    path("api/schema", SpectacularAPIView.as_view(), name="schema"),
]
handler400 = "papertrading.errors.bad_request"
handler403 = "papertrading.errors.forbidden"
handler404 = "papertrading.errors.not_found"
handler500 = "papertrading.errors.server_error"
