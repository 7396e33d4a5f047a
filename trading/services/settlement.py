"""A resolved market pays: winners without being asked, each share once, whatever is delivered again."""

import logging
from collections.abc import Sequence
from dataclasses import dataclass
from uuid import UUID

from django.db import IntegrityError
from django.db.models import F

from markets.core.errors import Rejected
from markets.core.units import ONE
from markets.selectors import market_by_condition, markets_by_condition
from trading.atomic import run_atomic
from trading.bulk import update_rows
from trading.core.ledger import TRADER, USDC, payout_lines
from trading.core.positions import after_payout
from trading.core.rejections import Code
from trading.models import Order, Portfolio, Position, Resting, Settlement
from trading.selectors.holdings import as_holding
from trading.services.commands import wake
from trading.services.ending import OPEN, end_open
from trading.services.ledger import post
from trading.services.portfolios import save_unless_changed

logger = logging.getLogger(__name__)

_BATCH = 200
_WATCHED_MS = 30 * 86_400_000  # how long after a payout the venue's word is compared with it


@dataclass(frozen=True, slots=True, kw_only=True)
class Payout:
    """What one position was paid."""

    condition_id: str
    token_id: str
    outcome_index: int
    size_micros: int
    payout_micros: int  # a share
    cash_micros: int
    realised_pnl_micros: int


def settle_market(*, condition_id: str, payout_0_micros: int, now_ms: int) -> Settlement:
    """Cancel the market's open orders, pay every position of it, and mark it settled.

    Idempotent: a run that was cut off is finished by the next, which also pays what came in too late for
    the first. A payout that differs from the one we applied is kept beside it and reported, never applied.
    """
    assert 0 <= payout_0_micros <= ONE, "a payout lies between 0 and 1 USDC a share"
    settlement = _begin(condition_id, payout_0_micros, now_ms)
    if settlement.payout_0_micros != payout_0_micros:
        return _report(settlement, payout_0_micros)
    while ended := run_atomic(lambda: _cancel_some(condition_id, now_ms)):
        for order in ended:
            wake(order)  # its executor must not go on with it
    unpaid = Position.objects.filter(condition_id=condition_id, size_micros__gt=0).order_by("id")
    while keys := list(unpaid.values_list("id", flat=True)[:_BATCH]):
        run_atomic(lambda keys=keys: _pay(keys, settlement, now_ms))  # type: ignore[misc]
    if not settlement.finished:
        Resting.objects.filter(condition_id=condition_id).delete()  # nothing of it is followed any more
        Settlement.objects.filter(pk=condition_id).update(finished=True)
    settlement.refresh_from_db()
    logger.info(
        "market.settled", extra={"condition_id": condition_id, "positions": settlement.positions_count}
    )
    return settlement


def settle_resolved(*, now_ms: int) -> int:
    """Settle every resolved market that somebody holds or has an order in. Returns how many were settled."""
    held = set(Position.objects.filter(size_micros__gt=0).values_list("condition_id", flat=True).distinct())
    held |= set(Order.objects.filter(status__in=OPEN).values_list("condition_id", flat=True).distinct())
    settled = 0
    for condition_id in sorted(held):
        market = market_by_condition(condition_id)
        if market is None or market.payout_0_micros is None:
            continue
        settle_market(condition_id=condition_id, payout_0_micros=market.payout_0_micros, now_ms=now_ms)
        settled += 1
    return settled


def report_reversals(*, now_ms: int) -> int:
    """Compare what was paid in the last month with what the venue says now; returns how many differ."""
    recent = Settlement.objects.filter(settled_ms__gt=now_ms - _WATCHED_MS)
    paid = {row.pk: row for row in recent}
    said = markets_by_condition(paid)
    differing = 0
    for condition_id, settlement in sorted(paid.items()):
        market = said.get(condition_id)
        payout = market.payout_0_micros if market else None
        if payout is not None and payout != settlement.payout_0_micros:
            _report(settlement, payout)
            differing += 1
    return differing


def redeem(*, portfolio_id: UUID, now_ms: int, condition_id: str | None = None) -> list[Payout]:
    """Pay one portfolio's resolved positions now, of one market if named, instead of within moments.

    Raises Rejected when the named market is unknown or has no result yet.
    """
    if condition_id is not None:
        market = market_by_condition(condition_id)
        if market is None:
            raise Rejected(Code.MARKET_NOT_FOUND, "no such market", field="market")
        if market.payout_0_micros is None:
            raise Rejected(Code.MARKET_NOT_RESOLVED, "this market has no final result yet", field="market")
    rows = Position.objects.filter(portfolio_id=portfolio_id, size_micros__gt=0)
    if condition_id is not None:
        rows = rows.filter(condition_id=condition_id)
    keys: dict[str, list[str]] = {}
    for row in rows.order_by("id"):
        keys.setdefault(row.condition_id, []).append(row.pk)
    paid: list[Payout] = []
    for key, market in sorted(markets_by_condition(keys).items()):
        if market.payout_0_micros is None:
            continue
        settlement = _begin(key, market.payout_0_micros, now_ms)
        if settlement.payout_0_micros != market.payout_0_micros:
            _report(settlement, market.payout_0_micros)
            continue
        paid += run_atomic(lambda key=key, settled=settlement: _pay(keys[key], settled, now_ms))  # type: ignore[misc]
    return paid


