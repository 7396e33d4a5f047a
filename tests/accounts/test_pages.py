"""The pages of people's accounts, without JavaScript: what they say, what they write, where they lead."""

import base64
import hashlib
import re
from html.parser import HTMLParser

import pytest
from django.conf import settings as site
from django.core import mail
from django.test import Client

from accounts import services
from accounts.clock import now_ms
from accounts.mail import drain
from accounts.models import RefreshToken, Role, User
from tests.people import PASSWORD, make_user

pytestmark = pytest.mark.django_db(databases="__all__")

NEW = {"email": "Ada@Example.org", "password": PASSWORD, "password_confirm": PASSWORD}
OTHER = "another long one"


class Page(HTMLParser):
    """The tags of a page, with their attributes, in order."""

    def __init__(self, answer) -> None:
        super().__init__()
        self.tags: list[tuple[str, dict]] = []
        self.feed(answer.content.decode())

    def handle_starttag(self, tag, attrs) -> None:
        self.tags.append((tag, dict(attrs)))

    def all(self, tag: str, **wanted) -> list[dict]:
        return [found for name, found in self.tags if name == tag and wanted.items() <= found.items()]

    def field(self, name: str) -> dict:
        return next(found for found in self.all("input") if found.get("name") == name)


@pytest.fixture
def browser() -> Client:
    return Client()


@pytest.fixture
def signed_in(browser, user) -> Client:
    browser.post("/login", {"email": user.email, "password": PASSWORD})
    return browser


def text(answer) -> str:
    return re.sub(r"\s+", " ", re.sub(r"<[^>]+>", " ", answer.content.decode()))


def who(browser: Client) -> str | None:
    answer = browser.get("/whoami")
    return answer.json().get("email") if answer.status_code == 200 else None


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


# --- the account ----------------------------------------------------------------------------------


@pytest.mark.parametrize(
    "path", ["/account", "/account/password", "/account/token", "/account/sign-out-everywhere"]
)
def test_account_pages_send_strangers_to_log_in_and_back(browser, path):
    assert browser.get(path)["Location"] == f"/login?next={path}"


def test_the_account_says_in_words_what_its_role_may_do(signed_in, user):
    services.set_limit(role="user", scope="orders", limit=42)

    said = text(signed_in.get("/account"))

    assert "Orders a minute 42 " in said
    assert "Portfolios 10 " in said
    assert f"{user.public_name}, joined" in said


def test_a_public_name_is_saved(signed_in):
    assert signed_in.post("/account", {"display_name": " Ada  Lovelace "})["Location"] == "/account"

    assert User.objects.get().display_name == "Ada Lovelace"
    assert "Profile saved." in text(signed_in.get("/account"))


def test_a_public_name_that_poses_is_refused(signed_in):
    page = Page(signed_in.post("/account", {"display_name": "a\u202eb"}))

    assert page.field("display_name")["aria-invalid"] == "true"
    assert User.objects.get().display_name == ""


def test_markup_in_a_name_is_shown_as_typed(signed_in):
    signed_in.post("/account", {"display_name": "<script>alert(1)</script>"})

    shown = signed_in.get("/account").content.decode()

    assert "&lt;script&gt;alert(1)&lt;/script&gt;, joined" in shown
    assert "<script>alert(1)" not in shown


@pytest.mark.portable
def test_changing_the_password_keeps_this_browser_alone(signed_in, user):
    elsewhere = Client()
    elsewhere.force_login(user)
    asked = {"current_password": PASSWORD, "new_password": OTHER, "new_password_confirm": OTHER}

    assert signed_in.post("/account/password", asked)["Location"] == "/account"

    assert who(signed_in) == user.email
    assert who(elsewhere) is None
    assert User.objects.get().check_password(OTHER)


@pytest.mark.parametrize(
    ("change", "field"),
    [
        ({"current_password": "wrong"}, "current_password"),
        ({"new_password": "short", "new_password_confirm": "short"}, "new_password"),
        ({"new_password_confirm": "other"}, "new_password_confirm"),
    ],
)
def test_a_refused_password_change_says_where(signed_in, user, change, field):
    asked = {"current_password": PASSWORD, "new_password": OTHER, "new_password_confirm": OTHER} | change

    page = Page(signed_in.post("/account/password", asked))

    assert page.field(field)["aria-invalid"] == "true"
    assert User.objects.get().check_password(PASSWORD)


