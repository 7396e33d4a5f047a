"""The pages of people's accounts, without JavaScript: what they say, what they write, where they lead."""

import base64
import hashlib
import re

import pytest
from django.conf import settings as site
from django.test import Client

from accounts import services
from accounts.models import RefreshToken, Role, User
from tests.accounts.reading import Page, text, who
from tests.people import PASSWORD, make_user

pytestmark = pytest.mark.django_db(databases="__all__")

NEW = {"email": "Ada@Example.org", "password": PASSWORD, "password_confirm": PASSWORD}


# --- sign up, log in, log out ---------------------------------------------------------------------


@pytest.mark.portable
def test_signing_up_logs_in_and_leads_on(browser):
    answer = browser.post("/register", NEW | {"next": "/market/will-it-rain?side=buy"})

    assert (answer.status_code, answer["Location"]) == (302, "/market/will-it-rain?side=buy")
    assert User.objects.get().email == "ada@example.org"
    assert who(browser) == "ada@example.org"


def test_the_first_to_sign_up_at_this_machine_is_the_admin(browser, settings):
    settings.DISTRIBUTED = False

    browser.post("/register", NEW)

    assert User.objects.get().role == Role.ADMIN


@pytest.mark.portable
def test_logging_in_and_out(browser, user):
    assert browser.post("/login", {"email": "ADA@example.org", "password": PASSWORD})["Location"] == "/"
    assert who(browser) == user.email

    assert browser.post("/logout")["Location"] == "/"
    assert who(browser) is None


def test_logging_out_needs_a_post(signed_in):
    assert signed_in.get("/logout").status_code == 405
    assert who(signed_in) == "ada@example.org"


@pytest.mark.parametrize("path", ["/login", "/register"])
@pytest.mark.parametrize(
    ("asked", "leads_to"),
    [
        ("/portfolio?page=2", "/portfolio?page=2"),
        ("http://testserver/portfolio", "http://testserver/portfolio"),
        ("https://evil.example/", "/"),
        ("//evil.example/", "/"),
        ("/\\evil.example", "/"),
        ("\\\\evil.example", "/"),
        ("http:///evil.example", "/"),
        ("javascript:alert(1)", "/"),
        ("http://testserver@evil.example/", "/"),
        ("/login?next=/login", "/"),
        ("/logout", "/"),
        ("\x00/portfolio", "/"),
        ("", "/"),
    ],
)
def test_next_leads_to_this_host_only(browser, path, asked, leads_to):
    make_user()
    form = (
        {"email": "ada@example.org", "password": PASSWORD}
        if path == "/login"
        else NEW | {"email": "b@example.org"}
    )

    shown = Page(browser.get(path, {"next": asked}))
    kept = [found["value"] for found in shown.all("input", name="next")]
    answer = browser.post(path, form | {"next": asked})

    assert kept == ([asked] if leads_to != "/" else [])
    assert (answer.status_code, answer["Location"]) == (302, leads_to)
    # Already signed in: the same rule, and no loop.
    assert browser.get(path, {"next": asked})["Location"] == leads_to


@pytest.mark.portable
def test_the_session_key_changes_at_log_in(browser, user):
    browser.get("/login")
    planted = browser.session
    planted["seen"] = 1
    planted.save()
    browser.cookies[site.SESSION_COOKIE_NAME] = planted.session_key

    browser.post("/login", {"email": user.email, "password": PASSWORD})

    assert browser.cookies[site.SESSION_COOKIE_NAME].value != planted.session_key
    thief = Client()
    thief.cookies[site.SESSION_COOKIE_NAME] = planted.session_key
    assert who(thief) is None


@pytest.mark.parametrize(
    "path", ["/login", "/register", "/logout", "/account", "/account/token", "/password-reset"]
)
def test_every_form_needs_the_csrf_token(user, path):
    strict = Client(enforce_csrf_checks=True)
    strict.force_login(user)
    before = User.objects.count()

    answer = strict.post(path, NEW | {"display_name": "Evil"})

    assert answer.status_code == 403
    assert who(strict) == user.email
    assert (User.objects.count(), RefreshToken.objects.count()) == (before, 0)
    assert User.objects.get().display_name == ""


