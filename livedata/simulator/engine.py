"""One market's matching engine: one unified book, true price-time priority.

Everything is in outcome-0 coordinates. An order keeps which token it was placed on, for that decides
whether a match is normal, a mint or a merge (docs.polymarket.com, "Order matching").
"""

from dataclasses import dataclass
from enum import StrEnum

from markets.core.book import Side
from markets.core.units import ONE

CENT = ONE // 100  # books show two decimals of a share


class MatchType(StrEnum):
    NORMAL = "normal"
    MINT = "mint"  # BUY meets BUY of the other token: a full set is made
    MERGE = "merge"  # SELL meets SELL of the other token: a full set is dissolved


@dataclass(frozen=True, slots=True, kw_only=True)
class Fill:
    maker_id: int
    price_micros: int
    size_micros: int
    match_type: MatchType


class Book:
    """Resting orders by price level; within a level the oldest first.

    An order id's lowest bit is the token (outcome index) it was placed on.
    """

    __slots__ = ("asks", "bids", "changed", "tick_micros", "where")

    def __init__(self, tick_micros: int) -> None:
        self.tick_micros = tick_micros
        self.bids: dict[int, dict[int, int]] = {}
        self.asks: dict[int, dict[int, int]] = {}
        self.where: dict[int, tuple[Side, int]] = {}
        self.changed: dict[tuple[Side, int], None] = {}  # levels touched since the last `drain`, in order

    def copy(self) -> "Book":
        """The same orders in the same queues, to go on by themselves."""
        book = Book(self.tick_micros)
        book.bids = {price: dict(level) for price, level in self.bids.items()}
        book.asks = {price: dict(level) for price, level in self.asks.items()}
        book.where, book.changed = dict(self.where), dict(self.changed)
        return book

    def side(self, side: Side) -> dict[int, dict[int, int]]:
        return self.bids if side is Side.BUY else self.asks

    def best(self, side: Side) -> int | None:
        levels = self.side(side)
        if not levels:
            return None
        return max(levels) if side is Side.BUY else min(levels)

    def shown(self, side: Side, price_micros: int) -> int:
        """The size a level displays: whole hundredths of a share, in micros."""
        level = self.side(side).get(price_micros)
        return sum(level.values()) // CENT * CENT if level else 0

    def take(self, side: Side, limit_micros: int, size_micros: int, outcome_index: int = 0) -> list[Fill]:
        """Match a taker against the other side, best price first, oldest order first.

        `side` and `limit_micros` are outcome 0's; `outcome_index` says which token the taker trades.
        """
        levels, buys = self.side(side.opposite), side is Side.BUY
        fills: list[Fill] = []
        while size_micros > 0 and levels:
            price = min(levels) if buys else max(levels)
            if (price > limit_micros) if buys else (price < limit_micros):
                break
            level = levels[price]
            for maker_id in list(level):
                taken = min(size_micros, level[maker_id])
                fills.append(
                    Fill(
                        maker_id=maker_id,
                        price_micros=price,
                        size_micros=taken,
                        match_type=_match_type(side, outcome_index, maker_id & 1),
                    )
                )
                size_micros -= taken
                self._reduce(maker_id, taken)
                if not size_micros:
                    break
        return fills

    def place(self, order_id: int, side: Side, price_micros: int, size_micros: int) -> list[Fill]:
        """Match what crosses and let the rest stand."""
        fills = self.take(side, price_micros, size_micros, order_id & 1)
        left = size_micros - sum(fill.size_micros for fill in fills)
        if left >= CENT:
            self.side(side).setdefault(price_micros, {})[order_id] = left
            self.where[order_id] = (side, price_micros)
            self.changed[side, price_micros] = None
        return fills

    def cancel(self, order_id: int) -> bool:
        """Take an order out; False when it is not in the book any more."""
        if order_id not in self.where:
            return False
        side, price = self.where[order_id]
        self._reduce(order_id, self.side(side)[price][order_id])
        return True

    def clear(self) -> None:
        for order_id in list(self.where):
            self.cancel(order_id)

    def drain(self) -> list[tuple[Side, int]]:
        """The levels touched since the last call, in the order they were first touched."""
        touched = list(self.changed)
        self.changed.clear()
        return touched

    def _reduce(self, order_id: int, size_micros: int) -> None:
        side, price = self.where[order_id]
        level = self.side(side)[price]
        level[order_id] -= size_micros
        # A rest of less than the book shows would stand invisibly in the queue: the venue drops such dust.
        if level[order_id] < CENT:
            del level[order_id], self.where[order_id]
            if not level:
                del self.side(side)[price]
        self.changed[side, price] = None


def _match_type(taker_side: Side, taker_outcome: int, maker_outcome: int) -> MatchType:
    if taker_outcome == maker_outcome:
        return MatchType.NORMAL
    # In outcome 0's coordinates a taker who buys outcome 0, or sells outcome 1, is a BUY.
    buys_its_token = (taker_side is Side.BUY) == (taker_outcome == 0)
    return MatchType.MINT if buys_its_token else MatchType.MERGE
