"""Double entry: whatever happens becomes lines that sum to zero in each asset.

Accounts: `trader` is the portfolio's own; the others stand for the world it trades with.

  deposits     where paper money comes from, and goes at a reset
  venue        the other side of fills
  fees         taker fees
  resolution   pays winners and takes in the shares of a resolved market
  sets         makes whole sets of USDC, and takes them back (trading/core/sets.py)
  rebates      pays makers their part of the takers' fees
"""

from collections import Counter
from collections.abc import Iterable
from dataclasses import dataclass

from markets.core.book import Side
from markets.core.units import proceeds_micros

USDC = "USDC"
TRADER, VENUE, FEES, DEPOSITS, RESOLUTION = "trader", "venue", "fees", "deposits", "resolution"
SETS, REBATES = "sets", "rebates"


@dataclass(frozen=True, slots=True)
class Line:
    """`amount_micros` of `asset` moves into `account` (negative: out of it)."""

    account: str
    asset: str
    amount_micros: int


def deposit_lines(amount_micros: int) -> tuple[Line, ...]:
    return checked(Line(TRADER, USDC, amount_micros), Line(DEPOSITS, USDC, -amount_micros))


def fill_lines(
    *, side: Side, token_id: str, size_micros: int, notional_micros: int, fee_micros: int
) -> tuple[Line, ...]:
    """Lines of one fill, seen from the trader."""
    sign = 1 if side is Side.BUY else -1
    return checked(
        Line(TRADER, token_id, sign * size_micros),
        Line(VENUE, token_id, -sign * size_micros),
        Line(TRADER, USDC, -sign * notional_micros - fee_micros),
        Line(VENUE, USDC, sign * notional_micros),
        Line(FEES, USDC, fee_micros),
    )


def payout_lines(*, token_id: str, size_micros: int, payout_micros: int) -> tuple[Line, ...]:
    """Lines of one resolved position: the shares go, each pays `payout_micros` (0, 500_000 or 1_000_000)."""
    paid = proceeds_micros(price_micros=payout_micros, size_micros=size_micros)
    return checked(
        Line(TRADER, token_id, -size_micros),
        Line(RESOLUTION, token_id, size_micros),
        Line(TRADER, USDC, paid),
        Line(RESOLUTION, USDC, -paid),
    )


def rebate_lines(amount_micros: int) -> tuple[Line, ...]:
    return checked(Line(TRADER, USDC, amount_micros), Line(REBATES, USDC, -amount_micros))


def reset_lines(holdings: Iterable[tuple[str, int]]) -> tuple[Line, ...]:
    """Lines that take everything back: (asset, amount) pairs of what the trader has."""
    return checked(
        *(
            line
            for asset, amount in holdings
            for line in (Line(TRADER, asset, -amount), Line(DEPOSITS, asset, amount))
        )
    )


def balanced(lines: Iterable[Line]) -> bool:
    totals: Counter[str] = Counter()
    for line in lines:
        totals[line.asset] += line.amount_micros
    return not any(totals.values())


def checked(*lines: Line) -> tuple[Line, ...]:
    """The lines that move something, which must balance."""
    assert balanced(lines), f"lines do not balance: {lines}"
    return tuple(line for line in lines if line.amount_micros)
