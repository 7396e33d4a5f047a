"""Maker rebates: a part of the takers' fees, by the UTC day and the market.

The venue pays each maker the pool (the market's rebate rate of all taker fees of the day) in proportion to
the maker's fee-equivalent. Every maker fill has exactly one taker, whose fee is that fill's fee-equivalent,
so the pool's denominator is its fees: what others made cancels out, and a maker's part is the rebate rate
of their own fee-equivalent. Everything rounds down; a day under a dollar pays nothing, and is not carried
over. Source: docs of 2026, "Maker rebates", and /rebates/current, whose rows are smaller than a dollar.
"""

from collections.abc import Iterable
from datetime import UTC, datetime

from markets.core.units import ONE

DAY_MS = 86_400_000
PAID_FROM_MICROS = ONE  # of a portfolio's day, over all its markets


def day_of(moment_ms: int) -> int:
    """The first millisecond of the UTC day."""
    return moment_ms - moment_ms % DAY_MS


def day_name(day_ms: int) -> str:
    """1795478400000 is "2026-11-24"."""
    return datetime.fromtimestamp(day_ms // 1000, tz=UTC).date().isoformat()


def rebate_micros(*, equivalent_micros: int, rate_micros: int) -> int:
    """The rebate of one market's day: the rebate rate of the fee-equivalents of its maker fills."""
    return equivalent_micros * rate_micros // ONE


def paid_micros(rebates_micros: Iterable[int]) -> int:
    """What a day pays of its markets' rebates: all, or nothing when they are less than a dollar."""
    total = sum(rebates_micros)
    return total if total >= PAID_FROM_MICROS else 0
