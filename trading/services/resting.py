"""What happens to an order at rest: steps fill it, and it ends by its trader, its time or its market."""

import hashlib
from uuid import UUID, uuid5

from markets.core.book import Side
from markets.core.units import cost_micros, from_micros, proceeds_micros
from trading.core.ledger import fill_lines
from trading.core.positions import Holding, after_fill
from trading.core.resting import Cause, MakerFill
from trading.evidence import maker_evidence
from trading.models import Fill, Lens, Order
from trading.selectors.holdings import position_key
from trading.services.acts import End, Stepped
from trading.services.ending import OPEN
from trading.services.ledger import postings
from trading.services.unit import Unit

BACKING_GONE = "backing_gone"
_WORDS_OF_BACKING = {
    Side.BUY: "the cash behind it was spent elsewhere before it could fill",
    Side.SELL: "the shares behind it were sold elsewhere before it could fill",
}


def fill_resting(unit: Unit, stepped: Stepped) -> None:
    """Fill what a step filled: really under the portfolio's own model, in the books of the lenses else.

    A step that comes again changes nothing. What is not covered is not filled, and its order is cancelled.
    """
    for number, fill in enumerate(stepped.fills):
        order = unit.orders.get(UUID(fill.order_id))
        if order is None or order.epoch != order.portfolio.epoch:
            continue
        if fill.model == order.portfolio.queue_model:
            if order.status == Order.Status.LIVE:
                fill_order(unit, order, fill, stepped)
        else:
            _note_lens(unit, order, fill, applied=_applied(stepped, fill, number))
    for resting in stepped.world_orders:
        unit.moved[resting.order_id] = (resting, stepped.stamp_ms, stepped.seq)
        if resting.done:
            unit.left.add(UUID(resting.order_id))


def end_live(unit: Unit, end: End) -> None:
    """Cancel what is left of an open order; one that has ended is left alone."""
    order = unit.orders.get(end.order_id)
    if order is None or order.status not in OPEN:
        unit.left.add(end.order_id)
        return
    unit.end(order, Order.Status.CANCELLED, end.code, end.words, now_ms=end.now_ms)


def fill_order(unit: Unit, order: Order, fill: MakerFill, stepped: Stepped) -> None:
    """Fill a live order once, at its own price and without a fee; cancel it when it is not covered."""
    source_id = hashlib.sha1(
        f"{order.condition_id}|{fill.source}".encode(), usedforsecurity=False
    ).hexdigest()
    if (order.pk, source_id) in unit.filled_before:
        return
    unit.filled_before.add((order.pk, source_id))
    side, price = Side(order.side), order.price_micros
    assert price is not None, "only a limit order rests"
    size = min(fill.size_micros, order.open_micros)
    notional = (cost_micros if side is Side.BUY else proceeds_micros)(price_micros=price, size_micros=size)
    key = position_key(order.portfolio_id, order.token_id)
    purse, before = unit.purses[order.portfolio_id], unit.holdings.get(key, Holding())
    covered = notional <= purse.cash_micros if side is Side.BUY else size <= before.size_micros
    if not covered:
        unit.end(order, Order.Status.CANCELLED, BACKING_GONE, _WORDS_OF_BACKING[side], now_ms=fill.stamp_ms)
        return
    after = after_fill(before, side=side, size_micros=size, notional_micros=notional, fee_micros=0)
    realised = after.realised_pnl_micros - before.realised_pnl_micros
    purse.cash_micros += -notional if side is Side.BUY else notional
    purse.realised_micros += realised
    unit.holdings[key] = after
    matched = order.matched_micros + size
    whole = matched + order.killed_micros == order.size_micros
    unit.change(
        order,
        matched_micros=matched,
        notional_micros=order.notional_micros + notional,
        status=Order.Status.MATCHED if whole else Order.Status.LIVE,
        updated_ms=fill.stamp_ms,
    )
    if whole and order.cancel_ms is not None:
        late = order.cancel_ms - fill.stamp_ms
        order.reason_code, order.reason = "cancel_too_late", f"the cancel came {late} ms too late"
    if fill.cause is Cause.CROSSING:
        assert fill.crossing_micros is not None, "a crossing has a level"
        place = (fill.resting.side.opposite, fill.crossing_micros[0])
        unit.press(fill.resting.world, order.condition_id, place, size, now_ms=fill.stamp_ms)
    _write(
        unit,
        order,
        fill,
        stepped,
        source_id=source_id,
        size_micros=size,
        notional_micros=notional,
        realised_micros=realised,
    )


