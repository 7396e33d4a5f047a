"""Whether anybody has something at stake in a market: shares, or an order that may still trade."""

from trading.models import Order, Position

_OPEN = (Order.Status.ACCEPTED, Order.Status.DELAYED, Order.Status.LIVE)


def has_stakes(condition_id: str) -> bool:
    return (
        Position.objects.filter(condition_id=condition_id, size_micros__gt=0).exists()
        or Order.objects.filter(condition_id=condition_id, status__in=_OPEN).exists()
    )
