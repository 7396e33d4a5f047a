"""No token reaches a log, whatever carried it there."""

import io
import logging

import pytest
from django.test import RequestFactory
from hypothesis import given
from hypothesis import strategies as st

from accounts.scrub import scrubbed
from papertrading.logs import formatter

SECRET = "eyJhbGciOiJIUzI1NiJ9.eyJ1c2VyX2lkIjoiMSJ9.c2lnbmF0dXJl"
TABLE = [
    ("/portfolios?token=abc", "/portfolios?token=***"),
    ("/portfolios?page=2&token=abc&x=1", "/portfolios?page=2&token=***&x=1"),
    ("/portfolios?TOKEN=abc#top", "/portfolios?TOKEN=***#top"),
    ('"GET /x?token=abc HTTP/1.1" 200', '"GET /x?token=*** HTTP/1.1" 200'),
    ("/x?token_id=123&condition=1", "/x?token_id=123&condition=1"),
    ("/x?csrftoken=1", "/x?csrftoken=1"),
    (f"Authorization: Bearer {SECRET}", "Authorization: Bearer ***"),
    (f"/x?%74oken={SECRET}", "/x?%74oken=***"),
    ("order.placed", "order.placed"),
]


@pytest.mark.parametrize(("text", "clean"), TABLE)
def test_tokens_are_starred(text, clean):
    assert scrubbed(text) == clean


@given(before=st.text(max_size=20), after=st.text(max_size=20))
def test_a_jwt_never_survives(before, after):
    assert SECRET not in scrubbed(before + SECRET + after)


@pytest.mark.parametrize("json_lines", [True, False])
def test_no_part_of_a_log_line_holds_a_token(json_lines):
    out = io.StringIO()
    handler = logging.StreamHandler(out)
    handler.setFormatter(formatter(json_lines=json_lines))
    logger = logging.Logger("uvicorn.access")
    logger.addHandler(handler)
    request = RequestFactory().get("/orders", {"token": SECRET})

    logger.info('%s - "%s %s HTTP/%s" %d', "127.0.0.1", "GET", f"/orders?token={SECRET}", "1.1", 200)
    logger.warning("failed", extra={"request": request, "url": f"/ws/live?token={SECRET}"})
    password = "-".join(["never", "logged"])  # a local of the frame that fails
    try:
        assert password
        raise ValueError(f"bad address /x?token={SECRET}")
    except ValueError:
        logger.exception("boom")

    assert "/orders" in out.getvalue()
    assert "ValueError" in out.getvalue()
    assert SECRET not in out.getvalue()
    assert password not in out.getvalue()
