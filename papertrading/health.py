"""Is the site well? One look, told three ways: /health, /status for people, gauges in /metrics.

healthy    everything works
degraded   something is late or lost and will heal by itself; reading and accounts still work
unhealthy  a vital part is gone (a database, the bus): 503
"""

import platform
import threading
import time
from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Any

import django
from django.conf import settings
from django.db import DatabaseError, connections
from django.http import HttpRequest, HttpResponse, JsonResponse
from django.shortcuts import render
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_safe
from pymongo.errors import PyMongoError

from livedata.bus import bus
from livedata.errors import BusDown
from livedata.pulse import newest_pulse, wall_ms
from livedata.subscriptions import wanted
from markets.models import SyncState
from markets.selectors import sync_states
from papertrading.schema import pending

_KEPT_SECONDS = 1.0  # everybody may ask: a flood of questions costs one look a second
_BEHIND_MS_MAX = 5_000  # a matcher further behind the feed fills resting orders late
_SHARDS_MAX = 16
_STARTED_MS = wall_ms()


@dataclass(frozen=True, slots=True, kw_only=True)
class Check:
    """One part of the site. `vital`: nothing works without it."""

    name: str
    title: str
    ok: bool
    detail: str
    vital: bool = False
    facts: dict[str, Any] = field(default_factory=dict)


@dataclass(frozen=True, slots=True, kw_only=True)
class Health:
    checks: tuple[Check, ...]
    checked_ms: int

    @property
    def status(self) -> str:
        if all(check.ok for check in self.checks):
            return "healthy"
        return "unhealthy" if any(check.vital and not check.ok for check in self.checks) else "degraded"

    @property
    def by_name(self) -> dict[str, Check]:
        return {check.name: check for check in self.checks}


_lock = threading.Lock()
_newest: list[Health] = []


def health() -> Health:
    """How the site is, at most a second ago."""
    with _lock:
        if not _newest or wall_ms() - _newest[0].checked_ms > 1000 * _KEPT_SECONDS:
            _newest[:] = [look()]
        return _newest[0]


def look() -> Health:
    """Asks every part now. Never raises: what does not answer is a check that failed."""
    databases, the_bus = _database_check(), _bus_check()
    checks = [databases, the_bus]
    if the_bus.ok:
        checks += [_asked("feed", "Market feed", _feed_check), _asked("matcher", "Matcher", _matcher_check)]
    if databases.ok:
        checks.append(_asked("catalogue", "Market catalogue", _catalogue_check))
    return Health(checks=tuple(checks), checked_ms=wall_ms())


def _asked(name: str, title: str, ask: Callable[[], Check]) -> Check:
    try:
        return ask()
    except (BusDown, DatabaseError, PyMongoError) as exc:
        return Check(name=name, title=title, ok=False, detail=f"does not answer ({type(exc).__name__})")


def _database_check() -> Check:
    started, silent = time.monotonic(), []
    for alias in connections:
        try:
            connections[alias].ensure_connection()
            connections[alias].introspection.table_names()
        except (DatabaseError, PyMongoError):
            silent.append(alias)
    engine = "MongoDB" if settings.DISTRIBUTED else "SQLite"
    took_ms = round(1000 * (time.monotonic() - started))
    detail = f"no answer from {', '.join(silent)}" if silent else f"{engine}, answered in {took_ms} ms"
    facts = {"engine": engine, "answer_ms": took_ms}
    return Check(name="database", title="Databases", ok=not silent, detail=detail, vital=True, facts=facts)


def _bus_check() -> Check:
    kind = "Redis" if settings.REDIS_URL else "memory"
    try:
        bus().get("health:probe")
    except BusDown:
        return Check(name="bus", title="Bus", ok=False, detail=f"{kind} does not answer", vital=True)
    return Check(name="bus", title="Bus", ok=True, detail=kind, vital=True, facts={"kind": kind})


def _feed_check() -> Check:
    pulse, now_ms = newest_pulse(bus()), wall_ms()
    heard_ms = max((heartbeat.heard_ms for heartbeat in pulse.connections.values()), default=0)
    facts = {
        "connections": len(pulse.connections),
        "markets": len(wanted()),
        "age_ms": now_ms - heard_ms if heard_ms else None,
        "delay_ms": pulse.delay_ms,
        "paused": pulse.paused,
    }
    if not pulse.written_ms:
        ok, detail = False, "has not started"
    elif now_ms - pulse.written_ms > 1000 * settings.FEED_STALE_SECONDS:
        ok, detail = False, f"silent for {(now_ms - pulse.written_ms) // 1000} s"
    elif pulse.paused:
        ok, detail = False, "paused by an admin"
    elif not pulse.connections and facts["markets"]:
        ok, detail = False, "no live connection to the venue"
    else:
        ok = True
        detail = f"{_counted(facts['markets'], 'market')}, {_counted(len(pulse.connections), 'connection')}"
    return Check(name="feed", title="Market feed", ok=ok, detail=detail, facts=facts)


