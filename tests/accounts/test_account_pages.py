"""The account page and forgotten passwords, without JavaScript."""

import re

import pytest
from django.core import mail
from django.test import Client

from accounts import services
from accounts.clock import now_ms
from accounts.mail import drain
from accounts.models import RefreshToken, User
from tests.accounts.reading import Page, text, who
from tests.people import PASSWORD, make_user

pytestmark = pytest.mark.django_db(databases="__all__")

OTHER = "another long one"


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
