import msgspec
import pytest

from livedata import books, feed
from livedata.bus import START
from livedata.clock import passed, venue_now_ms
from livedata.core.steps import Resolution, Step
from livedata.errors import StaleBook
from livedata.publisher import RESOLUTIONS, STATUS, STEPS
from livedata.pulse import newest_pulse, wall_ms
from livedata.simulator.manual import ManualWorld
from livedata.simulator.server import serve
from livedata.subscriptions import lease, release
from markets.core.book import Side
from tests.livedata.feeding import feeding, fresh_view, quoted_market, ref_of, truth, until


@pytest.fixture
def world():
    return ManualWorld()


@pytest.fixture
def venue(world, memory_bus):
    with serve(world) as running:
        yield running


def steps_in(bus, condition_id: str) -> list[Step]:
    read = msgspec.msgpack.Decoder(Step).decode
    entries = bus.read({STEPS: START}, count=10_000, block_ms=0)
    return [step for _, _, entry in entries if (step := read(entry)).condition_id == condition_id]


def test_a_leased_market_gets_a_fresh_book_and_then_every_step(world, venue, memory_bus):
    listing = quoted_market(world)
    with memory_bus.listen(books.CHANGED) as changes, feeding(memory_bus, venue):
        lease("test", [ref_of(listing)], seconds=60)
        view = fresh_view(listing.condition_id)
        assert view.book == truth(world, listing)
        assert (view.tick_micros, view.min_size_micros) == (10_000, 5_000_000)
        assert changes.get(1) == (books.CHANGED, listing.condition_id.encode())

        world.set_level(listing.condition_id, "BUY", "0.5", "7")
        until(lambda: books.fresh(listing.condition_id).book.best(Side.BUY) == 500_000)
        world.trade(listing.condition_id, "BUY", "40")
        until(lambda: books.fresh(listing.condition_id).book == truth(world, listing))
        view = until(lambda: (found := books.fresh(listing.condition_id)).last_trade and found)

    snapshot, placed, *_ = steps = steps_in(memory_bus, listing.condition_id)
    assert snapshot.snapshot and not placed.snapshot
    assert [step.seq for step in steps] == list(range(1, len(steps) + 1))
    assert view.seq == steps[-1].seq
    laid = [(p.taker_side, p.price_micros, p.size_micros) for step in steps for p in step.prints]
    assert laid == [(Side.BUY, 510_000, 30_000_000), (Side.BUY, 520_000, 10_000_000)]
    assert [p.size_micros for p in books.prints(listing.condition_id)] == [10_000_000, 30_000_000]


def test_a_market_that_nobody_leases_any_more_goes_stale(world, venue, memory_bus):
    listing, other = quoted_market(world), quoted_market(world)
    with feeding(memory_bus, venue):
        lease("test", [ref_of(listing)], seconds=60)
        lease("else", [ref_of(other)], seconds=60)
        fresh_view(listing.condition_id)
        fresh_view(other.condition_id)
        release("test")
        until(lambda: not books.newest(listing.condition_id).fresh)
        assert books.fresh(other.condition_id)
        with pytest.raises(StaleBook):
            books.fresh(listing.condition_id)


def test_pausing_makes_all_books_stale_and_resuming_heals(world, venue, memory_bus):
    listing = quoted_market(world)
    with feeding(memory_bus, venue):
        lease("test", [ref_of(listing)], seconds=60)
        fresh_view(listing.condition_id)

        memory_bus.put(feed.PAUSED, b"1")
        until(lambda: not books.newest(listing.condition_id).fresh, seconds=2)
        assert newest_pulse(memory_bus).paused
        memory_bus.delete(feed.PAUSED)
        fresh_view(listing.condition_id)
        assert not newest_pulse(memory_bus).paused


def test_when_the_feed_ends_its_books_are_stale_at_once(world, venue, memory_bus):
    listing = quoted_market(world)
    with feeding(memory_bus, venue):
        lease("test", [ref_of(listing)], seconds=60)
        fresh_view(listing.condition_id)

    assert not books.newest(listing.condition_id).fresh
    assert newest_pulse(memory_bus).connections == {}


def test_a_feed_that_starts_again_counts_on(world, venue, memory_bus):
    listing = quoted_market(world)
    lease("test", [ref_of(listing)], seconds=60)
    with feeding(memory_bus, venue):
        first = fresh_view(listing.condition_id)
    world.trade(listing.condition_id, "SELL", "5")
    with feeding(memory_bus, venue):
        again = fresh_view(listing.condition_id)

    assert again.seq > first.seq
    assert again.connection > first.connection
    assert again.book == truth(world, listing)


