"""What a posted ticket comes to: a review, an order, or words that say what to mend."""

from dataclasses import dataclass

from asgiref.sync import sync_to_async
from django.http import Http404

from accounts.limits import allow
from accounts.models import User
from livedata.clock import venue_now_ms
from livedata.errors import StaleBook, Unavailable
from markets.core.errors import Conflict, Rejected
from markets.models import Market
from trading.core.tickets import Ticket
from trading.forms import TicketForm
from trading.models import Order, Portfolio
from trading.selectors.portfolios import portfolio_of
from trading.services.placing import fresh_in_time, place
from trading.services.preview import Preview, preview


@dataclass(frozen=True, slots=True, kw_only=True)
class Answer:
    """One of `review`, `order` and trouble; the form carries what belongs to its fields."""

    form: TicketForm
    review: Preview | None = None
    order: Order | None = None
    trouble: str = ""
    status: int = 200
    retry_after_s: int = 0


async def answer(form: TicketForm, *, market: Market, user: User, placing: bool) -> Answer:
    """Review the ticket, or place it when `placing`. Writes nothing unless it placed an order.

    Raises Http404 for a portfolio that is not the user's.
    """
    if not await sync_to_async(form.is_valid)():
        return Answer(form=form, trouble="Please look at the marked field.", status=422)
    portfolio = await sync_to_async(portfolio_of)(user.pk, form.portfolio_id)
    if portfolio is None:
        raise Http404
    verdict = await sync_to_async(allow)(user, "orders", cost=1 if placing else 0)
    if placing and not verdict.allowed:
        words = f"That is many orders in a minute. Try again in {verdict.retry_after_s} s."
        return Answer(form=form, trouble=words, status=429, retry_after_s=verdict.retry_after_s)
    try:
        ticket = form.ticket(market, now_ms=venue_now_ms())
        if placing:
            return Answer(form=form, order=await place(portfolio_id=portfolio.pk, ticket=ticket))
        return Answer(form=form, review=await _review(portfolio, ticket))
    except Rejected as refusal:
        return Answer(form=form, trouble=form.refuse(refusal), status=422)
    except (Conflict, Unavailable) as failure:
        return _later(form, failure)


def _later(form: TicketForm, failure: Conflict | Unavailable) -> Answer:
    """What the trader did not cause; nothing was written."""
    if isinstance(failure, Conflict):
        words = "This ticket was placed already with other figures. Start a new one."
        return Answer(form=form, trouble=words, status=409)
    if isinstance(failure, StaleBook):
        words = "Prices here are catching up: there is no fresh book to meet. Try again in a moment."
    else:
        words = "The market data cannot be reached just now. Nothing was written; try again in a moment."
    return Answer(form=form, trouble=words, status=503, retry_after_s=failure.retry_after_s)


async def _review(portfolio: Portfolio, ticket: Ticket) -> Preview:
    """The server's preview; a market that nobody watched gets a moment for its first book."""
    ask = sync_to_async(preview)
    try:
        return await ask(portfolio, ticket, now_ms=venue_now_ms())
    except StaleBook:
        if not await fresh_in_time(ticket.condition_id):
            raise
        return await ask(portfolio, ticket, now_ms=venue_now_ms())
