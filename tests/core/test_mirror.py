import pytest

from livedata.core.mirror import Mirror
from livedata.core.outcomes import Doubt, Dropped, Reason
from livedata.core.steps import Change, MarketRef, Step
from livedata.core.wire import Book, Reader, read_book
from markets.core.book import OrderBook, Side
from tests.core.reference_venue import CONDITION, TOKENS, ReferenceVenue, spaced
from tests.make import make_book

REF = MarketRef(CONDITION, *TOKENS)
NOW = 1_795_500_000_000


def feed(mirror: Mirror, *frames: bytes, now_ms: int = NOW) -> list[object]:
    return [
        outcome
        for frame in frames
        for event in Reader().read(frame)
        for outcome in mirror.apply(event, now_ms=now_ms)
    ]


def following(venue: ReferenceVenue, *, check_every_ms: int = 0) -> Mirror:
    """A mirror that has this venue's snapshot."""
    mirror = Mirror(REF)
    mirror.check_every_ms = check_every_ms
    mirror.await_snapshot(7)
    feed(mirror, venue.snapshot())
    return mirror


def quoted(**options) -> ReferenceVenue:
    venue = ReferenceVenue(**options)
    venue.step(
        [("BUY", "0.49", "50"), ("BUY", "0.48", "100"), ("SELL", "0.51", "30"), ("SELL", "0.52", "70")]
    )
    return venue


def rest(venue: ReferenceVenue, token: int = 0) -> Book:
    return read_book(spaced(venue.rest_book(token)))


def changes(outcomes: list[object]) -> list[Change]:
    return [change for step in outcomes if isinstance(step, Step) for change in step.changes]


def test_the_first_whole_book_is_a_snapshot_and_the_other_tokens_adds_nothing():
    venue, mirror = quoted(), Mirror(REF)
    assert feed(mirror, *venue.step([("BUY", "0.47", "1")])) == []  # nothing to change yet
    mirror.await_snapshot(7)

    (step,) = feed(mirror, venue.snapshot())

    assert mirror.live and mirror.book == make_book("0.49x50 0.48x100 0.47x1", "0.51x30 0.52x70")
    assert (step.seq, step.snapshot, step.connection, step.stamp_ms) == (1, True, 7, venue.stamp)
    assert step.received_ms == NOW
    assert step.hash == rest(venue).hash == mirror.hash
    assert {(c.side, c.price_micros, c.before_micros, c.after_micros) for c in step.changes} == {
        (Side.BUY, 490_000, 0, 50_000_000),
        (Side.BUY, 480_000, 0, 100_000_000),
        (Side.BUY, 470_000, 0, 1_000_000),
        (Side.SELL, 510_000, 0, 30_000_000),
        (Side.SELL, 520_000, 0, 70_000_000),
    }
    assert mirror.verified_count > 0


@pytest.mark.parametrize("tokens", [(0,), (1,), (1, 0)])
def test_either_tokens_snapshot_gives_the_same_book(tokens):
    venue, mirror = quoted(), Mirror(REF)
    mirror.await_snapshot(7)

    feed(mirror, venue.snapshot(tokens))

    assert mirror.book == make_book("0.49x50 0.48x100", "0.51x30 0.52x70")
    assert mirror.verified_count == 1


@pytest.mark.parametrize("swap", [False, True])
def test_a_change_and_its_mirror_image_are_one_change(swap):
    venue = quoted()
    mirror = following(venue)

    (step,) = feed(mirror, *venue.step([("BUY", "0.5", "5")], swap=swap))

    assert step.changes == (Change(Side.BUY, 500_000, 0, 5_000_000),)
    assert (step.seq, step.snapshot, step.prints) == (2, False, ())
    assert step.hash == rest(venue).hash
    assert mirror.book.best(Side.BUY) == 500_000


@pytest.mark.parametrize("tokens", [(0,), (1,)])
def test_a_frame_that_names_one_token_is_enough(tokens):
    venue = quoted()
    mirror = following(venue)
    verified_count = mirror.verified_count
    venue.step([("SELL", "0.51", "0"), ("BUY", "0.48", "20")])

    (step,) = feed(mirror, venue.price_changes([("SELL", "0.51", "0"), ("BUY", "0.48", "20")], tokens=tokens))

    assert mirror.book == make_book("0.49x50 0.48x20", "0.52x70")
    assert step.hash == ("" if tokens == (1,) else rest(venue).hash)
    assert mirror.verified_count == verified_count + 1


