"""Liquidity rewards: the venue's formula by hand, and what a range may and may not say."""

from fractions import Fraction

import pytest
from hypothesis import given
from hypothesis import strategies as st

from markets.core.book import Level, OrderBook, Side
from markets.core.units import ONE, from_micros, to_micros
from tests.make import levels, make_book
from trading.core.rewards import (
    Quote,
    RewardRules,
    accrued_micros,
    adjusted_midpoint,
    order_score,
    sample,
)

RULES = RewardRules(min_size_micros=50 * ONE, max_spread_micros=30_000, daily_micros=144 * ONE)


def quotes(bids: str = "", asks: str = "") -> list[Quote]:
    return [
        Quote(side=side, price_micros=level.price_micros, size_micros=level.size_micros)
        for side, text in ((Side.BUY, bids), (Side.SELL, asks))
        for level in levels(text)
    ]


@pytest.mark.parametrize(
    ("distance", "score"),
    [
        ("0", "100"),
        ("0.01", "44.444444"),
        ("0.015", "25"),
        ("0.02", "11.111111"),
        ("0.03", "0"),
        ("0.04", "0"),
    ],
)
def test_an_order_scores_by_the_square_of_its_nearness(distance, score):
    came = order_score(distance_micros=to_micros(distance), size_micros=100 * ONE, max_spread_micros=30_000)

    assert from_micros(came) == score


@pytest.mark.parametrize(
    ("bids", "asks", "own", "midpoint"),
    [
        ("0.49x50", "0.51x50", "", "0.5"),
        ("0.49x49.99 0.47x50", "0.51x50", "", "0.49"),  # too small to count
        ("0.49x50", "0.51x50", "0.50x50", "0.505"),  # in the market with it, ours is the best bid
        ("0.49x30", "0.51x50", "0.49x20", "0.5"),  # together they are large enough
        ("0.49x50", "0.51x49", "", None),
    ],
)
def test_the_midpoint_leaves_small_levels_out_and_ours_in(bids, asks, own, midpoint):
    came = adjusted_midpoint(make_book(bids, asks), quotes(own), min_size_micros=50 * ONE)

    assert came == (None if midpoint is None else to_micros(midpoint))


# book, own orders -> score, lower and upper part of the pool
SAMPLES = [
    # Alone on both sides, 0.01 off: 4/9 of the size; nobody else is near enough.
    ("0.45x500", "0.55x500", "0.49x90", "0.51x90", "40", "1", "1"),
    # The same beside as much again on both sides: half if that is one maker, 3/5 if two one-sided ones.
    ("0.49x90", "0.51x90", "0.49x90", "0.51x90", "40", "0.5", "0.6"),
    # One side only: a third. The midpoint is 0.505 with ours: 0.015 off, a quarter of 120 counts, by 3.
    # So do the asks of others: a quarter of 500, by 3.
    ("0.44x500", "0.52x500", "0.49x120", "", "10", "0.193548", "0.193548"),
    # Two-sided, unevenly: the smaller side counts while it is more than a third of the larger.
    ("0.45x500", "0.55x500", "0.49x180", "0.51x90", "40", "1", "1"),
    ("0.45x500", "0.55x500", "0.49x540", "0.51x90", "80", "1", "1"),
    # Exactly the minimum size counts; levels that are smaller hold no rival.
    ("0.45x500", "0.55x500", "0.49x50", "0.51x50", "22.222222", "1", "1"),
    ("0.49x49 0.45x500", "0.51x49 0.55x500", "0.49x90", "0.51x90", "40", "1", "1"),
    # Under the minimum size, or too far off: nothing.
    ("0.45x500", "0.55x500", "0.49x49.99", "0.51x49.99", None, None, None),
    ("0.49x500", "0.51x500", "0.46x90", "0.54x90", None, None, None),
    # Without a book on both sides there is no midpoint.
    ("0.49x500", "", "0.48x90", "", None, None, None),
]


@pytest.mark.parametrize(("bids", "asks", "own_bids", "own_asks", "score", "low", "high"), SAMPLES)
def test_a_sample(bids, asks, own_bids, own_asks, score, low, high):
    came = sample(quotes(own_bids, own_asks), make_book(bids, asks), RULES)

    if score is None:
        assert came is None
        return
    assert came is not None
    assert [from_micros(part) for part in (came.score_micros, came.low_micros, came.high_micros)] == [
        score,
        low,
        high,
    ]


@pytest.mark.parametrize(("bid", "ask", "counts"), [("0.09", "0.11", True), ("0.08", "0.11", False)])
def test_one_side_alone_counts_only_between_a_tenth_and_nine_tenths(bid, ask, counts):
    book = make_book(f"{bid}x500", f"{ask}x500")

    assert (sample(quotes(f"{bid}x500"), book, RULES) is not None) is counts
    assert sample(quotes(f"{bid}x500", f"{ask}x500"), book, RULES) is not None


def test_a_whole_day_alone_brings_the_whole_pool():
    assert accrued_micros(ONE, RULES) * 1_440 == RULES.daily_micros
    assert accrued_micros(ONE // 3, RULES) * 1_440 <= RULES.daily_micros // 3


sides = st.dictionaries(st.integers(1, 40), st.integers(1, 300), max_size=6)


@st.composite
def scenes(draw):
    """A book around 0.50 in cents, and own orders that do not cross it."""
    bids, asks = draw(sides), draw(sides)
    own_bids, own_asks = draw(sides), draw(sides)

    def of(side, far):
        return [
            Level((50 - cents if far else 50 + cents) * 10_000, size * ONE) for cents, size in side.items()
        ]

    own = [
        Quote(side=side, price_micros=level.price_micros, size_micros=level.size_micros)
        for side, listed in ((Side.BUY, of(own_bids, True)), (Side.SELL, of(own_asks, False)))
        for level in listed
    ]
    return own, OrderBook(of(bids, True), of(asks, False))


@given(scenes())
def test_the_lower_end_is_never_above_the_upper(scene):
    own, book = scene

    came = sample(own, book, RULES)

    if came is not None:
        assert came.score_micros > 0
        assert 0 <= came.low_micros <= came.high_micros <= ONE


@given(scenes(), st.lists(st.integers(0, 3), min_size=80, max_size=80))
def test_however_the_displayed_orders_are_shared_out_nobody_gets_less_than_the_lower_end(scene, owners):
    """Four rivals own the displayed levels in any way: together they score no more than we take them for."""
    own, book = scene
    came = sample(own, book, RULES)
    if came is None:
        return
    midpoint = adjusted_midpoint(book, own, min_size_micros=RULES.min_size_micros)
    owner = iter(owners)
    scores = [{Side.BUY: 0, Side.SELL: 0} for _ in range(4)]
    for side in Side:
        for price, size in sorted(book.sizes(side).items()):
            if size >= RULES.min_size_micros:
                scores[next(owner)][side] += order_score(
                    distance_micros=abs(price - midpoint),
                    size_micros=size,
                    max_spread_micros=RULES.max_spread_micros,
                )
    mid_range = 100_000 <= midpoint <= 900_000

    def q(bids, asks):  # exactly as the docs have it
        two = min(bids, asks)
        return max(Fraction(two), Fraction(max(bids, asks), 3)) if mid_range else Fraction(two)

    others = sum(q(side[Side.BUY], side[Side.SELL]) for side in scores)
    assert came.low_micros <= Fraction(came.score_micros * ONE) / (came.score_micros + others)
