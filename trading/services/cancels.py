"""Asking for a cancel: it takes effect after the portfolio's latency, and can come too late."""

import logging
from collections.abc import Sequence
from dataclasses import dataclass
from uuid import UUID

from markets.core.errors import Conflict
from trading.atomic import run_atomic
from trading.bulk import update_rows
from trading.models import Order, Portfolio
from trading.services.commands import wake
from trading.services.ending import OPEN

logger = logging.getLogger(__name__)

NOT_OPEN = "order_not_open"


@dataclass(frozen=True, slots=True, kw_only=True)
class Cancels:
    """What came of asking: orders whose cancel is on its way, and why others cannot be cancelled."""

    asked: tuple[Order, ...]
    refused: dict[UUID, str]


def cancel_order(*, portfolio_id: UUID, order_id: UUID, now_ms: int) -> Order:
    """Ask for one order's cancel; asking again changes nothing. Await what came of it: services.results.

    Raises Order.DoesNotExist, or Conflict when the order cannot be cancelled (any more).
    """
    order = Order.objects.select_related("portfolio").get(pk=order_id, portfolio_id=portfolio_id)
    cancels = _ask([order], order.portfolio, now_ms=now_ms)
    if reason := cancels.refused.get(order_id):
        raise Conflict(reason, code=NOT_OPEN)
    return cancels.asked[0]


def cancel_orders(
    *,
    portfolio_id: UUID,
    now_ms: int,
    order_ids: Sequence[UUID] | None = None,
    condition_id: str | None = None,
    token_id: str | None = None,
) -> Cancels:
    """Ask for the cancel of these orders, or of all open ones, of one market or token if named.

    Raises Portfolio.DoesNotExist.
    """
    portfolio = Portfolio.objects.get(pk=portfolio_id)
    rows = Order.objects.filter(portfolio_id=portfolio_id)
    rows = rows.filter(status__in=OPEN) if order_ids is None else rows.filter(pk__in=order_ids)
    if condition_id is not None:
        rows = rows.filter(condition_id=condition_id)
    if token_id is not None:
        rows = rows.filter(token_id=token_id)
    return _ask(list(rows.order_by("created_ms", "id")), portfolio, now_ms=now_ms)


def _ask(orders: Sequence[Order], portfolio: Portfolio, *, now_ms: int) -> Cancels:
    refused = {order.pk: reason for order in orders if (reason := _why_not(order))}
    asked = [order for order in orders if order.pk not in refused]
    new = [order for order in asked if order.cancel_ms is None]
    at_ms = now_ms + portfolio.latency_ms
    changes = [({"pk": order.pk, "status": order.status}, {"cancel_ms": at_ms}) for order in new]
    run_atomic(lambda: update_rows(Order, changes))
    for order in new:
        order.cancel_ms = at_ms
        wake(order)
    if new:
        logger.info("order.cancel_asked", extra={"portfolio_id": str(portfolio.pk), "orders": len(new)})
    return Cancels(asked=tuple(asked), refused=refused)


def _why_not(order: Order) -> str | None:
    if order.status == Order.Status.DELAYED:
        return "the venue does not cancel delayed orders"
    if order.status == Order.Status.ACCEPTED and order.order_type in ("FAK", "FOK"):
        return "the order takes effect before a cancel could"
    if order.status not in OPEN:
        return f"the order is {order.get_status_display().lower()} already"
    return None
