"""One book per market, in outcome-0 coordinates.

A bid for outcome 1 at p is an ask for outcome 0 at 1 - p, of the same size: both tokens are two views
of one book (docs/fill-model.md, "Coordinates"). Every price and side in here is outcome 0's, unless a
method takes an `outcome_index`.
"""

from collections.abc import Iterable
from dataclasses import dataclass
from enum import StrEnum

from markets.core.units import ONE


class Side(StrEnum):
    """What a trader does; a book's bids belong to BUY, its asks to SELL."""

    BUY = "BUY"
    SELL = "SELL"

    @property
    def opposite(self) -> "Side":
        return Side.SELL if self is Side.BUY else Side.BUY


@dataclass(frozen=True, slots=True)
class Level:
    price_micros: int
    size_micros: int


def mirror(side: Side, price_micros: int, outcome_index: int) -> tuple[Side, int]:
    """The same order seen from the other coordinates; its own inverse. Outcome 0 stays as it is."""
    if outcome_index == 0:
        return side, price_micros
    return side.opposite, ONE - price_micros


class OrderBook:
    """Sizes by price, one dict a side."""

    __slots__ = ("asks", "bids")

    def __init__(self, bids: Iterable[Level] = (), asks: Iterable[Level] = ()) -> None:
        self.bids = {level.price_micros: level.size_micros for level in bids if level.size_micros}
        self.asks = {level.price_micros: level.size_micros for level in asks if level.size_micros}

    @classmethod
    def of(cls, bids: dict[int, int], asks: dict[int, int]) -> "OrderBook":
        """A book of these sizes by price, which it keeps: none of them may be 0."""
        book = cls()
        book.bids, book.asks = bids, asks
        return book

    def copy(self) -> "OrderBook":
        return OrderBook.of(dict(self.bids), dict(self.asks))

    def __eq__(self, other: object) -> bool:
        return isinstance(other, OrderBook) and (self.bids, self.asks) == (other.bids, other.asks)

    __hash__ = None  # type: ignore[assignment]  # it changes

    def __repr__(self) -> str:
        return f"OrderBook(bids={self.levels(Side.BUY)}, asks={self.levels(Side.SELL)})"

    def sizes(self, side: Side) -> dict[int, int]:
        return self.bids if side is Side.BUY else self.asks

    def set_level(self, side: Side, price_micros: int, size_micros: int) -> None:
        """Set one level's whole size; 0 removes it, and removing what is not there is harmless."""
        sizes = self.sizes(side)
        if size_micros:
            sizes[price_micros] = size_micros
        else:
            sizes.pop(price_micros, None)

    def best(self, side: Side) -> int | None:
        """The best price of a side, None when it is empty."""
        if side is Side.BUY:
            return max(self.bids, default=None)
        return min(self.asks, default=None)

    def crossed(self) -> bool:
        """Whether a bid meets an ask: true only in the middle of a venue step."""
        bid, ask = self.best(Side.BUY), self.best(Side.SELL)
        return bid is not None and ask is not None and bid >= ask

    def levels(self, side: Side, outcome_index: int = 0) -> list[Level]:
        """Levels of one side, best price first, in that outcome's own coordinates."""
        if outcome_index == 0:
            best_first = sorted(self.sizes(side).items(), reverse=side is Side.BUY)
            return [Level(price, size) for price, size in best_first]
        mirrored = self.levels(side.opposite)
        return [Level(ONE - level.price_micros, level.size_micros) for level in mirrored]

    def touch(self, side: Side, outcome_index: int = 0) -> int | None:
        """The best price of a side in that outcome's own coordinates."""
        if outcome_index == 0:
            return self.best(side)
        best = self.best(side.opposite)
        return None if best is None else ONE - best

    def midpoint(self, outcome_index: int = 0) -> int | None:
        """Halfway between the best prices, in micros (rounded down); None when a side is empty."""
        bid, ask = self.touch(Side.BUY, outcome_index), self.touch(Side.SELL, outcome_index)
        return None if bid is None or ask is None else (bid + ask) // 2
