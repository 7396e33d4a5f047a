"""What a maker gets back of the takers' fees, worked by hand; and that it is never too much."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from markets.core.units import ONE, from_micros, to_micros
from trading.core.fees import FeeSchedule, fee_equivalent_micros, taker_fee_micros
from trading.core.rebates import DAY_MS, day_name, day_of, paid_micros, rebate_micros

# fee rate, exponent, price, size -> fee-equivalent. Source of the first five: docs, "Fees", worked examples.
EQUIVALENTS = """
0.07 1   0.5   100  1.75
0.05 1   0.30  100  1.05
0.04 1   0.99  100  0.0396
0.05 1   0.01  100  0.0495
0    1   0.5   100  0
0.05 1   0.51  10   0.12495
0.05 1   0.51  1.1  0.01374
0.25 2   0.5   100  1.5625
0.03 0.5 0.36  1    0.0144
0.07 1   0.999 0.01 0
"""


@pytest.mark.parametrize("row", EQUIVALENTS.strip().splitlines())
def test_a_maker_fill_counts_for_its_takers_fee_rounded_down(row):
    rate, exponent, price, size, equivalent = row.split()
    fees = FeeSchedule(rate_micros=to_micros(rate), exponent_micros=to_micros(exponent))

    came = fee_equivalent_micros(fees, price_micros=to_micros(price), size_micros=to_micros(size))

    assert from_micros(came) == equivalent


@pytest.mark.parametrize(
    ("equivalent", "rate", "rebate"),
    [("10", "0.25", "2.5"), ("0.00001", "0.25", "0.000002"), ("10", "0", "0"), ("7.77", "0.15", "1.1655")],
)
def test_a_rebate_is_the_rate_of_the_fee_equivalents(equivalent, rate, rebate):
    came = rebate_micros(equivalent_micros=to_micros(equivalent), rate_micros=to_micros(rate))

    assert from_micros(came) == rebate


@pytest.mark.parametrize(
    ("markets", "paid"), [(["0.6", "0.4"], "1"), (["0.6", "0.399999"], "0"), ([], "0"), (["2.5"], "2.5")]
)
def test_a_day_pays_from_a_dollar_over_all_its_markets(markets, paid):
    assert from_micros(paid_micros(map(to_micros, markets))) == paid


def test_days_are_the_venues():
    midnight = 1_795_478_400_000

    assert [day_of(midnight - 1), day_of(midnight), day_of(midnight + DAY_MS - 1)] == [
        midnight - DAY_MS,
        midnight,
        midnight,
    ]
    assert day_name(midnight) == "2026-11-24"


@given(
    fills=st.lists(st.tuples(st.integers(1, ONE - 1), st.integers(1, 10**10)), max_size=20),
    rate=st.integers(0, ONE),
    exponent=st.sampled_from([ONE, 2 * ONE, ONE // 2]),
    rebate=st.integers(0, ONE),
)
def test_makers_never_get_more_than_the_rate_of_what_takers_paid(fills, rate, exponent, rebate):
    fees = FeeSchedule(rate_micros=rate, exponent_micros=exponent)
    sizes = [{"price_micros": price, "size_micros": size} for price, size in fills]

    paid = sum(taker_fee_micros(fees, **fill) for fill in sizes)
    counted = sum(fee_equivalent_micros(fees, **fill) for fill in sizes)

    assert counted <= paid
    assert rebate_micros(equivalent_micros=counted, rate_micros=rebate) * ONE <= paid * rebate
