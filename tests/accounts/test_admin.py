"""Users, roles and limits in the admin: no hashes, no deletions, and the services' rules."""

import re

import pytest
from django.test import Client

from accounts import services
from accounts.clock import now_ms
from accounts.limits import limit_of
from accounts.models import RateLimit, RefreshToken, Role, User
from tests.people import PASSWORD, make_user

pytestmark = pytest.mark.django_db(databases="__all__")


@pytest.fixture
def admin() -> User:
    return make_user("root@example.org", role=Role.ADMIN)


@pytest.fixture
def browser(admin) -> Client:
    client = Client()
    client.force_login(admin)
    return client


def change(user: User, **fields) -> dict:
    shown = {
        "display_name": user.display_name,
        "role": user.role,
        "is_active": "on" if user.is_active else "",
    }
    return {name: value for name, value in (shown | fields).items() if value != ""}


def act(browser: Client, action: str, *users: User):
    asked = {"action": action, "_selected_action": [str(user.pk) for user in users]}
    return browser.post("/admin/accounts/user/", asked, follow=True)


@pytest.mark.parametrize("role", [Role.USER, Role.PREMIUM_USER])
def test_only_admins_enter(role):
    client = Client()
    client.force_login(make_user(role=role))

    assert client.get("/admin/accounts/user/")["Location"].startswith("/admin/login/")


@pytest.mark.portable
def test_users_are_listed_and_found(browser, user):
    make_user("bob@example.org")

    assert "ada@example.org" in browser.get("/admin/accounts/user/").content.decode()
    found = browser.get("/admin/accounts/user/", {"q": "ADA@"}).content.decode()
    assert "ada@example.org" in found
    assert "bob@example.org" not in found


def test_no_page_shows_a_password_hash(browser, user):
    hashed = User.objects.get(pk=user.pk).password
    pages = ["/admin/accounts/user/", f"/admin/accounts/user/{user.pk}/change/"]
    pages.append(f"/admin/accounts/user/{user.pk}/password/")

    for page in pages:
        shown = browser.get(page)
        assert shown.status_code == 200
        assert hashed.split("$")[-1] not in shown.content.decode()
        assert hashed.split("$")[1] not in shown.content.decode()  # nor its salt


@pytest.mark.portable
def test_changing_a_role_changes_who_enters(browser, user):
    answer = browser.post(
        f"/admin/accounts/user/{user.pk}/change/", change(user, role="admin", display_name="Ada")
    )

    assert answer.status_code == 302
    kept = User.objects.get(pk=user.pk)
    assert (kept.role, kept.is_staff, kept.is_superuser, kept.display_name) == ("admin", True, True, "Ada")


def test_an_admin_cannot_be_smuggled_in_by_a_form_field(browser, user):
    browser.post(
        f"/admin/accounts/user/{user.pk}/change/",
        change(user, is_staff="on", is_superuser="on", email="x@y.z"),
    )

    kept = User.objects.get(pk=user.pk)
    assert (kept.is_staff, kept.is_superuser, kept.email) == (False, False, "ada@example.org")


def test_closing_an_account_signs_it_out(browser, user):
    services.issue_tokens(user=user, now_ms=now_ms())

    browser.post(f"/admin/accounts/user/{user.pk}/change/", change(user, is_active=""))

    assert not User.objects.get(pk=user.pk).is_active
    assert not RefreshToken.objects.filter(revoked_ms=None).exists()


def test_the_last_admin_cannot_demote_or_close_themselves(browser, admin):
    for fields in ({"role": "user"}, {"is_active": ""}):
        page = browser.post(f"/admin/accounts/user/{admin.pk}/change/", change(admin, **fields), follow=True)
        assert "This is the last admin" in page.content.decode()

    kept = User.objects.get(pk=admin.pk)
    assert (kept.role, kept.is_active) == ("admin", True)


