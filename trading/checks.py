"""Start-up checks of the money's database."""

from typing import Any

from django.conf import settings
from django.core.checks import CheckMessage, Error, Tags, register
from django.db import DatabaseError, connections
from pymongo.errors import PyMongoError


@register(Tags.database)
def mongodb_is_a_replica_set(databases: Any = None, **_: Any) -> list[CheckMessage]:
    """Transactions need a replica set; a bare mongod would fail at the first order."""
    if not settings.MONGO_URI or "trading_db" not in (databases or ()):
        return []
    try:
        hello = connections["trading_db"].database.client.admin.command("hello")
    except (DatabaseError, PyMongoError) as unreachable:
        return [Error(f"MongoDB does not answer: {unreachable}", id="trading.E001")]
    if "setName" in hello:
        return []
    return [
        Error(
            "MongoDB is no replica set, so nothing could be written all or nothing.",
            hint="Start mongod with --replSet rs0 and run rs.initiate() once.",
            id="trading.E002",
        )
    ]
