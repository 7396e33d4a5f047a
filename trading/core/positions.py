"""Average-cost positions: what is held, what it cost, what was earned."""

from dataclasses import dataclass, replace

from markets.core.book import Side
from markets.core.units import proceeds_micros


@dataclass(frozen=True, slots=True, kw_only=True)
class Holding:
    """Shares of one token. `cost_micros` is all that was paid for them, `entry_fees_micros` its fees."""

    size_micros: int = 0
    cost_micros: int = 0
    entry_fees_micros: int = 0
    realised_pnl_micros: int = 0

    @property
    def average_price_micros(self) -> int | None:
        """Price paid per share, without fees, rounded down; None when nothing is held."""
        if not self.size_micros:
            return None
        return (self.cost_micros - self.entry_fees_micros) * 1_000_000 // self.size_micros


def after_fill(
    before: Holding, *, side: Side, size_micros: int, notional_micros: int, fee_micros: int
) -> Holding:
    """The holding after one fill. A sale takes out cost in proportion; the last share takes out the rest."""
    if side is Side.BUY:
        return replace(
            before,
            size_micros=before.size_micros + size_micros,
            cost_micros=before.cost_micros + notional_micros + fee_micros,
            entry_fees_micros=before.entry_fees_micros + fee_micros,
        )
    return _reduced(before, size_micros=size_micros, earned_micros=notional_micros - fee_micros)


def after_receiving(before: Holding, *, size_micros: int, cost_micros: int) -> Holding:
    """The holding after shares came in at a cost, without a fee."""
    return replace(
        before,
        size_micros=before.size_micros + size_micros,
        cost_micros=before.cost_micros + cost_micros,
    )


def after_giving(before: Holding, *, size_micros: int, earned_micros: int) -> Holding:
    """The holding after shares went for `earned`, without a fee."""
    return _reduced(before, size_micros=size_micros, earned_micros=earned_micros)


def cost_of(holding: Holding, *, size_micros: int) -> int:
    """What `size` of the shares cost, on average, rounded down: what leaves with them."""
    if not holding.size_micros:
        return 0
    return holding.cost_micros * size_micros // holding.size_micros


def after_payout(before: Holding, *, payout_micros: int) -> Holding:
    """The holding after its market resolved at `payout_micros` a share: nothing left, the result realised."""
    earned = proceeds_micros(price_micros=payout_micros, size_micros=before.size_micros)
    return _reduced(before, size_micros=before.size_micros, earned_micros=earned)


def _reduced(before: Holding, *, size_micros: int, earned_micros: int) -> Holding:
    assert 0 < size_micros <= before.size_micros, "more leaves than is held"
    cost_out = cost_of(before, size_micros=size_micros)
    fees_out = before.entry_fees_micros * size_micros // before.size_micros
    return Holding(
        size_micros=before.size_micros - size_micros,
        cost_micros=before.cost_micros - cost_out,
        entry_fees_micros=before.entry_fees_micros - fees_out,
        realised_pnl_micros=before.realised_pnl_micros + earned_micros - cost_out,
    )
