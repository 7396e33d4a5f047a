"""Many rows in one go, written or overwritten: the one place that knows how each database does it.

Both ways may be repeated: the same rows again change nothing. SQLite takes a batch all or nothing;
MongoDB row by row, which an idempotent batch can bear. (The ORM's own bulk_create spends more time on
building models and statements of 999 parameters than SQLite does on the rows; MongoDB refuses it.)
"""

from collections.abc import Mapping, Sequence
from contextlib import AbstractContextManager, nullcontext
from functools import lru_cache
from typing import Any

from django.db import connections, transaction
from django.db.models import Field, JSONField, Model
from pymongo import UpdateOne

Row = Mapping[str, Any]  # by attribute name: "event_id", not "event"


def upsert(model: type[Model], rows: Sequence[Row]) -> None:
    """Insert the rows, or overwrite these columns where the key is there already.

    All rows have the same columns, the key among them. A column that is not named keeps its value, and
    takes the model's default in a new row.
    """
    _write(model, rows, insert=True)


def patch(model: type[Model], rows: Sequence[Row]) -> None:
    """Overwrite these columns of rows that exist; a key that does not exist is passed over."""
    _write(model, rows, insert=False)


def _write(model: type[Model], rows: Sequence[Row], *, insert: bool) -> None:
    if not rows:
        return
    connection = connections[model._default_manager.db]
    fields = tuple(_fields(model)[name] for name in rows[0])
    if connection.vendor == "mongodb":
        _to_mongodb(connection, model, rows, fields, insert=insert)
    else:
        _to_sqlite(connection, model, rows, fields, insert=insert)


@lru_cache(maxsize=16)
def _fields(model: type[Model]) -> dict[str, Field]:
    return {field.attname: field for field in model._meta.concrete_fields}


def _defaults(model: type[Model], named: Sequence[Field]) -> dict[str, Any]:
    """What a new row holds in the columns that nobody named."""
    return {
        field.attname: field.get_default() for field in model._meta.concrete_fields if field not in set(named)
    }


def _to_sqlite(
    connection: Any,
    model: type[Model],
    rows: Sequence[Row],
    fields: Sequence[Field],
    *,
    insert: bool,
) -> None:
    quoted = connection.ops.quote_name
    table, key = quoted(model._meta.db_table), model._meta.pk
    assert key is not None
    changed = [field for field in fields if field is not key]
    if insert:
        extra = _defaults(model, fields)
        every = [*fields, *(_fields(model)[name] for name in extra)]
        names = ", ".join(quoted(field.column) for field in every)
        updates = ", ".join(f"{quoted(field.column)} = excluded.{quoted(field.column)}" for field in changed)
        marks = ", ".join(["%s"] * len(every))
        sql = (
            f"INSERT INTO {table} ({names}) VALUES ({marks}) "
            f"ON CONFLICT ({quoted(key.column)}) DO UPDATE SET {updates}"
        )
        rows = [{**row, **extra} for row in rows] if extra else rows
    else:
        every = [*changed, key]
        updates = ", ".join(f"{quoted(field.column)} = %s" for field in changed)
        sql = f"UPDATE {table} SET {updates} WHERE {quoted(key.column)} = %s"
    columns = [_column(connection, rows, field) for field in every]
    with transaction.atomic(using=connection.alias), connection.cursor() as cursor:
        cursor.executemany(sql, list(zip(*columns, strict=True)))


def _column(connection: Any, rows: Sequence[Row], field: Field) -> list[Any]:
    name = field.attname
    if isinstance(field, JSONField):
        return [field.get_db_prep_save(row[name], connection) for row in rows]
    return [row[name] for row in rows]  # text, integers and booleans: SQLite takes them as they are


def _to_mongodb(
    connection: Any,
    model: type[Model],
    rows: Sequence[Row],
    fields: Sequence[Field],
    *,
    insert: bool,
) -> None:
    key = model._meta.pk
    assert key is not None
    extra = _prepared(connection, _fields(model), _defaults(model, fields)) if insert else {}
    changes = []
    for row in rows:
        values = _prepared(connection, _fields(model), row)
        update: dict[str, Any] = {
            "$set": {name: value for name, value in values.items() if name != key.column}
        }
        if extra:
            update["$setOnInsert"] = extra
        changes.append(UpdateOne({key.column: values[key.column]}, update, upsert=insert))
    connection.get_collection(model._meta.db_table).bulk_write(changes, ordered=False)


def _prepared(connection: Any, fields: Mapping[str, Field], row: Row) -> dict[str, Any]:
    return {
        fields[name].column: fields[name].get_db_prep_save(value, connection) for name, value in row.items()
    }


def together(model: type[Model]) -> AbstractContextManager[Any]:
    """One commit for several writes where that is cheap (SQLite); elsewhere nothing.

    For speed only: whoever writes here must bear being killed between two writes.
    """
    alias = model._default_manager.db
    return nullcontext() if connections[alias].vendor == "mongodb" else transaction.atomic(using=alias)
