"""The only writer of users: what it promises, and what it refuses."""

import threading

import pytest
from django.contrib.auth.hashers import check_password
from django.db import connections

from accounts import services
from accounts.clock import now_ms
from accounts.core.refusals import Code, Refused, TooManyAttempts
from accounts.models import RefreshToken, Role, User
from accounts.selectors import holder_of, program_lines
from accounts.tokens import REFRESH_LIFE_MS, Kind, read_token
from tests.people import PASSWORD, make_user

pytestmark = [pytest.mark.django_db(databases="__all__"), pytest.mark.portable]

HERE = "203.0.113.7"


def refusal(function, **arguments) -> Code:
    with pytest.raises(Refused) as refused:
        function(**arguments)
    return refused.value.code


def holds(access_token: str) -> bool:
    try:
        holder_of(read_token(access_token, Kind.ACCESS))
    except Refused:
        return False
    return True


# --- registering ----------------------------------------------------------------------------------


def test_registering_makes_a_plain_user():
    user = services.register_user(email=" Ada@Example.ORG", password=PASSWORD, display_name="  Ada   L. ")

    kept = User.objects.get()
    assert kept == user
    assert (kept.email, kept.display_name, kept.role) == ("ada@example.org", "Ada L.", Role.USER)
    assert not kept.is_staff
    assert not kept.is_superuser
    assert check_password(PASSWORD, kept.password)


@pytest.mark.parametrize(
    ("change", "code"),
    [
        ({"email": "nobody"}, Code.INVALID_EMAIL),
        ({"email": ""}, Code.INVALID_EMAIL),
        ({"email": "a\0b@example.org"}, Code.INVALID_EMAIL),
        ({"email": "ädä@example.org"}, Code.INVALID_EMAIL),
        ({"email": "a" * 250 + "@example.org"}, Code.INVALID_EMAIL),
        ({"email": "TAKEN@example.org"}, Code.EMAIL_TAKEN),
        ({"password": "short"}, Code.WEAK_PASSWORD),
        ({"password": "password"}, Code.WEAK_PASSWORD),
        ({"password": "8435710293"}, Code.WEAK_PASSWORD),
        ({"password": "ada@example.org"}, Code.WEAK_PASSWORD),
        ({"password": "x" * 1025}, Code.WEAK_PASSWORD),
        ({"display_name": "x" * 61}, Code.INVALID_NAME),
        ({"display_name": "evil\u202ename"}, Code.INVALID_NAME),
        ({"email": "nobody", "password": "short"}, Code.INVALID_EMAIL),  # the first of the list
        ({"email": "taken@example.org", "password": "short"}, Code.EMAIL_TAKEN),
    ],
    ids=str,
)
def test_what_registering_refuses_writes_nothing(change, code):
    make_user("taken@example.org")

    asked = {"email": "ada@example.org", "password": PASSWORD, "display_name": ""} | change

    assert refusal(services.register_user, **asked) == code
    assert User.objects.count() == 1


