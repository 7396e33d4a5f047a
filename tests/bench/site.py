"""The whole site as `make run` starts it: start-up, memory, orders over HTTP."""

import asyncio
import re
import statistics
import tempfile
import time
from collections.abc import Iterator
from pathlib import Path
from uuid import uuid4

import httpx

from tests.bench import Figure
from tests.site import Site, running_site

ORDERS, ASKERS, LIVE_BOOKS = 600, 16, 2_000
_START_S, _SETTLE_S = 60, 20


def figures() -> Iterator[Figure]:
    with tempfile.TemporaryDirectory(prefix="papertrading-site-") as name:
        folder = Path(name)
        with running_site(folder, LATENCY_MS="0") as site:
            yield Figure(figure="first start, until it answers", value=site.started_s, unit="s")
            _until_markets(site.url)
        with running_site(folder, LATENCY_MS="0") as site:
            yield _at_most("second start, until it answers", site.started_s, "s", 5)
            time.sleep(_SETTLE_S)  # a measurement of rest, not a wait for something
            yield _at_most("memory at rest, all processes", _memory_mb(site), "MB", 250)
            yield from _orders(site.url)
        with running_site(folder, FEED_TOP_MARKETS=str(LIVE_BOOKS)) as site:
            _until_live(site.url, LIVE_BOOKS)
            time.sleep(_SETTLE_S)
            name = f"memory with {LIVE_BOOKS:,} live books, all processes"
            yield Figure(figure=name, value=_memory_mb(site), unit="MB")


def _at_most(figure: str, value: float, unit: str, goal: float) -> Figure:
    return Figure(figure=figure, value=value, unit=unit, goal=goal, at_most=True)


def _orders(url: str) -> Iterator[Figure]:
    times_ms, seconds = asyncio.run(_place_orders(url))
    times_ms.sort()
    yield Figure(figure="POST order over HTTP, 16 askers", value=len(times_ms) / seconds, unit="orders/s")
    yield Figure(figure="POST order over HTTP, p50", value=statistics.median(times_ms), unit="ms")
    yield Figure(figure="POST order over HTTP, p99", value=times_ms[int(len(times_ms) * 0.99)], unit="ms")


async def _place_orders(url: str) -> tuple[list[float], float]:
    async with httpx.AsyncClient(base_url=url, timeout=30) as client:
        email, password = f"{uuid4().hex}@example.org", "a long word for the bench 1"
        body = {"email": email, "password": password, "password_confirm": password}
        (await client.post("/auth/register", json=body)).raise_for_status()
        answer = await client.post("/auth/login", json={"email": email, "password": password})
        client.headers["Authorization"] = f"Bearer {answer.json()['access_token']}"
        found = await client.get(
            "/markets", params={"sort_by": "volume_24h", "closed": "false", "page_size": 4}
        )
        markets = [market["slug"] for market in found.json()["markets"]]
        opened = await client.post("/portfolios", json={"name": "Bench", "initial_balance": "900000"})
        path = f"/portfolios/{opened.json()['id']}/orders"
        times_ms: list[float] = []

        async def place(number: int) -> None:
            market = markets[number % len(markets)]
            order = {"market": market, "outcome": 0, "side": "BUY", "amount": "2"}
            started = time.perf_counter()
            answer = await client.post(path, json=order)
            times_ms.append((time.perf_counter() - started) * 1000)
            assert answer.status_code in (201, 503), answer.text

        async def asker(numbers: list[int]) -> None:
            for number in numbers:
                await place(number)

        await asker(list(range(len(markets))))  # leases the markets and warms up
        times_ms.clear()
        started = time.perf_counter()
        await asyncio.gather(*(asker(list(range(first, ORDERS, ASKERS))) for first in range(ASKERS)))
        return times_ms, time.perf_counter() - started


def _until_markets(url: str) -> None:
    until = time.monotonic() + _START_S
    while time.monotonic() < until:
        if httpx.get(f"{url}/markets", params={"page_size": 1}, timeout=10).json()["total"] >= 1000:
            return
        time.sleep(0.2)
    raise AssertionError("the catalogue did not fill in time")


def _until_live(url: str, count: int) -> None:
    until = time.monotonic() + 3 * _START_S
    while time.monotonic() < until:
        feed = httpx.get(f"{url}/health", timeout=10).json()["checks"]["feed"]
        if feed["markets"] >= count:
            return
        time.sleep(0.5)
    raise AssertionError(f"the feed follows {feed['markets']} markets only")


def _memory_mb(site: Site) -> float:
    """Proportional memory of the process and its children: shared pages are counted once."""
    total_kb = 0
    for process_id in (site.process.pid, *site.children()):
        rollup = Path(f"/proc/{process_id}/smaps_rollup").read_text()
        total_kb += int(re.findall(r"^Pss:\s+(\d+)", rollup, re.M)[0])
    return total_kb / 1024
