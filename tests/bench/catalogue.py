"""The catalogue: rows upserted a second, and /markets over half a million markets.

The half million are invented, shaped like the venue's: eight in a hundred open, most of the rest crypto
intervals and games. They are built once into the system's temporary folder and used again.
"""

import random
import shutil
import sqlite3
import tempfile
import time
from collections.abc import Callable, Iterator
from hashlib import blake2b
from itertools import islice
from pathlib import Path
from statistics import quantiles

import msgspec
from django.core.cache import cache
from django.db import connections
from rest_framework.test import APIRequestFactory

from livedata.api import MarketsView
from markets import models, services
from markets.core import facts, words
from markets.core.facts import EventFacts, MarketFacts
from markets.core.units import ONE
from markets.core.words import search_text
from markets.models import Market
from tests.bench import Figure

MARKETS = 500_000
UPSERTED = 30_000
REQUESTS = 600
_POOLS = """
Vance Newsom Shapiro Buttigieg Rubio Harris Macron Meloni Merz Starmer Lula Milei Modi Orban Núñez
Ohio Texas Paris Łódź Köln Madrid Tokyo Seoul Kyiv Warsaw Lima Oslo Rome Delhi Nairobi
Lakers Celtics Knicks Jazz Suns Bulls Heat Nets Magic Hawks Arsenal Chelsea Ajax Porto Lyon Inter
Bitcoin Ethereum Solana XRP Dogecoin
January February March April May June July August September October November December
"""
_NAMES, _PLACES, _TEAMS, _COINS, _MONTHS = (line.split() for line in _POOLS.strip().splitlines())


def figures() -> Iterator[Figure]:
    yield from _upserts()
    yield from _reads()


def _upserts() -> Iterator[Figure]:
    rows = list(islice(invented(), UPSERTED))
    yield Figure(figure="catalogue rows inserted", value=_rate(rows), unit="rows/s", goal=10_000)
    yield Figure(figure="catalogue rows that stand, skipped", value=_rate(rows), unit="rows/s", goal=10_000)
    moved = [
        (event, msgspec.structs.replace(market, volume_24h_micros=market.volume_24h_micros + 1))
        for event, market in rows
    ]
    yield Figure(figure="catalogue rows whose volume moved", value=_rate(moved), unit="rows/s", goal=10_000)
    changed = [(event, msgspec.structs.replace(market, description="new rules")) for event, market in rows]
    yield Figure(figure="catalogue rows whose content changed", value=_rate(changed), unit="rows/s")


def _rate(rows: list[tuple[EventFacts, MarketFacts]]) -> float:
    began = time.perf_counter()
    for start in range(0, len(rows), 500):
        part = rows[start : start + 500]
        services.upsert_events([event for event, _ in part], now_ms=1)
        services.upsert_markets([market for _, market in part], now_ms=1)
    return len(rows) / (time.perf_counter() - began)


def _reads() -> Iterator[Figure]:
    connection = connections["markets_db"]
    connection.close()
    own, connection.settings_dict["NAME"] = connection.settings_dict["NAME"], half_a_million()
    _read_once(connection.settings_dict["NAME"])
    try:
        assert Market.objects.count() == MARKETS
        dice = random.Random(1)
        for name, query in _QUERIES.items():
            p50_ms, p99_ms = _times(query, dice)
            yield Figure(figure=f"/markets {name}, p50", value=p50_ms, unit="ms", goal=20.0, at_most=True)
            yield Figure(figure=f"/markets {name}, p99", value=p99_ms, unit="ms", goal=60.0, at_most=True)
    finally:
        connection.close()
        connection.settings_dict["NAME"] = own


def _read_once(path: str) -> None:
    """A site in use has its database in the system's page cache; a file from yesterday is on the disk."""
    with Path(path).open("rb", buffering=0) as file:
        while file.read(1 << 24):
            pass


