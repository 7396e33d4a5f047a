"""Submit an order and await what came of it: what every door but the CLOB's does.

A market that nobody watched has no fresh book yet: submitting leased it, so the feed is fetching one; up
to 3 s are given to it before StaleBook stands.
"""

import asyncio
import time
from uuid import UUID

from asgiref.sync import sync_to_async

from livedata.books import newest
from livedata.clock import venue_now_ms
from livedata.errors import StaleBook
from trading.core.tickets import Ticket
from trading.models import Order
from trading.services.orders import submit_order
from trading.services.results import outcome, wait

BOOK_WAIT_S = 3.0
_POLL_S = 0.05


async def place(*, portfolio_id: UUID, ticket: Ticket) -> Order:
    """The order as executed. Raises what submit_order raises."""
    submit = sync_to_async(submit_order)
    try:
        order = await submit(portfolio_id=portfolio_id, ticket=ticket, now_ms=venue_now_ms())
    except StaleBook:
        if not await fresh_in_time(ticket.condition_id):
            raise
        order = await submit(portfolio_id=portfolio_id, ticket=ticket, now_ms=venue_now_ms())
    return await outcome(order)


def place_and_wait(*, portfolio_id: UUID, ticket: Ticket) -> Order:
    """Like `place`, holding the calling thread: for scripts and tests."""
    try:
        order = submit_order(portfolio_id=portfolio_id, ticket=ticket, now_ms=venue_now_ms())
    except StaleBook:
        until = time.monotonic() + BOOK_WAIT_S
        while not _fresh(ticket.condition_id):
            if time.monotonic() > until:
                raise
            time.sleep(_POLL_S)
        order = submit_order(portfolio_id=portfolio_id, ticket=ticket, now_ms=venue_now_ms())
    return wait(order)


async def fresh_in_time(condition_id: str) -> bool:
    """Whether the market's book is fresh now or becomes so within BOOK_WAIT_S."""
    until = time.monotonic() + BOOK_WAIT_S
    while not _fresh(condition_id):
        if time.monotonic() > until:
            return False
        await asyncio.sleep(_POLL_S)
    return True


def _fresh(condition_id: str) -> bool:
    view = newest(condition_id)
    return view is not None and view.fresh
