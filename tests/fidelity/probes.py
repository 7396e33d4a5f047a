"""Which orders are tried: drawn from the seed and from the book as it stands, as a trader would."""

from dataclasses import dataclass
from math import exp, log
from random import Random

from livedata.simulator.onemarket import ProbeOrder
from markets.core.book import OrderBook, Side, mirror
from markets.core.units import ONE
from trading.core.tickets import OrderType

SHORTEST_MS, LONGEST_MS = 5_000, 3_600_000
_CENT = ONE // 100
_SMALLEST = 5 * ONE
_TAKERS = 0.2  # of all probes


@dataclass(frozen=True, slots=True, kw_only=True)
class Wish:
    """A probe: what really goes into the book, and what it is called in the report."""

    order: ProbeOrder
    order_type: OrderType
    side: Side  # outcome 0's, like the price
    price_micros: int
    where: str  # inside, touch, behind, crossing; or take
    size: str  # small, level, large: against the level it joins

    @property
    def takes(self) -> bool:
        return self.where == "take"


def wish(random: Random, book: OrderBook, *, at_ms: int, tick_micros: int, longest_ms: int) -> Wish | None:
    """The next probe; None where a side is empty."""
    side, outcome = random.choice((Side.BUY, Side.SELL)), random.randrange(2)
    own, other = book.best(side), book.best(side.opposite)
    if own is None or other is None:
        return None
    sign = 1 if side is Side.BUY else -1
    gap = abs(other - own) // tick_micros  # ticks from touch to touch
    takes = random.random() < _TAKERS
    if takes:
        where, price = "take", other + sign * tick_micros * int(random.expovariate(0.5))
    else:
        where, ticks = _distance(random, gap, tick_micros)
        price = own + sign * tick_micros * ticks
    if not tick_micros <= price <= ONE - tick_micros:
        return None
    level = book.sizes(side.opposite if where in ("take", "crossing") else side).get(price, 0)
    level = level or book.sizes(side)[own]
    size, size_micros = _size(random, level)
    order_type = OrderType.GTC
    if takes:
        order_type = random.choice((OrderType.FAK, OrderType.FOK))
    horizon_ms = int(SHORTEST_MS * exp(random.random() * log(longest_ms / SHORTEST_MS)))
    probe_side, probe_price = mirror(side, price, outcome)
    order = ProbeOrder(
        side=probe_side,
        price_micros=probe_price,
        size_micros=size_micros,
        outcome_index=outcome,
        at_ms=at_ms,
        cancel_ms=at_ms + horizon_ms,
        rests=not takes,
    )
    return Wish(order=order, order_type=order_type, side=side, price_micros=price, where=where, size=size)


def _distance(random: Random, gap: int, tick_micros: int) -> tuple[str, int]:
    """How many ticks better than the own touch; a gap of one tick has no inside."""
    draw, fine = random.random(), tick_micros < 10_000
    if draw < 0.06:
        return "crossing", gap + int(random.expovariate(1.0))
    if draw < 0.26 and gap > 1:
        return "inside", random.randint(1, gap - 1)
    if draw < 0.65:
        return "touch", 0
    return "behind", -1 - int(random.expovariate(0.2 if fine else 0.6))


def _size(random: Random, level_micros: int) -> tuple[str, int]:
    """Small, a part of the level, or up to ten times as much: in hundredths of a share."""
    draw = random.random()
    if draw < 0.4:
        name, shares = "small", random.uniform(5, 60) * ONE
    elif draw < 0.75:
        name, shares = "level", random.uniform(0.1, 1.0) * level_micros
    else:
        name, shares = "large", random.uniform(1.0, 10.0) * level_micros
    return name, max(_SMALLEST, int(shares) // _CENT * _CENT)
