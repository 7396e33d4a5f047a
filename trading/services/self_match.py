"""A taker that meets orders of its own portfolio, as on the venue: a normal match, a mint or a merge.

Both fills are marked `self_match` and left out of statistics; the taker pays its fee.
"""

from uuid import UUID

from markets.core.book import Side, mirror
from markets.core.units import cost_micros
from trading.core.matching import LevelFill, OwnOrder
from trading.core.positions import Holding
from trading.core.resting import Cause, Grade, MakerFill, QueueModel
from trading.models import Order
from trading.selectors.holdings import position_key
from trading.services.acts import Due, Stepped
from trading.services.resting import fill_order
from trading.services.unit import Unit


def own_orders(unit: Unit, order: Order, due: Due) -> tuple[OwnOrder, ...]:
    """The portfolio's resting orders that this one may meet, in its coordinates; covered ones only."""
    side = mirror(Side(order.side).opposite, 0, order.outcome_index)[0]
    found = []
    for resting in due.queue.across(order.portfolio_id.hex, side):
        other = unit.orders.get(UUID(resting.order_id)) or unit.live.get(UUID(resting.order_id))
        if other is None or other.status != Order.Status.LIVE or not _covered(unit, other):
            continue
        place = resting.place(order.portfolio.queue_model)
        _, price = mirror(side, resting.price_micros, order.outcome_index)
        found.append(
            OwnOrder(
                order_id=resting.order_id,
                price_micros=price,
                ahead_micros=place.ahead_micros,
                open_micros=min(place.open_micros, other.open_micros),
            )
        )
    return tuple(found)


def _covered(unit: Unit, other: Order) -> bool:
    """Whether an own order could be filled whole beside the taker: half the cash is the taker's."""
    if other.side == Side.SELL:
        held = unit.holdings.get(position_key(other.portfolio_id, other.token_id), Holding())
        return other.open_micros <= held.size_micros
    need = cost_micros(price_micros=other.price_micros or 0, size_micros=other.open_micros)
    return 2 * need <= unit.purses[other.portfolio_id].cash_micros


def meet_own(unit: Unit, due: Due, number: int, level: LevelFill) -> None:
    """The other half of a self-match: fill the resting order that the taker met."""
    assert level.own_order_id is not None, "a self-match has two orders"
    pk = UUID(level.own_order_id)
    moved = unit.moved.get(level.own_order_id)
    resting = moved[0] if moved else due.queue.get(level.own_order_id)
    assert resting is not None, "an own order is in the queue"
    order = unit.orders.setdefault(pk, unit.live[pk])
    order.portfolio = unit.portfolios[order.portfolio_id]
    fill = MakerFill(
        resting=resting,
        model=QueueModel(order.portfolio.queue_model),
        size_micros=level.size_micros,
        cause=Cause.SELF,
        grade=Grade.C,
        stamp_ms=due.now_ms,
        seq=due.view.seq,
        hash=f"{due.order_id.hex}:{number}",
        ahead_before_micros=0,
        before_micros=level.displayed_micros,
        after_micros=level.displayed_micros,
    )
    stepped = Stepped(
        condition_id=order.condition_id,
        fills=(fill,),
        world_orders=(),
        stamp_ms=due.now_ms,
        seq=due.view.seq,
        received_ms=due.now_ms,
        tick_micros=due.rules.tick_micros,
    )
    fill_order(unit, order, fill, stepped)
    less = resting.less(level.size_micros)
    unit.moved[level.own_order_id] = (less, due.view.stamp_ms, due.view.seq)
    unit.swapped[pk] = less
    if less.done:
        unit.left.add(pk)
