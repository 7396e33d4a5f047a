"""The whole site as `make run` starts it: start-up, memory, orders over HTTP."""

import asyncio
import os
import re
import signal
import socket
import statistics
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from uuid import uuid4

import httpx

from tests.bench import Figure

ROOT = Path(__file__).resolve().parent.parent.parent
ORDERS, ASKERS = 600, 16
_START_S, _SETTLE_S = 60, 20


def figures() -> Iterator[Figure]:
    with tempfile.TemporaryDirectory(prefix="papertrading-site-") as folder:
        with _site(folder) as (url, _, seconds):
            yield Figure(figure="first start, until it answers", value=seconds, unit="s")
            _until_markets(url)
        with _site(folder) as (url, process, seconds):
            yield Figure(
                figure="second start, until it answers", value=seconds, unit="s", goal=5, at_most=True
            )
            time.sleep(_SETTLE_S)  # a measurement of rest, not a wait for something
            memory = _memory_mb(process.pid)
            yield Figure(
                figure="memory at rest, all processes", value=memory, unit="MB", goal=250, at_most=True
            )
            yield from _orders(url)


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


@contextmanager
def _site(folder: str) -> Iterator[tuple[str, "subprocess.Popen[bytes]", float]]:
    """The running site, its process, and how long it took until it answered."""
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port = probe.getsockname()[1]
    environment = {
        **os.environ,
        "DATA_DIR": folder,
        "EXCHANGE": "simulator",
        "LATENCY_MS": "0",
        "PORT": str(port),
    }
    started = time.perf_counter()
    process = subprocess.Popen(
        [sys.executable, "manage.py", "up"],
        cwd=ROOT,
        env=environment,
        stdout=subprocess.DEVNULL,
        stderr=subprocess.DEVNULL,
        start_new_session=True,
    )
    url = f"http://127.0.0.1:{port}"
    try:
        _until_answers(f"{url}/", process)
        yield url, process, time.perf_counter() - started
    finally:
        process.send_signal(signal.SIGINT)
        process.wait(15)


def _until_answers(address: str, process: "subprocess.Popen[bytes]") -> None:
    until = time.monotonic() + _START_S
    while time.monotonic() < until:
        assert process.poll() is None, "the site ended"
        try:
            if httpx.get(address, timeout=5).status_code == 200:
                return
        except httpx.TransportError:
            time.sleep(0.05)
    raise AssertionError("the site did not answer in time")


def _until_markets(url: str) -> None:
    until = time.monotonic() + _START_S
    while time.monotonic() < until:
        if httpx.get(f"{url}/markets", params={"page_size": 1}, timeout=10).json()["total"] >= 1000:
            return
        time.sleep(0.2)
    raise AssertionError("the catalogue did not fill in time")


def _memory_mb(pid: int) -> float:
    """Proportional memory of a process and its children: shared pages are counted once."""
    children = Path(f"/proc/{pid}/task/{pid}/children").read_text().split()
    total = 0
    for one in [str(pid), *children]:
        rollup = Path(f"/proc/{one}/smaps_rollup").read_text()
        total += int(re.search(r"^Pss:\s+(\d+)", rollup, re.M).group(1))  # type: ignore[union-attr]
    return total / 1024
