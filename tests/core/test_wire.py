import json
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from livedata.core import wire
from livedata.core.wire import Bad, Book, LastTradePrice, PriceChanges, Reader
from markets.core.book import Side
from tests.core.reference_venue import CONDITION, ReferenceVenue, spaced

CHANGE = {"asset_id": "1", "price": "0.5", "size": "10", "side": "BUY", "hash": "h"}
FRAME = {"event_type": "price_change", "market": "0x1", "timestamp": "1", "price_changes": [CHANGE]}
OLD = {"market": "0x1", "asset_id": "1", "timestamp": "1"}  # the shapes of before September 2025


def test_arrays_and_objects_with_and_without_spaces_read_alike():
    venue = ReferenceVenue()
    frame = venue.step([("BUY", "0.4", "10"), ("SELL", "0.6", "5")])[0]
    compact = json.dumps(json.loads(frame), separators=(",", ":")).encode()
    pretty = json.dumps(json.loads(frame), indent=2).encode()

    read = Reader().read(frame)

    assert isinstance(read[0], PriceChanges) and len(read) == 1
    for same in (compact, pretty, b"[" + frame + b"]", b" [" + compact + b"]\n"):
        assert list(Reader().read(same)) == list(read)


def test_a_subscription_is_answered_with_an_array_of_books():
    venue = ReferenceVenue(tick="0.001")
    venue.step([("BUY", "0.4", "10"), ("SELL", "0.6", "5")])

    first, second = Reader().read(venue.snapshot())

    assert isinstance(first, Book) and isinstance(second, Book)
    assert (first.tick_size, first.last_trade_price, first.min_order_size) == ("0.001", "", None)
    assert [(level.price, level.size) for level in second.bids] == [("0.4", "5")]


def test_unknown_events_are_left_out_and_counted():
    reader = Reader()

    events = reader.read(
        spaced([{"event_type": "settlement_preview", "sequence": 2}, FRAME, {"event_type": "x"}])
    )

    assert [type(event) for event in events] == [PriceChanges]
    assert reader.ignored == {"settlement_preview": 1, "x": 1}
    assert reader.read(b"INVALID OPERATION") == []
    assert reader.ignored["text"] == 1


@pytest.mark.parametrize(
    ("market", "frame"),
    [
        ("", b"{"),
        ("", b""),
        ("", b"\xff\xfe"),
        ("", b"<html>bad gateway</html>"),
        ("", b"7"),
        ("", b'["a"]'),
        ("", b"{}"),
        ("0x1", {**FRAME, "price_changes": None}),
        ("0x1", {**FRAME, "timestamp": "soon"}),
        ("0x1", {**FRAME, "price_changes": [{**CHANGE, "price": 0.5}]}),
        ("0x1", {**FRAME, "price_changes": [{**CHANGE, "side": "HOLD"}]}),
        ("0x1", {**FRAME, "price_changes": [{"asset_id": "1"}]}),
        ("0x1", {**OLD, "event_type": "price_change", "changes": []}),
        ("0x1", {**OLD, "event_type": "book", "buys": [], "sells": []}),
    ],
)  # fmt: skip
def test_what_moves_books_and_cannot_be_read_is_said_to_be_bad(market, frame):
    events = Reader().read(frame if isinstance(frame, bytes) else spaced(frame))

    assert [(type(event), event.market) for event in events] == [(Bad, market)]


def test_one_bad_event_of_an_array_costs_only_itself():
    events = Reader().read(
        spaced([FRAME, {**FRAME, "market": "0x2", "timestamp": None}, {**FRAME, "market": "0x3"}])
    )

    assert [(type(event), event.market) for event in events] == [
        (PriceChanges, "0x1"),
        (Bad, "0x2"),
        (PriceChanges, "0x3"),
    ]


def test_a_broken_event_that_moves_no_book_is_only_counted():
    reader = Reader()

    assert reader.read(spaced({"event_type": "new_market", "market": 5})) == []
    assert reader.read(spaced({"event_type": "best_bid_ask", "market": "0x1"})) == []
    assert reader.ignored == {"new_market": 1, "best_bid_ask": 1}


@pytest.mark.parametrize(
    ("text", "micros"),
    [("0.53", 530_000), ("1", 1_000_000), ("500.0", 500_000_000), ("3.581817", 3_581_817), ("0", 0)],
)
def test_plain_numbers_are_read_exactly(text, micros):
    assert wire.read_micros(text) == micros


