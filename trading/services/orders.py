"""Placing orders: the one road for every door. What happens to them at their time: services/execution.py."""

import hashlib
import logging
import time
from dataclasses import astuple
from uuid import UUID, uuid4

from django.db import IntegrityError

from livedata import subscriptions
from livedata.books import BookView, newest
from livedata.catalogue import market_ref
from livedata.errors import StaleBook
from markets.core.book import Side
from markets.core.errors import Conflict, Rejected
from markets.models import Market
from trading.atomic import run_atomic
from trading.bulk import insert_rows, read_rows
from trading.core.execution import check_backing, execute, most_micros
from trading.core.positions import Holding
from trading.core.rejections import Code
from trading.core.tickets import MarketRules, OrderType, Ticket, check, check_on_book
from trading.models import Order, Portfolio
from trading.selectors.holdings import holding_of, reserved_of, taken_of
from trading.selectors.queues import OwnBook, own_book
from trading.selectors.rules import known_market, market_rules
from trading.services.commands import wake
from trading.services.timing import half_life_ms

logger = logging.getLogger(__name__)

LEASE_S = 60
_LEASED_MAX = 10_000
_leased: dict[str, float] = {}


def submit_order(*, portfolio_id: UUID, ticket: Ticket, now_ms: int) -> Order:
    """Check and record one order; the only way an order comes to be.

    It takes effect after the portfolio's latency, in the market's executor: await its result with
    `services.results`. Asking again with the same `client_order_id` returns the first order.

    Raises Rejected (the trader can mend it), StaleBook (no fresh book: the market is now leased, ask
    again within 3 s) or Conflict (the same client_order_id with another body); nothing was written then.
    """
    try:
        order = _record(portfolio_id, ticket, now_ms)
    except (Rejected, StaleBook, IntegrityError):
        # Asked before, it has an answer already, whatever holds now. Looking only here spares each new
        # order a query; the unique client_order_id sees to it that a second one is never written.
        if earlier := find_order(portfolio_id=portfolio_id, ticket=ticket):
            return earlier
        raise
    wake(order)
    logger.info("order.accepted", extra={"order_id": str(order.id), "portfolio_id": str(portfolio_id)})
    return order


def _record(portfolio_id: UUID, ticket: Ticket, now_ms: int) -> Order:
    portfolios = read_rows(Portfolio, {"pk": portfolio_id})
    if not portfolios:
        raise Portfolio.DoesNotExist(portfolio_id)
    portfolio = portfolios[0]
    market, view = market_and_book(ticket.condition_id)
    rules = market_rules(market, view)
    _check_ticket(portfolio, ticket, rules, now_ms=now_ms)
    _check_covered(portfolio, ticket, rules, view, now_ms=now_ms)
    order = _order(portfolio, ticket, rules, now_ms=now_ms)
    run_atomic(lambda: insert_rows([order]))
    return order


def find_order(*, portfolio_id: UUID, ticket: Ticket) -> Order | None:
    """The order that this client_order_id already made. Raises Conflict when its body was another."""
    found = Order.objects.filter(portfolio_id=portfolio_id, client_order_id=ticket.client_order_id).first()
    if found is not None and found.body_hash != body_hash(ticket):
        raise Conflict(
            f"client_order_id {ticket.client_order_id!r} was used for another order",
            code=Code.DUPLICATE_CLIENT_ORDER_ID,
        )
    return found


def market_and_book(condition_id: str) -> tuple[Market, BookView | None]:
    """The market and its newest book, and a lease so that the feed follows it from now on.

    Raises Rejected when the catalogue does not know the market.
    """
    market = known_market(condition_id)
    if market is None:
        raise Rejected(Code.MARKET_NOT_FOUND, "no such market", field="market")
    if market.tradable and _due_for_lease(condition_id):
        subscriptions.lease(f"order:{condition_id}", [market_ref(market)], seconds=LEASE_S)
    return market, newest(condition_id)


