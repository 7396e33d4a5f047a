"""One shape for every error, and a page for people."""

import json
from enum import StrEnum

import pytest
from django.core.exceptions import PermissionDenied, RequestDataTooBig, SuspiciousOperation
from django.http import Http404
from django.test import RequestFactory
from rest_framework import exceptions

from livedata.errors import StaleBook, VenueNotFound, VenueThrottled
from markets.core.errors import Conflict, Rejected
from papertrading import health
from papertrading.errors import Answer, api_error, read_error, respond


class Code(StrEnum):
    TOO_SMALL = "too_small"


TABLE = [
    (Rejected(Code.TOO_SMALL, "too few", field="size"), 422, "too_small", {"size": ["too few"]}, {}),
    (Rejected(Code.TOO_SMALL, "below 5 shares"), 422, "too_small", {}, {}),
    (Conflict("asked before", code="duplicate_client_order_id"), 409, "duplicate_client_order_id", {}, {}),
    (StaleBook("prices are catching up"), 503, "stale_book", {}, {"Retry-After": "2"}),
    (VenueThrottled("busy", retry_after_s=7), 503, "venue_throttled", {}, {"Retry-After": "7"}),
    (VenueNotFound("no such market"), 404, "not_found", {}, {}),
    (Http404("No Market matches the given query."), 404, "not_found", {}, {}),
    (PermissionDenied(), 403, "permission_denied", {}, {}),
    (RequestDataTooBig(), 413, "too_large", {}, {}),
    (SuspiciousOperation(), 400, "bad_request", {}, {}),
    (exceptions.ParseError(), 400, "parse_error", {}, {}),
    (exceptions.MethodNotAllowed("PUT"), 405, "method_not_allowed", {}, {}),
    (exceptions.UnsupportedMediaType("text/x"), 415, "unsupported_media_type", {}, {}),
    (exceptions.Throttled(wait=2.2), 429, "throttled", {}, {"Retry-After": "3"}),
    (exceptions.AuthenticationFailed(code="token_expired"), 401, "token_expired", {}, {}),
]  # fmt: skip


@pytest.mark.parametrize(("exc", "status", "code", "fields", "headers"), TABLE, ids=lambda v: str(v)[:30])
def test_exceptions_and_their_answers(exc, status, code, fields, headers):
    answer = read_error(exc)

    assert (answer.status, answer.code, answer.fields, answer.headers) == (status, code, fields, headers)
    assert answer.body.keys() == {"error"}
    assert answer.message


def test_django_texts_do_not_leak():
    assert "Market matches" not in read_error(Http404("No Market matches the given query.")).message


def test_a_mistake_of_ours_is_no_answer():
    assert read_error(AssertionError("our mistake")) is None
    assert api_error(KeyError("our mistake"), {}) is None


def test_nested_field_errors_are_flat():
    detail = {"lines": [{}, {"size": ["too small"]}], "non_field_errors": ["no budget"], "price": "odd"}

    answer = read_error(exceptions.ValidationError(detail))

    assert answer.status == 422
    assert answer.fields == {"lines.1.size": ["too small"], "detail": ["no budget"], "price": ["odd"]}
    assert answer.message == "too small"


def test_a_validation_error_keeps_its_code():
    detail = {"price": [exceptions.ErrorDetail("off the grid", code="off_tick")]}

    assert read_error(exceptions.ValidationError(detail)).code == "off_tick"


ACCEPTS = [
    ("/portfolios/1", "text/html", "application/json"),  # a program's path stays a program's
    ("/nothing", "*/*", "application/json"),
    ("/nothing", "", "application/json"),
    ("/nothing", "text/html,*/*;q=0.8", "text/html; charset=utf-8"),
    ("/market/x", "text/html", "text/html; charset=utf-8"),
]


@pytest.mark.django_db(databases="__all__")
@pytest.mark.parametrize(("path", "accept", "content_type"), ACCEPTS)
def test_people_get_a_page_and_programs_json(path, accept, content_type):
    request = RequestFactory().get(path, headers={"Accept": accept})
    answer = Answer(status=503, code="stale_book", message="prices <catch> up", headers={"Retry-After": "2"})

    response = respond(request, answer)

    assert response["Content-Type"] == content_type
    assert (response.status_code, response["Retry-After"]) == (503, "2")
    if content_type == "application/json":
        assert json.loads(response.content) == answer.body
    else:
        assert "prices &lt;catch&gt; up" in response.content.decode()


@pytest.mark.django_db(databases="__all__")
def test_unknown_addresses(client):
    page = client.get("/nothing-here", headers={"Accept": "text/html"})
    assert page.status_code == 404
    assert "There is nothing at this address." in page.content.decode()

    answer = client.get("/portfolios/nothing-here/x/y")
    assert answer.status_code == 404
    assert answer.json()["error"]["code"] == "not_found"


@pytest.mark.django_db(databases="__all__")
def test_unreadable_bodies_change_nothing(client):
    login = {"path": "/auth/login", "content_type": "application/json"}

    assert client.post(data="{bad", **login).status_code == 400
    assert client.post(data="[1, 2]", **login).status_code == 422
    assert client.post(data=b"\xff\xfe", **login).status_code == 400
    too_large = client.post(data="x" * 600_000, **login)
    assert (too_large.status_code, too_large.json()["error"]["code"]) == (413, "too_large")
    assert client.put("/auth/login").status_code == 405


@pytest.mark.django_db(databases="__all__")
def test_a_crash_says_nothing_about_itself(client, monkeypatch):
    client.raise_request_exception = False
    monkeypatch.setattr(health, "_newest", [])
    monkeypatch.setattr(health, "look", lambda: 1 / 0)

    answer = client.get("/health")

    assert answer.status_code == 500
    assert answer.json() == {
        "error": {
            "code": "server_error",
            "message": "It has been logged. Trying again may help.",
            "fields": {},
        }
    }
