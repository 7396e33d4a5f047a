"""/auth/* word for word, and what each route does with bad input: a clear error, nothing written, no 500."""

import re

import pytest
from rest_framework.test import APIClient

from accounts import services
from accounts.clock import now_ms
from accounts.models import RefreshToken, Role, User
from tests.people import PASSWORD, make_user

pytestmark = pytest.mark.django_db(databases="__all__")

NEW = {"email": "Ada@Example.org", "password": PASSWORD, "password_confirm": PASSWORD}


def log_in(api: APIClient, email: str = "ada@example.org", password: str = PASSWORD) -> dict:
    answer = api.post("/auth/login", {"email": email, "password": password})
    assert answer.status_code == 200, answer.content
    return answer.json()


def error(answer) -> tuple[int, str]:
    body = answer.json()
    assert set(body) == {"error"}
    assert set(body["error"]) == {"code", "message", "fields"}
    assert body["error"]["message"]
    return answer.status_code, body["error"]["code"]


# --- the contract ---------------------------------------------------------------------------------


@pytest.mark.portable
def test_registering(api):
    answer = api.post("/auth/register", NEW)

    user = User.objects.get()
    assert answer.status_code == 201
    assert answer.json() == {
        "user_id": str(user.pk),
        "email": "ada@example.org",
        "message": "Welcome. You can log in now.",
    }
    assert log_in(api)["user_id"] == str(user.pk)


def test_the_first_account_from_this_machine_is_the_admin(api, settings):
    settings.DISTRIBUTED = False
    api.post("/auth/register", NEW | {"email": "far@example.org"}, REMOTE_ADDR="203.0.113.7")
    api.post("/auth/register", NEW | {"email": "lured@example.org"}, HTTP_ORIGIN="https://evil.example")
    api.post("/auth/register", NEW | {"email": "proxied@example.org"}, HTTP_X_FORWARDED_FOR="203.0.113.7")
    api.post("/auth/register", NEW | {"email": "first@example.org"})
    api.post("/auth/register", NEW | {"email": "second@example.org"})

    assert list(User.objects.filter(role=Role.ADMIN).values_list("email", flat=True)) == ["first@example.org"]
    assert User.objects.count() == 5


@pytest.mark.portable
@pytest.mark.parametrize("form", ["oauth2", "json"])
def test_tokens_for_an_address_and_a_password(api, user, form):
    asked = {"username": "Ada@example.org", "password": PASSWORD, "grant_type": "password"}

    answer = api.post("/auth/token", asked, format="multipart" if form == "oauth2" else "json")

    body = answer.json()
    assert answer.status_code == 200
    assert answer["Cache-Control"].startswith("max-age=0, no-cache, no-store")
    assert body.keys() == {"access_token", "refresh_token", "token_type", "expires_in", "user_id", "roles"}
    assert (body["token_type"], body["expires_in"], body["roles"]) == ("bearer", 1800, ["user"])
    assert body["user_id"] == str(user.pk)


def test_the_oauth2_form_as_browsers_and_libraries_encode_it(api, user):
    answer = api.post(
        "/auth/token",
        "username=ada%40example.org&password=correct+horse+battery",
        content_type="application/x-www-form-urlencoded",
    )

    assert answer.status_code == 200


@pytest.mark.portable
def test_who_am_i(api, user):
    token = log_in(api)["access_token"]

    body = api.get("/auth/me", headers={"Authorization": f"Bearer {token}"}).json()

    assert re.fullmatch(r"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{3}Z", body.pop("created_at"))
    assert body == {
        "id": str(user.pk),
        "email": "ada@example.org",
        "display_name": "",
        "roles": ["user"],
        "status": "active",
    }


@pytest.mark.portable
def test_refreshing_and_logging_out(api, user):
    first = log_in(api)
    second = api.post("/auth/refresh", {"refresh_token": first["refresh_token"]})
    assert second.status_code == 200
    assert second.json().keys() == first.keys()

    answer = api.post("/auth/logout", {"refresh_token": second.json()["refresh_token"]})

    assert answer.status_code == 200
    assert error(api.get("/auth/me", {"token": second.json()["access_token"]})) == (401, "token_revoked")
    assert error(api.post("/auth/refresh", {"refresh_token": second.json()["refresh_token"]})) == (
        401,
        "token_revoked",
    )