@pytest.mark.django_db(databases="__all__", transaction=True)
def test_two_who_register_one_address_at_once_make_one_account(settings):
    answers, started = [], threading.Barrier(4)

    def run() -> None:
        started.wait()
        try:
            answers.append(services.register_user(email="ada@example.org", password=PASSWORD).email)
        except Refused as exc:
            answers.append(exc.code)
        finally:
            connections.close_all()

    threads = [threading.Thread(target=run) for _ in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()

    assert sorted(answers) == ["ada@example.org", *[Code.EMAIL_TAKEN] * 3]
    assert User.objects.count() == 1


def test_the_first_local_account_is_the_admin(settings):
    settings.DISTRIBUTED = False
    stranger = services.register_user(email="far@example.org", password=PASSWORD, is_local=False)
    first = services.register_user(email="near@example.org", password=PASSWORD, is_local=True)
    second = services.register_user(email="late@example.org", password=PASSWORD, is_local=True)

    assert [user.role for user in (stranger, first, second)] == [Role.USER, Role.ADMIN, Role.USER]
    assert (first.is_staff, first.is_superuser) == (True, True)
    assert (second.is_staff, second.is_superuser) == (False, False)


def test_distributed_nobody_becomes_admin_by_registering(settings):
    settings.DISTRIBUTED = True

    assert services.register_user(email="a@example.org", password=PASSWORD, is_local=True).role == Role.USER


# --- logging in -----------------------------------------------------------------------------------


def test_the_login_is_the_address_however_it_is_spelled(user):
    assert services.authenticate_user(email="ADA@example.org ", password=PASSWORD, address=HERE) == user


def test_a_wrong_password_an_unknown_address_and_a_closed_account_are_told_alike(user):
    make_user("closed@example.org", is_active=False)
    tries = [("ada@example.org", "wrong"), ("bob@example.org", PASSWORD), ("closed@example.org", PASSWORD)]

    said = []
    for email, password in tries:
        with pytest.raises(Refused) as refused:
            services.authenticate_user(email=email, password=password, address=HERE)
        said.append((refused.value.code, refused.value.message))

    assert said == [(Code.INVALID_CREDENTIALS, "The e-mail address or the password is wrong.")] * 3


@pytest.mark.parametrize(
    "email", ["ada@example.org", "unknown@example.org", "closed@example.org", "a\0b", ""]
)
def test_every_attempt_hashes_once(user, email, monkeypatch):
    make_user("closed@example.org", is_active=False)
    hashed = []
    monkeypatch.setattr(
        "django.contrib.auth.hashers.MD5PasswordHasher.encode", lambda *_: hashed.append(1) or "md5$a$b"
    )

    with pytest.raises(Refused):
        services.authenticate_user(email=email, password="wrong", address=HERE)

    assert len(hashed) == 1


def test_attempts_are_counted_before_anything_is_hashed(user, monkeypatch):
    services.set_limit(role="anonymous", scope="logins", limit=1)
    services.authenticate_user(email="ada@example.org", password=PASSWORD, address=HERE)
    monkeypatch.setattr("accounts.services.authenticate", lambda *_, **__: pytest.fail("hashed"))

    with pytest.raises(TooManyAttempts):
        services.authenticate_user(email="Ada@Example.org", password=PASSWORD, address=HERE)


# --- passwords ------------------------------------------------------------------------------------


def test_a_new_password_ends_every_token(user):
    before = services.issue_tokens(user=user, now_ms=now_ms())
    assert holds(before.access)

    user = services.change_password(
        user_id=user.pk, current=PASSWORD, new="another long one", address=HERE, now_ms=now_ms()
    )

    assert check_password("another long one", User.objects.get().password)
    assert not holds(before.access)
    assert (
        refusal(services.rotate_tokens, refresh_token=before.refresh, now_ms=now_ms()) == Code.TOKEN_REVOKED
    )
    assert holds(services.issue_tokens(user=user, now_ms=now_ms()).access)


def test_a_log_in_that_was_under_way_when_the_password_changed_gives_no_token(user):
    under_way = User.objects.get(pk=user.pk)
    services.reset_password(user_id=user.pk, new="another long one", now_ms=now_ms())

    assert not holds(services.issue_tokens(user=under_way, now_ms=now_ms()).access)


@pytest.mark.parametrize(
    ("current", "new", "code"),
    [
        ("wrong", "another long one", Code.WRONG_PASSWORD),
        (PASSWORD, "short", Code.WEAK_PASSWORD),
        (PASSWORD, "ada@example.org", Code.WEAK_PASSWORD),
        ("wrong", "short", Code.WRONG_PASSWORD),
    ],
)
def test_a_refused_change_keeps_password_and_tokens(user, current, new, code):
    tokens = services.issue_tokens(user=user, now_ms=now_ms())

    asked = {"user_id": user.pk, "current": current, "new": new, "address": HERE, "now_ms": now_ms()}

    assert refusal(services.change_password, **asked) == code
    assert User.objects.get().password == user.password
    assert holds(tokens.access)


# --- tokens ---------------------------------------------------------------------------------------


def test_refreshing_makes_the_next_of_the_family(user):
    first = services.issue_tokens(user=user, now_ms=now_ms())
    _, second = services.rotate_tokens(refresh_token=first.refresh, now_ms=now_ms())

    spent, newest = (read_token(tokens.refresh, Kind.REFRESH) for tokens in (first, second))
    assert spent.family == newest.family
    assert RefreshToken.objects.get(pk=spent.id).replaced_by == newest.id
    assert RefreshToken.objects.get(pk=newest.id).revoked_ms is None
    assert holds(second.access)


def test_a_refresh_token_used_twice_revokes_its_family_alone(user):
    other = services.issue_tokens(user=user, now_ms=now_ms())
    first = services.issue_tokens(user=user, now_ms=now_ms())
    _, second = services.rotate_tokens(refresh_token=first.refresh, now_ms=now_ms())

    assert refusal(services.rotate_tokens, refresh_token=first.refresh, now_ms=now_ms()) == Code.TOKEN_REVOKED

    assert not holds(second.access)
    assert (
        refusal(services.rotate_tokens, refresh_token=second.refresh, now_ms=now_ms()) == Code.TOKEN_REVOKED
    )
    assert holds(other.access)


@pytest.mark.django_db(databases="__all__", transaction=True)
def test_a_refresh_token_used_by_many_at_once_leaves_no_live_token():
    user = make_user()
    first = services.issue_tokens(user=user, now_ms=now_ms())
    answers, started = [], threading.Barrier(6)

    def run() -> None:
        started.wait()
        try:
            answers.append(services.rotate_tokens(refresh_token=first.refresh, now_ms=now_ms())[1].access)
        except Refused as exc:
            answers.append(exc.code)
        finally:
            connections.close_all()

    threads = [threading.Thread(target=run) for _ in range(6)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()

    won = [answer for answer in answers if not isinstance(answer, Code)]
    assert len(won) == 1
    assert not holds(won[0])
    assert not RefreshToken.objects.filter(revoked_ms=None).exists()


def test_logging_out_ends_the_family_at_once_and_again_is_fine(user):
    tokens = services.issue_tokens(user=user, now_ms=now_ms())

    for _ in range(2):
        services.log_out(refresh_token=tokens.refresh, now_ms=now_ms())

    assert not holds(tokens.access)


def test_signing_out_everywhere_ends_every_family(user):
    families = [services.issue_tokens(user=user, now_ms=now_ms()) for _ in range(3)]
    theirs = services.issue_tokens(user=make_user("bob@example.org"), now_ms=now_ms())

    services.revoke_all_tokens(user_id=user.pk, now_ms=now_ms())

    assert not any(holds(tokens.access) for tokens in families)
    assert holds(theirs.access)


def test_nobody_revokes_another_ones_program(user):
    tokens = services.issue_tokens(user=user, now_ms=now_ms())
    family = read_token(tokens.access, Kind.ACCESS).family
    other = make_user("bob@example.org")

    services.revoke_program(user_id=other.pk, family=family, now_ms=now_ms())
    assert holds(tokens.access)

    services.revoke_program(user_id=user.pk, family=family, now_ms=now_ms())
    assert not holds(tokens.access)


def test_a_closed_account_has_no_tokens(user):
    make_user("admin@example.org", role=Role.ADMIN)
    tokens = services.issue_tokens(user=user, now_ms=now_ms())

    services.set_active(user_id=user.pk, active=False, now_ms=now_ms())
    assert not holds(tokens.access)

    services.set_active(user_id=user.pk, active=True, now_ms=now_ms())
    assert not holds(tokens.access)


def test_logging_in_clears_away_what_expired_long_ago(user):
    services.issue_tokens(user=user, now_ms=now_ms() - REFRESH_LIFE_MS - 1)
    services.issue_tokens(user=user, now_ms=now_ms())

    assert RefreshToken.objects.count() == 1


@pytest.mark.parametrize("count", [1, 3])
def test_programs_are_listed_newest_first_in_one_query(user, count, django_assert_num_queries):
    for number in range(count):
        services.issue_tokens(user=user, now_ms=now_ms() - number * 1_000)

    with django_assert_num_queries(1):
        lines = program_lines(user_id=user.pk, now_ms=now_ms())

    assert [line.used_ms for line in lines] == sorted((line.used_ms for line in lines), reverse=True)
    assert len(lines) == count


# --- roles ----------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("role", "staff"), [(Role.ADMIN, True), (Role.PREMIUM_USER, False), (Role.USER, False)]
)
def test_the_role_decides_who_enters_the_admin(user, role, staff):
    make_user("admin@example.org", role=Role.ADMIN)

    changed = services.set_role(user_id=user.pk, role=role)

    assert (changed.role, changed.is_staff, changed.is_superuser) == (role, staff, staff)


def test_the_last_admin_stays(user):
    admin = make_user("admin@example.org", role=Role.ADMIN)

    assert refusal(services.set_role, user_id=admin.pk, role=Role.USER) == Code.LAST_ADMIN
    assert refusal(services.set_active, user_id=admin.pk, active=False, now_ms=now_ms()) == Code.LAST_ADMIN

    services.set_role(user_id=user.pk, role=Role.ADMIN)
    assert services.set_role(user_id=admin.pk, role=Role.USER).role == Role.USER


def test_a_public_name_never_is_the_address(user):
    assert user.public_name == f"Trader {user.pk.hex[:6]}"

    services.rename_user(user_id=user.pk, display_name="Ada")

    assert User.objects.get().public_name == "Ada"


def test_passwords_are_hashed_with_argon2_in_production(settings):
    settings.PASSWORD_HASHERS = ["django.contrib.auth.hashers.Argon2PasswordHasher"]

    user = services.register_user(email="ada@example.org", password=PASSWORD)

    assert user.password.startswith("argon2$argon2id$")
    assert services.authenticate_user(email="ada@example.org", password=PASSWORD, address=HERE) == user