@pytest.mark.parametrize(
    "text",
    ["", " 1", "1 ", "+1", "-1", "1e3", "nan", "inf", "1_000", "1,5", ".5", "1.", "0.1234567", "12345678901",
     "٣", "0x1", "1.٣", "9999999999"],
)  # fmt: skip
def test_anything_else_is_refused(text):
    with pytest.raises(ValueError):
        wire.read_micros(text)


def test_prices_are_strictly_between_nothing_and_one():
    for text in ("0", "1", "0.000000", "1.01", "7"):
        with pytest.raises(ValueError):
            wire.read_price(text)
    assert wire.read_price("0.0001") == 100
    assert [wire.read_best(text) for text in ("", "0", "1", "0.3")] == [None, None, None, 300_000]
    with pytest.raises(ValueError):
        wire.read_best("2")


@pytest.mark.parametrize("text", ["", "-1", "1.5", " 1", "+1", "abc", "٣", "999999999999999", None, True])
def test_a_timestamp_is_a_whole_number_in_quotes_or_not(text):
    assert [type(event) for event in Reader().read(spaced({**FRAME, "timestamp": text}))] == [Bad]
    for good in ("1795500000123", 1_795_500_000_123):
        (event,) = Reader().read(spaced({**FRAME, "timestamp": good}))
        assert event.timestamp == 1_795_500_000_123


def test_a_price_that_comes_twice_is_refused_and_an_empty_level_is_none():
    level = wire.Level
    with pytest.raises(ValueError):
        wire.read_levels([level("0.5", "1"), level("0.50", "2")])
    assert wire.read_levels([level("0.5", "1"), level("0.4", "0")]) == {500_000: 1_000_000}


def test_the_tables_remember_answers_but_never_without_end():
    table = wire._Table(wire.read_micros, size_max=3)

    assert [table[text] for text in ("1", "2", "3", "4", "1")] == [n * 1_000_000 for n in (1, 2, 3, 4, 1)]
    assert len(table) <= 3
    with pytest.raises(ValueError):
        table["x"]


@given(st.binary(max_size=200) | st.text(max_size=100).map(str.encode))
def test_no_bytes_are_a_crash(frame):
    for event in Reader().read(frame):
        assert event is not None


@given(data=st.data())
def test_no_garbled_frame_is_a_crash(data):
    frame = bytearray(ReferenceVenue().step([("BUY", "0.4", "10")])[0])
    for position in data.draw(st.lists(st.integers(0, len(frame) - 1), min_size=1, max_size=5)):
        frame[position] = data.draw(st.integers(0, 255))

    Reader().read(bytes(frame))


def test_recorded_samples_of_every_type_are_read(recordings: Path):
    read: dict[str, list[object]] = {}
    for path in sorted((recordings / "ws/nautilus").glob("ws_*.json")):
        events = Reader().read(path.read_bytes())
        read[path.stem] = [type(event).__name__ for event in events]

    assert read["ws_market_book_msg"] == ["Book"]
    assert read["ws_market_price_change_msg"] == ["PriceChanges"]
    assert read["ws_market_last_trade_msg"] == ["LastTradePrice"]
    assert read["ws_market_tick_size_msg"] == ["TickSizeChange"]
    assert read["ws_market_best_bid_ask_msg"] == ["BestBidAsk"]
    assert read["ws_market_new_market_msg"] == ["NewMarket"]
    assert read["ws_market_resolved_msg"] == ["MarketResolved"]
    assert read["ws_market_mixed_known_unknown"] == ["PriceChanges", "LastTradePrice"]


def test_a_recorded_frame_of_the_old_shape_is_refused(recordings: Path):
    frame = (recordings / "ws/nautilus_py/price_change.json").read_bytes()

    assert [type(event) for event in Reader().read(frame)] == [Bad]


def test_recorded_prints_are_read_to_the_last_digit(recordings: Path):
    lines = (recordings / "ws/last_trade_price_singletons.jsonl").read_text().splitlines()
    prints = [event for line in lines for event in Reader().read(json.loads(line)["raw"].encode())]

    assert [type(event) for event in prints] == [LastTradePrice, LastTradePrice]
    assert [(wire.read_price(p.price), wire.read_micros(p.size), p.side) for p in prints] == [
        (550_000, 3_581_817, Side.BUY),
        (2_000, 5_000_000, Side.BUY),
    ]
    assert all(p.transaction_hash.startswith("0x") for p in prints)
    assert CONDITION not in {p.market for p in prints}
