"""What one portfolio holds of one token, and took from one market: what an execution starts from."""

from uuid import UUID

from markets.core.book import Side
from markets.core.units import cost_micros
from trading.core.footprint import Taken
from trading.core.positions import Holding
from trading.models import Footprint, Order, Position


def position_key(portfolio_id: UUID, token_id: str) -> str:
    return f"{portfolio_id.hex}:{token_id}"


def holding_of(portfolio_id: UUID, token_id: str) -> Holding:
    row = Position.objects.filter(pk=position_key(portfolio_id, token_id)).first()
    return as_holding(row) if row else Holding()


def as_holding(row: Position) -> Holding:
    return Holding(
        size_micros=row.size_micros,
        cost_micros=row.cost_micros,
        entry_fees_micros=row.entry_fees_micros,
        realised_pnl_micros=row.realised_pnl_micros,
    )


def taken_of(world: str, condition_id: str) -> dict[tuple[Side, int], Taken]:
    rows = Footprint.objects.filter(world=world, condition_id=condition_id)
    return {(Side(row.book_side), row.price_micros): Taken(row.size_micros, row.at_ms) for row in rows}


def reserved_of(portfolio_id: UUID, *, condition_id: str, token_id: str, side: Side) -> int:
    """What open orders back already: USDC of a market's BUYs, or shares of a token's SELLs."""
    rows = Order.objects.filter(
        portfolio_id=portfolio_id, condition_id=condition_id, status__in=OPEN, side=side, amount_micros=None
    ).exclude(price_micros=None)
    return sum(backing_micros(row) for row in rows if side is Side.BUY or row.token_id == token_id)


def backing_micros(order: Order) -> int:
    """What one open order needs: USDC at its limit, or shares."""
    if order.side == Side.SELL:
        return order.open_micros
    return cost_micros(price_micros=order.price_micros or 0, size_micros=order.open_micros)


OPEN = (Order.Status.ACCEPTED, Order.Status.DELAYED, Order.Status.LIVE)