def _times(query: Callable[[random.Random], dict[str, str]], dice: random.Random) -> tuple[float, float]:
    """Each question is new to every cache of ours."""
    view, factory, times = MarketsView.as_view(throttle_classes=()), APIRequestFactory(), []
    for number in range(REQUESTS // len(_QUERIES) + 20):
        cache.clear()
        request = factory.get("/markets", query(dice))
        began = time.perf_counter()
        response = view(request)
        response.render()
        if number >= 20:
            times.append(1000 * (time.perf_counter() - began))
        assert response.status_code == 200, response.content
    cuts = quantiles(times, n=100)
    return cuts[49], cuts[98]


def _typed(dice: random.Random) -> str:
    """What people type: a name, a place, two words, the beginning of one."""
    pools = [_NAMES, _PLACES, _TEAMS, _COINS, _MONTHS]
    chosen = [dice.choice(dice.choice(pools)) for _ in range(dice.randint(1, 2))]
    last = chosen[-1]
    return " ".join([*chosen[:-1], last[: dice.randint(2, len(last))]])


_QUERIES: dict[str, Callable[[random.Random], dict[str, str]]] = {
    "open, by volume": lambda dice: {"closed": "false", "page": str(dice.randint(1, 20))},
    "filtered": lambda dice: {
        "closed": dice.choice(["true", "false"]),
        "category": dice.choice(["politics", "sports", "crypto"]),
        "volume_min": str(dice.choice([1_000, 100_000])),
        "sort_by": dice.choice(["volume", "volume_24h", "liquidity", "end_date", "newest"]),
    },
    "open, searched": lambda dice: {"closed": "false", "search": _typed(dice)},
    "searched and filtered": lambda dice: {
        "search": _typed(dice),
        "closed": dice.choice(["true", "false"]),
        "tag": dice.choice(["", "politics", "sports", "crypto"]),
        "volume_min": str(dice.choice([0, 1_000])),
        "sort_by": dice.choice(["volume", "volume_24h", "newest"]),
    },
    "all, searched": lambda dice: {"search": _typed(dice)},
}


def half_a_million() -> str:
    """The database of invented markets; made anew when what it depends on has changed."""
    sources = [Path(module.__file__ or "") for module in (models, services, facts, words)] + [Path(__file__)]
    mark = blake2b(b"".join(path.read_bytes() for path in sources), digest_size=8).hexdigest()
    path = Path(tempfile.gettempdir()) / f"papertrading-bench-markets-{mark}.sqlite3"
    if path.exists():
        return str(path)
    connection = connections["markets_db"]
    making = path.with_suffix(".making")
    making.unlink(missing_ok=True)
    with sqlite3.connect(making) as empty:
        connection.ensure_connection()
        connection.connection.backup(empty)
        for table in ("market", "event", "market_search", "event_search"):
            empty.execute(f"DELETE FROM markets_{table}")
    empty.close()
    connection.close()
    own, connection.settings_dict["NAME"] = connection.settings_dict["NAME"], str(making)
    rows = invented()
    while part := list(islice(rows, 5_000)):
        services.upsert_events([event for event, _ in part], now_ms=1)
        services.upsert_markets([market for _, market in part], now_ms=1)
    with connection.cursor() as cursor:
        cursor.execute("PRAGMA wal_checkpoint(TRUNCATE)")
    connection.close()
    connection.settings_dict["NAME"] = own
    shutil.move(making, path)
    return str(path)


def invented() -> Iterator[tuple[EventFacts, MarketFacts]]:
    """Half a million markets and their events; the newest are the open ones."""
    dice = random.Random(20261124)
    for number in range(1, MARKETS + 1):
        is_open = number > MARKETS * 0.92
        kind = dice.choices(("crypto", "sports", "politics"), (2, 4, 4) if is_open else (6, 3, 1))[0]
        title, label = _question(dice, kind)
        event = EventFacts(
            id=str(number // 4 + 1),
            slug=f"event-{number // 4 + 1}",
            title=title,
            category=kind,
            tags=({"slug": kind, "label": kind.title()},),
        )
        volume_micros = int(dice.paretovariate(0.6) * 100 * ONE) % (10**9 * ONE)
        price_micros = dice.randrange(1_000, ONE, 1_000)
        yield (
            event,
            MarketFacts(
                id=str(number),
                slug=f"market-{number}",
                question=f"{title} {label}".strip(),
                condition_id=f"0x{dice.getrandbits(256):064x}",
                event_id=event.id,
                description=f"This market resolves to Yes if {title} {label}. " * 12,
                category=kind,
                tags=(kind,),
                search_text=search_text((title, label, kind), (kind,)),
                group_label=label,
                outcomes=("Yes", "No"),
                outcome_0="Yes",
                outcome_1="No",
                token_0=str(dice.getrandbits(255)),
                token_1=str(dice.getrandbits(255)),
                status=facts.OPEN if is_open else facts.RESOLVED,
                closed=not is_open,
                payout_0_micros=None if is_open else dice.choice((0, ONE)),
                created_ms=1_600_000_000_000 + 300_000 * number,
                end_ms=1_600_000_000_000 + 300_000 * number + dice.randrange(10**10),
                price_0_micros=price_micros,
                price_1_micros=ONE - price_micros,
                volume_micros=volume_micros,
                volume_24h_micros=volume_micros // dice.randint(2, 90) if is_open else 0,
                liquidity_micros=volume_micros // 7 if is_open else 0,
            ),
        )


def _question(dice: random.Random, kind: str) -> tuple[str, str]:
    day = f"{dice.choice(_MONTHS)} {dice.randint(1, 28)}"
    if kind == "crypto":
        clock = f"{dice.randint(1, 12)}:{dice.randrange(0, 60, 5):02d}PM ET"
        return f"{dice.choice(_COINS)} Up or Down - {day}, {clock}", ""
    if kind == "sports":
        home, away = dice.sample(_TEAMS, 2)
        return f"{home} vs. {away} {day}", dice.choice(
            ("Moneyline", f"O/U {dice.randint(190, 250)}.5", "Spread")
        )
    return f"Will {dice.choice(_NAMES)} win {dice.choice(_PLACES)} by {day}?", dice.choice(_NAMES)