def test_a_lost_socket_makes_its_books_stale_at_once_and_heals(world, venue, memory_bus):
    listing = quoted_market(world)
    with feeding(memory_bus, venue):
        lease("test", [ref_of(listing)], seconds=60)
        before = fresh_view(listing.condition_id)
        with memory_bus.listen(books.CHANGED) as changes:
            venue.disconnect_all()
            assert changes.get(5) is not None
            assert not books.newest(listing.condition_id).fresh
        world.set_level(listing.condition_id, "BUY", "0.5", "7")  # while nobody listens

        after = fresh_view(listing.condition_id)
        assert after.connection > before.connection
        assert after.book == truth(world, listing)
    assert [step.snapshot for step in steps_in(memory_bus, listing.condition_id)] == [True, True]


def test_a_tick_size_change_is_followed(world, venue, memory_bus):
    listing = quoted_market(world)
    with feeding(memory_bus, venue):
        lease("test", [ref_of(listing)], seconds=60)
        fresh_view(listing.condition_id)
        world.set_tick(listing.condition_id, "0.001")
        until(lambda: (view := books.newest(listing.condition_id)).fresh and view.tick_micros == 1_000)
        world.set_level(listing.condition_id, "BUY", "0.491", "7")
        until(lambda: books.fresh(listing.condition_id).book == truth(world, listing))

    assert [step.snapshot for step in steps_in(memory_bus, listing.condition_id)] == [True, True, False]


def test_a_resolved_market_has_no_fresh_book(world, venue, memory_bus):
    listing = quoted_market(world)
    with feeding(memory_bus, venue):
        lease("test", [ref_of(listing)], seconds=60)
        fresh_view(listing.condition_id)
        world.resolve(listing.condition_id, (1, 0))
        until(lambda: not books.newest(listing.condition_id).fresh)


def test_a_result_is_logged_whether_or_not_its_market_is_followed(world, venue, memory_bus):
    followed, other, halved = (quoted_market(world) for _ in range(3))
    with feeding(memory_bus, venue):
        lease("test", [ref_of(followed)], seconds=60)
        fresh_view(followed.condition_id)
        world.resolve(other.condition_id, (0, 1))
        world.resolve(halved.condition_id, (1, 1))
        world.resolve(followed.condition_id, (1, 0))
        entries = until(
            lambda: len(found := memory_bus.read({RESOLUTIONS: START}, count=9, block_ms=0)) == 3 and found
        )

    read = msgspec.msgpack.Decoder(Resolution).decode
    assert [read(entry) for _, _, entry in entries] == [
        Resolution(other.condition_id, other.token_ids[1]),
        Resolution(halved.condition_id, ""),
        Resolution(followed.condition_id, followed.token_ids[0]),
    ]


def test_many_markets_take_several_connections(world, venue, memory_bus):
    listings = [quoted_market(world) for _ in range(230)]
    with feeding(memory_bus, venue):
        lease("test", [ref_of(listing) for listing in listings], seconds=60)
        ids = [listing.condition_id for listing in listings]
        until(lambda: sum(view.fresh for view in books.many(ids).values()) == 230)
        assert len(newest_pulse(memory_bus).connections) == 3
        lease("test", [ref_of(listings[0])], seconds=60)
        until(lambda: len(newest_pulse(memory_bus).connections) == 1)
        assert books.fresh(ids[0])


def test_the_venues_clock_passes_with_events_and_without(world, venue, memory_bus):
    listing = quoted_market(world)
    with feeding(memory_bus, venue):
        lease("test", [ref_of(listing)], seconds=60)
        connection = fresh_view(listing.condition_id).connection
        world.set_level(listing.condition_id, "BUY", "0.5", "7")
        stamp_ms = world.live(listing).stamp_ms
        until(lambda: passed(connection, stamp_ms))  # quiet, so the delay tells
        assert not passed(connection, venue_now_ms() + 60_000)
        assert not passed(connection + 1, 0)
        assert abs(venue_now_ms() - wall_ms()) < 2_000


def test_the_feed_says_how_it_is(world, venue, memory_bus):
    listing = quoted_market(world)
    with feeding(memory_bus, venue):
        lease("test", [ref_of(listing)], seconds=60)
        fresh_view(listing.condition_id)
        status = until(lambda: memory_bus.hgetall(STATUS))

    facts = {name: int(value) for name, value in status.items()}
    assert (facts["connections"], facts["markets"], facts["live"]) == (1, 1, 1)
    assert facts["messages_total"] >= 1 and facts["hashes_verified"] >= 1
    assert (facts["hashes_refuted"], facts["bad_total"]) == (0, 0)


def test_a_market_that_opens_later_is_found_by_asking_again(world, venue, memory_bus, monkeypatch):
    monkeypatch.setattr(feed, "_SNAPSHOT_S", (0.05, 0.05))
    listing = world.add_market()
    world.resolve(listing.condition_id, (1, 0))  # it has no book
    with feeding(memory_bus, venue):
        lease("test", [ref_of(listing)], seconds=60)
        until(lambda: newest_pulse(memory_bus).connections)
        world._phases[listing.condition_id] = world.phase(quoted_market(world))
        assert fresh_view(listing.condition_id).book == truth(world, listing)
