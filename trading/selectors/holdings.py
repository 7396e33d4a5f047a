"""What one portfolio holds of one token, and took from one market: what an execution starts from."""

from collections import Counter
from collections.abc import Collection
from uuid import UUID

from markets.core.book import Side
from markets.core.units import cost_micros
from trading.bulk import read_rows
from trading.core.footprint import Taken
from trading.core.positions import Holding
from trading.models import Footprint, Order, Position


def position_key(portfolio_id: UUID, token_id: str) -> str:
    return f"{portfolio_id.hex}:{token_id}"


def holding_of(portfolio_id: UUID, token_id: str) -> Holding:
    rows = read_rows(Position, {"pk": position_key(portfolio_id, token_id)})
    return as_holding(rows[0]) if rows else Holding()


def as_holding(row: Position) -> Holding:
    return Holding(
        size_micros=row.size_micros,
        cost_micros=row.cost_micros,
        entry_fees_micros=row.entry_fees_micros,
        realised_pnl_micros=row.realised_pnl_micros,
    )


def taken_of(world: str, condition_id: str) -> dict[tuple[Side, int], Taken]:
    rows = read_rows(Footprint, {"world": world, "condition_id": condition_id})
    return {(Side(row.book_side), row.price_micros): Taken(row.size_micros, row.at_ms) for row in rows}


def reserved_of(portfolio_id: UUID, *, condition_id: str, token_id: str, side: Side) -> int:
    """What open orders back already: USDC of a market's BUYs, or shares of a token's SELLs."""
    rows = read_rows(
        Order, {"condition_id": condition_id, "status": OPEN, "portfolio_id": portfolio_id, "side": side}
    )
    return sum(
        backing_micros(row)
        for row in rows
        if row.price_micros is not None
        and row.amount_micros is None
        and (side is Side.BUY or row.token_id == token_id)
    )


def backing_of(portfolio_ids: Collection[UUID]) -> Counter[UUID]:
    """USDC that open BUYs of each portfolio need, all markets together: one query.

    The same cash may back orders in several markets, so this may be more than there is.
    """
    backing: Counter[UUID] = Counter()
    rows = Order.objects.filter(portfolio_id__in=portfolio_ids, status__in=OPEN, side=Side.BUY)
    for row in rows.filter(amount_micros=None).exclude(price_micros=None):
        backing[row.portfolio_id] += backing_micros(row)
    return backing


def backing_micros(order: Order) -> int:
    """What one open order needs: USDC at its limit, or shares."""
    if order.side == Side.SELL:
        return order.open_micros
    return cost_micros(price_micros=order.price_micros or 0, size_micros=order.open_micros)


OPEN = (Order.Status.ACCEPTED, Order.Status.DELAYED, Order.Status.LIVE)