def _begin(condition_id: str, payout_0_micros: int, now_ms: int) -> Settlement:
    try:
        return run_atomic(
            lambda: Settlement.objects.get_or_create(
                pk=condition_id, defaults={"payout_0_micros": payout_0_micros, "settled_ms": now_ms}
            )[0]
        )
    except IntegrityError:
        return Settlement.objects.get(pk=condition_id)


def _report(settlement: Settlement, payout_0_micros: int) -> Settlement:
    """Keep a payout that is not the one we applied, and alarm once."""
    if settlement.disputed_payout_micros != payout_0_micros:
        Settlement.objects.filter(pk=settlement.pk).update(disputed_payout_micros=payout_0_micros)
        logger.error("settlement.changed", extra={"condition_id": settlement.pk})
    settlement.disputed_payout_micros = payout_0_micros
    return settlement


def _cancel_some(condition_id: str, now_ms: int) -> list[Order]:
    some = Order.objects.filter(condition_id=condition_id, status__in=OPEN).order_by("id")[:_BATCH]
    rows = Order.objects.filter(pk__in=list(some.values_list("pk", flat=True)))
    return end_open(rows, code="market_resolved", words="the market resolved", now_ms=now_ms)


def _pay(keys: Sequence[str], settlement: Settlement, now_ms: int) -> list[Payout]:
    """Pay these positions, those that still hold shares; one posting transaction each."""
    rows = list(Position.objects.filter(pk__in=keys, size_micros__gt=0).order_by("id"))
    of_portfolio: dict[UUID, list[Position]] = {}
    for row in rows:
        of_portfolio.setdefault(row.portfolio_id, []).append(row)
    paid: list[Payout] = []
    for portfolio in Portfolio.objects.filter(pk__in=of_portfolio).order_by("id"):
        payouts = [_payout(row, settlement) for row in of_portfolio[portfolio.pk]]
        version = portfolio.version
        # The guard first: who lost a race learns it here, not from a key that is taken.
        save_unless_changed(
            portfolio,
            cash_micros=portfolio.cash_micros + sum(payout.cash_micros for payout in payouts),
            realised_pnl_micros=portfolio.realised_pnl_micros
            + sum(payout.realised_pnl_micros for payout in payouts),
        )
        for number, payout in enumerate(payouts):
            post(
                portfolio,
                # The version says when: the audit works holdings out again in the order of writing.
                transaction_id=f"settle:{portfolio.pk.hex}:{portfolio.epoch}:{version}:{number}",
                kind="settlement",
                lines=payout_lines(
                    token_id=payout.token_id,
                    size_micros=payout.size_micros,
                    payout_micros=payout.payout_micros,
                ),
                now_ms=now_ms,
            )
        paid += payouts
    update_rows(
        Position,
        [
            (
                {"pk": row.pk},
                {
                    "size_micros": 0,
                    "cost_micros": 0,
                    "entry_fees_micros": 0,
                    "realised_pnl_micros": row.realised_pnl_micros
                    + _payout(row, settlement).realised_pnl_micros,
                    "updated_ms": now_ms,
                },
            )
            for row in rows
        ],
    )
    Settlement.objects.filter(pk=settlement.pk).update(positions_count=F("positions_count") + len(rows))
    return paid


def _payout(row: Position, settlement: Settlement) -> Payout:
    share = settlement.payout_0_micros if row.outcome_index == 0 else ONE - settlement.payout_0_micros
    lines = payout_lines(token_id=row.token_id, size_micros=row.size_micros, payout_micros=share)
    after = after_payout(as_holding(row), payout_micros=share)
    return Payout(
        condition_id=row.condition_id,
        token_id=row.token_id,
        outcome_index=row.outcome_index,
        size_micros=row.size_micros,
        payout_micros=share,
        cash_micros=sum(
            line.amount_micros for line in lines if line.account == TRADER and line.asset == USDC
        ),
        realised_pnl_micros=after.realised_pnl_micros - row.realised_pnl_micros,
    )
