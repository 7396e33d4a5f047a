"""The site's table of contents."""

from django.contrib import admin
from django.urls import include, path
from django_prometheus.exports import ExportToDjangoView
from drf_spectacular.views import SpectacularAPIView

from papertrading import health, metrics
from papertrading.docs import docs_page

assert metrics.SiteCollector, "importing it registers our gauges"

urlpatterns = [
    # people
    path("", include("trading.urls")),  # markets, events, the ticket, portfolios
    path("", include("accounts.urls")),  # /login /register /logout /account
    path("status", health.status_page),
    path("admin/", admin.site.urls),
    # programs
    path("", include("trading.api_urls")),  # /portfolios…
    path("", include("livedata.api_urls")),  # /markets…
    path("", include("livedata.stream_urls")),  # /market-stream…
    path("", include("accounts.api_urls")),  # /auth/…
    path("docs", docs_page),
    path("api/schema", SpectacularAPIView.as_view(), name="schema"),
    # operators
    path("health", health.health_view),
    path("health/ready", health.ready_view),
    path("metrics", ExportToDjangoView),
]
handler400 = "papertrading.errors.bad_request"
handler403 = "papertrading.errors.forbidden"
handler404 = "papertrading.errors.not_found"
handler500 = "papertrading.errors.server_error"
