"""The ladder of one outcome: the source book's levels, with the reader's own orders marked beside them.

Sizes are the source book's alone. A price where only the reader stands gets a row without a size.
"""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass

from markets.core.book import Level, OrderBook, Side, mirror
from markets.core.units import ONE
from trading.charts import bar_percent
from trading.selectors.open_orders import OpenOrderLine


@dataclass(frozen=True, slots=True, kw_only=True)
class OwnLevel:
    """The reader's orders at one price, or what a reviewed ticket would put there."""

    side: str  # "ask" or "bid", like the price in the shown outcome's coordinates
    price_micros: int
    words: str  # "You buy", "You sell"; "Yours" where both stand there
    outcome: str  # named where it is the other one
    size_micros: int
    ahead_micros: int  # others' shares before the first of them
    behind_micros: int
    joining: bool = False


@dataclass(frozen=True, slots=True, kw_only=True)
class LadderRow:
    """One price of one side: its size, what stands up to it in USDC, and the bar's length.

    A row without a price keeps the place that a deeper book will need: nothing shifts when it comes.
    """

    side: str  # "ask" or "bid"
    rank: int | None  # None where only own orders stand
    price_micros: int | None
    size_micros: int
    total_micros: int
    bar: int
    hit: int = 0  # what the reviewed ticket would take of it, in percent
    own: tuple[OwnLevel, ...] = ()


def own_levels(orders: Iterable[OpenOrderLine], book: OrderBook, *, outcome_index: int) -> list[OwnLevel]:
    """Resting orders by price, in one outcome's coordinates."""
    places: dict[tuple[str, int], list[OpenOrderLine]] = {}
    for order in orders:
        if order.level_micros is not None and order.ahead_micros is not None:
            side = Side.BUY if order.book_side == "bid" else Side.SELL
            shown_side, price = mirror(side, order.level_micros, outcome_index)
            places.setdefault(("bid" if shown_side is Side.BUY else "ask", price), []).append(order)
    return [
        _own_level(side, price, there, book, outcome_index=outcome_index)
        for (side, price), there in places.items()
    ]


def _own_level(
    side: str, price: int, there: Sequence[OpenOrderLine], book: OrderBook, *, outcome_index: int
) -> OwnLevel:
    book_side, level = mirror(Side.BUY if side == "bid" else Side.SELL, price, outcome_index)
    ahead = min((order.ahead_micros or 0) - order.own_micros for order in there)
    sides = {order.side for order in there}
    words = {"BUY": "You buy", "SELL": "You sell"}[there[0].side] if len(sides) == 1 else "Yours:"
    other = len(sides) == 1 and there[0].outcome_index != outcome_index
    return OwnLevel(
        side=side,
        price_micros=price,
        words=words,
        outcome=there[0].outcome if other else "",
        size_micros=sum(order.open_micros for order in there),
        ahead_micros=ahead,
        behind_micros=max(0, book.sizes(book_side).get(level, 0) - ahead),
    )


def ladder_rows(
    side: str,
    levels: Sequence[Level],
    *,
    count: int,
    largest_micros: int,
    taking: Mapping[int, int],
    own: Iterable[OwnLevel],
) -> tuple[LadderRow, ...]:
    """`count` rows of a side, best first, and one more for each price in their reach where only own orders
    stand. `levels` is the whole side."""
    marks: dict[int, list[OwnLevel]] = {}
    for mark in own:
        if mark.side == side:
            marks.setdefault(mark.price_micros, []).append(mark)
    lines, total = [], 0
    for rank, level in enumerate(levels[:count]):
        total += level.price_micros * level.size_micros // ONE
        lines.append(
            LadderRow(
                side=side,
                rank=rank,
                price_micros=level.price_micros,
                size_micros=level.size_micros,
                total_micros=total,
                bar=bar_percent(level.size_micros, largest_micros),
                hit=taking.get(level.price_micros, 0),
                own=tuple(marks.pop(level.price_micros, ())),
            )
        )
    lines += [
        _ghost(side, price, there) for price, there in marks.items() if _reached(side, price, levels, count)
    ]
    lines.sort(key=lambda row: (row.price_micros or 0) * (1 if side == "ask" else -1))
    lines += [
        LadderRow(side=side, rank=rank, price_micros=None, size_micros=0, total_micros=0, bar=0)
        for rank in range(min(len(levels), count), count)
    ]
    return tuple(lines)


def _ghost(side: str, price: int, own: Sequence[OwnLevel]) -> LadderRow:
    return LadderRow(
        side=side, rank=None, price_micros=price, size_micros=0, total_micros=0, bar=0, own=tuple(own)
    )


def _reached(side: str, price: int, levels: Sequence[Level], count: int) -> bool:
    """Whether a price lies among the rows that are shown, or beyond a book that ends within them."""
    if len(levels) <= count:
        return True
    last = levels[count - 1].price_micros
    return price < last if side == "ask" else price > last
