"""How code that is not asynchronous asks the venue: `ask(lambda venue: venue.gamma.market_by_slug(slug))`.

One event loop in one thread of its own holds the process's clients, so that all callers share their
connections and their rate limits.
"""

import asyncio
import os
import threading
from collections.abc import AsyncIterator, Awaitable, Callable, Mapping
from concurrent.futures import Future
from contextlib import AsyncExitStack, asynccontextmanager
from dataclasses import dataclass
from typing import Any, TypeVar

from django.conf import settings

from livedata.errors import VenueTimeout
from livedata.exchange.clob import ClobClient
from livedata.exchange.data import DataClient
from livedata.exchange.gamma import GammaClient
from livedata.exchange.http import open_client

T = TypeVar("T")
DOOR_S = 10.0  # how long somebody at a door waits for the venue


@dataclass(frozen=True, slots=True, kw_only=True)
class Venue:
    """The three services behind one set of base URLs."""

    gamma: GammaClient
    clob: ClobClient
    data: DataClient


Question = Callable[[Venue], Awaitable[T]]


@asynccontextmanager
async def open_venue(urls: Mapping[str, str]) -> AsyncIterator[Venue]:
    """Clients for `settings.EXCHANGE_URLS`; they belong to the event loop that opens them."""
    async with (
        open_client(urls["GAMMA_URL"]) as gamma,
        open_client(urls["CLOB_URL"]) as clob,
        open_client(urls["DATA_URL"]) as data,
    ):
        yield Venue(gamma=GammaClient(gamma), clob=ClobClient(clob), data=DataClient(data))


def ask(question: Question[T], *, within_s: float = DOOR_S) -> T:
    """Ask the venue and wait for its answer. Raises VenueError; VenueTimeout after `within_s`.

    Not from the thread of a running event loop: that loop would stand still. There, await a client.
    """
    waiting = _asker().put(question)
    try:
        return waiting.result(within_s)
    except TimeoutError:
        waiting.cancel()
        raise VenueTimeout(f"no answer in {within_s:.0f} s") from None


class _Asker:
    """The thread, its loop, and the clients by base URLs (tests change those)."""

    def __init__(self) -> None:
        self.pid = os.getpid()
        self._loop = asyncio.new_event_loop()
        self._venues: dict[tuple[str, ...], Venue] = {}
        self._open = AsyncExitStack()  # until the process ends
        threading.Thread(target=self._loop.run_forever, name="venue", daemon=True).start()

    def put(self, question: Question[T]) -> "Future[T]":
        urls = dict(settings.EXCHANGE_URLS)
        return asyncio.run_coroutine_threadsafe(self._answered(question, urls), self._loop)

    async def _answered(self, question: Question[T], urls: dict[str, str]) -> T:
        key = tuple(urls[name] for name in sorted(urls))
        if key not in self._venues:
            self._venues[key] = await self._open.enter_async_context(open_venue(urls))
        return await question(self._venues[key])


_lock = threading.Lock()
_askers: dict[str, Any] = {}


def _asker() -> _Asker:
    """This process's one: a forked child does not inherit the thread."""
    with _lock:
        asker = _askers.get("one")
        if asker is None or asker.pid != os.getpid():
            asker = _askers["one"] = _Asker()
        return asker
