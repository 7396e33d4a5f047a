"""Whatever happens to the socket: never a wrong book that is fresh, stale shown as stale, and it heals."""

import threading
import time
from contextlib import ExitStack
from random import Random

import pytest

from livedata import books, feed
from livedata.exchange import stream
from livedata.pulse import newest_pulse
from livedata.simulator.listings import Listing
from livedata.simulator.manual import ManualWorld
from livedata.simulator.server import serve
from livedata.subscriptions import lease
from markets.core.book import OrderBook
from tests.livedata.feeding import feeding, fresh_view, quoted_market, ref_of, truth, until

MARKETS = 3
SECONDS = 1.0


class Market:
    """A venue that never stops moving, and remembers the truth of every instant."""

    def __init__(self, world: ManualWorld, listings: list[Listing]) -> None:
        self._world = world
        self._listings = listings
        self._random = Random(5)
        self._stop = threading.Event()
        self._thread = threading.Thread(target=self._move)
        self.truths: dict[tuple[str, int], OrderBook] = {}
        for listing in listings:
            self._remember(listing)

    def __enter__(self) -> "Market":
        self._thread.start()
        return self

    def __exit__(self, *_: object) -> None:
        self._stop.set()
        self._thread.join()

    def _move(self) -> None:
        while not self._stop.wait(0.004):
            listing, random = self._random.choice(self._listings), self._random
            with self._world.lock:
                if random.random() < 0.2:
                    self._world.trade(
                        listing.condition_id, random.choice(["BUY", "SELL"]), str(random.randint(1, 90))
                    )
                else:
                    side = random.choice(["BUY", "SELL"])
                    cents = random.randint(40, 49) if side == "BUY" else random.randint(51, 60)
                    size = random.choice(["0", "5", "25", "70.5"])
                    self._world.set_level(listing.condition_id, side, f"0.{cents}", size)
                self._remember(listing)

    def _remember(self, listing: Listing) -> None:
        stamp_ms = self._world.live(listing).stamp_ms
        self.truths[listing.condition_id, stamp_ms] = truth(self._world, listing)


def watch(listings: list[Listing], seconds: float) -> list[books.BookView]:
    """Every book that is shown as fresh meanwhile."""
    seen: dict[tuple[str, int, int], books.BookView] = {}
    deadline = time.monotonic() + seconds
    while time.monotonic() < deadline:
        for view in books.many([listing.condition_id for listing in listings]).values():
            if view.fresh:
                seen[view.condition_id, view.connection, view.seq] = view
        time.sleep(0.001)
    return list(seen.values())


@pytest.fixture
def hasty(settings, monkeypatch):
    settings.FEED_STALE_SECONDS = 1
    monkeypatch.setattr(stream, "_BACK_OFF_S", (0.05, 0.1))
    monkeypatch.setattr(feed, "_SNAPSHOT_S", (0.02, 0.3))
    monkeypatch.setattr(feed, "_SETTLE_S", 0.3)


@pytest.mark.parametrize("prints_last", [False, True])
@pytest.mark.parametrize(
    ("fault", "rate"),
    [
        ("drop", 0.1),
        ("delay", 0.2),
        ("duplicate", 0.5),
        ("reorder", 0.2),
        ("garble", 0.1),
        ("silence", 1.0),
        ("disconnect", 1.0),
    ],
)
def test_no_fault_makes_a_wrong_book_fresh_and_every_one_heals(
    hasty, memory_bus, fault: str, rate: float, prints_last: bool
):
    world = ManualWorld(prints_last=prints_last)
    listings = [quoted_market(world) for _ in range(MARKETS)]
    with serve(world) as venue, feeding(memory_bus, venue), Market(world, listings) as market:
        lease("test", [ref_of(listing) for listing in listings], seconds=60)
        for listing in listings:
            fresh_view(listing.condition_id)

        if fault == "disconnect":
            venue.disconnect_all()
        else:
            venue.faults.add(name=fault, rate=rate, amount=0.03)
        seen = watch(listings, SECONDS)
        venue.faults.clear()
        seen += watch(listings, 0.3)

        assert seen
        market._stop.set()
        market._thread.join()
        for listing in listings:
            until(lambda listing=listing: healed(world, listing))

    wrong = [view for view in seen if view.book != market.truths.get((view.condition_id, view.stamp_ms))]
    assert not wrong


def healed(world: ManualWorld, listing: Listing) -> bool:
    view = books.newest(listing.condition_id)
    return view is not None and view.fresh and view.book == truth(world, listing)


def test_a_socket_that_is_open_and_mute_makes_its_books_stale_in_time(hasty, memory_bus):
    world = ManualWorld()
    listing = quoted_market(world)
    with serve(world) as venue, feeding(memory_bus, venue):
        lease("test", [ref_of(listing)], seconds=60)
        fresh_view(listing.condition_id)

        venue.faults.add(name="silence")
        started = time.monotonic()
        until(lambda: not books.newest(listing.condition_id).fresh)
        assert time.monotonic() - started < 1.7
        venue.faults.clear()
        fresh_view(listing.condition_id)


def test_a_quiet_market_stays_fresh_as_long_as_its_socket_answers(hasty, memory_bus, settings):
    settings.FEED_STALE_SECONDS = 2  # shorter than what follows, longer than a busy machine may hold us up
    world = ManualWorld()
    listing = quoted_market(world)
    with serve(world) as venue, feeding(memory_bus, venue):
        lease("test", [ref_of(listing)], seconds=60)
        first = fresh_view(listing.condition_id)
        deadline = time.monotonic() + 4.5
        while time.monotonic() < deadline:
            assert books.fresh(listing.condition_id).seq == first.seq
            time.sleep(0.05)
    assert newest_pulse(memory_bus).connections == {}


def test_a_venue_that_was_away_is_found_when_it_is_back(hasty, memory_bus):
    world = ManualWorld()
    listing = quoted_market(world)
    with ExitStack() as first:
        venue = first.enter_context(serve(world))
        with feeding(memory_bus, venue):
            lease("test", [ref_of(listing)], seconds=60)
            fresh_view(listing.condition_id)
            first.close()
            until(lambda: not books.newest(listing.condition_id).fresh)
            world.set_level(listing.condition_id, "BUY", "0.5", "7")
            with serve(world, port=venue.port):
                assert fresh_view(listing.condition_id).book == truth(world, listing)
