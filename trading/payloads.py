"""Our REST and socket JSON: every money, price and size a decimal string, every time ISO 8601 UTC."""

from collections.abc import Iterable, Sequence
from datetime import UTC, datetime
from typing import Any

from markets.core.units import ONE, from_micros
from markets.models import Market
from trading.core.resting import QueueModel
from trading.models import Fill, Order, Portfolio, Posting
from trading.selectors.lenses import Lenses
from trading.selectors.portfolios import PortfolioSummary, PositionLine
from trading.selectors.queues import QueueLine
from trading.services.preview import Preview


def iso(ms: int | None) -> str | None:
    """1795500000123 is "2026-11-24T04:00:00.123Z"."""
    if ms is None:
        return None
    moment = datetime.fromtimestamp(ms / 1000, tz=UTC)
    return moment.strftime("%Y-%m-%dT%H:%M:%S.") + f"{ms % 1000:03d}Z"


def decimal(micros: int | None) -> str | None:
    return None if micros is None else from_micros(micros)


def order_json(
    order: Order, market: Market | None, fills: Sequence[Fill] = (), queue: QueueLine | None = None
) -> dict[str, Any]:
    """Order of the contract. A budget's size is what it bought; its `amount` is the budget."""
    average = order.notional_micros * ONE // order.matched_micros if order.matched_micros else None
    return {
        "id": str(order.pk),
        "clob_order_id": None,
        "client_order_id": order.client_order_id,
        "portfolio_id": str(order.portfolio_id),
        "market": market.slug if market else None,
        "condition_id": order.condition_id,
        "token_id": order.token_id,
        "outcome": market.outcome_label(order.outcome_index) if market else None,
        "outcome_index": order.outcome_index,
        "side": order.side,
        "type": "market" if order.is_market else "limit",
        "time_in_force": order.order_type,
        "post_only": order.post_only,
        "price": decimal(order.price_micros),
        "size": decimal(order.size_micros),
        "amount": decimal(order.amount_micros),
        "matched_size": from_micros(order.matched_micros),
        "open_size": from_micros(order.open_micros) if order.amount_micros is None else "0",
        "killed_size": from_micros(order.killed_micros),
        "average_price": decimal(average),
        "notional": from_micros(order.notional_micros),
        "fee": from_micros(order.fee_micros),
        "status": order.status,
        "reason": order.reason or None,
        "queue_ahead": decimal(queue.ahead_micros) if queue else None,
        "queue_ahead_likely": decimal(queue.likely_micros) if queue else None,
        "uncertain_ms": queue.uncertain_ms if queue else None,
        "expires_at": iso(order.expires_ms),
        "effective_at": iso(order.effective_ms),
        "created_at": iso(order.created_ms),
        "updated_at": iso(order.updated_ms),
        "notes": order.notes,
        "fills": [trade_json(fill, market) for fill in fills],
    }


def trade_json(fill: Fill, market: Market | None, *, evidence: bool = False) -> dict[str, Any]:
    """Trade of the contract, with its evidence where asked."""
    answer = {
        "id": str(fill.pk),
        "order_id": str(fill.order_id),
        "portfolio_id": str(fill.portfolio_id),
        "market": market.slug if market else None,
        "condition_id": fill.condition_id,
        "token_id": fill.token_id,
        "outcome": market.outcome_label(fill.outcome_index) if market else None,
        "outcome_index": fill.outcome_index,
        "side": fill.side,
        "price": from_micros(fill.price_micros),
        "size": from_micros(fill.size_micros),
        "notional": from_micros(fill.notional_micros),
        "fee": from_micros(fill.fee_micros),
        "role": fill.role,
        "grade": fill.grade or None,
        "self_match": fill.self_match,
        "realised_pnl": from_micros(fill.realised_pnl_micros),
        "timestamp": iso(fill.filled_ms),
        "notes": fill.order.notes,
    }
    return {**answer, "evidence": fill.evidence} if evidence else answer


def position_json(line: PositionLine) -> dict[str, Any]:
    return {
        "market": line.market_slug,
        "condition_id": line.condition_id,
        "token_id": line.token_id,
        "outcome": line.outcome,
        "outcome_index": line.outcome_index,
        "size": from_micros(line.size_micros),
        "average_price": decimal(line.average_price_micros),
        "cost": from_micros(line.cost_micros),
        "mark": decimal(line.mark_micros),
        "value": decimal(line.value_micros),
        "value_if_sold": decimal(line.if_sold_micros),
        "unrealised_pnl": decimal(line.unrealised_pnl_micros),
        "realised_pnl": from_micros(line.realised_pnl_micros),
        "redeemable": line.redeemable,
    }


