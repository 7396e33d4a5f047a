"""What the market's and the event's templates are given, for a reader and what the address asks for."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any
from uuid import UUID

from django.http import HttpRequest

from livedata import books
from livedata.books import BookView
from livedata.clock import venue_now_ms
from markets.core.book import OrderBook, Side, mirror
from markets.core.units import from_micros, to_micros
from markets.models import Market
from markets.selectors import EventLine
from trading.forms import DAY_MS, TicketForm, write_moment
from trading.selectors.event_page import event_page
from trading.selectors.ladder import OwnLevel, own_levels
from trading.selectors.market_page import (
    LEVELS,
    LEVELS_MAX,
    RANGES,
    book_panel,
    chart_panel,
    fidelity_of,
    market_head,
    related_lines,
    tape_lines,
    venue_url,
    watch,
)
from trading.selectors.open_orders import OpenOrderLine, open_orders
from trading.selectors.portfolio_page import FillLine, fills_here, placed_order
from trading.selectors.portfolios import PositionLine, position_lines
from trading.selectors.ticket_panel import TicketPanel, ticket_panel
from trading.services.portfolios import default_portfolio
from trading.services.preview import Preview
from trading.templatetags.pages import part_percent
from trading.ticket_post import Answer


@dataclass(frozen=True, slots=True, kw_only=True)
class _NoFigures:
    """The preview's figures before anything was asked: dashes."""

    size_micros: None = None
    notional_micros: None = None
    average_price_micros: None = None
    fee_micros: None = None
    slippage_micros: None = None
    resting_size_micros: None = None
    queue_ahead_micros: None = None
    backing_micros: None = None
    whole_size_micros: None = None
    whole_total_micros: None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Expires:
    """How the ticket's expiration was chosen, and the time of UTC in its own field."""

    until: str
    text: str


def _expires(form: TicketForm, review: Preview | None = None) -> Expires:
    """A reviewed expiration stays what was reviewed: placing must not move it."""
    if review is not None and review.ticket.expires_ms is not None:
        return Expires(until="at", text=write_moment(review.ticket.expires_ms))
    text = form["expires"].value() or write_moment(venue_now_ms() + DAY_MS)
    return Expires(until=str(form["until"].value() or "hour"), text=str(text))


def reader_id(request: HttpRequest) -> UUID | None:
    """Who reads, if they are known; a first look opens their first portfolio."""
    if not request.user.is_authenticated:
        return None
    default_portfolio(user_id=request.user.pk, now_ms=venue_now_ms())
    return request.user.pk


def market_context(request: HttpRequest, market: Market, answer: Answer | None = None) -> dict[str, Any]:
    """Everything on a market's page. Takes a short lease, so that the feed follows what is read."""
    query = request.GET
    watch([market], owner=f"page:{market.condition_id}")
    view = books.newest(market.condition_id) if market.condition_id else None
    asked = query.get("book") or request.POST.get("outcome") or query.get("outcome")
    outcome = 1 if asked == "1" else 0
    form = answer.form if answer else TicketForm(initial=_initial(request))
    review = answer.review if answer else None
    levels = LEVELS_MAX if query.get("levels") == str(LEVELS_MAX) else LEVELS
    user_id = reader_id(request)
    tape = tape_lines(market, outcome_index=outcome)
    ticket = ticket_panel(market, view, user_id=user_id, portfolio_id=_asked_portfolio(request))
    orders = open_orders(ticket.portfolio.id, market=market) if ticket.portfolio else []
    context = {
        "head": market_head(market, view),
        "outcome_label": market.outcome_label(outcome),
        "chart": chart_panel(market, outcome_index=outcome, range_name=query.get("range", "max")),
        "ranges": {name: fidelity_of(market, name) for name in RANGES},
        "book": book_panel(
            market,
            view,
            outcome_index=outcome,
            levels=levels,
            taking=_taking(answer, outcome),
            own=_own_levels(orders, view, review, market, outcome),
            last_micros=tape[0].price_micros,
        ),
        "levels": levels,
        "tape": tape,
        "related": related_lines(market),
        "rules": market.description,
        "source": market.resolution_source,
        "venue_url": venue_url(market),
        "ticket": ticket,
        "form": form,
        "expires": _expires(form, review),
        "review": review,
        "figures": review or _NoFigures(),
        "trouble": answer.trouble if answer else "",
    }
    return context | {"open_orders": orders} | _own(request, market, ticket, outcome)


