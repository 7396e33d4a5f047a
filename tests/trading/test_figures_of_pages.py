"""The small sums of pages: a chance from a quote, the colour of a change, the way of an order."""

import pytest

from markets.templatetags.units import percent_change, points_change, usdc_change
from trading.selectors.quotes import Quote
from trading.selectors.trade_page import _laps
from trading.templatetags.pages import change_tone, tone


@pytest.mark.parametrize(
    ("bid", "ask", "last", "chance"),
    [
        (620_000, 640_000, 100_000, 630_000),
        (998_000, None, 2_000, 999_000),  # nobody sells: counts as 1, whatever was paid a while ago
        (None, 1_000, 760_000, 500),
        (300_000, 700_000, 650_000, 650_000),  # wide: the last trade
        (300_000, 700_000, None, 500_000),
        (500_000, None, 480_000, 480_000),
        (500_000, None, None, None),  # half a book says nothing
        (None, None, 480_000, 480_000),
        (None, None, None, None),
    ],
)
def test_a_chance_is_the_midpoint_as_the_venue_has_it(bid, ask, last, chance):
    quote = Quote(bid_micros=bid, ask_micros=ask, last_micros=last, tick_micros=1_000)

    assert quote.chance_micros == chance


@pytest.mark.parametrize(
    "micros", [None, 0, 1, 499, -499, 500, -500, 4_999, -4_999, 5_000, -5_000, 10**7, -(10**7)]
)
def test_what_shows_no_sign_has_no_colour(micros):
    for shown, colour in ((usdc_change, tone), (points_change, change_tone), (percent_change, change_tone)):
        text = shown(micros)
        expected = "up" if "+" in text else "dn" if "−" in text else "eq"
        assert colour(micros) == expected, text


@pytest.mark.parametrize(
    ("latency_ms", "effective_ms", "filled_ms", "lengths"),
    [
        (150, 1_150, 1_190, [("Set delay", 150), ("Wait for the feed, match", 40)]),
        (
            150,
            4_150,
            4_200,
            [("Set delay", 150), ("Delay of this market", 3_000), ("Wait for the feed, match", 50)],
        ),
        (0, 1_000, 1_000, [("Set delay", 0), ("Wait for the feed, match", 0)]),
    ],
)
def test_the_way_of_an_order_tells_whose_delay_it_was(latency_ms, effective_ms, filled_ms, lengths):
    timing = {
        "asked_ms": 1_000,
        "effective_ms": effective_ms,
        "filled_ms": filled_ms,
        "latency_ms": latency_ms,
        "book_ms": 900,
    }

    laps, total_ms = _laps(timing)

    assert [(lap.name, lap.length_ms) for lap in laps] == lengths
    assert total_ms == sum(length for _, length in lengths)
    assert all(lap.start + lap.length <= 100 for lap in laps)