def _counted(count: Any, noun: str) -> str:
    return f"{count} {noun}" if count == 1 else f"{count} {noun}s"


def _matcher_check() -> Check:
    seen = bus().get_many([f"matcher:seen:{shard}" for shard in range(_SHARDS_MAX)])
    lags = bus().get_many([f"matcher:lag:{shard}" for shard in range(_SHARDS_MAX)])
    alive = [shard for shard, value in enumerate(seen) if value is not None]
    behind_ms = max((int(value) for value in lags if value is not None), default=0)
    ok = bool(alive) and alive == list(range(len(alive))) and behind_ms < _BEHIND_MS_MAX
    detail = f"{len(alive)} running, {behind_ms} ms behind the feed"
    if not alive:
        detail = "no word from it for 10 s: orders wait"
    facts = {"shards": len(alive), "behind_ms": behind_ms}
    return Check(name="matcher", title="Matcher", ok=ok, detail=detail, facts=facts)


def _catalogue_check() -> Check:
    states = {state.name: state for state in sync_states()}
    finished_ms = max((state.finished_ms or 0 for state in states.values()), default=0)
    late_ms = 60_000 * max(3 * settings.SYNC_INTERVAL_MINUTES, 10)
    failed = [state.name for state in states.values() if state.last_error]
    facts = {name: sync_facts(state) for name, state in states.items()}
    if not finished_ms:
        running = any(state.started_ms for state in states.values())
        ok = running and not failed
        detail = (
            "first sync is running"
            if ok
            else "the first sync is failing"
            if failed
            else "has not been synced"
        )
    elif failed:
        ok, detail = False, f"the last {failed[0]} sync failed"
    else:
        age_ms = wall_ms() - finished_ms
        ok, detail = age_ms <= late_ms, f"synced {age_ms // 1000} s ago"
    return Check(name="catalogue", title="Market catalogue", ok=ok, detail=detail, facts=facts)


def sync_facts(state: SyncState) -> dict[str, Any]:
    return {
        "rows": state.rows_count,
        "written": state.written_count,
        "unchanged": state.unchanged_count,
        "bad": state.bad_count,
        "started_ms": state.started_ms,
        "finished_ms": state.finished_ms,
        "failed": bool(state.last_error),
    }


def versions() -> dict[str, str]:
    return {"site": settings.VERSION, "django": django.get_version(), "python": platform.python_version()}


@never_cache
@require_safe
def health_view(_request: HttpRequest) -> HttpResponse:
    """/health, for monitors: 503 only when a vital part is gone."""
    found = health()
    body = {
        "status": found.status,
        "version": settings.VERSION,
        "exchange": settings.EXCHANGE_KIND,
        "checks": {
            check.name: {"ok": check.ok, "detail": check.detail, **check.facts} for check in found.checks
        },
    }
    return JsonResponse(body, status=503 if found.status == "unhealthy" else 200)


@never_cache
@require_safe
def ready_view(_request: HttpRequest) -> HttpResponse:
    """/health/ready, for orchestrators: may traffic come here? Once all is migrated, yes."""
    found = health()
    behind = [] if found.status == "unhealthy" else [alias for alias in connections if pending(alias)]
    ready = found.status != "unhealthy" and not behind
    return JsonResponse({"ready": ready, "unmigrated": behind}, status=200 if ready else 503)


@never_cache
@require_safe
def status_page(request: HttpRequest) -> HttpResponse:
    """/status, for people."""
    found = health()
    return render(
        request,
        "papertrading/status.html",
        {
            "health": found,
            "feed": found.by_name.get("feed"),
            "syncs": sync_states() if found.by_name["database"].ok else [],
            "versions": versions(),
            "uptime_s": (wall_ms() - _STARTED_MS) // 1000,
            "database_bytes": _database_bytes(),
        },
    )


def _database_bytes() -> int | None:
    """The size of the SQLite files; None on MongoDB, which keeps its own books."""
    if settings.DISTRIBUTED:
        return None
    return sum(path.stat().st_size for path in settings.DATA_DIR.glob("*.sqlite3*"))
