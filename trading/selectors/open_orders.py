"""Open orders as rows: what is left of each, and who is served before it."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from uuid import UUID

from livedata.books import BookView, many
from livedata.clock import venue_now_ms
from markets.core.book import Side, mirror
from markets.models import Market
from markets.selectors import markets_by_condition
from trading.core.tickets import EXPIRES_EARLIER_MS
from trading.models import Order
from trading.selectors.holdings import OPEN, backing_micros
from trading.selectors.queues import QueueLine, queues_of
from trading.selectors.quotes import market_url

OPEN_MAX = 100


@dataclass(frozen=True, slots=True, kw_only=True)
class OpenOrderLine:
    """One open order. The queue's figures are None until it has come to rest."""

    id: UUID
    portfolio_id: UUID
    question: str
    url: str
    token_0: str  # whose book shows its level
    outcome: str
    outcome_index: int
    side: str
    order_type: str
    post_only: bool
    price_micros: int | None
    size_micros: int
    matched_micros: int
    open_micros: int
    backing_micros: int  # USDC of a BUY, shares of a SELL
    tick_micros: int | None
    status: str
    cancelling: bool
    age_ms: int
    ends_ms: int | None
    book_side: str  # "bid" or "ask", like `level_micros` in outcome 0's coordinates
    level_micros: int | None
    ahead_micros: int | None  # certain
    likely_micros: int | None
    own_micros: int  # of those ahead, the portfolio's own earlier orders
    entry_ahead_micros: int | None
    behind_micros: int | None
    uncertain_ms: int

    @property
    def resting(self) -> bool:
        return self.status == Order.Status.LIVE

    @property
    def cancellable(self) -> bool:
        """Whether a cancel could come in time: what takes effect at once cannot be called back."""
        return self.resting or (self.status == Order.Status.ACCEPTED and self.order_type in ("GTC", "GTD"))

    @property
    def advanced(self) -> bool:
        """Whether it has come so far in its queue that a cancel asks first."""
        if self.ahead_micros is None or not self.entry_ahead_micros:
            return False
        return 2 * self.ahead_micros < self.entry_ahead_micros


def open_orders(
    portfolio_id: UUID, *, market: Market | None = None, count: int = OPEN_MAX
) -> list[OpenOrderLine]:
    """The portfolio's open orders, of one market if named, newest first: three queries, a look at the books.

    `count` of them at most.
    """
    rows = Order.objects.filter(portfolio_id=portfolio_id, status__in=OPEN)
    if market is not None:
        rows = rows.filter(condition_id=market.condition_id)
    return lines_of(list(rows.order_by("-created_ms", "id")[:count]), market=market)


def lines_of(orders: Sequence[Order], *, market: Market | None = None) -> list[OpenOrderLine]:
    conditions = {order.condition_id for order in orders}
    markets = {market.condition_id: market} if market is not None else markets_by_condition(conditions)
    queues, views, now_ms = queues_of(orders), many(conditions), venue_now_ms()
    return [_line(order, markets, queues.get(order.pk), views, now_ms=now_ms) for order in orders]


def _line(
    order: Order,
    markets: Mapping[str, Market],
    queue: QueueLine | None,
    views: Mapping[str, BookView],
    *,
    now_ms: int,
) -> OpenOrderLine:
    market, view = markets.get(order.condition_id), views.get(order.condition_id)
    side, level = mirror(Side(order.side), order.price_micros or 0, order.outcome_index)
    return OpenOrderLine(
        id=order.pk,
        portfolio_id=order.portfolio_id,
        question=market.question if market else order.condition_id,
        url=market_url(market.slug) if market else "",
        token_0=market.token_0 if market else "",
        outcome=market.outcome_label(order.outcome_index) if market else "",
        outcome_index=order.outcome_index,
        side=order.side,
        order_type=order.order_type,
        post_only=order.post_only,
        price_micros=order.price_micros,
        size_micros=order.size_micros or 0,
        matched_micros=order.matched_micros,
        open_micros=order.open_micros if order.amount_micros is None else 0,
        backing_micros=backing_micros(order) if order.amount_micros is None else order.amount_micros,
        tick_micros=view.tick_micros if view else market.tick_micros if market else None,
        status=order.status,
        cancelling=order.cancel_ms is not None,
        age_ms=max(0, now_ms - (order.rested_ms or order.created_ms)),
        ends_ms=None if order.expires_ms is None else order.expires_ms - EXPIRES_EARLIER_MS,
        book_side="bid" if side is Side.BUY else "ask",
        level_micros=None if order.price_micros is None else level,
        ahead_micros=queue.ahead_micros if queue else None,
        likely_micros=queue.likely_micros if queue else None,
        own_micros=queue.own_micros if queue else 0,
        entry_ahead_micros=queue.entry_ahead_micros if queue else None,
        behind_micros=_behind(queue, view),
        uncertain_ms=queue.uncertain_ms if queue else 0,
    )


def _behind(queue: QueueLine | None, view: BookView | None) -> int | None:
    """What the level shows beyond the others ahead; None without a book."""
    if queue is None or view is None:
        return None
    others = queue.ahead_micros - queue.own_micros
    return max(0, view.book.sizes(queue.book_side).get(queue.price_micros, 0) - others)