def test_taking_away_a_level_that_is_not_there_is_harmless():
    venue = quoted()
    mirror = following(venue)

    assert feed(mirror, *venue.step([("BUY", "0.3", "0")])) == []
    assert mirror.live


def test_a_step_that_crosses_in_its_middle_is_judged_at_its_end():
    venue = quoted()
    mirror = following(venue, check_every_ms=10**9)
    taken, rested = venue.step([("BUY", "0.51", "9"), ("SELL", "0.51", "0")], frames=2)

    assert feed(mirror, taken) == []
    assert mirror.open

    (step,) = feed(mirror, rested)
    assert not mirror.open
    assert step.changes == (
        Change(Side.BUY, 510_000, 0, 9_000_000),
        Change(Side.SELL, 510_000, 30_000_000, 0),
    )


def test_a_later_frame_of_the_same_instant_opens_the_step_again():
    venue = quoted()
    mirror = following(venue, check_every_ms=10**9)
    first, second = venue.step([("BUY", "0.3", "9"), ("BUY", "0.2", "1")], frames=2)

    (one,) = feed(mirror, first)
    (two,) = feed(mirror, second)

    assert (one.seq, two.seq) == (2, 3)
    assert one.stamp_ms == two.stamp_ms
    assert two.changes == (Change(Side.BUY, 200_000, 0, 1_000_000),)


def test_where_the_hash_is_asked_a_step_ends_with_its_last_frame():
    venue = quoted()
    mirror = following(venue, check_every_ms=0)
    first, second = venue.step([("BUY", "0.3", "9"), ("BUY", "0.2", "1")], frames=2)

    assert feed(mirror, first) == []
    (step,) = feed(mirror, second)
    assert len(step.changes) == 2


def test_best_prices_that_are_not_the_venues_are_a_gap():
    venue = quoted()
    mirror = following(venue)
    venue.step([("BUY", "0.5", "1")])  # lost

    assert feed(mirror, *venue.step([("SELL", "0.6", "2")])) == []
    assert mirror.tick(NOW + 19) == []
    assert mirror.tick(NOW + 20) == [Dropped(CONDITION, Reason.GAP)]
    assert not mirror.live
    assert mirror.tick(NOW + 40) == []
    assert mirror.book.best(Side.BUY) == 490_000  # what it was stays readable


def test_a_gap_shows_at_the_next_instant_too():
    venue = quoted()
    mirror = following(venue)
    venue.step([("BUY", "0.5", "1")])  # lost
    wrong, later = venue.step([("SELL", "0.6", "2")]) + venue.step([("SELL", "0.61", "2")])

    assert feed(mirror, wrong, later) == [Dropped(CONDITION, Reason.GAP)]


def test_a_lost_change_deep_in_the_book_shows_in_the_hash():
    venue = quoted()
    mirror = following(venue)
    venue.step([("BUY", "0.3", "1")])  # lost, and the best prices do not show it

    assert feed(mirror, *venue.step([("SELL", "0.6", "2")])) == []
    step, doubt = mirror.tick(NOW + 20)
    assert isinstance(step, Step)
    assert doubt == Doubt(CONDITION)
    assert mirror.doubted and mirror.live and mirror.refuted_count == 1

    assert mirror.settle(rest(venue), now_ms=NOW) == [Dropped(CONDITION, Reason.HASH)]
    assert not mirror.live and not mirror.doubted


def test_the_hash_is_asked_once_in_a_while():
    venue = quoted()
    mirror = following(venue, check_every_ms=1_000)
    for n in range(10):
        feed(mirror, *venue.step([("BUY", "0.3", str(n + 1))]), now_ms=NOW + 100 * n + 300)

    assert mirror.verified_count == 2  # the snapshot, and a second later


def test_a_doubt_that_rest_does_not_share_passes():
    venue = quoted()
    mirror = following(venue)
    venue.last_trade = "0.123"  # a trade whose print was lost: the levels are right, the hash is not
    assert feed(mirror, *venue.step([("SELL", "0.6", "2")])) == []
    assert Doubt(CONDITION) in mirror.tick(NOW + 20)

    assert mirror.settle(rest(venue), now_ms=NOW + 30) == []

    assert mirror.live and not mirror.doubted
    (step,) = feed(mirror, *venue.step([("SELL", "0.6", "3")]))
    assert isinstance(step, Step)


