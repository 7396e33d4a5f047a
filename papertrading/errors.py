"""What went wrong, as an HTTP answer: one JSON shape for programs, a page for people.

    {"error": {"code": "insufficient_balance", "message": "…", "fields": {"size": ["…"]}}}

Rejected 422 · Conflict 409 · Unavailable 503 with Retry-After · what the venue does not know 404 ·
unreadable input 400 · invalid input 422 · throttled 429 with Retry-After. Doors raise, this translates.
"""

import math
import re
from collections.abc import Callable
from dataclasses import dataclass, field, replace
from typing import Any

from django.core.exceptions import PermissionDenied, RequestDataTooBig, SuspiciousOperation
from django.http import Http404, HttpRequest, HttpResponse, JsonResponse
from django.template import TemplateDoesNotExist
from django.template.loader import render_to_string
from django.utils.deprecation import MiddlewareMixin
from rest_framework import exceptions
from rest_framework.response import Response

from livedata.errors import Unavailable, VenueNotFound
from markets.core.errors import Conflict, Rejected

PROGRAM_PATHS = (
    "/auth/", "/markets", "/portfolios", "/market-stream", "/health", "/metrics", "/api/",
    "/clob", "/gamma", "/data/", "/ws/",
)  # fmt: skip
_TITLES = {
    400: "That request makes no sense here",
    403: "Not allowed",
    404: "Nothing here",
    409: "Somebody was faster",
    413: "Too much at once",
    422: "That cannot be done",
    429: "Too many requests",
    500: "Something broke on our side",
    503: "Prices are catching up",
}


@dataclass(frozen=True, slots=True, kw_only=True)
class Answer:
    """One error as the outside sees it."""

    status: int
    code: str
    message: str
    fields: dict[str, list[str]] = field(default_factory=dict)
    headers: dict[str, str] = field(default_factory=dict)

    @property
    def body(self) -> dict[str, Any]:
        return {"error": {"code": self.code, "message": self.message, "fields": self.fields}}

    @property
    def title(self) -> str:
        return _TITLES.get(self.status, "That did not work")


def read_error(exc: BaseException) -> Answer | None:
    """The answer to an exception that a door may raise; None for a mistake of ours."""
    for kind, read in _READERS:
        if isinstance(exc, kind):
            return read(exc)
    return None


def api_error(exc: Exception, _context: dict[str, Any]) -> Response | None:
    """DRF's exception handler. None lets Django answer 500 and report it."""
    answer = read_error(exc)
    if answer is None:
        return None
    return Response(answer.body, status=answer.status, headers=answer.headers)


def respond(request: HttpRequest, answer: Answer) -> HttpResponse:
    """JSON for programs, a page for people."""
    if _for_program(request):
        response: HttpResponse = JsonResponse(answer.body, status=answer.status)
    else:
        response = HttpResponse(_page(request, answer), status=answer.status)
    for name, value in answer.headers.items():
        response[name] = value
    return response


class ErrorPages(MiddlewareMixin):
    """What views that are not DRF's raise is answered in the same words."""

    def process_exception(self, request: HttpRequest, exc: Exception) -> HttpResponse | None:
        if isinstance(exc, Http404 | PermissionDenied | SuspiciousOperation):
            return None  # the handlers below, through Django, which also logs them
        answer = read_error(exc)
        return respond(request, answer) if answer else None


def bad_request(request: HttpRequest, exception: Exception) -> HttpResponse:
    return respond(request, read_error(exception) or _PLAIN[400])


def forbidden(request: HttpRequest, exception: Exception) -> HttpResponse:  # noqa: ARG001 -- Django names it
    return respond(request, _PLAIN[403])


def not_found(request: HttpRequest, exception: Exception) -> HttpResponse:
    return respond(request, read_error(exception) or _PLAIN[404])


def server_error(request: HttpRequest) -> HttpResponse:
    return respond(request, _PLAIN[500])


def csrf_failure(request: HttpRequest, reason: str = "") -> HttpResponse:  # noqa: ARG001 -- Django names it
    return respond(request, _PLAIN[403] if not _for_program(request) else _CSRF)


def _read_rejected(exc: Rejected) -> Answer:
    fields = {exc.field: [str(exc)]} if exc.field else {}
    return Answer(status=422, code=str(exc.code), message=str(exc), fields=fields)


