"""Where open orders stand in their queues."""

from collections import defaultdict
from collections.abc import Iterable
from dataclasses import dataclass
from uuid import UUID

from markets.core.book import Side, mirror
from trading.core.matching import OwnOrder
from trading.core.resting import QueueModel
from trading.core.tickets import Ticket
from trading.models import Order, Portfolio, Resting


@dataclass(frozen=True, slots=True, kw_only=True)
class QueueLine:
    """Shares served before an order: others' ahead, and its portfolio's own earlier ones at the price.

    As the matcher kept it last, at most a second ago.
    """

    ahead_micros: int  # nobody ahead leaves unless that is certain
    likely_micros: int  # who cancels stood ahead or behind alike
    entry_ahead_micros: int
    own_micros: int  # of `ahead_micros`, the portfolio's own earlier orders
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
            before = own.get(QueueModel.RISK_AVERSE, 0)
            lines[row.pk] = QueueLine(
                ahead_micros=row.ahead_micros + before,
                own_micros=before,
                likely_micros=row.likely_micros + own.get(QueueModel.PROPORTIONAL, 0),
                entry_ahead_micros=row.entry_ahead_micros,
                uncertain_ms=row.uncertain_ms,
                book_side=Side(row.book_side),
                price_micros=row.price_micros,
            )
        for model in QueueModel:
            own[model] = own.get(model, 0) + row.state[model][0]
    return lines


@dataclass(frozen=True, slots=True, kw_only=True)
class OwnBook:
    """A portfolio's resting orders in one market, as a new ticket would meet them or queue behind them."""

    across: tuple[OwnOrder, ...]  # on the other side, best price first
    before_micros: int  # open at the ticket's own price: served before it


def own_book(portfolio: Portfolio, ticket: Ticket) -> OwnBook:
    """In the ticket's coordinates, under the portfolio's model: one query."""
    side, _ = mirror(ticket.side, 0, ticket.outcome_index)
    rows = Resting.objects.filter(portfolio_id=portfolio.pk, condition_id=ticket.condition_id)
    across, before = [], 0
    for row in rows.order_by("number", "id"):
        open_micros, ahead_micros, _ = row.state[portfolio.queue_model]
        _, price = mirror(side, row.price_micros, ticket.outcome_index)
        if row.book_side != side:
            across.append(
                OwnOrder(
                    order_id=str(row.pk),
                    price_micros=price,
                    ahead_micros=ahead_micros,
                    open_micros=open_micros,
                )
            )
        elif price == ticket.price_micros:
            before += open_micros
    sign = 1 if ticket.side is Side.BUY else -1
    across.sort(key=lambda own: sign * own.price_micros)
    return OwnBook(across=tuple(across), before_micros=before)
