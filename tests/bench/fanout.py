"""500 browsers on one busy book, over the web server as it runs: how many updates, and how late.

The book has 200 levels and changes 50 times a second; the hub sends it ten times a second to each.
"""

import json
import subprocess
import sys
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from queue import Queue
from typing import Any

import msgspec
import uvicorn

from livedata import books, pulse
from livedata.books import BookRecord
from livedata.bus import bus
from livedata.pulse import Heartbeat, Pulse, wall_ms
from markets.models import Market
from tests.bench import Figure

_BROWSERS = 500
_SECONDS = 8.0
_CHANGES_S = 0.02
_CONDITION, _TOKENS = "0x" + "ab" * 32, ("71" * 38, "52" * 38)
_ROOT = Path(__file__).resolve().parent.parent.parent


def figures() -> Iterator[Figure]:
    Market.objects.create(
        id="1", condition_id=_CONDITION, slug="busy", question="?", token_0=_TOKENS[0], token_1=_TOKENS[1]
    )
    with serving() as port, changing():
        command = [sys.executable, "-m", "tests.bench._watchers", str(port), _TOKENS[0], str(_BROWSERS)]
        done = subprocess.run(
            [*command, str(_SECONDS)], cwd=_ROOT, capture_output=True, check=True, timeout=60
        )
    seen = json.loads(done.stdout)
    name = f"{_BROWSERS} browsers on one busy book"
    assert seen["per_second"] > 0.5 * 10 * _BROWSERS, "most updates never came"
    yield Figure(figure=f"{name}, updates", value=seen["per_second"], unit="updates/s")
    yield Figure(figure=f"{name}, delay p50", value=seen["p50_ms"], unit="ms")
    yield Figure(figure=f"{name}, delay p99", value=seen["p99_ms"], unit="ms", goal=100.0, at_most=True)


class _Announcing(uvicorn.Server):
    def __init__(self, config: uvicorn.Config, ports: "Queue[int]") -> None:
        super().__init__(config)
        self._ports = ports

    async def startup(self, sockets: Any = None) -> None:
        await super().startup(sockets)
        self._ports.put(self.servers[0].sockets[0].getsockname()[1])


@contextmanager
def serving() -> Iterator[int]:
    """The site's own web server, in a thread."""
    config = uvicorn.Config(
        "papertrading.asgi:application",
        port=0,
        loop="uvloop",
        ws="websockets-sansio",
        ws_per_message_deflate=False,
        lifespan="off",
        log_config=None,
        log_level="warning",
    )
    ports: Queue[int] = Queue()
    server = _Announcing(config, ports)
    thread = threading.Thread(target=server.run)
    thread.start()
    try:
        yield ports.get(timeout=10)
    finally:
        server.should_exit = True
        thread.join(10)


@contextmanager
def changing() -> Iterator[None]:
    """A book that never rests, written as the feed writes it."""
    stop = threading.Event()

    def change() -> None:
        seq = 0
        while not stop.wait(_CHANGES_S):
            seq += 1
            write_book(seq)

    thread = threading.Thread(target=change)
    thread.start()
    try:
        yield
    finally:
        stop.set()
        thread.join()


def write_book(seq: int) -> None:
    now_ms = wall_ms()
    record = BookRecord(
        condition_id=_CONDITION,
        connection=1,
        seq=seq,
        stamp_ms=now_ms,
        received_ms=now_ms,
        hash="",
        tick_micros=1_000,
        min_size_micros=5_000_000,
        last_trade="",
        bids={1_000 * milli: 10_000 * (milli * seq % 90_000 + 1) for milli in range(400, 500)},
        asks={1_000 * milli: 10_000 * (milli * seq % 90_000 + 1) for milli in range(501, 601)},
    )
    said = Pulse(written_ms=now_ms, connections={1: Heartbeat(heard_ms=now_ms, passed_ms=now_ms)})
    with bus().batch() as batch:
        batch.put(books.book_key(_CONDITION), msgspec.msgpack.encode(record))
        batch.put(pulse.KEY, pulse.write_pulse(said))
        batch.publish(books.CHANGED, _CONDITION.encode())
