"""What every page knows about the site."""

from typing import Any

from django.conf import settings
from django.db import DatabaseError
from django.http import HttpRequest
from pymongo.errors import PyMongoError

from papertrading.site_settings import ANNOUNCEMENT, site_setting


def _announcement() -> str:
    try:
        return site_setting(ANNOUNCEMENT)
    except (DatabaseError, PyMongoError):
        return ""  # the page may be the one that says that the database is gone


def site(_request: HttpRequest) -> dict[str, Any]:
    return {
        "exchange": settings.EXCHANGE_KIND,
        "version": settings.VERSION,
        "announcement": _announcement,  # a template that shows it calls it; others cost no query
    }
