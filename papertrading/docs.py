"""/docs: Swagger, from assets that a Python package ships, so that the page asks nobody else."""

from csp.decorators import csp_update
from drf_spectacular.views import SpectacularSwaggerSplitView
from rest_framework.permissions import AllowAny


class DocsView(SpectacularSwaggerSplitView):
    url_name = "schema"
    permission_classes = [AllowAny]
    throttle_classes: list[type] = []


# Swagger's own page has one inline <style>; scripts stay ours alone.
docs_page = csp_update({"style-src": ["'unsafe-inline'"], "style-src-elem": ["'unsafe-inline'"]})(
    DocsView.as_view()
)
