"""What must hold before strangers use the site; `manage.py check_production` asks it all."""

from collections.abc import Iterator
from dataclasses import dataclass

from django.apps import apps
from django.conf import settings
from django.core.checks import run_checks
from django.db import DEFAULT_DB_ALIAS, DatabaseError, connections
from django.db.models import Model, UniqueConstraint
from pymongo.errors import PyMongoError

from livedata.bus import bus
from livedata.errors import BusDown
from papertrading.databases import home
from papertrading.schema import pending


@dataclass(frozen=True, slots=True, kw_only=True)
class Finding:
    ok: bool
    what: str
    cure: str = ""


def findings() -> Iterator[Finding]:
    """Each in turn, so that a database that hangs does not hide what came before."""
    yield Finding(ok=settings.DISTRIBUTED, what="databases on MongoDB", cure="set MONGO_URI")
    yield Finding(ok=bool(settings.REDIS_URL), what="bus and limits in Redis", cure="set REDIS_HOST")
    yield Finding(ok=not settings.DEBUG, what="DEBUG is off", cure="unset DEBUG")
    yield Finding(
        ok=settings.HTTPS, what="people come over HTTPS", cure="put a proxy in front and set HTTPS=true"
    )
    hosts = set(settings.ALLOWED_HOSTS)
    named = bool(hosts - {"localhost", "127.0.0.1", "[::1]"}) and "*" not in hosts
    yield Finding(ok=named, what="ALLOWED_HOSTS names the site", cure="ALLOWED_HOSTS=paper.example.org")
    different = settings.SECRET_KEY != settings.JWT_SECRET_KEY
    yield Finding(ok=different, what="two different secrets", cure="openssl rand -base64 48, once for each")
    collected = (settings.STATIC_ROOT / "staticfiles.json").exists()
    yield Finding(ok=collected, what="static files are collected", cure="manage.py collectstatic")
    for message in run_checks(include_deployment_checks=True):
        yield Finding(ok=False, what=f"{message.id}: {message.msg}", cure=str(message.hint or ""))
    yield _bus_answers()
    yield from _databases()


def _bus_answers() -> Finding:
    try:
        bus().get("health:probe")
    except BusDown:
        return Finding(
            ok=False, what="the bus answers", cure="start Redis, or mend REDIS_HOST and REDIS_PORT"
        )
    return Finding(ok=True, what="the bus answers")


def _databases() -> Iterator[Finding]:
    for alias in connections:
        try:
            connections[alias].ensure_connection()
            behind = pending(alias)
            missing = [] if behind else missing_constraints(alias)
        except (DatabaseError, PyMongoError) as exc:
            yield Finding(ok=False, what=f"{alias} answers", cure=f"{type(exc).__name__}: mend MONGO_URI")
            continue
        yield Finding(ok=not behind, what=f"{alias} is migrated", cure="manage.py migrate_all")
        # Money rests on uniqueness alone (one order per client id, one fill per cause): it must be enforced.
        found = f"{alias} enforces uniqueness"
        yield Finding(ok=not missing, what=found, cure=f"no index for {', '.join(missing)}: migrate anew")
        if alias == DEFAULT_DB_ALIAS and settings.DISTRIBUTED:
            yield _replica_set()


def _replica_set() -> Finding:
    hello = connections[DEFAULT_DB_ALIAS].database.command("hello")
    cure = "run mongod with --replSet and rs.initiate() once: without it there are no transactions"
    return Finding(ok="setName" in hello, what="MongoDB is a replica set", cure=cure)


def missing_constraints(alias: str) -> list[str]:
    """Unique constraints of our models that this database does not have."""
    connection, missing = connections[alias], []
    with connection.cursor() as cursor:
        for model in _models_of(alias):
            there = connection.introspection.get_constraints(cursor, model._meta.db_table)
            unique = {tuple(index["columns"]) for index in there.values() if index["unique"]}
            missing += [name for name, columns in _wanted(model) if columns not in unique]
    return missing


def _models_of(alias: str) -> list[type[Model]]:
    return [
        model for model in apps.get_models() if home(model._meta.app_label, model._meta.model_name) == alias
    ]


def _wanted(model: type[Model]) -> Iterator[tuple[str, tuple[str, ...]]]:
    for constraint in model._meta.constraints:
        if isinstance(constraint, UniqueConstraint) and constraint.condition is None:
            yield constraint.name, tuple(model._meta.get_field(name).column for name in constraint.fields)
    for field in model._meta.local_fields:
        if field.unique and not field.primary_key:
            yield f"{model._meta.label}.{field.name}", (field.column,)
