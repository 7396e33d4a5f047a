"""Brings every database up to date; costs next to nothing when it is."""

from django.core.management import call_command
from django.db import connections
from django.db.migrations.executor import MigrationExecutor

from papertrading.site_settings import make_known_settings


def migrate_all() -> list[str]:
    """Migrate each alias that needs it, and return their names."""
    behind = [alias for alias in connections if pending(alias)]
    for alias in behind:
        call_command("migrate", database=alias, verbosity=0, interactive=False)
    if behind:
        make_known_settings()
    return behind


def pending(alias: str) -> list[str]:
    """The migrations that this database has not seen."""
    executor = MigrationExecutor(connections[alias])
    plan = executor.migration_plan(executor.loader.graph.leaf_nodes())
    return [f"{migration.app_label}.{migration.name}" for migration, _ in plan]
