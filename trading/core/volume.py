"""The printed volume of one step on one side, and what a world's own orders took of it: spent once."""

from collections.abc import Iterable
from dataclasses import dataclass, field

from livedata.core.steps import Print
from markets.core.book import Side


@dataclass(frozen=True, slots=True, kw_only=True)
class Printed:
    """What takers took from one side of the book. `sizes`: by price, as the feed laid it."""

    maker_side: Side
    sizes: dict[int, int]
    prints: tuple[Print, ...]
    worst_micros: int  # for the taker: the last price it went to

    @classmethod
    def of(cls, maker_side: Side, prints: Iterable[Print]) -> "Printed":
        prints, sizes = tuple(prints), dict[int, int]()
        for trade in prints:
            sizes[trade.price_micros] = sizes.get(trade.price_micros, 0) + trade.size_micros
        worst = min(sizes) if maker_side is Side.BUY else max(sizes)
        return cls(maker_side=maker_side, sizes=sizes, prints=prints, worst_micros=worst)

    def worse(self, price_micros: int, than_micros: int) -> bool:
        """Whether a taker would rather trade at `than`."""
        return price_micros < than_micros if self.maker_side is Side.BUY else price_micros > than_micros

    def reaching(self, price_micros: int, spent: "Spent") -> tuple[int, int]:
        """Volume left at a price, and at worse ones."""
        at = through = 0
        for printed, size in self.sizes.items():
            left = size - spent.by_price.get(printed, 0)
            if printed == price_micros:
                at += left
            elif self.worse(printed, price_micros):
                through += left
        return at, through

    def up_to(self, price_micros: int) -> tuple[Print, ...]:
        """The prints that an order at a price has to do with: those at it and at worse ones."""
        return tuple(
            trade
            for trade in self.prints
            if trade.price_micros == price_micros or self.worse(trade.price_micros, price_micros)
        )


@dataclass(slots=True)
class Spent:
    """What one world's own orders took of the volume, under one model."""

    by_price: dict[int, int] = field(default_factory=dict)

    def take(self, printed: Printed, price_micros: int, size_micros: int) -> None:
        """Charge a fill at a price: a sweep that fills us ends earlier, so its worst prices go first."""
        reached = [
            price for price in printed.sizes if price == price_micros or printed.worse(price, price_micros)
        ]
        for price in sorted(reached, reverse=printed.maker_side is Side.SELL):
            left = printed.sizes[price] - self.by_price.get(price, 0)
            part = min(left, size_micros)
            self.by_price[price] = self.by_price.get(price, 0) + part
            size_micros -= part