@pytest.mark.parametrize(
    ("action", "role"), [("make_user", "user"), ("make_premium", "premium_user"), ("make_admin", "admin")]
)
def test_roles_by_action(browser, user, action, role):
    bob = make_user("bob@example.org", role=Role.PREMIUM_USER)

    page = act(browser, action, user, bob)

    assert page.status_code == 200
    for changed in User.objects.exclude(email="root@example.org"):
        assert (changed.role, changed.is_staff) == (role, role == "admin")


def test_signing_people_out_by_action(browser, user):
    services.issue_tokens(user=user, now_ms=now_ms())

    assert "Signed out: 1." in act(browser, "sign_out", user).content.decode()

    assert User.objects.get(pk=user.pk).token_version == 1
    assert not RefreshToken.objects.filter(revoked_ms=None).exists()


def test_nobody_is_deleted(browser, user):
    assert browser.post(f"/admin/accounts/user/{user.pk}/delete/", {"post": "yes"}).status_code == 403
    act(browser, "delete_selected", user)

    assert User.objects.filter(pk=user.pk).exists()


def test_an_admin_adds_an_account_and_sets_its_password(browser):
    browser.post("/admin/accounts/user/add/", {"email": "NEW@example.org"})
    user = User.objects.get(email="new@example.org")
    assert not user.has_usable_password()

    answer = browser.post(
        f"/admin/accounts/user/{user.pk}/password/", {"password1": PASSWORD, "password2": PASSWORD}
    )

    assert answer.status_code == 302
    kept = User.objects.get(pk=user.pk)
    assert kept.check_password(PASSWORD)
    assert kept.token_version == 1


def test_an_address_is_taken_whatever_its_case(browser, user):
    shown = browser.post("/admin/accounts/user/add/", {"email": "ADA@example.org"})

    assert shown.status_code == 200
    assert User.objects.count() == 2


@pytest.mark.portable
def test_limits_are_edited_in_the_list_and_in_force_at_once(browser, user, limit_rows):
    assert limit_of(user, "orders") == 300
    page = browser.get("/admin/accounts/ratelimit/").content.decode()
    keys = re.findall(r'name="form-\d+-id" value="([\w:]+)"', page)
    assert len(keys) == 20
    asked = {"form-TOTAL_FORMS": "20", "form-INITIAL_FORMS": "20", "_save": "Save"}
    for index, key in enumerate(keys):
        limit = 7 if key == "user:orders" else RateLimit.objects.get(pk=key).limit
        asked |= {f"form-{index}-id": key, f"form-{index}-limit": str(limit)}

    assert browser.post("/admin/accounts/ratelimit/", asked).status_code == 302

    assert limit_of(user, "orders") == 7
    assert RateLimit.objects.count() == 20


@pytest.mark.parametrize("limit", ["-1", "1000001", "many", ""])
def test_a_limit_that_makes_no_sense_is_refused(browser, limit, limit_rows):
    page = browser.post("/admin/accounts/ratelimit/user:orders/change/", {"limit": limit})

    assert page.status_code == 200
    assert RateLimit.objects.get(pk="user:orders").limit == 300


def test_limits_are_neither_added_nor_deleted(browser, limit_rows):
    assert browser.get("/admin/accounts/ratelimit/add/").status_code == 403
    assert browser.post("/admin/accounts/ratelimit/user:orders/delete/", {"post": "yes"}).status_code == 403


def test_the_admins_door_counts_attempts_too(admin):
    services.set_limit(role="anonymous", scope="logins", limit=1)
    client, asked = Client(), {"username": "root@example.org", "password": "wrong"}
    client.post("/admin/login/", asked)

    page = client.post("/admin/login/", asked | {"password": PASSWORD})

    assert "Too many attempts." in page.content.decode()
    assert client.get("/admin/")["Location"].startswith("/admin/login/")


def test_the_admins_door_opens_for_admins_by_any_spelling(admin):
    client = Client()

    answer = client.post("/admin/login/?next=/admin/", {"username": "ROOT@example.org", "password": PASSWORD})

    assert answer["Location"] == "/admin/"
    assert client.get("/admin/").status_code == 200
