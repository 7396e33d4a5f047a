"""The executor's side of an order: match it at its time, and settle what it traded.

Several acts may share one commit. Only the matcher of the market's shard calls this.
"""

import hashlib
import logging
from collections.abc import Sequence
from uuid import uuid5

from django.db import DatabaseError
from pymongo.errors import PyMongoError

from markets.core.book import Side, mirror
from markets.core.errors import Conflict, Rejected
from trading.atomic import run_atomic
from trading.core.execution import Execution, PricedFill, execute
from trading.core.positions import Holding
from trading.core.rejections import Code
from trading.core.resting import come_to_rest
from trading.core.tickets import Ticket, check_on_book
from trading.evidence import Timing, taker_evidence
from trading.models import Fill, Order
from trading.selectors.holdings import position_key
from trading.services.acts import ON_THEIR_WAY, Act, Due, End, Executed, Stepped
from trading.services.ledger import postings
from trading.services.orders import ticket_of
from trading.services.resting import end_live, fill_resting
from trading.services.self_match import meet_own, own_orders
from trading.services.timing import half_life_ms
from trading.services.unit import Unit

logger = logging.getLogger(__name__)


def execute_acts(acts: Sequence[Act]) -> list[Executed]:
    """Carry the acts out in their order, in one transaction; one by one when that fails.

    Doing it again changes nothing: an order that has ended is left alone, a fill is written once.
    """
    try:
        return run_atomic(lambda: _run(acts))
    except (DatabaseError, PyMongoError, Conflict) as failure:
        if len(acts) == 1:
            raise
        logger.warning("group.split", extra={"acts": len(acts), "because": repr(failure)})
    return [done for act in acts for done in execute_acts([act])]


def _run(acts: Sequence[Act]) -> list[Executed]:
    unit = Unit(acts)
    unit.read()
    for act in acts:
        if isinstance(act, Due):
            _take(unit, act)
        elif isinstance(act, Stepped):
            fill_resting(unit, act)
        elif isinstance(act, End):
            end_live(unit, act)
    unit.write()
    return unit.results()


def _take(unit: Unit, due: Due) -> None:
    """Match one ticket; it ends, or what is left of it comes to rest."""
    order = unit.orders.get(due.order_id)
    if order is None or order.status not in ON_THEIR_WAY:
        return  # ended or at rest already: an earlier run, a reset or a settlement
    portfolio = order.portfolio
    if refusal := _why_not(order, due):
        unit.end(order, Order.Status.CANCELLED, *refusal, now_ms=due.now_ms)
        return
    key = position_key(portfolio.pk, order.token_id)
    purse = unit.purses[portfolio.pk]
    ticket = ticket_of(order)
    if _delayed(order, ticket, due):
        delay_ms = due.rules.seconds_delay * 1000
        unit.change(order, status=Order.Status.DELAYED, effective_ms=order.effective_ms + delay_ms)
        return
    try:
        check_on_book(ticket, due.view.book)
        own = own_orders(unit, order, due)
        execution = execute(
            ticket,
            due.view.book,
            due.rules,
            cash_micros=purse.cash_micros,
            holding=unit.holdings.get(key, Holding()),
            taken=unit.taken_of(portfolio.pk.hex, order.condition_id),
            now_ms=due.now_ms,
            half_life_ms=half_life_ms(),
            reserved_micros=unit.reserved_micros(order),
            own=own,
        )
    except Rejected as refused:
        # It was covered when it was accepted; since then other orders used the cash or the shares.
        unit.end(order, Order.Status.CANCELLED, refused.code, str(refused), now_ms=due.now_ms)
        return
    purse.cash_micros = execution.cash_micros
    purse.realised_micros += sum(fill.realised_pnl_micros for fill in execution.fills)
    purse.fees_micros += execution.fee_micros
    unit.holdings[key] = execution.holding
    _settle(unit, order, due, execution)
    for number, fill in enumerate(execution.fills):
        _add_fill(unit, order, due, number, fill)
        if fill.level.own_order_id is not None:
            meet_own(unit, due, number, fill.level)
            continue
        place = mirror(Side(order.side).opposite, fill.level.price_micros, order.outcome_index)
        unit.press(portfolio.pk.hex, order.condition_id, place, fill.level.size_micros, now_ms=due.now_ms)


