"""The venue's fee table (docs.polymarket.com, "Fees"; 100 shares), its rounding, and odd exponents."""

from decimal import Decimal

import pytest
from hypothesis import given
from hypothesis import strategies as st

from markets.core.units import ONE, to_micros
from trading.core.fees import NO_FEE, FeeSchedule, taker_fee_micros

TABLE = """
0.01 | 0.0693 | 0.0495 | 0.0396
0.10 | 0.63   | 0.45   | 0.36
0.30 | 1.47   | 1.05   | 0.84
0.50 | 1.75   | 1.25   | 1.00
0.70 | 1.47   | 1.05   | 0.84
0.99 | 0.0693 | 0.0495 | 0.0396
"""


@pytest.mark.parametrize("row", TABLE.strip().splitlines())
def test_the_venues_own_table(row):
    price, *fees = (part.strip() for part in row.split("|"))

    came = [
        taker_fee_micros(FeeSchedule(rate_micros=rate), price_micros=to_micros(price), size_micros=100 * ONE)
        for rate in (70_000, 50_000, 40_000)
    ]

    assert came == [to_micros(fee) for fee in fees]


def test_half_a_quantum_rounds_up():
    # 0.0006 shares x 0.1 x 0.25 = 0.000015 USDC: exactly one and a half quanta of 0.00001.
    fees = FeeSchedule(rate_micros=100_000)

    assert taker_fee_micros(fees, price_micros=500_000, size_micros=600) == 20
    assert taker_fee_micros(fees, price_micros=500_000, size_micros=599) == 10


def test_a_square_exponent():
    # 15-minute crypto of January 2026: rate 0.25, exponent 2. 100 x 0.25 x (0.25)^2 = 1.5625.
    fees = FeeSchedule(rate_micros=250_000, exponent_micros=2 * ONE)

    assert taker_fee_micros(fees, price_micros=500_000, size_micros=100 * ONE) == 1_562_500


def test_a_root_exponent():
    # Economics of March 2026: rate 0.03, exponent 0.5. 100 x 0.03 x sqrt(0.25) = 1.5.
    fees = FeeSchedule(rate_micros=30_000, exponent_micros=500_000)

    assert taker_fee_micros(fees, price_micros=500_000, size_micros=100 * ONE) == 1_500_000


def test_no_fee_is_no_fee():
    assert taker_fee_micros(NO_FEE, price_micros=500_000, size_micros=10**12) == 0


@given(
    rate=st.integers(0, 300_000),
    exponent=st.sampled_from([0, 500_000, ONE, 1_500_000, 2 * ONE]),
    price=st.integers(1, ONE - 1),
    size=st.integers(0, 10**13),
)
def test_it_is_the_exact_fee_to_half_a_quantum_and_symmetric(rate, exponent, price, size):
    fees = FeeSchedule(rate_micros=rate, exponent_micros=exponent)

    fee = taker_fee_micros(fees, price_micros=price, size_micros=size)

    odds = Decimal(price) * (ONE - price) / Decimal(ONE) ** 2
    exact = Decimal(size) * rate / ONE * odds ** (Decimal(exponent) / ONE)
    assert abs(Decimal(fee) - exact) <= Decimal("5.000001")
    assert fee % 10 == 0
    assert fee == taker_fee_micros(fees, price_micros=ONE - price, size_micros=size)
