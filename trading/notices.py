"""Tells whoever waits or watches that orders were executed: the doors, and the owner's open pages."""

from collections.abc import Sequence

import msgspec
import orjson

from livedata.bus import bus
from trading.payloads import order_json, trade_json
from trading.selectors.queues import QueueLine
from trading.selectors.rules import known_market
from trading.services.acts import Executed
from trading.services.results import EXECUTED, Result

_encode = msgspec.msgpack.Encoder().encode


def announce(done: Sequence[Executed]) -> None:
    """Publish each order's result to waiting doors, the order and its fills to its owner's sockets."""
    if not done:
        return
    for executed in done:
        bus().publish(EXECUTED, _encode(Result.of(executed.order)))
        market = known_market(executed.order.condition_id)
        channel = f"user:{executed.user_id}"
        for fill in executed.fills:
            bus().publish(channel, orjson.dumps({"type": "fill", "trade": trade_json(fill, market)}))
        order = order_json(executed.order, market, executed.fills, _queue(executed))
        bus().publish(channel, orjson.dumps({"type": "order", "order": order}))


def _queue(executed: Executed) -> QueueLine | None:
    """Where an order stands that has come to rest just now."""
    resting = executed.rests
    if resting is None:
        return None
    ahead = resting.entry_ahead_micros
    return QueueLine(
        ahead_micros=ahead,
        likely_micros=ahead,
        own_micros=0,
        entry_ahead_micros=ahead,
        uncertain_ms=0,
        book_side=resting.side,
        price_micros=resting.price_micros,
    )
