"""What check_production finds."""

import pytest
from django.core.management import call_command
from django.db import connections

from papertrading import production
from papertrading.production import findings, missing_constraints
from papertrading.schema import migrate_all, pending

pytestmark = pytest.mark.django_db(databases="__all__")


def test_the_embedded_defaults_are_not_ready_for_strangers(capsys):
    with pytest.raises(SystemExit) as left:
        call_command("check_production")

    said = capsys.readouterr().out
    assert left.value.code == 1
    assert "PROBLEM  people come over HTTPS (put a proxy in front and set HTTPS=true)" in said
    assert said.rstrip().splitlines()[-1].endswith("problems.")


@pytest.mark.portable
def test_every_unique_constraint_is_there_on_a_migrated_database():
    assert [missing_constraints(alias) for alias in connections] == [[]] * 4
    assert [pending(alias) for alias in connections] == [[]] * 4
    assert migrate_all() == []


def test_a_constraint_that_is_not_enforced_is_named(monkeypatch):
    introspection = connections["trading_db"].introspection
    monkeypatch.setattr(introspection, "get_constraints", lambda *_: {})

    assert {"one_order_per_client_id", "one_fill_per_cause"} <= set(missing_constraints("trading_db"))
    found = [finding for finding in findings() if finding.what == "trading_db enforces uniqueness"]
    assert [finding.ok for finding in found] == [False]


def test_unmigrated_databases_are_named(monkeypatch):
    monkeypatch.setattr(production, "pending", lambda alias: ["0001"] if alias == "system_db" else [])

    wrong = {finding.what for finding in findings() if not finding.ok}

    assert "system_db is migrated" in wrong
    assert "trading_db is migrated" not in wrong
