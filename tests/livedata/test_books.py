import msgspec
import pytest

from livedata import books, clock, pulse
from livedata.books import BookRecord, Tape
from livedata.clock import VenueClock
from livedata.core.steps import Print
from livedata.errors import StaleBook
from livedata.pulse import Heartbeat, Pulse, wall_ms
from markets.core.book import OrderBook, Side

pytestmark = pytest.mark.portable


def put_book(bus, condition_id: str = "0xabc", *, connection: int = 7, received_ms: int = 0) -> BookRecord:
    record = BookRecord(
        condition_id=condition_id,
        connection=connection,
        seq=3,
        stamp_ms=1_795_500_000_123,
        received_ms=received_ms or wall_ms(),
        hash="f00",
        tick_micros=10_000,
        min_size_micros=5_000_000,
        last_trade="0.500",
        bids={490_000: 50_000_000},
        asks={510_000: 20_000_000, 520_000: 1_230_000},
    )
    bus.put(books.book_key(condition_id), msgspec.msgpack.encode(record))
    return record


def put_pulse(
    bus, *, connection: int = 7, heard_ms: int = 0, written_ms: int = 0, passed_ms: int = 0
) -> None:
    now_ms = wall_ms()
    heartbeat = Heartbeat(heard_ms=heard_ms or now_ms, passed_ms=passed_ms)
    said = Pulse(written_ms=written_ms or now_ms, connections={connection: heartbeat}, delay_ms=20)
    bus.put(pulse.KEY, pulse.write_pulse(said))


def test_a_book_on_a_live_connection_is_fresh_however_old_it_is(own_bus):
    put_book(own_bus, received_ms=wall_ms() - 600_000)
    put_pulse(own_bus)

    view = books.fresh("0xabc")

    assert view.fresh
    assert view.age_ms < 5_000
    assert view.book == OrderBook.of({490_000: 50_000_000}, {510_000: 20_000_000, 520_000: 1_230_000})
    assert (view.seq, view.stamp_ms, view.hash, view.last_trade) == (3, 1_795_500_000_123, "f00", "0.500")
    assert (view.tick_micros, view.min_size_micros, view.connection) == (10_000, 5_000_000, 7)


@pytest.mark.parametrize(
    "trouble",
    [
        {"connection": 8},  # the socket that fed it is gone
        {"heard_ms": wall_ms() - 16_000},  # it is open, and silent
        {"written_ms": wall_ms() - 3_100},  # the feed is dead
    ],
)
def test_a_book_that_nothing_feeds_is_stale_and_still_shown_as_such(own_bus, trouble):
    put_book(own_bus, received_ms=wall_ms() - 600_000)
    put_pulse(own_bus, **trouble)

    with pytest.raises(StaleBook):
        books.fresh("0xabc")
    view = books.newest("0xabc")
    assert view is not None and not view.fresh
    assert view.book.best(Side.BUY) == 490_000


def test_a_book_without_any_feed_is_stale(own_bus):
    put_book(own_bus, connection=books.NO_CONNECTION, received_ms=wall_ms() - 20_000)

    with pytest.raises(StaleBook):
        books.fresh("0xabc")
    assert books.many(["0xabc"])["0xabc"].age_ms >= 20_000


def test_an_unknown_book_is_stale_and_has_no_view(own_bus):
    put_pulse(own_bus)

    assert books.newest("0xdef") is None
    with pytest.raises(StaleBook):
        books.fresh("0xdef")


def test_many_books_come_at_once_and_unknown_ones_are_left_out(own_bus):
    put_book(own_bus, "0xa")
    put_book(own_bus, "0xb", connection=9)
    put_pulse(own_bus)

    views = books.many(["0xa", "0xb", "0xc"])

    assert {condition_id: view.fresh for condition_id, view in views.items()} == {"0xa": True, "0xb": False}
    assert books.many([]) == {}


def test_the_tape_is_shown_newest_first(own_bus):
    assert books.prints("0xabc") == []
    older = Print(Side.BUY, 510_000, 5_000_000, 1, "0x1")
    newer = Print(Side.SELL, 490_000, 3_581_817, 2)
    own_bus.put(books.tape_key("0xabc"), msgspec.msgpack.encode(Tape(total=9, prints=[older, newer])))

    assert books.prints("0xabc") == [newer, older]
    assert books.tape("0xabc").total == 9


def test_the_venue_clock_is_ours_until_measured(own_bus):
    before_ms = wall_ms()
    assert before_ms <= clock.venue_now_ms() <= wall_ms()

    clock.set_venue_clock(own_bus, VenueClock(wall_ms=wall_ms(), venue_ms=5_000, speed=10.0))

    assert 5_000 <= clock.venue_now_ms() < 5_000 + 20_000


def test_a_venue_at_speed_ten_puts_ten_milliseconds_into_one():
    assert VenueClock(wall_ms=1_000, venue_ms=5_000, speed=10.0).at(1_007) == 5_070
    assert VenueClock(wall_ms=1_000, venue_ms=990).at(2_000) == 1_990


def test_a_stamp_has_passed_when_the_feed_says_so(own_bus):
    assert not clock.passed(7, 100)
    put_pulse(own_bus, passed_ms=100)

    assert clock.passed(7, 100)
    assert not clock.passed(7, 101)
    assert not clock.passed(8, 100)