def _write(
    unit: Unit,
    order: Order,
    fill: MakerFill,
    stepped: Stepped,
    *,
    source_id: str,
    size_micros: int,
    notional_micros: int,
    realised_micros: int,
) -> None:
    """The fill with its evidence and its postings."""
    row = Fill(
        id=uuid5(order.pk, source_id),
        order=order,
        portfolio=order.portfolio,
        source_id=source_id,
        condition_id=order.condition_id,
        token_id=order.token_id,
        outcome_index=order.outcome_index,
        side=order.side,
        role="maker",
        price_micros=order.price_micros or 0,
        size_micros=size_micros,
        notional_micros=notional_micros,
        fee_micros=0,
        realised_pnl_micros=realised_micros,
        grade=fill.grade,
        self_match=fill.cause is Cause.SELF,
        evidence=maker_evidence(order, fill, stepped),
        filled_ms=fill.stamp_ms,
        written=unit.next_written(order.portfolio),
        epoch=order.epoch,
    )
    lines = fill_lines(
        side=Side(order.side),
        token_id=order.token_id,
        size_micros=size_micros,
        notional_micros=notional_micros,
        fee_micros=0,
    )
    transaction_id = f"fill:{row.pk.hex}"
    posted = postings(
        order.portfolio, transaction_id=transaction_id, kind="fill", lines=lines, now_ms=fill.stamp_ms
    )
    unit.add_fill(order, row, posted)


def _applied(stepped: Stepped, fill: MakerFill, number: int) -> str:
    """Which fill of which step, in an order that can be compared; those learnt after a gap come last."""
    learnt = "" if fill.seq else "learnt"
    return f"{stepped.stamp_ms:015d}:{stepped.seq:010d}:{learnt}{number:04d}"


def _note_lens(unit: Unit, order: Order, fill: MakerFill, *, applied: str) -> None:
    """Add to what the order would have got under another model; a step counts once."""
    key = f"{order.pk.hex}:{fill.model}"
    row = unit.lenses.get(key)
    if row is None:
        row = Lens(
            id=key,
            order=order,
            portfolio=order.portfolio,
            model=fill.model,
            condition_id=order.condition_id,
            token_id=order.token_id,
            outcome_index=order.outcome_index,
            side=order.side,
            price_micros=order.price_micros or 0,
            size_micros=fill.size_micros,
            first_ms=fill.stamp_ms,
            last_ms=fill.stamp_ms,
            applied=applied,
            epoch=order.epoch,
        )
        unit.lenses[key] = row
        unit.new_lenses.append(row)
        return
    if applied <= row.applied:
        return
    row.size_micros += fill.size_micros
    row.last_ms, row.applied = fill.stamp_ms, applied
    if row not in unit.new_lenses:
        unit.moved_lenses[key] = row


def cancelled_by_trader(order_id: UUID, *, now_ms: int) -> End:
    return End(order_id=order_id, code="cancelled_by_trader", words="cancelled by its trader", now_ms=now_ms)


def expired(order_id: UUID, *, now_ms: int) -> End:
    words = "expired: the venue drops an order 60 s before its expiration"
    return End(order_id=order_id, code="expired", words=words, now_ms=now_ms)


def cleared_at_start(order_id: UUID, *, now_ms: int) -> End:
    words = "the venue clears the book as the game starts"
    return End(order_id=order_id, code="book_cleared", words=words, now_ms=now_ms)


def market_ended(order_id: str, *, now_ms: int) -> End:
    return End(order_id=UUID(order_id), code="market_closed", words="the market closed", now_ms=now_ms)


def off_grid(order_id: str, *, tick_micros: int, now_ms: int) -> End:
    words = f"its price is off the new tick size, {from_micros(tick_micros)}"
    return End(order_id=UUID(order_id), code="off_tick", words=words, now_ms=now_ms)


def failed_by_us(order_id: UUID, *, now_ms: int) -> End:
    words = "we could not execute this order"
    return End(order_id=order_id, code="internal_error", words=words, now_ms=now_ms)
