"""Orders that end because of something else: their market resolved, their portfolio began anew."""

from typing import Any

from django.db.models import QuerySet

from markets.core.errors import Conflict
from trading.bulk import update_rows
from trading.models import Order, Resting

OPEN = (Order.Status.ACCEPTED, Order.Status.DELAYED, Order.Status.LIVE)


def end_open(orders: QuerySet[Order], *, code: str, words: str, now_ms: int) -> list[Order]:
    """Cancel those of these orders that are open, inside the caller's unit; returns them.

    What is open of each is killed, and its place in the queue is given up. Raises Conflict when one of
    them traded or ended meanwhile. Wake their executors after the commit.
    """
    rows = list(orders.filter(status__in=OPEN))
    changes = [
        (
            {"pk": row.pk, "status": row.status, "matched_micros": row.matched_micros},
            _end(row, code=code, words=words, now_ms=now_ms),
        )
        for row in rows
    ]
    if update_rows(Order, changes) != len(rows):
        raise Conflict("an order traded or ended meanwhile")
    Resting.objects.filter(pk__in=[row.pk for row in rows]).delete()
    return rows


def _end(order: Order, *, code: str, words: str, now_ms: int) -> dict[str, Any]:
    """Set the fields of an order that ends; returns them."""
    asked = order.size_micros if order.amount_micros is None else order.amount_micros
    spent = order.matched_micros if order.amount_micros is None else order.notional_micros
    fields = {
        "status": Order.Status.CANCELLED,
        "reason_code": code,
        "reason": words[:200],
        "killed_micros": (asked or 0) - spent,
        "updated_ms": now_ms,
    }
    for name, value in fields.items():
        setattr(order, name, value)
    return fields
