"""Limits by role and scope, from rows that an admin edits."""

import threading

import pytest
from django.contrib.auth.models import AnonymousUser

from accounts import limits, services
from accounts.core.allowances import DEFAULTS
from accounts.core.refusals import TooManyAttempts
from accounts.limits import allow, guard_attempt, limit_of
from accounts.models import RateLimit, Role
from tests.people import make_user

pytestmark = [pytest.mark.django_db(databases="__all__"), pytest.mark.portable]


def test_the_migration_writes_every_default_as_a_row(limit_rows):
    rows = {(row.role, row.scope): row.limit for row in RateLimit.objects.all()}

    assert rows == DEFAULTS
    assert {scope for _, scope in rows} == set(RateLimit.Scope.values)


def test_a_role_has_its_own_limit():
    assert limit_of(make_user(), "portfolios") == 10
    assert limit_of(make_user("p@example.org", role=Role.PREMIUM_USER), "portfolios") == 50
    assert limit_of(AnonymousUser(), "portfolios") == limit_of(None, "portfolios") == 0


def test_an_edited_row_is_in_force_at_once(user):
    assert limit_of(user, "orders") == 300

    services.set_limit(role="user", scope="orders", limit=2)

    assert limit_of(user, "orders") == 2
    assert [allow(user, "orders").allowed for _ in range(3)] == [True, True, False]


def test_a_row_edited_elsewhere_is_in_force_after_a_few_seconds(user, monkeypatch, limit_rows):
    assert limit_of(user, "orders") == 300
    RateLimit.objects.filter(pk="user:orders").update(limit=7)
    assert limit_of(user, "orders") == 300

    monkeypatch.setattr(limits, "_REREAD_SECONDS", 0.0)

    assert limit_of(user, "orders") == 7


def test_a_missing_row_counts_as_its_default(user, limit_rows):
    RateLimit.objects.all().delete()
    limits.reread()

    assert limit_of(user, "requests") == DEFAULTS["user", "requests"]


def test_people_are_counted_by_account_and_scope(user):
    services.set_limit(role="user", scope="orders", limit=1)
    other = make_user("bob@example.org")

    assert allow(user, "orders").allowed
    assert not allow(user, "orders").allowed
    assert allow(other, "orders").allowed
    assert allow(user, "requests").allowed


def test_strangers_are_counted_by_address():
    services.set_limit(role="anonymous", scope="requests", limit=1)

    assert allow(AnonymousUser(), "requests", key="203.0.113.7").allowed
    assert not allow(None, "requests", key="203.0.113.7").allowed
    assert allow(None, "requests", key="203.0.113.8").allowed


def test_a_limit_of_nothing_refuses_everything():
    verdict = allow(None, "orders", key="203.0.113.7")

    assert (verdict.allowed, verdict.retry_after_s) == (False, 60)


def test_eight_threads_of_one_user_get_exactly_the_limit(user):
    services.set_limit(role="user", scope="orders", limit=1)
    limit_of(user, "orders")  # read here: the threads then need no database
    passed, started = [], threading.Barrier(8)

    def run() -> None:
        started.wait()
        passed.extend(allow(user, "orders").allowed for _ in range(50))

    threads = [threading.Thread(target=run) for _ in range(8)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()

    assert sum(passed) == 1
    assert len(passed) == 400


def test_guessing_is_stopped_for_the_pair_and_then_for_the_address():
    services.set_limit(role="anonymous", scope="logins", limit=2)
    for _ in range(2):
        guard_attempt(address="203.0.113.7", email="ada@example.org")

    with pytest.raises(TooManyAttempts) as refused:
        guard_attempt(address="203.0.113.7", email="ada@example.org")
    assert 1 <= refused.value.retry_after_s <= 30
    guard_attempt(address="203.0.113.8", email="ada@example.org")  # the owner, elsewhere

    with pytest.raises(TooManyAttempts):
        for number in range(30):
            guard_attempt(address="203.0.113.7", email=f"victim{number}@example.org")


def test_without_redis_a_process_counts_for_itself(user, settings, caplog):
    settings.REDIS_URL = "redis://127.0.0.1:1"  # nobody listens
    services.set_limit(role="user", scope="orders", limit=1)

    assert [allow(user, "orders").allowed for _ in range(2)] == [True, False]
    assert "limits.degraded" in caplog.messages
