"""What one portfolio holds of one token, and took from one market: what an execution starts from."""

from uuid import UUID

from markets.core.book import Side
from trading.core.footprint import Taken
from trading.core.positions import Holding
from trading.models import Footprint, Position


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
