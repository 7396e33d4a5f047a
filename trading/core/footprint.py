"""What a world took from a level stays taken, and fades as market makers refill.

A paper order does not move the real book, so the next look at the feed would show the same liquidity
again. Levels are in outcome-0 coordinates: what was taken as NO asks at 0.40 is gone from YES bids at
0.60. Fading serves the next taker ticket only (docs/fill-model.md, "Footprint").
"""

from collections.abc import Mapping
from dataclasses import dataclass
from decimal import ROUND_CEILING, Context, Decimal

from markets.core.book import Side

_EXACT = Context(prec=40)


@dataclass(frozen=True, slots=True)
class Taken:
    """Shares taken from one level, as they stood at `at_ms`."""

    size_micros: int
    at_ms: int


Levels = Mapping[tuple[Side, int], Taken]  # (book side, price in outcome-0 micros)


def faded_micros(taken: Taken, *, now_ms: int, half_life_ms: int | None) -> int:
    """What still counts as taken: halved every `half_life_ms`, rounded up (against the trader).

    0 forgets at once, None never fades.
    """
    if half_life_ms is None or now_ms <= taken.at_ms:
        return taken.size_micros
    if half_life_ms == 0:
        return 0
    lives = _EXACT.divide(Decimal(now_ms - taken.at_ms), Decimal(half_life_ms))
    if lives > 64:
        return 0
    left = _EXACT.divide(Decimal(taken.size_micros), _EXACT.power(Decimal(2), lives))
    return int(left.to_integral_value(rounding=ROUND_CEILING))


def after_taking(before: Taken | None, *, size_micros: int, now_ms: int, half_life_ms: int | None) -> Taken:
    """The level's footprint after another fill: what had not faded, and the new."""
    left = faded_micros(before, now_ms=now_ms, half_life_ms=half_life_ms) if before else 0
    return Taken(left + size_micros, now_ms)
