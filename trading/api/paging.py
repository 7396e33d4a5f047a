"""Pages of a portfolio's rows: by number, or behind a cursor for deep ones."""

from base64 import urlsafe_b64decode, urlsafe_b64encode
from binascii import Error as BadBase64
from collections.abc import Callable, Sequence
from typing import Any

from django.db.models import QuerySet
from django.utils.dateparse import parse_date
from drf_spectacular.utils import OpenApiParameter
from rest_framework.exceptions import ValidationError
from rest_framework.request import Request

from trading.api.reading import read_moment_ms

_DAY_MS = 86_400_000

PAGE_SIZE_MAX = 100
PAGES = [
    OpenApiParameter("page", int, description="counts from 1"),
    OpenApiParameter("page_size", int, description=f"at most {PAGE_SIZE_MAX}"),
]
PARAMETERS = [
    *PAGES,
    OpenApiParameter("cursor", str, description="the `next_cursor` of the page before: for deep pages"),
]
PERIOD = [
    OpenApiParameter(
        "start_date", str, description="ISO 8601 or epoch; a bare date is its first moment, UTC"
    ),
    OpenApiParameter("end_date", str, description="ISO 8601 or epoch; a bare date is its last moment, UTC"),
]


def page_json(
    request: Request,
    rows: QuerySet[Any],
    *,
    noun: str,
    time_field: str,
    write: Callable[[Sequence[Any]], list[dict[str, Any]]],
) -> dict[str, Any]:
    """One page of `rows`, newest first, in the contract's list shape. Raises ValidationError."""
    page, size = number(request, "page", 1, 10_000), number(request, "page_size", 20, PAGE_SIZE_MAX)
    total = rows.count()
    ordered = rows.order_by(f"-{time_field}", "pk")
    if cursor := request.query_params.get("cursor"):
        at, key = _read_cursor(cursor)
        ordered = ordered.filter(**{f"{time_field}__lte": at}).exclude(**{time_field: at, "pk__lte": key})
        found = list(ordered[: size + 1])
    else:
        found = list(ordered[(page - 1) * size : page * size + 1])
    shown, has_next = found[:size], len(found) > size
    return {
        noun: write(shown),
        "total": total,
        "page": page,
        "page_size": size,
        "has_next": has_next,
        "has_prev": page > 1 or bool(cursor),
        "next_cursor": _cursor(shown[-1], time_field) if has_next else None,
    }


def whole_json(request: Request, noun: str, items: list[dict[str, Any]]) -> dict[str, Any]:
    """A short list in the same shape: whole, unless the asker names a `page_size`. Raises ValidationError."""
    page = number(request, "page", 1, 10_000)
    size = number(request, "page_size", max(1, len(items)), PAGE_SIZE_MAX)
    first, last = (page - 1) * size, page * size
    return {
        noun: items[first:last],
        "total": len(items),
        "page": page,
        "page_size": size,
        "has_next": last < len(items),
        "has_prev": page > 1,
    }


def number(request: Request, name: str, default: int, most: int) -> int:
    raw = request.query_params.get(name)
    if raw is None:
        return default
    if not raw.isdecimal() or not 1 <= int(raw[:12]) <= most:
        raise ValidationError({name: [f"a whole number between 1 and {most}"]})
    return int(raw)


def in_period(request: Request, rows: QuerySet[Any], time_field: str) -> QuerySet[Any]:
    """`start_date` and `end_date` applied. Raises ValidationError."""
    for name, lookup, within_day_ms in (("start_date", "gte", 0), ("end_date", "lte", _DAY_MS - 1)):
        text = request.query_params.get(name, "")
        try:
            day = parse_date(text)
            at = read_moment_ms(f"{text}T00:00:00Z" if day else text)
        except ValueError as why:
            raise ValidationError({name: [str(why)]}) from None
        if at is not None and day:
            at += within_day_ms
        if at is not None:
            rows = rows.filter(**{f"{time_field}__{lookup}": at})
    return rows


def _cursor(row: Any, time_field: str) -> str:
    return urlsafe_b64encode(f"{getattr(row, time_field)}|{row.pk}".encode()).decode()


def _read_cursor(cursor: str) -> tuple[int, str]:
    try:
        at, _, key = urlsafe_b64decode(cursor).decode().partition("|")
        if not at.isdecimal() or len(at) > 15 or not key or len(key) > 160:
            raise ValueError
    except (ValueError, BadBase64):
        raise ValidationError({"cursor": ["not a cursor of ours"]}) from None
    return int(at), key
