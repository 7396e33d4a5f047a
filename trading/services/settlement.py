"""A resolved market pays: winners without being asked, each position once, whatever is delivered again."""

import logging
from uuid import UUID

from django.db import IntegrityError

from markets.core.units import ONE
from markets.selectors import market_by_condition
from trading.atomic import run_atomic
from trading.core.ledger import TRADER, USDC, payout_lines
from trading.core.positions import after_payout
from trading.models import Order, Portfolio, Position, Settlement
from trading.selectors.holdings import as_holding
from trading.services.ledger import post
from trading.services.portfolios import save_unless_changed

logger = logging.getLogger(__name__)

_BATCH = 200


def settle_market(*, condition_id: str, payout_0_micros: int, now_ms: int) -> Settlement:
    """Cancel what is still on its way, pay every position of the market, and mark it settled.

    Idempotent: a run that was cut off is finished by the next, a finished one is left alone. A payout
    that differs from the one we applied is kept beside it and reported, never applied.
    """
    assert 0 <= payout_0_micros <= ONE, "a payout lies between 0 and 1 USDC a share"
    settlement = _begin(condition_id, payout_0_micros, now_ms)
    if settlement.payout_0_micros != payout_0_micros:
        if settlement.disputed_payout_micros != payout_0_micros:
            Settlement.objects.filter(pk=condition_id).update(disputed_payout_micros=payout_0_micros)
            logger.error("settlement.changed", extra={"condition_id": condition_id})
        settlement.disputed_payout_micros = payout_0_micros
        return settlement
    if settlement.finished:
        return settlement
    _cancel_open(condition_id, now_ms)
    paid = 0
    while rows := list(
        Position.objects.filter(condition_id=condition_id, size_micros__gt=0)
        .order_by("id")
        .values_list("id", flat=True)[:_BATCH]
    ):
        paid += run_atomic(lambda keys=rows: _pay(keys, settlement, now_ms))  # type: ignore[misc]
    count = settlement.positions_count + paid
    Settlement.objects.filter(pk=condition_id).update(finished=True, positions_count=count)
    settlement.finished, settlement.positions_count = True, count
    logger.info("market.settled", extra={"condition_id": condition_id, "positions": count})
    return settlement


def settle_resolved(*, now_ms: int) -> int:
    """Settle every resolved market that somebody holds or has an order in. Returns how many were settled."""
    held = set(
        Position.objects.filter(size_micros__gt=0).values_list("condition_id", flat=True).distinct()
    ) | set(
        Order.objects.filter(status__in=[Order.Status.ACCEPTED, Order.Status.DELAYED, Order.Status.LIVE])
        .values_list("condition_id", flat=True)
        .distinct()
    )
    settled = 0
    for condition_id in sorted(held):
        market = market_by_condition(condition_id)
        if market is None or market.payout_0_micros is None:
            continue
        settle_market(condition_id=condition_id, payout_0_micros=market.payout_0_micros, now_ms=now_ms)
        settled += 1
    return settled


def _begin(condition_id: str, payout_0_micros: int, now_ms: int) -> Settlement:
    try:
        return run_atomic(
            lambda: Settlement.objects.get_or_create(
                pk=condition_id, defaults={"payout_0_micros": payout_0_micros, "settled_ms": now_ms}
            )[0]
        )
    except IntegrityError:
        return Settlement.objects.get(pk=condition_id)


def _cancel_open(condition_id: str, now_ms: int) -> None:
    Order.objects.filter(
        condition_id=condition_id,
        status__in=[Order.Status.ACCEPTED, Order.Status.DELAYED, Order.Status.LIVE],
    ).update(
        status=Order.Status.CANCELLED,
        reason="the market resolved",
        reason_code="market_resolved",
        updated_ms=now_ms,
    )


def _pay(keys: list[str], settlement: Settlement, now_ms: int) -> int:
    """Pay these positions, those that still hold shares; one posting transaction each."""
    rows = list(Position.objects.filter(pk__in=keys, size_micros__gt=0).order_by("id"))
    portfolios = {row.pk: row for row in Portfolio.objects.filter(pk__in={r.portfolio_id for r in rows})}
    gained: dict[UUID, tuple[int, int]] = {}
    for row in rows:
        portfolio = portfolios[row.portfolio_id]
        payout = settlement.payout_0_micros if row.outcome_index == 0 else ONE - settlement.payout_0_micros
        lines = payout_lines(token_id=row.token_id, size_micros=row.size_micros, payout_micros=payout)
        post(
            portfolio,
            transaction_id=f"settle:{row.pk}:{portfolio.epoch}",
            kind="settlement",
            lines=lines,
            now_ms=now_ms,
        )
        after = after_payout(as_holding(row), payout_micros=payout)
        Position.objects.filter(pk=row.pk).update(
            size_micros=0,
            cost_micros=0,
            entry_fees_micros=0,
            realised_pnl_micros=after.realised_pnl_micros,
            updated_ms=now_ms,
        )
        cash, realised = gained.get(portfolio.pk, (portfolio.cash_micros, portfolio.realised_pnl_micros))
        paid = sum(line.amount_micros for line in lines if line.account == TRADER and line.asset == USDC)
        gained[portfolio.pk] = (cash + paid, realised + after.realised_pnl_micros - row.realised_pnl_micros)
    for portfolio_id, (cash, realised) in sorted(gained.items(), key=lambda item: str(item[0])):
        save_unless_changed(
            portfolios[portfolio_id],
            cash_micros=cash,
            realised_pnl_micros=realised,
        )
    return len(rows)
