"""Rows as the executor leaves them, written by hand: fills of makers, and orders at rest."""

from typing import Any
from uuid import uuid4

from markets.core.units import to_micros
from markets.models import Market
from trading.core.rebates import DAY_MS, day_of
from trading.models import Fill, Order, Portfolio
from trading.services.rebates import GRACE_MS

MONDAY = 1_795_392_000_000  # midnight, UTC
TUESDAY, WEDNESDAY = MONDAY + DAY_MS, MONDAY + 2 * DAY_MS
AFTER_MONDAY = TUESDAY + GRACE_MS
NOON = day_of(1_795_500_000_000) + DAY_MS // 2


def made(portfolio: Portfolio, market: Market, size: str, at_ms: int = MONDAY + 1, **fields: Any) -> Fill:
    """A fill as the executor writes it, without its money: rebates look at nothing else."""
    given = {"price": "0.5", "role": "maker", "self_match": False, **fields}
    order = Order.objects.create(
        portfolio=portfolio,
        client_order_id=str(uuid4()),
        body_hash="",
        condition_id=market.condition_id,
        token_id=market.token_0,
        outcome_index=0,
        side="BUY",
        order_type="GTC",
        size_micros=to_micros(size),
        effective_ms=at_ms,
        created_ms=at_ms,
        updated_ms=at_ms,
        epoch=portfolio.epoch,
    )
    return Fill.objects.create(
        order=order,
        portfolio=portfolio,
        source_id=str(uuid4()),
        condition_id=market.condition_id,
        token_id=market.token_0,
        outcome_index=0,
        side="BUY",
        role=given["role"],
        price_micros=to_micros(given["price"]),
        size_micros=to_micros(size),
        notional_micros=0,
        fee_micros=0,
        self_match=given["self_match"],
        filled_ms=at_ms,
        epoch=portfolio.epoch,
    )


def rest(
    portfolio: Portfolio,
    market: Market,
    side: str,
    price: str,
    size: str = "90",
    outcome_index: int = 0,
    **fields: Any,
) -> Order:
    """An order at rest since just long enough before NOON to be scored."""
    given = {"status": Order.Status.LIVE, "rested_ms": NOON - 3_500, **fields}
    return Order.objects.create(
        portfolio=portfolio,
        client_order_id=str(uuid4()),
        body_hash="",
        condition_id=market.condition_id,
        token_id=market.token_ids[outcome_index],
        outcome_index=outcome_index,
        side=side,
        order_type="GTC",
        price_micros=to_micros(price),
        size_micros=to_micros(size),
        effective_ms=1,
        created_ms=1,
        updated_ms=1,
        epoch=portfolio.epoch,
        **given,
    )


def both_sides(portfolio: Portfolio, market: Market, **fields: Any) -> None:
    """A bid for YES at 0.49, and one for NO at 0.49: the other side, an offer of YES at 0.51."""
    rest(portfolio, market, "BUY", "0.49", **fields)
    rest(portfolio, market, "BUY", "0.49", outcome_index=1, **fields)
