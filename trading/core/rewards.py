"""Liquidity rewards: what resting orders would score, and what part of a market's pool that may be.

Sampled once a minute. An order within the maximum spread `v` of the midpoint scores its size times
((v - s) / v) squared, s being its distance; a bid for one outcome and an ask for the other are the same
side. Whoever quotes both sides counts with the smaller of them; who quotes one counts for a third, and only
while the midpoint is between 0.10 and 0.90. A maker's part is their score over everybody's.

Others' scores are not public, and a displayed level does not say whose orders are in it, so the part is a
range. Lower end: everybody displayed is a two-sided rival, as far as the two sides match. Upper end: each
of them quotes one side only. Source: docs of 2026, "Liquidity rewards".
"""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass

from markets.core.book import OrderBook, Side
from markets.core.units import ONE

RESTED_MIN_MS = 3_500  # Source: the docs since March 2026: what rests for less is not counted
MINUTES_A_DAY = 1_440
PAID_FROM_MICROS = ONE  # a day under a dollar pays nothing
_ONE_SIDED_DIVISOR = 3
_ONE_SIDED_FROM, _ONE_SIDED_TO = ONE // 10, ONE - ONE // 10


@dataclass(frozen=True, slots=True, kw_only=True)
class RewardRules:
    """What a market's programme asks: size in shares, spread as a price, the day's pool in USDC."""

    min_size_micros: int
    max_spread_micros: int
    daily_micros: int

    @property
    def pays(self) -> bool:
        return self.daily_micros > 0 and self.max_spread_micros > 0


@dataclass(frozen=True, slots=True, kw_only=True)
class Quote:
    """An order at rest, in outcome 0's coordinates."""

    side: Side
    price_micros: int
    size_micros: int


@dataclass(frozen=True, slots=True, kw_only=True)
class Sample:
    """One minute of one maker in one market: the score in share-millionths, its part in millionths."""

    score_micros: int
    low_micros: int
    high_micros: int


def sample(own: Iterable[Quote], book: OrderBook, rules: RewardRules) -> Sample | None:
    """What these orders score among those displayed; None when they score nothing.

    The book is the venue's, without them; in the market with them they would move its midpoint.
    """
    own = [quote for quote in own if quote.size_micros >= rules.min_size_micros]
    midpoint = adjusted_midpoint(book, own, min_size_micros=rules.min_size_micros)
    if midpoint is None:
        return None
    score = _of_maker(*_sides(own, midpoint, rules), midpoint)
    if not score:
        return None
    rivals = [
        Quote(side=side, price_micros=price, size_micros=size)
        for side in Side
        for price, size in book.sizes(side).items()
        if size >= rules.min_size_micros  # a smaller level holds no order that counts
    ]
    bids, asks = _sides(rivals, midpoint, rules)
    divisor = _ONE_SIDED_DIVISOR if _one_sided_counts(midpoint) else 0
    unpaired = -(-abs(bids - asks) // divisor) if divisor else 0  # rounded up: the lower end stays one
    one_sided = (bids + asks) // divisor if divisor else 0
    return Sample(
        score_micros=score,
        low_micros=score * ONE // (score + min(bids, asks) + unpaired),
        high_micros=score * ONE // (score + one_sided),
    )


def adjusted_midpoint(book: OrderBook, own: Iterable[Quote], *, min_size_micros: int) -> int | None:
    """Halfway between the best prices at which at least the minimum size stands; None without both."""
    sizes: dict[Side, dict[int, int]] = {side: dict(book.sizes(side)) for side in Side}
    for quote in own:
        level = sizes[quote.side]
        level[quote.price_micros] = level.get(quote.price_micros, 0) + quote.size_micros
    bid = max(_large(sizes[Side.BUY], min_size_micros), default=None)
    ask = min(_large(sizes[Side.SELL], min_size_micros), default=None)
    return None if bid is None or ask is None else (bid + ask) // 2


def order_score(*, distance_micros: int, size_micros: int, max_spread_micros: int) -> int:
    """The score of one order at this distance from the midpoint, rounded down."""
    inside = max_spread_micros - distance_micros
    if inside <= 0:
        return 0
    return size_micros * inside * inside // (max_spread_micros * max_spread_micros)


def accrued_micros(share_micros: int, rules: RewardRules) -> int:
    """What one minute of a share brings of the day's pool, in micro-USDC, rounded down."""
    return rules.daily_micros * share_micros // (ONE * MINUTES_A_DAY)


def _sides(quotes: Iterable[Quote], midpoint_micros: int, rules: RewardRules) -> tuple[int, int]:
    """The scores of the bids and of the asks."""
    scores = {Side.BUY: 0, Side.SELL: 0}
    for quote in quotes:
        scores[quote.side] += order_score(
            distance_micros=abs(quote.price_micros - midpoint_micros),
            size_micros=quote.size_micros,
            max_spread_micros=rules.max_spread_micros,
        )
    return scores[Side.BUY], scores[Side.SELL]


def _of_maker(bids: int, asks: int, midpoint_micros: int) -> int:
    paired = min(bids, asks)
    if not _one_sided_counts(midpoint_micros):
        return paired
    return max(paired, max(bids, asks) // _ONE_SIDED_DIVISOR)


def _one_sided_counts(midpoint_micros: int) -> bool:
    return _ONE_SIDED_FROM <= midpoint_micros <= _ONE_SIDED_TO


def _large(sizes: Mapping[int, int], min_size_micros: int) -> list[int]:
    return [price for price, size in sizes.items() if size >= min_size_micros]
