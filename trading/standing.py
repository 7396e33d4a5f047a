"""What an order waits for: the commands that follow from its row, and the market that it meets."""

from collections.abc import Iterator
from dataclasses import replace
from uuid import UUID

from livedata.books import BookView
from markets.core.book import OrderBook
from markets.models import Market
from trading.core.tickets import EXPIRES_EARLIER_MS, OrderType
from trading.desk import Command, Desk, Kind
from trading.models import Order
from trading.selectors.rules import known_market, market_rules
from trading.services.acts import ON_THEIR_WAY, Due


def next_commands(order: Order) -> Iterator[tuple[str, Command]]:
    """(condition_id, command) for all that will happen to an open order as it stands."""
    world = order.portfolio_id.hex

    def command(effective_ms: int, kind: Kind) -> tuple[str, Command]:
        immediate = OrderType(order.order_type).immediate
        return order.condition_id, Command(effective_ms, kind, order.pk, world, immediate)

    if order.status in ON_THEIR_WAY:
        yield command(order.effective_ms, Kind.PLACE)
        return
    if order.cancel_ms is not None:
        yield command(order.cancel_ms, Kind.CANCEL)
    if order.expires_ms is not None:
        yield command(order.expires_ms - EXPIRES_EARLIER_MS, Kind.EXPIRE)
    start_ms = clears_at(known_market(order.condition_id))
    if start_ms is not None and (order.rested_ms is None or order.rested_ms < start_ms):
        yield command(start_ms, Kind.CLEAR)


def clears_at(market: Market | None) -> int | None:
    """When the venue empties the market's book: as its game starts. Source: api, `clearBookOnStart`."""
    if market is None or not market.clear_book_on_start:
        return None
    return market.game_start_ms


def due_for(desk: Desk, order_id: UUID, *, now_ms: int) -> Due:
    """One order and the market as it stands for it; with the reason to end it where it cannot be matched."""
    market, view = known_market(desk.condition_id), desk.view
    fresh = view is not None and view.fresh
    cancel = None if fresh else ("stale_book", "no fresh book came in time")
    if market is None:
        # Accepted on a catalogue that has been lost or restored since.
        market = Market(condition_id=desk.condition_id)
        cancel = ("market_not_found", "this market is not known any more")
    view = view or _NO_BOOK
    return Due(
        order_id=order_id,
        # A copy: a later order of the same commit must not let it see a later step.
        view=replace(view, book=view.book.copy()),
        rules=market_rules(market, view if fresh else None),
        now_ms=now_ms,
        queue=desk.queue,
        cancel=cancel,
    )


_NO_BOOK = BookView(
    condition_id="",
    book=OrderBook(),
    seq=0,
    stamp_ms=0,
    hash="",
    tick_micros=10_000,
    min_size_micros=0,
    last_trade=None,
    connection=0,
    fresh=False,
    age_ms=0,
)
