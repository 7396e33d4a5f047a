"""A resting order as the queue sees it: where it stands under each model, and what filled it.

All prices and sides are outcome 0's. An order is followed under all three models at once; one of them, the
portfolio's own, is real, and the others say what would have been (docs/fill-model.md, "Three lenses").
"""

from dataclasses import dataclass, field, replace
from enum import StrEnum
from typing import Any

from livedata.core.steps import Print
from markets.core.book import OrderBook, Side


class QueueModel(StrEnum):
    RISK_AVERSE = "risk_averse"  # "fewest fills": nobody ahead leaves unless that is certain
    PROPORTIONAL = "proportional"  # "likely fills": by its size, a cancel is of who came later, or from ahead
    TOUCH = "touch"  # "most fills": whole, as soon as the price is traded; for comparison only


class Cause(StrEnum):
    """What filled a resting order."""

    PRINT = "print"  # printed at its price, beyond the queue ahead
    THROUGH = "through"  # printed at prices worse for the taker: it would have met us first
    CROSSING = "crossing"  # somebody offers at our price or better, and would have traded with us
    SELF = "self"  # an order of the same portfolio met it


class Grade(StrEnum):
    """How sure a maker fill is."""

    A = "A"  # the price traded through
    B = "B"  # prints used up the queue ahead
    C = "C"  # alone at the best price, by a crossing, or after a gap


@dataclass(slots=True, eq=False, kw_only=True)
class Place:
    """An order's place in the queue under one model."""

    model: QueueModel
    open_micros: int
    ahead_micros: int  # others' shares ahead; own earlier orders are not counted in here
    stood: dict[int, int] = field(default_factory=dict)
    # `stood`: the growth baseline, by price of the other side: what stands there and fills us no more


@dataclass(slots=True, eq=False, kw_only=True)
class Resting:
    """One order at rest. `world` is whose footprint and queue it shares: a portfolio's, or a contest's."""

    order_id: str
    world: str
    side: Side
    price_micros: int
    rested_ms: int  # the venue's clock
    since_ms: int  # nothing stamped up to then touches it: when it rested, or what it holds already
    number: int  # priority among the market's own orders: who came first
    entry_ahead_micros: int  # displayed at its price when it came
    places: tuple[Place, ...]
    behind: list[int] | None = field(default_factory=list)  # who came later, by size; None: not known
    printed_micros: int = 0  # of the queue ahead, used up by prints (under `risk_averse`)
    uncertain_ms: int = 0  # how long nobody could see its market

    def place(self, model: str) -> Place:
        """Its place under one model. Raises KeyError for an unknown one."""
        for place in self.places:
            if place.model == model:
                return place
        raise KeyError(model)

    @property
    def likely(self) -> Place:
        return self.place(QueueModel.PROPORTIONAL)

    def less(self, size_micros: int) -> "Resting":
        """The same order with so much less open, under every model: an own taker met it."""
        return replace(
            self,
            behind=None if self.behind is None else list(self.behind),
            places=tuple(
                replace(place, open_micros=max(0, place.open_micros - size_micros), stood=dict(place.stood))
                for place in self.places
            ),
        )

    @property
    def done(self) -> bool:
        """Whether it is filled under every model."""
        return not any(place.open_micros for place in self.places)


def come_to_rest(
    book: OrderBook,
    order_id: str,
    *,
    world: str,
    side: Side,
    price_micros: int,
    size_micros: int,
    at_ms: int,
    number: int,
) -> Resting:
    """An order at the end of its level: behind all that the book shows there now."""
    ahead = book.sizes(side).get(price_micros, 0)
    return Resting(
        order_id=order_id,
        world=world,
        side=side,
        price_micros=price_micros,
        rested_ms=at_ms,
        since_ms=at_ms,
        number=number,
        entry_ahead_micros=ahead,
        places=tuple(
            Place(
                model=model,
                open_micros=size_micros,
                ahead_micros=ahead,
                stood=across(book, side, price_micros),
            )
            for model in QueueModel
        ),
    )


def across(book: OrderBook, side: Side, price_micros: int) -> dict[int, int]:
    """What the other side shows at or through a price."""
    if side is Side.BUY:
        return {price: size for price, size in book.asks.items() if price <= price_micros}
    return {price: size for price, size in book.bids.items() if price >= price_micros}


@dataclass(frozen=True, slots=True, kw_only=True)
class MakerFill:
    """A resting order filled by one step, with the evidence for it. Sizes are shares."""

    resting: Resting
    model: QueueModel
    size_micros: int
    cause: Cause
    grade: Grade
    stamp_ms: int
    seq: int
    hash: str  # the venue's, of the book after the step; of a self-match, which fill of which order met it
    ahead_before_micros: int  # others ahead when the step began
    before_micros: int  # displayed at its price before the step
    after_micros: int  # … and after
    prints: tuple[Print, ...] = ()  # those that reached it
    crossing_micros: tuple[int, int] | None = None  # price and size of the level that crossed it

    @property
    def order_id(self) -> str:
        return self.resting.order_id

    @property
    def source(self) -> str:
        """Names the venue's event that filled it, the same whoever replays it, in whatever order."""
        told = ";".join(
            f"{trade.transaction_hash}:{trade.stamp_ms}:{trade.price_micros}:{trade.size_micros}"
            for trade in self.prints
        )
        met = self.hash if self.cause is Cause.SELF else ""
        return f"{self.cause}|{self.stamp_ms}|{told}|{self.crossing_micros}|{met}"


BEHIND = "behind"


def write_resting(resting: Resting) -> dict[str, Any]:
    """What must survive a restart, for JSON: {"risk_averse": [open, ahead, {…}], …, "behind": [size, …]}."""
    places: dict[str, Any] = {
        place.model.value: [
            place.open_micros,
            place.ahead_micros,
            {str(price): size for price, size in place.stood.items()},
        ]
        for place in resting.places
    }
    return {**places, BEHIND: resting.behind}


def read_places(state: dict[str, Any]) -> tuple[Place, ...]:
    return tuple(
        Place(
            model=model,
            open_micros=open_micros,
            ahead_micros=ahead_micros,
            stood={int(price): size for price, size in stood.items()},
        )
        for model in QueueModel
        for open_micros, ahead_micros, stood in [state[model]]
    )
