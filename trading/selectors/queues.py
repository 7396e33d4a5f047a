"""Where open orders stand in their queues."""

from collections import defaultdict
from collections.abc import Iterable
from dataclasses import dataclass
from uuid import UUID

from markets.core.book import Side
from trading.core.resting import QueueModel
from trading.models import Order, Resting


@dataclass(frozen=True, slots=True, kw_only=True)
class QueueLine:
    """Shares served before an order: others' ahead, and its portfolio's own earlier ones at the price.

    As the matcher kept it last, at most a second ago.
    """

    ahead_micros: int  # nobody ahead leaves unless that is certain
    likely_micros: int  # who cancels stood ahead or behind alike
    entry_ahead_micros: int
    uncertain_ms: int  # how long nobody could see its market
    book_side: Side  # in outcome 0's coordinates, like the price
    price_micros: int


def queues_of(orders: Iterable[Order]) -> dict[UUID, QueueLine]:
    """The queue of each of these orders that is at rest: one query."""
    live = {order.pk: order for order in orders if order.status == Order.Status.LIVE}
    if not live:
        return {}
    markets = {(order.portfolio_id, order.condition_id) for order in live.values()}
    rows = Resting.objects.filter(
        portfolio_id__in={portfolio_id for portfolio_id, _ in markets},
        condition_id__in={condition_id for _, condition_id in markets},
    ).order_by("number", "id")
    earlier: dict[tuple[str, str, str, int], dict[str, int]] = defaultdict(dict)
    lines: dict[UUID, QueueLine] = {}
    for row in rows:
        own = earlier[row.world, row.condition_id, row.book_side, row.price_micros]
        if row.pk in live:
            lines[row.pk] = QueueLine(
                ahead_micros=row.ahead_micros + own.get(QueueModel.RISK_AVERSE, 0),
                likely_micros=row.likely_micros + own.get(QueueModel.PROPORTIONAL, 0),
                entry_ahead_micros=row.entry_ahead_micros,
                uncertain_ms=row.uncertain_ms,
                book_side=Side(row.book_side),
                price_micros=row.price_micros,
            )
        for model, (open_micros, _, _) in row.state.items():
            own[model] = own.get(model, 0) + open_micros
    return lines
