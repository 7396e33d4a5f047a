"""The four databases, and which app lives in which.

  default      auth_db      accounts, Django's auth, sessions, admin log
  markets_db                the catalogue
  trading_db                portfolios, orders, fills, postings
  system_db                 settings, rate limits

One business transaction touches one of them; no foreign key crosses.
"""

from pathlib import Path
from typing import Any

from django.db.models import Model

NAMES = {
    "default": "auth_db",
    "trading_db": "trading_db",
    "markets_db": "markets_db",
    "system_db": "system_db",
}
APPS = {
    "trading": "trading_db",
    "markets": "markets_db",
    "livedata": "markets_db",
    "papertrading": "system_db",
}
# A model that its app owns but another database keeps.
MODELS = {("accounts", "ratelimit"): "system_db"}
PER_SOURCE = {"trading_db", "markets_db"}

_SQLITE_PRAGMAS = (
    "PRAGMA journal_mode=WAL;PRAGMA synchronous=NORMAL;PRAGMA cache_size=-2048;"
    "PRAGMA mmap_size=268435456;PRAGMA temp_store=MEMORY;"
)


def name_of(alias: str, source: str) -> str:
    """`trading_db` on the live venue, `trading_db_simulator` on the simulator: sources never mix."""
    name = NAMES[alias]
    return name if source == "live" or alias not in PER_SOURCE else f"{name}_{source}"


def sqlite(folder: Path, source: str) -> dict[str, dict[str, Any]]:
    # IMMEDIATE: a transaction that reads first and writes later would fail with "locked" instead of waiting.
    options = {"timeout": 20, "transaction_mode": "IMMEDIATE", "init_command": _SQLITE_PRAGMAS}
    return {
        alias: {
            "ENGINE": "django.db.backends.sqlite3",
            "NAME": folder / f"{name_of(alias, source)}.sqlite3",
            "OPTIONS": options,
            "CONN_MAX_AGE": None,  # a file needs no rest; opening it anew costs a millisecond
            "TEST": {"NAME": folder / f"test_{NAMES[alias]}.sqlite3"},
        }
        for alias in NAMES
    }


def mongodb(uri: str, source: str) -> dict[str, dict[str, Any]]:
    options = {"retryWrites": True, "w": "majority", "maxPoolSize": 50}
    return {
        alias: {
            "ENGINE": "django_mongodb_backend",
            "HOST": uri,
            "NAME": name_of(alias, source),
            "OPTIONS": options,
        }
        for alias in NAMES
    }


class Router:
    """Sends every model to its app's database."""

    def db_for_read(self, model: type[Model], **hints: Any) -> str:
        return home(model._meta.app_label, model._meta.model_name)

    db_for_write = db_for_read

    def allow_relation(self, first: Model, second: Model, **hints: Any) -> bool:
        # By the instances: `request.user` is a lazy object, whose type is no model.
        return self.db_for_read(first) == self.db_for_read(second)  # type: ignore[arg-type]

    def allow_migrate(self, db: str, app_label: str, model_name: str | None = None, **hints: Any) -> bool:
        if model_name is None and any(app == app_label for app, _ in MODELS):
            return True  # a RunPython of a split app checks its alias itself
        return home(app_label, model_name) == db


def home(app_label: str, model_name: str | None) -> str:
    split = MODELS.get((app_label, (model_name or "").lower()))
    return split or APPS.get(app_label, "default")