def test_a_refresh_token_used_twice_ends_the_family(api, user):
    first = log_in(api)
    second = api.post("/auth/refresh", {"refresh_token": first["refresh_token"]}).json()

    again = api.post("/auth/refresh", {"refresh_token": first["refresh_token"]})

    assert error(again) == (401, "token_revoked")
    assert error(api.get("/auth/me", {"token": second["access_token"]})) == (401, "token_revoked")


@pytest.mark.portable
def test_changing_the_password_revokes_all_but_the_answers_own_tokens(api, user):
    old = log_in(api)
    asked = {
        "current_password": PASSWORD,
        "new_password": "another long one",
        "new_password_confirm": "another long one",
    }

    answer = api.post(
        "/auth/change-password", asked, headers={"Authorization": f"Bearer {old['access_token']}"}
    )

    assert answer.status_code == 200
    assert error(api.get("/auth/me", {"token": old["access_token"]})) == (401, "token_revoked")
    assert api.get("/auth/me", {"token": answer.json()["access_token"]}).status_code == 200
    assert error(api.post("/auth/login", {"email": user.email, "password": PASSWORD}))[0] == 401
    log_in(api, password="another long one")


def test_a_session_that_changes_the_password_stays(api, user):
    api.force_login(user)
    asked = {
        "current_password": PASSWORD,
        "new_password": "another long one",
        "new_password_confirm": "another long one",
    }

    assert api.post("/auth/change-password", asked).status_code == 200
    assert api.get("/auth/me").status_code == 200


# --- refusals -------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("change", "code", "field"),
    [
        ({"email": "nobody"}, "invalid_email", "email"),
        ({"email": "taken@EXAMPLE.org"}, "email_taken", "email"),
        ({"email": None}, "null", "email"),
        ({"email": 7}, "invalid_email", "email"),
        ({"email": ["a@example.org"]}, "invalid", "email"),
        ({"email": {"$ne": ""}}, "invalid", "email"),
        ({"email": "a\0b@example.org"}, "null_characters_not_allowed", "email"),
        ({"email": "a" * 300 + "@example.org"}, "max_length", "email"),
        ({"password": "short", "password_confirm": "short"}, "weak_password", "password"),
        ({"password": "x" * 5_000, "password_confirm": "x" * 5_000}, "max_length", "password"),
        ({"password_confirm": "other"}, "password_mismatch", "password_confirm"),
        ({"password": True}, "invalid", "password"),
        ({"display_name": "a\u202eb"}, "invalid_name", "display_name"),
    ],
    ids=repr,
)
def test_what_registering_refuses(api, change, code, field):
    make_user("taken@example.org")

    answer = api.post("/auth/register", NEW | change)

    assert error(answer) == (422, code)
    assert next(iter(answer.json()["error"]["fields"])) == field
    assert User.objects.count() == 1


def test_unicode_passwords_work_and_spaces_count(api):
    password = "  пароль 🔑 密码 "
    api.post("/auth/register", NEW | {"password": password, "password_confirm": password})

    log_in(api, password=password)
    assert (
        error(api.post("/auth/login", {"email": "ada@example.org", "password": password.strip()}))[0] == 401
    )


ROUTES = ["register", "token", "login", "refresh", "logout", "change-password"]


@pytest.mark.parametrize("route", ROUTES)
@pytest.mark.parametrize(
    "body", ["", "{", "[]", "null", "7", '"text"', '{"a": NaN}', "[" * 20_000, "\x00", '{"email": "\\ud800"}']
)
def test_no_body_breaks_a_route(api, user, route, body):
    api.force_login(user)  # only change-password looks

    answer = api.post(f"/auth/{route}", body, content_type="application/json")

    assert answer.status_code in {400, 422}
    error(answer)
    assert RefreshToken.objects.count() == 0
    assert User.objects.count() == 1


@pytest.mark.parametrize("route", ROUTES)
def test_a_body_of_a_megabyte_is_refused(api, user, route):
    api.force_login(user)
    names = ["email", "username", "password", "password_confirm", "refresh_token", "current_password"]

    answer = api.post(f"/auth/{route}", dict.fromkeys(names, "x" * 200_000))

    assert error(answer) == (413, "too_large")
    assert User.objects.count() == 1


