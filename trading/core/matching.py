"""Cross a ticket with the book we can see, less what its world already took from it."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass

from markets.core.book import Level, OrderBook, Side, mirror
from markets.core.errors import Rejected
from markets.core.units import ONE, cost_micros, proceeds_micros
from trading.core.footprint import Levels, faded_micros
from trading.core.rejections import Code
from trading.core.tickets import OrderType, Ticket


@dataclass(frozen=True, slots=True, kw_only=True)
class OwnOrder:
    """A resting order of the same world on the other side, in the ticket's coordinates."""

    order_id: str
    price_micros: int
    ahead_micros: int  # others' shares that are served before it
    open_micros: int


@dataclass(frozen=True, slots=True, kw_only=True)
class LevelFill:
    """What one level gave, in the ticket's own coordinates."""

    price_micros: int
    size_micros: int
    notional_micros: int  # a BUY's cost rounds up to a micro, a SELL's proceeds round down
    displayed_micros: int  # the level's size in the source book
    footprint_micros: int  # of it, already taken before
    own_order_id: str | None = None  # given by an own resting order, not by the level


@dataclass(frozen=True, slots=True, kw_only=True)
class Match:
    """What became of a ticket. `resting` and `killed` count as it does: shares, or USDC of a budget."""

    fills: tuple[LevelFill, ...]
    resting_micros: int
    killed_micros: int

    @property
    def matched_micros(self) -> int:
        """Shares traded."""
        return sum(fill.size_micros for fill in self.fills)

    @property
    def notional_micros(self) -> int:
        return sum(fill.notional_micros for fill in self.fills)


def match(
    ticket: Ticket,
    book: OrderBook,
    taken: Levels | None = None,
    *,
    now_ms: int = 0,
    half_life_ms: int | None = 0,
    own: Sequence[OwnOrder] = (),
) -> Match:
    """Fill the ticket against the opposite side, best price first; each level at its own price.

    Changes no argument. A level gives at most `displayed - footprint`, and the world's own resting orders
    are met in their turn (`own`, first come first): the venue documents no self-trade prevention. All of
    the ticket ends up filled, resting or killed. A budget is spent to the micro.

    Raises Rejected when a post-only ticket would trade.
    Fill assumptions: docs/fill-model.md.
    """
    budget = ticket.amount_micros is not None
    left = ticket.amount_micros if ticket.amount_micros is not None else ticket.size_micros
    assert left is not None, "a ticket has a size or an amount"
    asked, fills = left, list[LevelFill]()
    for level in _levels(ticket, book, own):
        if not left or not ticket.accepts(level.price_micros):
            break
        footprint = _footprint(ticket, level, taken or {}, now_ms=now_ms, half_life_ms=half_life_ms)
        for order_id, offered in _in_turn(level, own, footprint_micros=footprint):
            wanted = left * ONE // level.price_micros if budget else left
            size = min(offered, wanted)
            if size <= 0:
                continue
            notional = _notional(ticket.side, price_micros=level.price_micros, size_micros=size)
            fills.append(
                LevelFill(
                    price_micros=level.price_micros,
                    size_micros=size,
                    notional_micros=notional,
                    displayed_micros=level.size_micros,
                    footprint_micros=footprint,
                    own_order_id=order_id,
                )
            )
            left -= notional if budget else size

    if ticket.post_only and fills:
        raise Rejected(Code.POST_ONLY_WOULD_CROSS, "a post-only order would trade now")
    if ticket.order_type is OrderType.FOK and left:
        fills, left = [], asked
    rests = not ticket.order_type.immediate
    return Match(
        fills=tuple(fills),
        resting_micros=left if rests else 0,
        killed_micros=0 if rests else left,
    )


def _levels(ticket: Ticket, book: OrderBook, own: Sequence[OwnOrder]) -> list[Level]:
    """The other side's levels, best first, and those where only own orders stand."""
    levels = book.levels(ticket.side.opposite, ticket.outcome_index)
    shown = {level.price_micros for level in levels}
    alone = {order.price_micros for order in own} - shown
    if not alone:
        return levels
    levels += [Level(price, 0) for price in alone]
    return sorted(levels, key=lambda level: level.price_micros, reverse=ticket.side is Side.SELL)


def _in_turn(
    level: Level, own: Sequence[OwnOrder], *, footprint_micros: int
) -> Iterator[tuple[str | None, int]]:
    """(own order's id or None, shares) that a level gives, as a taker meets them."""
    others = max(0, level.size_micros - footprint_micros)
    passed = 0
    for order in own:
        if order.price_micros == level.price_micros:
            # What this world took of the level came from its front.
            ahead = min(others, max(0, order.ahead_micros - footprint_micros))
            if ahead > passed:
                yield None, ahead - passed
                passed = ahead
            yield order.order_id, order.open_micros
    yield None, others - passed


def _footprint(ticket: Ticket, level: Level, taken: Levels, *, now_ms: int, half_life_ms: int | None) -> int:
    """What counts as taken of this level, never more than it shows."""
    side, price = mirror(ticket.side.opposite, level.price_micros, ticket.outcome_index)
    before = taken.get((side, price))
    if before is None:
        return 0
    return min(level.size_micros, faded_micros(before, now_ms=now_ms, half_life_ms=half_life_ms))


def _notional(side: Side, *, price_micros: int, size_micros: int) -> int:
    if side is Side.BUY:
        return cost_micros(price_micros=price_micros, size_micros=size_micros)
    return proceeds_micros(price_micros=price_micros, size_micros=size_micros)
