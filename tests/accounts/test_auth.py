"""Three ways to say who asks, and what each answers to a token that does not hold."""

import pytest
from django.test import Client
from rest_framework.test import APIClient

from accounts import services
from accounts.auth import user_of_token
from accounts.clock import now_ms
from accounts.models import User
from tests.people import PASSWORD

pytestmark = [pytest.mark.django_db(databases="__all__"), pytest.mark.portable]


@pytest.fixture
def tokens(user) -> services.Tokens:
    return services.issue_tokens(user=user, now_ms=now_ms())


def bearer(token: str) -> dict[str, str]:
    return {"Authorization": f"Bearer {token}"}


@pytest.mark.parametrize("scheme", ["Bearer", "bearer", "BEARER  "])
def test_the_header_says_who_asks(api, tokens, scheme):
    answer = api.get("/whoami", headers={"Authorization": f"{scheme} {tokens.access}"})

    assert (answer.status_code, answer.json()) == (200, {"email": "ada@example.org"})


def test_the_address_says_who_asks(api, tokens):
    assert api.get(f"/whoami?token={tokens.access}").json() == {"email": "ada@example.org"}
    assert api.post(f"/whoami?token={tokens.access}", {"a": 1}).status_code == 200


def test_the_address_can_be_turned_off(api, tokens, settings):
    settings.TOKEN_IN_QUERY = False

    answer = api.get(f"/whoami?token={tokens.access}")

    assert (answer.status_code, answer.json()["error"]["code"]) == (401, "token_in_query_off")
    assert api.get("/whoami", headers=bearer(tokens.access)).status_code == 200


def test_a_session_says_who_asks_and_needs_the_csrf_token_to_change_anything(user):
    browser = APIClient(enforce_csrf_checks=True)
    browser.force_login(user)
    assert browser.get("/whoami").json() == {"email": "ada@example.org"}

    refused = browser.post("/whoami", {"a": 1})
    browser.get("/account")  # a page with a form sets the cookie
    token = browser.cookies["csrftoken"].value
    allowed = browser.post("/whoami", {"a": 1}, headers={"X-CSRFToken": token})

    assert refused.status_code == 403
    assert refused.json()["error"]["message"].startswith("CSRF")
    assert allowed.json()["sent"] == {"a": 1}


def test_strangers_are_challenged(api):
    answer = api.get("/whoami")

    assert answer.status_code == 401
    assert answer.json()["error"]["code"] == "not_authenticated"
    assert answer["WWW-Authenticate"] == 'Bearer realm="api"'


def test_tokens_that_do_not_hold_are_refused_with_the_reason(api, user, tokens):
    spent = services.issue_tokens(user=user, now_ms=now_ms())
    services.log_out(refresh_token=spent.refresh, now_ms=now_ms())
    expired = services.issue_tokens(user=user, now_ms=now_ms() - 3_600_000)
    cases = {
        tokens.refresh: "invalid_token",
        tokens.access[:-2]: "invalid_token",
        "": "invalid_token",
        "ÿ\u0142ó": "invalid_token",
        spent.access: "token_revoked",
        expired.access: "token_expired",
    }

    for token, code in cases.items():
        by_address = api.get("/whoami", {"token": token})
        assert (by_address.status_code, by_address.json()["error"]["code"]) == (401, code)
    by_header = api.get("/whoami", headers=bearer(spent.access))
    assert (by_header.status_code, by_header.json()["error"]["code"]) == (401, "token_revoked")
    assert by_header["WWW-Authenticate"] == 'Bearer realm="api"'


def test_a_password_change_revokes_tokens_and_sessions(api, user, tokens):
    browser = Client()
    browser.force_login(user)
    assert browser.get("/whoami").status_code == 200

    services.reset_password(user_id=user.pk, new="another long one", now_ms=now_ms())

    assert api.get("/whoami", headers=bearer(tokens.access)).status_code == 401
    assert browser.get("/whoami").status_code == 401


def test_signing_out_everywhere_ends_sessions_too(user):
    browser = Client()
    browser.force_login(user)

    services.revoke_all_tokens(user_id=user.pk, now_ms=now_ms())

    assert browser.get("/whoami").status_code == 401


def test_a_deleted_or_closed_account_has_no_tokens(api, user, tokens):
    User.objects.filter(pk=user.pk).update(is_active=False)
    assert api.get("/whoami", headers=bearer(tokens.access)).json()["error"]["code"] == "invalid_token"

    User.objects.all().delete()
    assert api.get("/whoami", headers=bearer(tokens.access)).json()["error"]["code"] == "invalid_token"


def test_sockets_ask_with_the_bare_token(user, tokens):
    assert user_of_token(tokens.access) == user
    assert user_of_token(tokens.refresh) is None
    assert user_of_token("nonsense") is None


def test_other_schemes_are_left_to_others(api, user):
    assert api.get("/whoami", headers={"Authorization": "Basic YTpi"}).status_code == 401
    api.login(username="ada@example.org", password=PASSWORD)
    assert api.get("/whoami", headers={"Authorization": "Basic YTpi"}).status_code == 200


def test_requests_are_limited_by_account_and_say_when_to_come_back(api, user, tokens):
    services.set_limit(role="user", scope="requests", limit=2)

    answers = [api.get("/whoami", headers=bearer(tokens.access)) for _ in range(3)]

    assert [answer.status_code for answer in answers] == [200, 200, 429]
    assert answers[2]["Retry-After"] == "30"
    assert answers[2].json()["error"]["code"] == "throttled"


def test_strangers_are_limited_by_address(api):
    services.set_limit(role="anonymous", scope="requests", limit=1)

    here = [api.post("/auth/login", {}, REMOTE_ADDR="203.0.113.7").status_code for _ in range(2)]
    there = api.post("/auth/login", {}, REMOTE_ADDR="203.0.113.8").status_code

    assert (here, there) == ([422, 429], 422)
