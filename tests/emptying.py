"""How databases are emptied after a test that could not be rolled back: on MongoDB, and with threads.

Django's way would also delete what a migration leaves in every database, content types and permissions,
and make it again: two thirds of the time, hundreds of times. A test that is rolled back keeps them, too.
"""

from typing import Any

from django.core.management.commands import flush

_KEPT = {"django_content_type", "auth_permission"}


def keep_what_migrations_left() -> None:
    flush.sql_flush = _sql_flush
    flush.emit_post_migrate_signal = lambda *_: None


def _sql_flush(style: Any, connection: Any, **options: Any) -> list[Any]:
    tables = connection.introspection.django_table_names(only_existing=True, include_views=False)
    emptied = [table for table in tables if table not in _KEPT]
    return list(connection.ops.sql_flush(style, emptied, **options))
