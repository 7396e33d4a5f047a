"""The parts that tests stand on are themselves true."""

import hashlib

import pytest
import redis
from django.contrib.auth.models import Group, Permission
from django.db import connections
from playwright.sync_api import Page

from accounts.models import User
from papertrading.models import Setting

pytestmark = pytest.mark.django_db(databases="__all__")


@pytest.mark.portable
def test_each_alias_has_its_own_migrated_database():
    tables = {alias: set(connections[alias].introspection.table_names()) for alias in connections}

    assert "accounts_user" in tables["default"]
    assert "markets_market" in tables["markets_db"]
    assert "trading_order" in tables["trading_db"]
    assert {"papertrading_setting", "accounts_ratelimit"} <= tables["system_db"]
    assert "accounts_user" not in tables["trading_db"]


@pytest.mark.portable
def test_permissions_through_a_group_are_found():
    """Nested objects in $project: the first fault that tests/secantus_shim.py mends."""
    permission = Permission.objects.select_related("content_type").order_by("content_type__app_label").first()
    label = f"{permission.content_type.app_label}.{permission.codename}"
    group = Group.objects.create(name="readers")
    group.permissions.add(permission)
    user = User.objects.create_user("alice@example.com", "a long password")
    user.groups.add(group)

    assert User.objects.get(pk=user.pk).has_perm(label)
    assert not User.objects.create_user("bob@example.com", "another password").has_perm(label)


@pytest.mark.portable
def test_a_missing_json_key_is_missing():
    Setting.objects.create(name="with", value={"key": 1})
    Setting.objects.create(name="without", value={"other": 1})

    assert list(Setting.objects.filter(value__has_key="key").values_list("name", flat=True)) == ["with"]


def test_passwords_are_hashed_fast():
    user = User.objects.create_user("alice@example.com", "a long password")

    algorithm, salt, digest = user.password.split("$")
    assert algorithm == "md5"
    assert digest == hashlib.md5(f"{salt}a long password".encode()).hexdigest()


def test_redis_is_real_and_empty(redis_url: str):
    with redis.Redis.from_url(redis_url) as client:
        assert client.dbsize() == 0
        client.set("seen", "1")
        assert client.get("seen") == b"1"


def test_chromium_runs_scripts(page: Page):
    page.set_content("<p></p><script>document.querySelector('p').textContent = 6 * 7</script>")

    assert page.inner_text("p") == "42"