def test_rest_may_be_ahead_of_the_socket():
    venue = quoted()
    mirror = following(venue)
    venue.step([("BUY", "0.3", "1")])  # lost
    (frame,) = venue.step([("SELL", "0.6", "2")])
    feed(mirror, frame)
    mirror.tick(NOW + 20)
    (next_frame,) = venue.step([("SELL", "0.6", "3")])

    assert mirror.settle(rest(venue), now_ms=NOW + 25) == []
    assert mirror.doubted
    assert feed(mirror, next_frame, now_ms=NOW + 30) == []
    assert mirror.tick(NOW + 50)[-1] == Dropped(CONDITION, Reason.HASH)


def test_a_rest_book_older_than_ours_settles_nothing():
    venue = quoted()
    mirror = following(venue)
    old = rest(venue)
    venue.step([("BUY", "0.3", "1")])  # lost
    feed(mirror, *venue.step([("SELL", "0.6", "2")]))
    mirror.tick(NOW + 20)

    assert mirror.settle(old, now_ms=NOW) == [Doubt(CONDITION)]
    assert mirror.doubted


def test_a_whole_book_on_a_live_socket_is_a_set_of_changes():
    venue = quoted()
    mirror = following(venue)
    venue.step([("SELL", "0.51", "0"), ("SELL", "0.52", "60"), ("BUY", "0.5", "5")])

    (step,) = feed(mirror, venue.book_after_trade(0), venue.book_after_trade(1))

    assert not step.snapshot
    assert set(step.changes) == {
        Change(Side.SELL, 510_000, 30_000_000, 0),
        Change(Side.SELL, 520_000, 70_000_000, 60_000_000),
        Change(Side.BUY, 500_000, 0, 5_000_000),
    }
    assert step.hash == rest(venue).hash


def test_a_snapshot_after_a_drop_begins_anew_and_counts_on():
    venue = quoted()
    mirror = following(venue)
    mirror.drop(Reason.CONNECTION)
    venue.step([("BUY", "0.5", "1")])
    mirror.await_snapshot(8)

    (step,) = feed(mirror, venue.snapshot())

    assert (step.snapshot, step.seq, step.connection) == (True, 2, 8)
    assert mirror.book.best(Side.BUY) == 500_000


def test_a_tick_size_change_drops_the_book_once():
    venue = quoted()
    mirror = following(venue)

    assert feed(mirror, venue.tick_size_change(0, "0.001"), venue.tick_size_change(1, "0.001")) == [
        Dropped(CONDITION, Reason.TICK)
    ]
    assert mirror.oracle.tick_micros == 1_000
    mirror.await_snapshot(7)
    assert [type(outcome) for outcome in feed(mirror, venue.snapshot())] == [Step]
    assert mirror.live and not mirror.doubted


@pytest.mark.parametrize(
    "garble",
    [
        {"price": "0.51x"},
        {"price": "1.5"},
        {"price": "0"},
        {"size": "-1"},
        {"size": "nan"},
        {"asset_id": "999"},
        {"best_bid": "x"},
    ],
)
def test_a_number_that_is_none_costs_the_market_its_book(garble):
    mirror = following(quoted())
    entry = {"asset_id": TOKENS[0], "price": "0.5", "size": "1", "side": "BUY", "best_bid": "0.5"}
    entry |= {"best_ask": "0.51"}
    frame = {"event_type": "price_change", "market": CONDITION, "timestamp": str(NOW + 5)}

    assert feed(mirror, spaced({**frame, "price_changes": [entry | garble]})) == [
        Dropped(CONDITION, Reason.BAD)
    ]


@pytest.mark.parametrize(
    "bids", [[("0.49", "50"), ("0.49", "20")], [("0.55", "1")], [("2", "1")], [("0.4", "many")]]
)
def test_a_whole_book_that_cannot_be_is_refused(bids):
    venue, mirror = quoted(), Mirror(REF)
    mirror.await_snapshot(7)
    book = venue.rest_book(0) | {"event_type": "book"}
    book["bids"] = [{"price": price, "size": size} for price, size in bids]

    assert feed(mirror, spaced(book)) == []
    assert not mirror.live


def test_a_negative_risk_market_proves_itself_although_the_catalogue_said_otherwise():
    mirror = following(quoted(neg_risk=True))

    assert mirror.verified_count > 0
    assert not mirror.doubted


def test_empty_sides_agree():
    venue = ReferenceVenue()
    venue.step([("BUY", "0.49", "50")])
    mirror = following(venue)

    (step,) = feed(mirror, *venue.step([("BUY", "0.49", "0")]))

    assert step.changes == (Change(Side.BUY, 490_000, 50_000_000, 0),)
    assert mirror.book == OrderBook()
