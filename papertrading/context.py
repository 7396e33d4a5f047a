"""What every page knows about the site."""

from typing import Any

from django.conf import settings
from django.http import HttpRequest


def site(request: HttpRequest) -> dict[str, Any]:
    return {"exchange": settings.EXCHANGE_KIND, "version": settings.VERSION}
