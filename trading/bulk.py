"""Rows in one trip: the ORM builds each statement anew, which costs more than running it.

A seam between the databases: prepared statements on SQLite, the ORM elsewhere. Rows are model instances
and values Python values on both. Writes belong inside a unit of `run_atomic`.
"""

from collections.abc import Mapping, Sequence
from functools import cache
from typing import Any, TypeVar
from uuid import UUID

from django.db import connections, models, router

R = TypeVar("R", bound=models.Model)
Values = Mapping[str, Any]  # field name -> value


def read_rows(model: type[R], where: Values) -> list[R]:
    """The instances whose fields have these values; a tuple stands for any of its values."""
    if any(value == () for value in where.values()):
        return []
    connection = connections[router.db_for_read(model)]
    if connection.vendor != "sqlite":
        return list(
            model._default_manager.filter(
                **{name + "__in" * isinstance(value, tuple): value for name, value in where.items()}
            )
        )
    shape = tuple((name, len(value) if isinstance(value, tuple) else 0) for name, value in where.items())
    statement, names, converters = _select_statement(model, shape)
    with connection.cursor() as cursor:
        cursor.execute(statement, _parameters(model, connection, where, {}))
        rows = cursor.fetchall()
    alias = connection.alias
    return [
        model.from_db(
            alias,
            names,
            [
                value if convert is None or value is None else convert(value)
                for value, convert in zip(row, converters, strict=True)
            ],
        )
        for row in rows
    ]


def insert_rows(rows: Sequence[models.Model]) -> None:
    """Insert instances of one model. Raises IntegrityError when a key or constraint is taken."""
    if not rows:
        return
    model = type(rows[0])
    connection = connections[router.db_for_write(model)]
    if connection.vendor != "sqlite":
        model._default_manager.bulk_create(rows)
        return
    statement, fields = _insert_statement(model)
    with connection.cursor() as cursor:
        cursor.executemany(
            statement,
            [
                tuple(field.get_db_prep_save(getattr(row, field.attname), connection) for field in fields)
                for row in rows
            ],
        )


def update_rows(model: type[models.Model], changes: Sequence[tuple[Values, Values]]) -> int:
    """Apply (where, values) pairs of the same fields; each `where` names one row. Returns how many changed.

    A tuple in a `where` stands for any of its values.
    """
    if not changes:
        return 0
    connection = connections[router.db_for_write(model)]
    if connection.vendor != "sqlite":
        return sum(
            model._default_manager.filter(
                **{name + "__in" * isinstance(value, tuple): value for name, value in where.items()}
            ).update(**values)
            for where, values in changes
        )
    where, values = changes[0]
    shape = tuple((name, len(value) if isinstance(value, tuple) else 0) for name, value in where.items())
    statement = _update_statement(model, tuple(values), shape)
    with connection.cursor() as cursor:
        cursor.executemany(
            statement, [_parameters(model, connection, where, values) for where, values in changes]
        )
        return int(cursor.rowcount)


def _parameters(model: type[models.Model], connection: Any, where: Values, values: Values) -> list[Any]:
    prepared = [_prepared(model, connection, name, value) for name, value in values.items()]
    for name, value in where.items():
        several = value if isinstance(value, tuple) else (value,)
        prepared += [_prepared(model, connection, name, one) for one in several]
    return prepared


def _prepared(model: type[models.Model], connection: Any, name: str, value: Any) -> Any:
    return _field(model, name).get_db_prep_save(value, connection)


@cache
def _field(model: type[models.Model], name: str) -> Any:
    return model._meta.pk if name == "pk" else model._meta.get_field(name)


@cache
def _select_statement(
    model: type[models.Model], shape: tuple[tuple[str, int], ...]
) -> tuple[str, tuple[str, ...], tuple[Any, ...]]:
    fields = tuple(model._meta.concrete_fields)
    assert not any(isinstance(field, models.JSONField) for field in fields), "JSON is read by the ORM"
    columns = ", ".join(f'"{field.column}"' for field in fields)
    statement = f'SELECT {columns} FROM "{model._meta.db_table}" WHERE {_tests(model, shape)}'
    return statement, tuple(field.attname for field in fields), tuple(map(_converter, fields))


def _converter(field: Any) -> Any:
    """How SQLite's value becomes the field's; None where it is the same."""
    kind = field.target_field if field.is_relation else field
    if isinstance(kind, models.UUIDField):
        return UUID
    return bool if isinstance(kind, models.BooleanField) else None


def _tests(model: type[models.Model], shape: tuple[tuple[str, int], ...]) -> str:
    return " AND ".join(
        f'"{_field(model, name).column}" ' + (f"IN ({', '.join(['%s'] * count)})" if count else "= %s")
        for name, count in shape
    )


@cache
def _insert_statement(model: type[models.Model]) -> tuple[str, tuple[Any, ...]]:
    fields = tuple(model._meta.concrete_fields)
    columns = ", ".join(f'"{field.column}"' for field in fields)
    marks = ", ".join(["%s"] * len(fields))
    return f'INSERT INTO "{model._meta.db_table}" ({columns}) VALUES ({marks})', fields


@cache
def _update_statement(
    model: type[models.Model], names: tuple[str, ...], shape: tuple[tuple[str, int], ...]
) -> str:
    sets = ", ".join(f'"{_field(model, name).column}" = %s' for name in names)
    return f'UPDATE "{model._meta.db_table}" SET {sets} WHERE {_tests(model, shape)}'
