"""Own orders on the ladder: beside their price, and on a row of their own where nobody else stands."""

from uuid import uuid4

import pytest

from markets.core.book import Side
from markets.core.units import from_micros, to_micros
from tests.make import make_book
from trading.selectors.ladder import OwnLevel, ladder_rows, own_levels
from trading.selectors.open_orders import OpenOrderLine

BOOK = make_book("0.62x400 0.61x600 0.60x5000 0.58x2200", "0.64x640 0.66x3420")


def order(
    side: str, outcome: int, level: str, size: str, ahead: str | None, *, own: str = "0"
) -> OpenOrderLine:
    """An open order; `level` and the side of the book in outcome 0's coordinates."""
    return OpenOrderLine(
        id=uuid4(),
        portfolio_id=uuid4(),
        question="",
        url="",
        token_0="1",
        outcome=("Yes", "No")[outcome],
        outcome_index=outcome,
        side=side,
        order_type="GTC",
        post_only=False,
        price_micros=to_micros(level),
        size_micros=to_micros(size),
        matched_micros=0,
        open_micros=to_micros(size),
        backing_micros=0,
        tick_micros=10_000,
        status="live",
        cancelling=False,
        age_ms=0,
        ends_ms=None,
        book_side="bid" if (side == "BUY") == (outcome == 0) else "ask",
        level_micros=to_micros(level),
        ahead_micros=None if ahead is None else to_micros(ahead),
        likely_micros=None if ahead is None else to_micros(ahead),
        own_micros=to_micros(own),
        entry_ahead_micros=0,
        behind_micros=0,
        uncertain_ms=0,
    )


def told(mark: OwnLevel) -> str:
    price, size, ahead, behind = map(
        from_micros, (mark.price_micros, mark.size_micros, mark.ahead_micros, mark.behind_micros)
    )
    return " ".join(f"{mark.side} {price} {mark.words} {size} {mark.outcome} {ahead}|{behind}".split())


@pytest.mark.parametrize(
    ("orders", "shown", "marks"),
    [
        ([order("BUY", 0, "0.62", "200", "312")], 0, ["bid 0.62 You buy 200 312|88"]),
        ([order("BUY", 0, "0.62", "200", "312")], 1, ["ask 0.38 You buy 200 Yes 312|88"]),
        ([order("BUY", 1, "0.66", "30", "3420")], 0, ["ask 0.66 You buy 30 No 3420|0"]),
        ([order("BUY", 1, "0.66", "30", "3420")], 1, ["bid 0.34 You buy 30 3420|0"]),
        ([order("SELL", 0, "0.64", "10", "640")], 0, ["ask 0.64 You sell 10 640|0"]),
        (
            [order("BUY", 0, "0.62", "200", "100"), order("BUY", 0, "0.62", "50", "600", own="200")],
            0,
            ["bid 0.62 You buy 250 100|300"],
        ),
        (
            [order("BUY", 0, "0.62", "200", "100"), order("SELL", 1, "0.62", "50", "600", own="200")],
            0,
            ["bid 0.62 Yours: 250 100|300"],
        ),
        ([order("BUY", 0, "0.62", "50", "500", own="200")], 0, ["bid 0.62 You buy 50 300|100"]),
        ([order("BUY", 0, "0.59", "7", "0")], 0, ["bid 0.59 You buy 7 0|0"]),
        ([order("BUY", 0, "0.59", "7", None)], 0, []),  # on its way: it stands nowhere yet
    ],
)
def test_orders_are_marked_by_price_in_the_coordinates_shown(orders, shown, marks):
    assert [told(mark) for mark in own_levels(orders, BOOK, outcome_index=shown)] == marks


def rows(side: Side, *prices: str, count: int = 7) -> list[str]:
    own = own_levels(
        [order("BUY" if side is Side.BUY else "SELL", 0, price, "5", "0") for price in prices],
        BOOK,
        outcome_index=0,
    )
    name = "bid" if side is Side.BUY else "ask"
    found = ladder_rows(name, BOOK.levels(side), count=count, largest_micros=1, taking={}, own=own)
    return [
        f"{from_micros(row.price_micros) if row.price_micros else '-'}{'*' if row.own else ''}"
        f"{'?' if row.rank is None else ''}"
        for row in found
    ]


def test_a_price_where_nobody_else_stands_gets_a_row_in_its_place():
    assert rows(Side.BUY, "0.62", "0.59") == ["0.62*", "0.61", "0.6", "0.59*?", "0.58", "-", "-", "-"]
    assert rows(Side.SELL, "0.65", "0.63") == ["0.63*?", "0.64", "0.65*?", "0.66", "-", "-", "-", "-", "-"]


def test_what_lies_beyond_the_rows_shown_stays_out_until_more_are_asked_for():
    assert rows(Side.BUY, "0.58", "0.1", count=3) == ["0.62", "0.61", "0.6"]
    assert rows(Side.BUY, "0.1", count=4) == ["0.62", "0.61", "0.6", "0.58", "0.1*?"]
