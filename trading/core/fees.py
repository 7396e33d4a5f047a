"""Polymarket's taker fee. Source: docs.polymarket.com, "Fees" (the form in force since April 2026)."""

from dataclasses import dataclass
from decimal import ROUND_FLOOR, Context, Decimal

from markets.core.units import ONE

_QUANTUM_MICROS = 10  # the venue rounds fees to 0.00001 USDC
_EXACT = Context(prec=60)


@dataclass(frozen=True, slots=True, kw_only=True)
class FeeSchedule:
    """A market's taker fee: size x rate x (p x (1 - p)) ** exponent.

    Rate and exponent in millionths (0.05 is 50_000; exponent 1 is 1_000_000). `source` says where
    the numbers came from: schedule, clob, none or assumed.
    """

    rate_micros: int
    exponent_micros: int = ONE
    source: str = "schedule"


NO_FEE = FeeSchedule(rate_micros=0, source="none")


def taker_fee_micros(fees: FeeSchedule, *, price_micros: int, size_micros: int) -> int:
    """Fee of one fill in micro-USDC, at that level's price; half a quantum rounds up.

    Makers pay nothing, so nothing here takes a maker's side.
    """
    return _quanta(fees, price_micros, size_micros, half_up=True) * _QUANTUM_MICROS


def fee_equivalent_micros(fees: FeeSchedule, *, price_micros: int, size_micros: int) -> int:
    """What a maker fill counts for in the day's rebate: the fee of its taker, rounded down, in micro-USDC.

    Source: docs of 2026, "Maker rebates": size x rate x (p x (1 - p)) ** exponent.
    """
    return _quanta(fees, price_micros, size_micros, half_up=False) * _QUANTUM_MICROS


def _quanta(fees: FeeSchedule, price_micros: int, size_micros: int, *, half_up: bool) -> int:
    """The formula in whole quanta, half a quantum rounded up, or any part of one down."""
    if not fees.rate_micros or not size_micros:
        return 0
    whole, part = divmod(fees.exponent_micros, ONE)
    if part:
        return _quanta_of_broken_exponent(fees, price_micros, size_micros, half_up=half_up)
    numerator: int = size_micros * fees.rate_micros * (price_micros * (ONE - price_micros)) ** whole
    denominator: int = _QUANTUM_MICROS * ONE * ONE ** (2 * whole)
    return (2 * numerator + (denominator if half_up else 0)) // (2 * denominator)


def _quanta_of_broken_exponent(
    fees: FeeSchedule, price_micros: int, size_micros: int, *, half_up: bool
) -> int:
    """Exponents such as 0.5 (economics markets of March 2026) have no exact integer form: 60 digits do."""
    odds = _EXACT.divide(Decimal(price_micros * (ONE - price_micros)), Decimal(ONE * ONE))
    exponent = _EXACT.divide(Decimal(fees.exponent_micros), Decimal(ONE))
    exact = _EXACT.multiply(Decimal(size_micros * fees.rate_micros), _EXACT.power(odds, exponent))
    quanta = _EXACT.divide(exact, Decimal(_QUANTUM_MICROS * ONE))
    raised = _EXACT.add(quanta, Decimal("0.5")) if half_up else quanta
    return int(raised.to_integral_value(rounding=ROUND_FLOOR))
