"""What a posted cancel comes to: asked back first, or words that say what became of each order."""

import asyncio
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from uuid import UUID

from asgiref.sync import sync_to_async
from django.http import Http404

from accounts.models import User
from livedata.clock import venue_now_ms
from markets.core.errors import Conflict
from markets.models import Market
from markets.selectors import market_by_slug
from markets.templatetags.units import cents, shares
from trading.models import Order, Portfolio
from trading.selectors.open_orders import OpenOrderLine, lines_of, open_orders
from trading.selectors.portfolios import portfolio_of
from trading.services.cancels import cancel_order, cancel_orders
from trading.services.results import outcome

GOOD, LATE = "ok", "warn"  # the classes of the notes that say so


@dataclass(frozen=True, slots=True, kw_only=True)
class Asked:
    """One order to cancel, or all of a portfolio or market."""

    portfolio: Portfolio
    market: Market | None  # whose page asked
    order: Order | None
    sure: bool


@dataclass(frozen=True, slots=True, kw_only=True)
class Said:
    tone: str
    words: str


def read_cancel(user: User, portfolio_id: UUID, data: Mapping[str, str]) -> Asked:
    """Raises Http404 for what is not the user's, or does not exist."""
    portfolio = portfolio_of(user.pk, portfolio_id)
    market = market_by_slug(data["market"][:255]) if data.get("market") else None
    order = None
    if portfolio is not None and "all" not in data:
        order = _order(portfolio, data.get("order", ""))
    if portfolio is None or (data.get("market") and market is None) or ("all" not in data and order is None):
        raise Http404
    return Asked(portfolio=portfolio, market=market, order=order, sure=data.get("sure") == "1")


def _order(portfolio: Portfolio, text: str) -> Order | None:
    try:
        return Order.objects.filter(pk=UUID(text), portfolio_id=portfolio.pk).first()
    except ValueError:
        return None


def to_ask_back(asked: Asked) -> list[OpenOrderLine]:
    """The orders that have come far in their queues, which a cancel would give up; none when sure."""
    if asked.sure:
        return []
    if asked.order is not None:
        lines = lines_of([asked.order], market=asked.market)
    else:
        lines = open_orders(asked.portfolio.pk, market=asked.market)
    return [line for line in lines if line.advanced]


async def cancelled(asked: Asked) -> list[Said]:
    """Ask for the cancels, wait until they took effect, and say what came of it."""
    if asked.order is None:
        return await _all_cancelled(asked)
    try:
        order = await sync_to_async(cancel_order)(
            portfolio_id=asked.portfolio.pk, order_id=asked.order.pk, now_ms=venue_now_ms()
        )
    except Conflict as refused:
        return [Said(tone=LATE, words=f"Not cancelled: {refused}.")]
    return [_said(await outcome(order))]


async def _all_cancelled(asked: Asked) -> list[Said]:
    cancels = await sync_to_async(cancel_orders)(
        portfolio_id=asked.portfolio.pk,
        now_ms=venue_now_ms(),
        condition_id=asked.market.condition_id if asked.market else None,
    )
    ended = await asyncio.gather(*map(outcome, cancels.asked))
    late = [_said(order) for order in ended if order.status != Order.Status.CANCELLED]
    late += [Said(tone=LATE, words=f"Not cancelled: {why}.") for why in cancels.refused.values()]
    done = len(ended) - sum(order.status != Order.Status.CANCELLED for order in ended)
    return [*_counted(done), *late] or [Said(tone=LATE, words="There was no open order to cancel.")]


def _counted(done: int) -> Sequence[Said]:
    if not done:
        return ()
    return (Said(tone=GOOD, words=f"Cancelled {done} order{'' if done == 1 else 's'}."),)


def _said(order: Order) -> Said:
    named = f"{order.side.lower()} {shares(order.size_micros)} at {cents(order.price_micros)}"
    if order.status == Order.Status.CANCELLED:
        words = f"Cancelled: {named}."
        if order.matched_micros:
            words += f" {shares(order.matched_micros)} had traded before."
        return Said(tone=GOOD, words=words)
    if order.open_micros:
        return Said(tone=LATE, words=f"The cancel of {named} is on its way.")
    return Said(tone=LATE, words=f"Too late, {named}: {order.reason or f'it is {order.status} already'}.")