def _why_not(order: Order, due: Due) -> tuple[str, str] | None:
    if due.cancel:
        return due.cancel
    if not order.portfolio.is_active or order.epoch != order.portfolio.epoch:
        return Code.PORTFOLIO_INACTIVE, "the portfolio was closed or reset"
    if not due.rules.accepting_orders:
        return Code.MARKET_CLOSED, "the market stopped taking orders"
    return None


def _delayed(order: Order, ticket: Ticket, due: Due) -> bool:
    """Whether the venue holds it back: marketable, on a market with a delay, and not held back yet.

    Source: docs of the sports delay; post-only and resting orders do not wait.
    """
    if not due.rules.seconds_delay or order.status == Order.Status.DELAYED or ticket.post_only:
        return False
    best = due.view.book.touch(ticket.side.opposite, ticket.outcome_index)
    return best is not None and ticket.accepts(best)


def _add_fill(unit: Unit, order: Order, due: Due, number: int, fill: PricedFill) -> None:
    level = fill.level
    cause = f"{order.condition_id}|take|{order.pk.hex}|{level.price_micros}|{level.size_micros}|{number}"
    source_id = hashlib.sha1(cause.encode(), usedforsecurity=False).hexdigest()
    row = Fill(
        id=uuid5(order.pk, source_id),
        order=order,
        portfolio=order.portfolio,
        source_id=source_id,
        condition_id=order.condition_id,
        token_id=order.token_id,
        outcome_index=order.outcome_index,
        side=order.side,
        role="taker",
        price_micros=level.price_micros,
        size_micros=level.size_micros,
        notional_micros=level.notional_micros,
        fee_micros=fill.fee_micros,
        realised_pnl_micros=fill.realised_pnl_micros,
        self_match=level.own_order_id is not None,
        evidence=taker_evidence(order, due.view, due.rules, fill, Timing.of(order, due.view, due.now_ms)),
        filled_ms=due.now_ms,
        written=unit.next_written(order.portfolio),
        epoch=order.epoch,
    )
    unit.add_fill(
        order,
        row,
        postings(
            order.portfolio,
            transaction_id=f"fill:{row.pk.hex}",
            kind="fill",
            lines=fill.lines,
            now_ms=due.now_ms,
        ),
    )


def _settle(unit: Unit, order: Order, due: Due, execution: Execution) -> None:
    """Write down what became of the ticket."""
    matched = execution.match
    unit.change(
        order,
        matched_micros=matched.matched_micros,
        notional_micros=matched.notional_micros,
        fee_micros=execution.fee_micros,
        killed_micros=matched.killed_micros,
        updated_ms=due.now_ms,
    )
    if matched.resting_micros:
        _rest(unit, order, due, matched.resting_micros)
        return
    order.status = Order.Status.MATCHED if matched.fills else Order.Status.KILLED
    if execution.reason:
        order.reason_code = execution.reason
        order.reason = _WORDS[execution.reason]
    elif matched.killed_micros:
        order.reason_code, order.reason = "partly_killed", "the book ended before the order did"


def _rest(unit: Unit, order: Order, due: Due, size_micros: int) -> None:
    assert order.price_micros is not None, "only a limit order rests"
    side, price = mirror(Side(order.side), order.price_micros, order.outcome_index)
    # Since its time, not since we came to it: what the venue stamped in between is news to it. But what the
    # book holds already is not.
    at_ms = max(order.effective_ms, due.view.stamp_ms)
    order.status, order.rested_ms = Order.Status.LIVE, at_ms
    unit.live[order.pk] = order
    unit.came[order.pk] = come_to_rest(
        due.view.book,
        str(order.pk),
        world=order.portfolio_id.hex,
        side=side,
        price_micros=price,
        size_micros=size_micros,
        at_ms=at_ms,
        number=order.effective_ms * _NUMBERS_PER_MS + len(unit.came),
    )


_NUMBERS_PER_MS = 1_000  # orders of one millisecond and one commit keep their order
_WORDS = {
    Code.NO_MATCH: "nothing in the book at this price: a FAK order fills what it can now, or is killed",
    Code.NOT_FILLED_WHOLE: "the book does not hold the whole amount: a FOK order fills whole, or is killed",
}
