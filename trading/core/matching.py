"""Cross a ticket with the book we can see, less what its world already took from it."""

from dataclasses import dataclass

from markets.core.book import Level, OrderBook, Side, mirror
from markets.core.errors import Rejected
from markets.core.units import ONE, cost_micros, proceeds_micros
from trading.core.footprint import Levels, faded_micros
from trading.core.rejections import Code
from trading.core.tickets import OrderType, Ticket


@dataclass(frozen=True, slots=True, kw_only=True)
class LevelFill:
    """What one level gave, in the ticket's own coordinates."""

    price_micros: int
    size_micros: int
    notional_micros: int  # a BUY's cost rounds up to a micro, a SELL's proceeds round down
    displayed_micros: int  # the level's size in the source book
    footprint_micros: int  # of it, already taken before


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
) -> Match:
    """Fill the ticket against the opposite side, best price first; each level at its own price.

    Changes no argument. A level gives at most `displayed - footprint`. All of the ticket ends up
    filled, resting or killed. A budget is spent to the micro.

    Raises Rejected when a post-only ticket would trade.
    Fill assumptions: docs/fill-model.md.
    """
    budget = ticket.amount_micros is not None
    left = ticket.amount_micros if ticket.amount_micros is not None else ticket.size_micros
    assert left is not None, "a ticket has a size or an amount"
    asked, fills = left, []
    for level in book.levels(ticket.side.opposite, ticket.outcome_index):
        if not left or not ticket.accepts(level.price_micros):
            break
        footprint = _footprint(ticket, level, taken or {}, now_ms=now_ms, half_life_ms=half_life_ms)
        offered = level.size_micros - footprint
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