def test_the_inline_script_is_the_one_that_the_policy_allows(browser):
    answer = browser.get("/login")
    (script,) = re.findall(r"<script>(.*?)</script>", answer.content.decode(), re.DOTALL)

    digest = base64.b64encode(hashlib.sha256(script.encode()).digest()).decode()
    assert f"'sha256-{digest}'" in answer["Content-Security-Policy"]
    assert "localStorage.theme" in script
    assert "localStorage.pair" in script


def test_pages_with_forms_are_not_cached(browser):
    for path in ("/login", "/register", "/password-reset"):
        assert "no-store" in browser.get(path)["Cache-Control"]


# --- what is wrong, and where ---------------------------------------------------------------------


def test_errors_stand_at_their_field_and_take_the_cursor(browser):
    make_user("taken@example.org")

    answer = browser.post("/register", NEW | {"email": "taken@example.org"})
    page = Page(answer)

    assert answer.status_code == 200
    field = page.field("email")
    assert field["aria-invalid"] == "true"
    assert field["value"] == "taken@example.org"
    assert "autofocus" in field
    assert [found["id"] for found in page.all("span", id=field["aria-describedby"])] == ["id_email_error"]
    assert "There is an account with this e-mail address." in text(answer)
    assert "<title>Error: Sign up" in answer.content.decode()
    assert len([found for found in page.all("input") if "autofocus" in found]) == 1
    assert PASSWORD not in answer.content.decode()


def test_help_and_error_both_describe_a_field(browser):
    page = Page(browser.post("/register", NEW | {"password": "short", "password_confirm": "short"}))

    ids = page.field("password")["aria-describedby"].split()
    assert ids == ["id_password_helptext", "id_password_error"]
    assert all(page.all("span", id=name) for name in ids)


def test_a_wrong_log_in_says_the_same_for_every_address(browser, user):
    wrong = browser.post("/login", {"email": user.email, "password": "wrong"})
    unknown = browser.post("/login", {"email": "bob@example.org", "password": "wrong"})

    assert "The e-mail address or the password is wrong." in text(wrong)
    assert text(wrong) == text(unknown)
    assert Page(wrong).all("div", role="alert")
    assert "autofocus" in Page(wrong).field("email")
    assert who(browser) is None


def test_too_many_attempts_say_when_to_come_back(browser, user):
    services.set_limit(role="anonymous", scope="logins", limit=1)
    browser.post("/login", {"email": user.email, "password": "wrong"})

    answer = browser.post("/login", {"email": user.email, "password": PASSWORD})

    assert (answer.status_code, answer["Retry-After"]) == (429, "60")
    assert "Too many attempts. Try again in 60 s." in text(answer)
    assert who(browser) is None


@pytest.mark.parametrize("path", ["/login", "/register", "/password-reset"])
@pytest.mark.parametrize(
    "change",
    [
        {"email": ""},
        {"email": "a\0b@example.org"},
        {"email": "x" * 100_000},
        {"email": "\udcff@example.org".encode("utf-8", "surrogatepass")},
        {"password": "x" * 100_000},
        {"password": "a\0b", "password_confirm": "a\0b"},
        {"email": ["a@example.org", "b"]},
    ],
    ids=lambda change: repr(change)[:40],
)
def test_bad_input_is_shown_again_and_writes_nothing(browser, path, change):
    answer = browser.post(path, NEW | change)

    assert answer.status_code in {200, 302}
    assert not User.objects.exists()
    assert who(browser) is None


def test_a_body_of_a_megabyte_is_refused(browser):
    answer = browser.post("/register", NEW | {"email": "x" * 1_000_000}, headers={"Accept": "text/html"})

    assert answer.status_code == 413 or (answer.status_code == 400 and not User.objects.exists())
    assert not User.objects.exists()
