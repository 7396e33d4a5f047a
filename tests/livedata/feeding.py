"""A real feed on a real simulated venue, for tests."""

import asyncio
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import Any

from livedata import books, feed
from livedata.books import BookView
from livedata.bus import Bus
from livedata.core.steps import MarketRef
from livedata.simulator.listings import Listing
from livedata.simulator.manual import ManualWorld
from livedata.simulator.server import Running
from markets.core.book import OrderBook

SECONDS = 10.0


def until(claim: Callable[[], Any], seconds: float = SECONDS) -> Any:
    """Wait for a claim to come true."""
    deadline = time.monotonic() + seconds
    while not (found := claim()):
        assert time.monotonic() < deadline, "it never came true"
        time.sleep(0.003)
    return found


@contextmanager
def feeding(bus: Bus, venue: Running) -> Iterator[None]:
    """The feed in a thread and loop of its own."""
    started: list[tuple[asyncio.AbstractEventLoop, asyncio.Event]] = []
    ready = threading.Event()

    async def follow() -> None:
        stop = asyncio.Event()
        started.append((asyncio.get_running_loop(), stop))
        ready.set()
        urls = venue.environment
        await feed.run(stop, bus=bus, ws_url=urls["CLOB_WS_URL"], clob_url=urls["CLOB_URL"])

    thread = threading.Thread(target=lambda: asyncio.run(follow()), name="feed")
    thread.start()
    assert ready.wait(SECONDS)
    try:
        yield
    finally:
        loop, stop = started[0]
        loop.call_soon_threadsafe(stop.set)
        thread.join(SECONDS)
        assert not thread.is_alive()


def ref_of(listing: Listing) -> MarketRef:
    return MarketRef(listing.condition_id, *listing.token_ids, tick_micros=listing.tick_micros)


def quoted_market(world: ManualWorld, **facts: object) -> Listing:
    """A market with two levels a side."""
    listing = world.add_market(**facts)
    world.set_book(
        listing.condition_id,
        bids=[("0.49", "50"), ("0.48", "100")],
        asks=[("0.51", "30"), ("0.52", "70")],
    )
    return listing


def fresh_view(condition_id: str) -> BookView:
    def look() -> BookView | None:
        view = books.newest(condition_id)
        return view if view is not None and view.fresh else None

    return until(look)


def truth(world: ManualWorld, listing: Listing) -> OrderBook:
    """The venue's own book, as its levels are shown."""
    with world.lock:
        live = world.live(listing)
        assert live is not None
        shown = {side: dict(levels) for side, levels in live.shown.items()}
    return OrderBook.of(*shown.values())