def _due_for_lease(condition_id: str) -> bool:
    """A busy market is leased again only when its lease is a third gone: each lease wakes the feed."""
    now_s = time.monotonic()
    if now_s - _leased.get(condition_id, float("-inf")) < LEASE_S / 3:
        return False
    if len(_leased) > _LEASED_MAX:
        _leased.clear()
    _leased[condition_id] = now_s
    return True


def body_hash(ticket: Ticket) -> str:
    """What makes two requests the same: every field of the ticket."""
    return hashlib.sha1(repr(astuple(ticket)).encode(), usedforsecurity=False).hexdigest()


def _check_ticket(portfolio: Portfolio, ticket: Ticket, rules: MarketRules, *, now_ms: int) -> None:
    if not portfolio.is_active:
        raise Rejected(Code.PORTFOLIO_INACTIVE, "this portfolio is closed: reopen it to trade")
    check(ticket, rules, now_ms=now_ms)


def _check_covered(
    portfolio: Portfolio, ticket: Ticket, rules: MarketRules, view: BookView | None, *, now_ms: int
) -> None:
    """Raise what the executor would, on the book as it stands: better now than after the latency."""
    sells = ticket.side is Side.SELL
    holding = holding_of(portfolio.pk, ticket.token_id) if sells else Holding()
    if view is not None and view.fresh:
        check_on_book(ticket, view.book)
    if ticket.post_only:
        check_on_own(ticket, own_book(portfolio, ticket))
    check_backing(
        ticket,
        cash_micros=portfolio.cash_micros,
        held_micros=holding.size_micros,
        reserved_micros=reserved_of(
            portfolio.pk, condition_id=ticket.condition_id, token_id=ticket.token_id, side=ticket.side
        ),
    )
    if view is None or not view.fresh:
        age = "none has been seen yet" if view is None else f"the newest is {view.age_ms / 1000:.1f} s old"
        raise StaleBook(f"no fresh book for this market ({age}); try again in a moment")
    if not sells and most_micros(ticket, rules) > portfolio.cash_micros:
        execute(
            ticket,
            view.book,
            rules,
            cash_micros=portfolio.cash_micros,
            holding=holding,
            taken=taken_of(portfolio.pk.hex, ticket.condition_id),
            now_ms=now_ms,
            half_life_ms=half_life_ms(),
        )


def check_on_own(ticket: Ticket, own: OwnBook) -> None:
    """Raise Rejected when a post-only ticket would meet a resting order of its own portfolio."""
    if any(ticket.accepts(order.price_micros) for order in own.across):
        words = "invalid post-only order: it would meet an order of your own"
        raise Rejected(Code.POST_ONLY_WOULD_CROSS, words, field="post_only")


def _order(portfolio: Portfolio, ticket: Ticket, rules: MarketRules, *, now_ms: int) -> Order:
    return Order(
        id=uuid4(),
        portfolio=portfolio,
        client_order_id=ticket.client_order_id,
        body_hash=body_hash(ticket),
        condition_id=ticket.condition_id,
        token_id=ticket.token_id,
        outcome_index=ticket.outcome_index,
        side=ticket.side,
        is_market=ticket.price_micros is None,
        order_type=ticket.order_type,
        post_only=ticket.post_only,
        price_micros=ticket.price_micros,
        size_micros=ticket.size_micros,
        amount_micros=ticket.amount_micros,
        expires_ms=ticket.expires_ms,
        effective_ms=now_ms + portfolio.latency_ms + rules.taker_delay_ms,
        created_ms=now_ms,
        updated_ms=now_ms,
        epoch=portfolio.epoch,
        notes=ticket.notes,
    )


def ticket_of(order: Order) -> Ticket:
    """The ticket that an order was made from."""
    return Ticket(
        condition_id=order.condition_id,
        token_id=order.token_id,
        outcome_index=order.outcome_index,
        side=Side(order.side),
        order_type=OrderType(order.order_type),
        client_order_id=order.client_order_id,
        price_micros=order.price_micros,
        size_micros=order.size_micros,
        amount_micros=order.amount_micros,
        post_only=order.post_only,
        expires_ms=order.expires_ms,
        notes=order.notes,
    )
