"""All or nothing, and never over somebody else's write, on every database.

The only place that opens a transaction. On MongoDB Django's own atomic() silently does nothing and
conflicts surface as errors to retry; on SQLite writers exclude each other. `run_atomic` promises the
same on both.
"""

import random
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager, nullcontext
from typing import Any, TypeVar

from django.db import DatabaseError, OperationalError, connections, transaction
from django_mongodb_backend import transaction as mongo_transaction
from pymongo.errors import PyMongoError

from markets.core.errors import Conflict

R = TypeVar("R")

_ATTEMPTS_MAX = 40  # the MongoDB wire conflicts often under load
_PAUSE_MAX_S = 0.25
# SQLite's busy handler is unfair (waits of seconds under load): writers of one process queue here instead.
_writers: dict[str, threading.RLock] = {"default": threading.RLock(), "trading_db": threading.RLock()}


def run_atomic(unit: Callable[[], R], *, using: str = "trading_db") -> R:
    """Run `unit` in one transaction of one database; again when it lost a race.

    The unit re-reads what it changes, may run more than once, and does nothing but write: publish
    after the return. Raises what the unit raises (Conflict after the last attempt).
    """
    connection = connections[using]
    if _inside(connection):
        return unit()  # joins the outer unit; MongoDB has no savepoints, so its errors must not be swallowed
    for attempt in range(_ATTEMPTS_MAX):
        try:
            with _one_writer(connection), _transaction(connection):
                return unit()
        except (Conflict, DatabaseError, PyMongoError) as exc:
            if not _worth_another(exc, connection) or attempt == _ATTEMPTS_MAX - 1:
                raise
        time.sleep(min(_PAUSE_MAX_S, 0.002 * 2 ** min(attempt, 7)) * random.random())
    raise AssertionError("unreachable")


def _inside(connection: Any) -> bool:
    return bool(connection.in_atomic_block_mongo if connection.vendor == "mongodb" else _nested(connection))


def _nested(connection: Any) -> bool:
    # pytest-django wraps each test in a transaction of its own: that one is not a unit of ours.
    return connection.in_atomic_block and getattr(connection, "_in_unit", False)


def _one_writer(connection: Any) -> Any:
    lock = _writers.get(connection.alias) if connection.vendor == "sqlite" else None
    return lock if lock is not None else nullcontext()


@contextmanager
def _transaction(connection: Any) -> Iterator[None]:
    if connection.vendor != "mongodb":
        with transaction.atomic(using=connection.alias):
            connection._in_unit = True
            try:
                yield
            finally:
                connection._in_unit = False
        return
    try:
        with mongo_transaction.atomic(using=connection.alias):
            yield
    except BaseException:
        # A commit that fails leaves a dead session on the connection.
        if connection.session is not None and not connection.in_atomic_block_mongo:
            connection.rollback_mongo()
        raise


def _worth_another(exc: Exception, connection: Any) -> bool:
    if isinstance(exc, Conflict):
        return exc.code == "conflict"
    if connection.vendor == "mongodb":
        cause: BaseException | None = exc
        while cause is not None and not isinstance(cause, PyMongoError):
            cause = cause.__cause__
        return isinstance(cause, PyMongoError) and cause.has_error_label("TransientTransactionError")
    return isinstance(exc, OperationalError) and "locked" in str(exc)
