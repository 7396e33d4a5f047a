"""Immediate orders against a book: a table, the footprint, and the laws."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from markets.core.book import Level, OrderBook, Side
from markets.core.errors import Rejected
from markets.core.units import ONE, to_micros
from tests.make import levels, make_book, make_ticket
from trading.core.footprint import Taken, after_taking, faded_micros
from trading.core.matching import match

BOOK = make_book("0.49x50 0.48x100", "0.51x30 0.52x70")

TABLE = """
BUY  FAK size=20              -> 0.51x20         |   0
BUY  FAK size=50              -> 0.51x30 0.52x20 |   0
BUY  FAK size=200             -> 0.51x30 0.52x70 | 100
BUY  FAK size=200 price=0.51  -> 0.51x30         | 170
BUY  FAK size=200 price=0.50  ->                 | 200
BUY  FOK size=100             -> 0.51x30 0.52x70 |   0
BUY  FOK size=100.01          ->                 | 100.01
BUY  FOK size=31 price=0.51   ->                 |  31
BUY  FAK amount=15.3          -> 0.51x30         |   0
BUY  FAK amount=25.7          -> 0.51x30 0.52x20 |   0
BUY  FAK amount=51.7          -> 0.51x30 0.52x70 |   0
BUY  FAK amount=60            -> 0.51x30 0.52x70 | 8.3
BUY  FOK amount=51.7          -> 0.51x30 0.52x70 |   0
BUY  FOK amount=51.700001     ->                 | 51.700001
SELL FAK size=120             -> 0.49x50 0.48x70 |   0
SELL FAK size=120 price=0.49  -> 0.49x50         |  70
SELL FOK size=150             -> 0.49x50 0.48x100|   0
SELL FOK size=151             ->                 | 151
"""


@pytest.mark.parametrize("row", TABLE.strip().splitlines())
def test_match(row):
    asked, came = row.split("->")
    side, order_type, *fields = asked.split()
    fills, killed = came.split("|")

    result = match(make_ticket(side, order_type, **dict(part.split("=") for part in fields)), BOOK)

    assert [(fill.price_micros, fill.size_micros) for fill in result.fills] == [
        (level.price_micros, level.size_micros) for level in levels(fills)
    ]
    assert result.killed_micros == to_micros(killed.strip())
    assert result.resting_micros == 0


def test_a_resting_type_keeps_what_did_not_trade():
    result = match(make_ticket("BUY", "GTC", price="0.51", size="40"), BOOK)

    assert (result.matched_micros, result.resting_micros, result.killed_micros) == (30 * ONE, 10 * ONE, 0)


def test_a_post_only_ticket_that_would_trade_is_refused():
    with pytest.raises(Rejected):
        match(make_ticket("BUY", "GTC", price="0.51", size="40", post_only=True), BOOK)


def test_the_other_outcome_meets_the_same_book_mirrored():
    result = match(make_ticket("BUY", "FAK", size="60", outcome_index=1), BOOK)

    # NO asks are YES bids at 1 - p: 50 at 0.51, then 100 at 0.52.
    assert [(fill.price_micros, fill.size_micros) for fill in result.fills] == [
        (510_000, 50 * ONE),
        (520_000, 10 * ONE),
    ]


def test_what_the_venue_worked_out():
    # Market BUY of $25 against 30 @ 0.55 and 100 @ 0.56: 16.5 for 30, 8.5 left buy 15.178571.
    result = match(make_ticket("BUY", "FAK", amount="25"), make_book("", "0.55x30 0.56x100"))

    assert result.matched_micros == to_micros("45.178571")
    assert result.notional_micros == 25 * ONE


def test_what_was_taken_is_not_there_again():
    taken = {(Side.SELL, 510_000): Taken(25 * ONE, 1_000)}

    result = match(make_ticket("BUY", "FAK", size="10"), BOOK, taken, now_ms=1_000, half_life_ms=60_000)

    assert [(fill.price_micros, fill.size_micros) for fill in result.fills] == [
        (510_000, 5 * ONE),
        (520_000, 5 * ONE),
    ]
    assert result.fills[0].footprint_micros == 25 * ONE


def test_what_was_taken_as_no_is_gone_as_yes():
    # NO asks at 0.51 are YES bids at 0.49: a SELL of YES does not find them again.
    taken = {(Side.BUY, 490_000): Taken(50 * ONE, 0)}

    result = match(make_ticket("SELL", "FAK", size="10"), BOOK, taken, now_ms=0, half_life_ms=None)

    assert [fill.price_micros for fill in result.fills] == [480_000]


def test_a_footprint_halves_every_half_life():
    taken = Taken(80 * ONE, 0)

    fading = [faded_micros(taken, now_ms=ms, half_life_ms=60_000) for ms in (0, 60_000, 120_000, 10**9)]

    assert fading == [80 * ONE, 40 * ONE, 20 * ONE, 0]
    assert faded_micros(taken, now_ms=1, half_life_ms=0) == 0
    assert faded_micros(taken, now_ms=10**12, half_life_ms=None) == 80 * ONE


def test_taking_again_adds_to_what_has_not_faded():
    again = after_taking(Taken(80 * ONE, 0), size_micros=5 * ONE, now_ms=60_000, half_life_ms=60_000)

    assert again == Taken(45 * ONE, 60_000)


prices = st.integers(1, 99).map(lambda cents: cents * 10_000)
sizes = st.integers(1, 10**9)
asks = st.dictionaries(prices, sizes, max_size=8)


@st.composite
def books(draw):
    middle = draw(st.integers(2, 98))
    bids = draw(st.dictionaries(st.integers(1, middle - 1), sizes, max_size=6))
    offers = draw(st.dictionaries(st.integers(middle, 99), sizes, max_size=6))
    return OrderBook(
        [Level(cents * 10_000, size) for cents, size in bids.items()],
        [Level(cents * 10_000, size) for cents, size in offers.items()],
    )


@st.composite
def tickets(draw):
    side = draw(st.sampled_from(["BUY", "SELL"]))
    by_amount = side == "BUY" and draw(st.booleans())
    quantity = {"amount_micros" if by_amount else "size_micros": draw(st.integers(1, 10**10))}
    ticket = make_ticket(
        side,
        draw(st.sampled_from(["FAK", "FOK"])),
        outcome_index=draw(st.sampled_from([0, 1])),
        size="1",
    )
    from dataclasses import replace

    return replace(ticket, **{"size_micros": None, **quantity}, price_micros=draw(st.none() | prices))


@given(ticket=tickets(), book=books())
def test_all_of_a_ticket_is_filled_or_killed_at_prices_it_accepts(ticket, book):
    result = match(ticket, book)

    spent = result.notional_micros if ticket.amount_micros is not None else result.matched_micros
    asked = ticket.amount_micros if ticket.amount_micros is not None else ticket.size_micros
    assert spent + result.killed_micros == asked
    assert all(ticket.accepts(fill.price_micros) for fill in result.fills)
    assert all(0 < fill.size_micros <= fill.displayed_micros for fill in result.fills)
    if ticket.order_type == "FOK":
        assert not (result.fills and result.killed_micros)


@given(ticket=tickets(), book=books())
def test_the_same_ticket_seen_from_the_other_outcomes_book_fills_the_same(ticket, book):
    from dataclasses import replace

    flipped = OrderBook(book.levels(Side.BUY, 1), book.levels(Side.SELL, 1))

    assert match(ticket, book) == match(replace(ticket, outcome_index=1 - ticket.outcome_index), flipped)


@given(first=tickets(), second=tickets(), book=books())
def test_two_in_a_row_take_no_more_than_the_book_shows(first, second, book):
    from dataclasses import replace

    second = replace(second, side=first.side, outcome_index=first.outcome_index)
    one = match(first, book)
    place = {
        (first.side.opposite, fill.price_micros)
        if first.outcome_index == 0
        else (first.side, ONE - fill.price_micros): Taken(fill.size_micros, 0)
        for fill in one.fills
    }

    two = match(second, book, place, now_ms=0, half_life_ms=None)

    for fill in two.fills:
        before = sum(f.size_micros for f in one.fills if f.price_micros == fill.price_micros)
        assert before + fill.size_micros <= fill.displayed_micros