def _read_unavailable(exc: Unavailable) -> Answer:
    wait = {"Retry-After": str(exc.retry_after_s)}
    return Answer(status=503, code=_snake(type(exc).__name__), message=_said(exc), headers=wait)


_CSRF = Answer(status=403, code="csrf_failed", message="The CSRF token is missing or wrong.")
_PLAIN = {
    400: Answer(status=400, code="bad_request", message="The request cannot be read."),
    403: Answer(
        status=403,
        code="permission_denied",
        message="The form was too old, or you may not do that. Go back, reload the page, and try again.",
    ),
    404: Answer(status=404, code="not_found", message="There is nothing at this address."),
    500: Answer(status=500, code="server_error", message="It has been logged. Trying again may help."),
}


def _read_api_exception(exc: exceptions.APIException) -> Answer:
    headers = {}
    if isinstance(exc, exceptions.Throttled) and exc.wait is not None:
        headers["Retry-After"] = str(max(1, math.ceil(exc.wait)))
    if challenge := getattr(exc, "auth_header", None):
        headers["WWW-Authenticate"] = challenge
    if isinstance(exc, exceptions.ValidationError):
        fields = _flat_fields(exc.detail)
        first = next(iter(fields.values()), ["The input is not valid."])[0]
        return Answer(status=422, code=_first_code(exc.get_codes()), message=first, fields=fields)
    code = exc.get_codes()
    return Answer(
        status=exc.status_code,
        code=code if isinstance(code, str) else _first_code(code),
        message=str(exc.detail if not isinstance(exc.detail, dict) else exc.detail.get("detail", "")),
        headers=headers,
    )


def _flat_fields(detail: Any, path: str = "") -> dict[str, list[str]]:
    """{"lines": [{"size": ["…"]}]} becomes {"lines.0.size": ["…"]}; those of no field are "detail"."""
    if isinstance(detail, dict):
        pairs = [(str(name), value) for name, value in detail.items()]
    elif isinstance(detail, list) and any(isinstance(item, dict | list) for item in detail):
        pairs = [(str(index), value) for index, value in enumerate(detail) if value]
    else:
        texts = detail if isinstance(detail, list) else [detail]
        return {path or "detail": [str(text) for text in texts]}
    fields: dict[str, list[str]] = {}
    for name, value in pairs:
        name = "detail" if name == "non_field_errors" else name
        fields |= _flat_fields(value, f"{path}.{name}" if path else name)
    return fields


def _first_code(codes: Any) -> str:
    while not isinstance(codes, str):
        inner = list(codes.values() if isinstance(codes, dict) else codes)
        codes = next((code for code in inner if code), "invalid")
    return str(codes)


def _not_found_text(exc: BaseException) -> str:
    # Django's own text names models and URL patterns; a program gets ours.
    said = str(exc)
    ours = isinstance(exc, VenueNotFound) and said
    return said if ours else "There is nothing at this address."


def _said(exc: BaseException) -> str:
    return str(exc) or "This is not available at the moment; try again shortly."


def _snake(name: str) -> str:
    return re.sub(r"(?<!^)(?=[A-Z])", "_", name).lower()


def _for_program(request: HttpRequest) -> bool:
    # "*/*", which programs send, is no wish for a page: browsers name text/html.
    return request.path.startswith(PROGRAM_PATHS) or "text/html" not in request.headers.get("Accept", "")


def _page(request: HttpRequest, answer: Answer) -> str:
    try:
        return render_to_string("papertrading/error.html", {"answer": answer}, request)
    except TemplateDoesNotExist:
        return f"<!doctype html><title>{answer.title}</title><h1>{answer.title}</h1><p>{answer.code}</p>"


# The first that fits: children stand before their parents.
_READERS: tuple[tuple[Any, Callable[[Any], Answer]], ...] = (
    (Rejected, _read_rejected),
    (Conflict, lambda exc: Answer(status=409, code=exc.code, message=str(exc))),
    (
        (VenueNotFound, Http404),
        lambda exc: replace(_PLAIN[404], message=_not_found_text(exc)),
    ),
    (Unavailable, _read_unavailable),
    (
        PermissionDenied,
        lambda _: replace(_PLAIN[403], message="You may not do that."),
    ),
    (RequestDataTooBig, lambda _: Answer(status=413, code="too_large", message="The body is too large.")),
    (SuspiciousOperation, lambda _: _PLAIN[400]),
    (exceptions.APIException, _read_api_exception),
)