def test_signing_out_everywhere_keeps_this_browser_alone(signed_in, user):
    elsewhere = Client()
    elsewhere.force_login(user)
    tokens = services.issue_tokens(user=user, now_ms=now_ms())

    assert signed_in.post("/account/sign-out-everywhere")["Location"] == "/account"

    assert who(signed_in) == user.email
    assert who(elsewhere) is None
    assert Client().get("/whoami", {"token": tokens.access}).status_code == 401


def test_a_token_for_a_bot_is_shown_once_listed_and_revoked(signed_in):
    shown = signed_in.post("/account/token")
    access, refresh = re.findall(r"eyJ[\w-]+\.[\w-]+\.[\w-]+", shown.content.decode())
    assert "no-store" in shown["Cache-Control"]
    assert Client().get("/whoami", {"token": access}).json() == {"email": "ada@example.org"}

    listed = signed_in.get("/account").content.decode()
    assert access not in listed
    assert refresh not in listed
    revoke = re.search(r"/account/token/[\w-]+/revoke", listed).group()
    assert signed_in.post(revoke)["Location"] == "/account"

    assert Client().get("/whoami", {"token": access}).status_code == 401
    assert "No program is signed in" in text(signed_in.get("/account"))


def test_reading_an_address_that_changes_something_changes_nothing(signed_in, user):
    tokens = services.issue_tokens(user=user, now_ms=now_ms())
    family = RefreshToken.objects.get().family

    for path in ("/account/token", "/account/sign-out-everywhere", f"/account/token/{family}/revoke"):
        assert signed_in.get(path)["Location"] == "/account"

    assert Client().get("/whoami", {"token": tokens.access}).status_code == 200
    assert RefreshToken.objects.count() == 1


# --- forgotten passwords --------------------------------------------------------------------------


def link_of(browser: Client, email: str = "ada@example.org") -> str:
    browser.post("/password-reset", {"email": email})
    drain(timeout_s=5)
    return re.search(r"http://testserver(/password-reset/\S+)", mail.outbox[-1].body).group(1)


@pytest.mark.portable
def test_resetting_a_password_by_mail(browser, user):
    tokens = services.issue_tokens(user=user, now_ms=now_ms())
    link = link_of(browser, " ADA@example.org")
    assert mail.outbox[0].to == ["ada@example.org"]

    form = browser.get(link, follow=True)
    path = form.redirect_chain[-1][0]
    assert path.endswith("/set-password")  # the token is out of the address
    answer = browser.post(path, {"new_password": OTHER, "new_password_confirm": OTHER})

    assert answer["Location"] == "/login"
    assert User.objects.get().check_password(OTHER)
    assert Client().get("/whoami", {"token": tokens.access}).status_code == 401
    assert "This link no longer works" in text(Client().get(link))


def test_an_unknown_address_is_told_the_same_and_gets_no_mail(browser, user):
    make_user("closed@example.org", is_active=False)
    answers = []
    for email in (user.email, "bob@example.org", "closed@example.org", "not an address"):
        answer = browser.post("/password-reset", {"email": email}, follow=True)
        answers.append((answer.redirect_chain, text(answer)))
    drain(timeout_s=5)

    assert answers == [answers[0]] * 4
    assert answers[0][0] == [("/password-reset/sent", 302)]
    assert [message.to for message in mail.outbox] == [[user.email]]


def test_a_weak_new_password_is_refused_and_the_link_still_works(browser, user):
    path = browser.get(link_of(browser), follow=True).redirect_chain[-1][0]

    page = Page(browser.post(path, {"new_password": "short", "new_password_confirm": "short"}))

    assert page.field("new_password")["aria-invalid"] == "true"
    assert User.objects.get().check_password(PASSWORD)
    assert browser.post(path, {"new_password": OTHER, "new_password_confirm": OTHER}).status_code == 302


@pytest.mark.parametrize(
    "tail", ["x/y", "MQ/c0ffee-1", "%FF/%00", "bm8tdXVpZA/abc", "set-password/set-password"]
)
def test_a_made_up_link_is_told_so(browser, user, tail):
    answer = browser.get(f"/password-reset/{tail}")

    assert answer.status_code == 200
    assert "This link no longer works" in text(answer)


def test_reset_mails_are_limited(browser, user):
    services.set_limit(role="anonymous", scope="logins", limit=1)
    statuses = [browser.post("/password-reset", {"email": user.email}).status_code for _ in range(2)]
    drain(timeout_s=5)

    assert statuses == [302, 429]
    assert len(mail.outbox) == 1