def _own(request: HttpRequest, market: Market, ticket: TicketPanel, outcome: int) -> dict[str, Any]:
    """The reader's holdings, executions and newest order here."""
    if ticket.portfolio is None:
        return {}
    held = position_lines(portfolio_id=ticket.portfolio.id)
    placed = None
    if (order_id := _uuid(request.GET.get("order", ""))) is not None:
        placed = placed_order(order_id, user_id=request.user.pk)
    holdings = [line for line in held if line.condition_id == market.condition_id]
    fills = fills_here(ticket.portfolio.id, market)
    return {
        "holdings": holdings,
        "fills": fills,
        "placed": placed,
        "own": _marks(holdings, fills, outcome),
    }


def _own_levels(
    orders: Sequence[OpenOrderLine],
    view: BookView | None,
    review: Preview | None,
    market: Market,
    outcome: int,
) -> list[OwnLevel]:
    """The reader's resting orders, and what a reviewed ticket would put beside them."""
    levels = own_levels(orders, view.book if view else OrderBook(), outcome_index=outcome)
    if review is None or not review.resting_size_micros or review.ticket.price_micros is None:
        return levels
    ticket, buys = review.ticket, review.ticket.side is Side.BUY
    side, price = mirror(ticket.side, ticket.price_micros, abs(ticket.outcome_index - outcome))
    joining = OwnLevel(
        side="bid" if side is Side.BUY else "ask",
        price_micros=price,
        words="You would buy" if buys else "You would sell",
        outcome="" if ticket.outcome_index == outcome else market.outcome_label(ticket.outcome_index),
        size_micros=review.resting_size_micros,
        ahead_micros=review.queue_ahead_micros or 0,
        behind_micros=0,
        joining=True,
    )
    return [*levels, joining]


def _taking(answer: Answer | None, outcome: int) -> dict[int, int]:
    """What a reviewed ticket would take of each level of the book that is shown, in percent."""
    if answer is None or answer.review is None or answer.form.cleaned_data["outcome"] != outcome:
        return {}
    return {level.price_micros: part_percent(level) for level in answer.review.levels}


def _marks(holdings: list[PositionLine], fills: list[FillLine], outcome: int) -> dict[str, Any]:
    """What the chart shows of the reader: the average price, and when they bought and sold."""
    average = [line.average_price_micros for line in holdings if line.outcome_index == outcome]
    times = [
        {"t": fill.filled_ms // 1000, "side": fill.side}
        for fill in reversed(fills)
        if fill.outcome_index == outcome
    ]
    return {"average": average[0] if average else None, "fills": times}


def event_context(request: HttpRequest, found: EventLine) -> dict[str, Any]:
    """Everything on an event's page; its ticket is of the market in the address, else of the likeliest."""
    user_id = reader_id(request)
    page = event_page(found, user_id=user_id, range_name=request.GET.get("range", "max"))
    watch(found.markets[:50], owner=f"page:event:{page.slug}")
    by_slug = {market.slug: market for market in found.markets}
    form = TicketForm(initial=_initial(request))
    chosen = by_slug.get(request.GET.get("market", ""), by_slug[page.rows[0].line.slug])
    view = books.newest(chosen.condition_id) if chosen.condition_id else None
    return {
        "page": page,
        "head": market_head(chosen, view),
        "chosen": chosen.slug,
        "ranges": RANGES[2:],
        "ticket": ticket_panel(
            chosen,
            view,
            user_id=user_id,
            portfolio_id=_asked_portfolio(request),
            title=chosen.group_label or chosen.question,
        ),
        "form": form,
        "expires": _expires(form),
        "figures": _NoFigures(),
    }


def _initial(request: HttpRequest) -> dict[str, str]:
    """The ticket as links fill it: ?side=BUY&outcome=0&limit=0.64, a decimal as the API has it."""
    query = request.GET
    try:
        limit = from_micros(to_micros(query.get("limit", "")) * 100)
    except ValueError:
        limit = ""
    return {
        "side": "SELL" if query.get("side", "").upper() == "SELL" else "BUY",
        "outcome": "1" if query.get("outcome") == "1" else "0",
        "type": "limit" if limit or query.get("type") == "limit" else "market",
        "limit": limit,
        "amount": query.get("amount", "")[:24],
        "shares": query.get("shares", "")[:24],
    }


def _asked_portfolio(request: HttpRequest) -> UUID | None:
    return _uuid(request.POST.get("portfolio") or request.GET.get("portfolio") or "")


def _uuid(text: str) -> UUID | None:
    try:
        return UUID(text)
    except ValueError:
        return None