def portfolio_json(
    summary: PortfolioSummary, lines: Iterable[PositionLine] | None = None, *, backing_micros: int = 0
) -> dict[str, Any]:
    """Portfolio of the contract; with its positions in its own route."""
    portfolio: Portfolio = summary.portfolio
    answer: dict[str, Any] = {
        "id": str(portfolio.pk),
        "name": portfolio.name,
        "description": portfolio.description,
        "initial_balance": from_micros(portfolio.initial_balance_micros),
        "cash_balance": from_micros(portfolio.cash_micros),
        "positions_value": from_micros(summary.value_micros),
        "value_if_sold": from_micros(summary.if_sold_micros),
        "equity": from_micros(summary.equity_micros),
        "realised_pnl": from_micros(portfolio.realised_pnl_micros),
        "unrealised_pnl": from_micros(summary.unrealised_pnl_micros),
        "fees_paid": from_micros(portfolio.fees_micros),
        "open_orders_backing": from_micros(backing_micros),
        "latency_ms": portfolio.latency_ms,
        "queue_model": portfolio.queue_model,
        "is_active": portfolio.is_active,
        "created_at": iso(portfolio.created_ms),
    }
    if lines is not None:
        answer["positions"] = [position_json(line) for line in lines]
    return answer


def posting_json(posting: Posting) -> dict[str, Any]:
    return {
        "id": posting.pk,
        "transaction_id": posting.transaction_id,
        "account": posting.account,
        "asset": posting.asset,
        "amount": from_micros(posting.amount_micros),
        "kind": posting.kind,
        "timestamp": iso(posting.posted_ms),
    }


def preview_json(shown: Preview) -> dict[str, Any]:
    return {
        "status": shown.status,
        "size": from_micros(shown.size_micros),
        "notional": from_micros(shown.notional_micros),
        "average_price": decimal(shown.average_price_micros),
        "fee": from_micros(shown.fee_micros),
        "total": from_micros(shown.total_micros),
        "slippage": decimal(shown.slippage_micros),
        "levels": [
            {"price": from_micros(fill.price_micros), "size": from_micros(fill.size_micros)}
            for fill in shown.levels
        ],
        "affordable": shown.affordable,
        "resting_size": from_micros(shown.resting_size_micros),
        "queue_ahead": decimal(shown.queue_ahead_micros),
        "queue_own": from_micros(shown.queue_own_micros),
        "backing": from_micros(shown.backing_micros),
        "total_if_all_fills": from_micros(shown.whole_total_micros),
        "ends_at": iso(shown.ends_ms),
        "killed_size": from_micros(shown.killed_micros),
        "problems": [
            {"code": problem.code, "message": problem.message, "field": problem.field}
            for problem in shown.problems
        ],
    }


def lenses_json(lenses: Lenses | None) -> dict[str, Any] | None:
    """The result under each queue model, and what it rests on; null before any resting order was reached."""
    if lenses is None:
        return None
    return {
        "models": {
            result.model.value: {
                "own": result.own,
                "maker_orders": result.orders_count,
                "maker_size": from_micros(result.size_micros),
                "result": from_micros(result.result_micros),
                "difference": from_micros(result.difference_micros),
            }
            for result in lenses.results
        },
        "grades": {
            share.grade.value: {
                "fills": share.fills_count,
                "size": from_micros(share.size_micros),
                "result": from_micros(share.gain_micros),
            }
            for share in lenses.grades
        },
        "everything_else": from_micros(lenses.other_micros),
        "differing_orders": lenses.differing_count,
        "orders": [
            {
                "order_id": str(order.order_id),
                "side": order.side,
                "outcome": order.outcome,
                "price": from_micros(order.price_micros),
                "mark": decimal(order.mark_micros),
                "sizes": dict(zip(QueueModel, map(from_micros, order.sizes), strict=True)),
                "results": dict(zip(QueueModel, map(from_micros, order.gains), strict=True)),
            }
            for order in lenses.orders
        ],
    }