def test_wrong_passwords_and_unknown_addresses_are_told_alike(api, user):
    wrong = api.post("/auth/login", {"email": "ada@example.org", "password": "wrong"})
    unknown = api.post("/auth/login", {"email": "bob@example.org", "password": "wrong"})

    assert error(wrong) == (401, "invalid_credentials")
    assert wrong.json() == unknown.json()
    assert wrong["WWW-Authenticate"] == 'Bearer realm="api"'


def test_too_many_attempts_are_told_when_to_come_back(api, user):
    services.set_limit(role="anonymous", scope="logins", limit=2)
    tries = [api.post("/auth/login", {"email": user.email, "password": "wrong"}) for _ in range(3)]

    assert [answer.status_code for answer in tries] == [401, 401, 429]
    assert error(tries[2]) == (429, "too_many_attempts")
    assert tries[2]["Retry-After"] == "30"
    assert api.post("/auth/login", {"email": user.email, "password": PASSWORD}).status_code == 429


@pytest.mark.parametrize("kind", ["forged", "access", "of another secret", "expired"])
@pytest.mark.parametrize("route", ["refresh", "logout"])
def test_only_our_refresh_tokens_refresh(api, user, route, kind, settings):
    tokens = log_in(api)
    old = services.issue_tokens(user=user, now_ms=now_ms() - 8 * 24 * 3_600_000)
    given = {
        "forged": tokens["refresh_token"][:-1] + "_",
        "access": tokens["access_token"],
        "of another secret": tokens["refresh_token"],
        "expired": old.refresh,
    }[kind]
    if kind == "of another secret":
        settings.JWT_SECRET_KEY = "another-secret-of-forty-characters-length"
    before = list(RefreshToken.objects.order_by("pk").values())

    answer = api.post(f"/auth/{route}", {"refresh_token": given})

    assert error(answer) == (401, "token_expired" if kind == "expired" else "invalid_token")
    assert list(RefreshToken.objects.order_by("pk").values()) == before


def test_a_stale_token_in_the_header_keeps_nobody_out(api, user):
    answer = api.post(
        "/auth/login",
        {"email": user.email, "password": PASSWORD},
        headers={"Authorization": "Bearer stale"},
    )

    assert answer.status_code == 200


@pytest.mark.parametrize(
    ("change", "code", "field"),
    [
        ({"current_password": "wrong"}, "wrong_password", "current_password"),
        ({"new_password": "short", "new_password_confirm": "short"}, "weak_password", "new_password"),
        ({"new_password_confirm": "other"}, "password_mismatch", "new_password_confirm"),
    ],
)
def test_what_changing_the_password_refuses(api, user, change, code, field):
    tokens = log_in(api)
    asked = {
        "current_password": PASSWORD,
        "new_password": "another long one",
        "new_password_confirm": "another long one",
    } | change

    answer = api.post(
        "/auth/change-password", asked, headers={"Authorization": f"Bearer {tokens['access_token']}"}
    )

    assert error(answer) == (422, code)
    assert list(answer.json()["error"]["fields"]) == [field]
    assert api.get("/auth/me", {"token": tokens["access_token"]}).status_code == 200


def test_protected_routes_need_somebody(api):
    assert error(api.get("/auth/me")) == (401, "not_authenticated")
    assert error(api.post("/auth/change-password", {})) == (401, "not_authenticated")


@pytest.mark.parametrize("route", ROUTES)
def test_only_post(api, route, user):
    api.force_login(user)

    assert error(api.get(f"/auth/{route}")) == (405, "method_not_allowed")


def test_the_schema_names_every_way_in(api):
    schema = api.get("/api/schema", headers={"Accept": "application/json"}).json()

    assert schema["components"]["securitySchemes"].keys() == {"bearer", "token_in_query", "session"}
    assert schema["components"]["securitySchemes"]["token_in_query"]["x-deprecated"] is True
    assert {"/auth/register", "/auth/token", "/auth/me"} <= schema["paths"].keys()
    assert (
        "security" not in schema["paths"]["/auth/login"]["post"]
        or {} in schema["paths"]["/auth/login"]["post"]["security"]
    )
