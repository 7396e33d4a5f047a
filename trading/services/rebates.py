"""Maker rebates: each UTC day is reckoned once, after it has ended, and paid in one posting a portfolio."""

import logging
from dataclasses import dataclass
from uuid import UUID

from markets.core.units import ONE
from trading.atomic import run_atomic
from trading.bulk import insert_rows
from trading.core.ledger import rebate_lines
from trading.core.rebates import DAY_MS, day_name, day_of, paid_micros
from trading.models import Fill, Portfolio, Rebate, RebateDay
from trading.selectors.rebates import MarketDay, market_days
from trading.services.ledger import post
from trading.services.portfolios import save_unless_changed

logger = logging.getLogger(__name__)

GRACE_MS = 3_600_000  # a day is reckoned an hour after its end: its last fills must have been written


@dataclass(frozen=True, slots=True, kw_only=True)
class Reckoned:
    portfolios_count: int = 0
    paid_micros: int = 0


def accrue_rebates(*, now_ms: int) -> int:
    """Reckon every day that has ended since the last one reckoned; returns how many days.

    Idempotent: a day that was cut off is finished by the next run, and pays nobody twice.
    """
    days = _days_due(now_ms)
    for day_ms in days:
        reckoned = _reckon(day_ms, now_ms)
        logger.info(
            "rebates.reckoned",
            extra={
                "day": day_name(day_ms),
                "portfolios": reckoned.portfolios_count,
                "paid_micros": reckoned.paid_micros,
            },
        )
    return len(days)


def _days_due(now_ms: int) -> list[int]:
    """Days that ended an hour ago and are not reckoned yet, oldest first."""
    last_ms = day_of(now_ms - GRACE_MS) - DAY_MS
    newest = RebateDay.objects.order_by("-day_ms").first()
    if newest is not None:
        first_ms = newest.day_ms + DAY_MS
    else:
        oldest = Fill.objects.filter(role="maker").order_by("filled_ms").first()
        first_ms = last_ms if oldest is None else day_of(oldest.filled_ms)
    return list(range(first_ms, last_ms + 1, DAY_MS))


def _reckon(day_ms: int, now_ms: int) -> Reckoned:
    by_portfolio: dict[UUID, list[MarketDay]] = {}
    for line in market_days(from_ms=day_ms, to_ms=day_ms + DAY_MS):
        by_portfolio.setdefault(line.portfolio_id, []).append(line)
    paid = sum(
        run_atomic(lambda key=key: _pay(key, by_portfolio[key], day_ms, now_ms))  # type: ignore[misc]
        for key in sorted(by_portfolio)
    )
    day = RebateDay(
        id=day_name(day_ms),
        day_ms=day_ms,
        portfolios_count=len(by_portfolio),
        paid_micros=paid,
        finished_ms=now_ms,
    )
    run_atomic(lambda: _finish(day))
    return Reckoned(portfolios_count=len(by_portfolio), paid_micros=paid)


def _pay(portfolio_id: UUID, lines: list[MarketDay], day_ms: int, now_ms: int) -> int:
    """Write one portfolio's day and pay it, unless that was done before; returns what the day pays."""
    portfolio = Portfolio.objects.get(pk=portfolio_id)
    lines = [line for line in lines if line.epoch == portfolio.epoch]  # what a reset ended is not paid
    before = list(Rebate.objects.filter(portfolio_id=portfolio_id, day_ms=day_ms, epoch=portfolio.epoch))
    if before or not lines:
        return sum(row.amount_micros for row in before if row.paid_ms is not None)
    amount = paid_micros(line.amount_micros for line in lines)
    # The guard first: who lost a race learns it here, not from a key that is taken.
    save_unless_changed(portfolio, cash_micros=portfolio.cash_micros + amount)
    insert_rows(
        [
            Rebate(
                id=f"{portfolio_id.hex}:{line.condition_id}:{day_ms}:{portfolio.epoch}",
                portfolio=portfolio,
                condition_id=line.condition_id,
                day_ms=day_ms,
                fills_count=line.fills_count,
                size_micros=line.size_micros,
                equivalent_micros=line.equivalent_micros,
                rate_micros=line.rate_micros,
                amount_micros=line.amount_micros,
                paid_ms=now_ms if amount else None,
                epoch=portfolio.epoch,
            )
            for line in lines
        ]
    )
    if amount:
        post(
            portfolio,
            transaction_id=f"rebate:{portfolio_id.hex}:{day_ms}:{portfolio.epoch}",
            kind="rebate",
            lines=rebate_lines(amount),
            now_ms=now_ms,
        )
        logger.info("rebate.paid", extra={"portfolio_id": str(portfolio_id), "usdc": amount // ONE})
    return amount


def _finish(day: RebateDay) -> None:
    if not RebateDay.objects.filter(pk=day.pk).exists():
        insert_rows([day])
