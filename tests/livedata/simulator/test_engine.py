"""The matching engine: price, then time; one book for both tokens."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from livedata.simulator.engine import CENT, Book, MatchType
from markets.core.book import Side
from markets.core.units import ONE, to_micros

BUY, SELL = Side.BUY, Side.SELL


def book_with(*orders: str) -> Book:
    """Orders "id side price size", placed in this order."""
    book = Book(10_000)
    for text in orders:
        order_id, side, price, size = text.split()
        book.place(int(order_id), Side(side), to_micros(price), to_micros(size))
    return book


def fills_of(book: Book, side: Side, limit: str, size: str, outcome: int = 0) -> list[tuple[int, str, str]]:
    made = book.take(side, to_micros(limit), to_micros(size), outcome)
    return [(fill.maker_id, f"{fill.price_micros / ONE:g}", f"{fill.size_micros / ONE:g}") for fill in made]


def test_the_best_price_trades_first_and_then_the_oldest_order():
    book = book_with("2 SELL 0.52 10", "4 SELL 0.51 10", "6 SELL 0.51 10", "8 SELL 0.53 10")

    assert fills_of(book, BUY, "0.52", "25") == [(4, "0.51", "10"), (6, "0.51", "10"), (2, "0.52", "5")]
    assert book.shown(SELL, to_micros("0.52")) == to_micros("5")


def test_a_partly_filled_order_keeps_its_place():
    book = book_with("2 BUY 0.40 10", "4 BUY 0.40 10")

    assert fills_of(book, SELL, "0.40", "4") == [(2, "0.4", "4")]
    assert fills_of(book, SELL, "0.40", "8") == [(2, "0.4", "6"), (4, "0.4", "2")]


def test_nothing_trades_beyond_the_limit():
    book = book_with("2 SELL 0.52 10")

    assert fills_of(book, BUY, "0.51", "5") == []
    assert book.drain() == [(SELL, 520_000)]


def test_the_rest_of_a_crossing_order_stands_at_its_limit():
    book = book_with("2 SELL 0.37 91")

    fills = book.place(4, BUY, 370_000, to_micros("100"))

    assert [fill.size_micros for fill in fills] == [to_micros("91")]
    assert book.best(SELL) is None
    assert book.shown(BUY, 370_000) == to_micros("9")


@pytest.mark.parametrize(
    ("taker_side", "taker_outcome", "maker", "expected"),
    [
        (BUY, 0, "2 SELL 0.5 10", MatchType.NORMAL),  # BUY YES meets SELL YES
        (BUY, 0, "3 SELL 0.5 10", MatchType.MINT),  # BUY YES meets BUY NO at 0.5
        (SELL, 0, "2 BUY 0.5 10", MatchType.NORMAL),
        (SELL, 0, "3 BUY 0.5 10", MatchType.MERGE),  # SELL YES meets SELL NO
        (SELL, 1, "2 BUY 0.5 10", MatchType.MINT),  # BUY NO, a SELL in YES coordinates, meets BUY YES
        (SELL, 1, "3 BUY 0.5 10", MatchType.NORMAL),  # BUY NO meets SELL NO
        (BUY, 1, "2 SELL 0.5 10", MatchType.MERGE),  # SELL NO meets SELL YES
        (BUY, 1, "3 SELL 0.5 10", MatchType.NORMAL),
    ],
)
def test_the_tokens_of_the_two_orders_decide_the_match_type(taker_side, taker_outcome, maker, expected):
    book = book_with(maker)

    (fill,) = book.take(taker_side, 500_000, ONE, taker_outcome)

    assert fill.match_type is expected


def test_books_show_hundredths_and_dust_is_dropped():
    book = book_with("2 SELL 0.5 10")

    book.take(BUY, 500_000, to_micros("3.581817"))
    assert book.shown(SELL, 500_000) == to_micros("6.41")

    book.take(BUY, 500_000, to_micros("6.415"))
    assert book.best(SELL) is None


def test_cancelling_twice_is_harmless():
    book = book_with("2 BUY 0.4 10")

    assert book.cancel(2)
    assert not book.cancel(2)
    assert book.best(BUY) is None


ORDERS = st.lists(
    st.tuples(
        st.sampled_from(["place", "take", "cancel"]),
        st.sampled_from([BUY, SELL]),
        st.integers(1, 99),
        st.integers(1, 5_000),
        st.integers(0, 1),
    ),
    max_size=60,
)


@given(orders=ORDERS)
def test_shares_are_conserved_and_the_book_never_crosses(orders):
    book, placed, filled, cancelled = Book(10_000), 0, 0, 0
    for number, (what, side, cents, size, outcome) in enumerate(orders):
        order_id, price = 2 * number + outcome, cents * 10_000
        if what == "cancel":
            before = sum(sum(level.values()) for s in Side for level in book.side(s).values())
            book.cancel(2 * (size % (number + 1)) + outcome)
            cancelled += before - sum(sum(level.values()) for s in Side for level in book.side(s).values())
        elif what == "take":
            filled += sum(fill.size_micros for fill in book.take(side, price, size * CENT, outcome))
        else:
            fills = book.place(order_id, side, price, size * CENT)
            taken = sum(fill.size_micros for fill in fills)
            placed += size * CENT - taken
            filled += taken
            assert all(
                fill.price_micros <= price if side is BUY else fill.price_micros >= price for fill in fills
            )
        bid, ask = book.best(BUY), book.best(SELL)
        assert bid is None or ask is None or bid < ask
    standing = sum(sum(level.values()) for side in Side for level in book.side(side).values())
    assert standing == placed - filled - cancelled
    assert len(book.where) == sum(len(level) for side in Side for level in book.side(side).values())


@given(orders=ORDERS)
def test_fills_of_one_taker_go_by_price_and_then_by_age(orders):
    book = Book(10_000)
    for number, (_, side, cents, size, outcome) in enumerate(orders):
        fills = book.place(2 * number + outcome, side, cents * 10_000, size * CENT)
        order = [
            (fill.price_micros if side is BUY else -fill.price_micros, fill.maker_id // 2) for fill in fills
        ]
        assert order == sorted(order)
