"""What simpler paper traders do: the comparison that says what all the care is worth."""

from collections.abc import Iterable
from dataclasses import dataclass

from livedata.core.steps import Step
from markets.core.book import Level, OrderBook, Side

ON_TOUCH, ON_CROSS = "fill on touch", "fill on cross"
SNAPSHOT_MS = 5_000  # how old the snapshot of a polling paper trader may be


@dataclass(slots=True, kw_only=True)
class NaiveOrder:
    """An order that fills whole, at one blow."""

    number: int
    side: Side
    price_micros: int
    size_micros: int
    at_ms: int
    touched: bool = False
    crossed: bool = False


class Naive:
    """Resting orders of a paper trader that looks at trades and best prices, and at no queue."""

    def __init__(self) -> None:
        self.orders: dict[int, NaiveOrder] = {}

    def apply(self, step: Step, book: OrderBook) -> list[tuple[str, NaiveOrder]]:
        """Which orders are filled by this step, by which rule. `book` shows the step already.

        On touch: a trade at the price or beyond it, or the other side's best price there.
        On cross: a trade beyond the price, or the other side's best price beyond it.
        """
        lows = [trade.price_micros for trade in step.prints if trade.taker_side is Side.SELL]
        highs = [trade.price_micros for trade in step.prints if trade.taker_side is Side.BUY]
        if step.changes:
            lows += _known(book.best(Side.SELL))
            highs += _known(book.best(Side.BUY))
        low, high = min(lows, default=None), max(highs, default=None)
        filled: list[tuple[str, NaiveOrder]] = []
        for order in list(self.orders.values()):
            far = low if order.side is Side.BUY else high
            if far is None or order.at_ms >= step.stamp_ms:
                continue
            beyond = order.price_micros - far if order.side is Side.BUY else far - order.price_micros
            if beyond >= 0 and not order.touched:
                order.touched = True
                filled.append((ON_TOUCH, order))
            if beyond > 0:
                order.crossed = True
                filled.append((ON_CROSS, order))
                del self.orders[order.number]
        return filled


def _known(price: int | None) -> list[int]:
    return [] if price is None else [price]


def walk(
    levels: Iterable[Level], *, side: Side, limit_micros: int, size_micros: int
) -> list[tuple[int, int]]:
    """Price and size of each level that a taker takes from a snapshot."""
    taken = []
    for level in levels:
        worse = level.price_micros > limit_micros if side is Side.BUY else level.price_micros < limit_micros
        if worse or not size_micros:
            break
        size = min(size_micros, level.size_micros)
        taken.append((level.price_micros, size))
        size_micros -= size
    return taken
