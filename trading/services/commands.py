"""Waking the executor of a market. The database is the truth: a lost command only costs a second."""

from livedata.bus import bus
from trading.models import Order

COMMANDS = "commands"  # the bus log that wakes executors; entries are "<condition_id> <order id>"


def wake(order: Order) -> None:
    """Tell the executor that something about this order is new: it is there, or its cancel is."""
    bus().append(COMMANDS, f"{order.condition_id} {order.pk}".encode())
