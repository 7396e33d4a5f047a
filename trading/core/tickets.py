"""What a trader asks for, what the market allows, and the first rule that the one breaks of the other."""

from dataclasses import dataclass
from enum import StrEnum

from markets.core.book import OrderBook, Side
from markets.core.errors import Rejected
from markets.core.units import MICROS_MAX, ONE, cost_micros, from_micros
from trading.core.fees import FeeSchedule
from trading.core.rejections import Code

BUY_NOTIONAL_MIN_MICROS = (
    ONE  # Source: the venue's "invalid amount for a marketable BUY order …, min size: $1"
)
EXPIRES_EARLIER_MS = 60_000  # Source: the venue's docs, "the engine drops the order 60 s before"
EXPIRATION_MIN_MS = 180_000  # Source: docs.polymarket.com of 2026, "at least 3 minutes"


class OrderType(StrEnum):
    GTC = "GTC"  # rests until cancelled
    GTD = "GTD"  # rests until a time
    FOK = "FOK"  # fills whole now, or not at all
    FAK = "FAK"  # fills what it can now, kills the rest

    @property
    def immediate(self) -> bool:
        return self in (OrderType.FOK, OrderType.FAK)


@dataclass(frozen=True, slots=True, kw_only=True)
class Ticket:
    """One order as asked for, in the coordinates of its own token.

    Exactly one of `size_micros` (shares) and `amount_micros` (a USDC budget of a BUY, the fee on
    top) is set. `price_micros` is the limit; None takes whatever the book gives.
    """

    condition_id: str
    token_id: str
    outcome_index: int
    side: Side
    order_type: OrderType
    client_order_id: str
    price_micros: int | None = None
    size_micros: int | None = None
    amount_micros: int | None = None
    post_only: bool = False
    expires_ms: int | None = None
    notes: str = ""

    def accepts(self, price_micros: int) -> bool:
        """Whether the trader would trade at this price."""
        if self.price_micros is None:
            return True
        if self.side is Side.BUY:
            return price_micros <= self.price_micros
        return price_micros >= self.price_micros


@dataclass(frozen=True, slots=True, kw_only=True)
class MarketRules:
    """What one market allows now. Tick and minimum come from the fresh book, else from the catalogue."""

    condition_id: str
    accepting_orders: bool
    tick_micros: int
    min_size_micros: int
    fees: FeeSchedule
    seconds_delay: int = 0  # of a marketable order, on sports markets
    taker_delay_ms: int = 0  # added to the latency, on crypto and finance up/down


def check(ticket: Ticket, rules: MarketRules, *, now_ms: int) -> None:
    """Raise Rejected for the first rule, in `Code` order, that the ticket breaks. Balances come later."""
    _check_shape(ticket)
    if not rules.accepting_orders:
        raise Rejected(Code.MARKET_CLOSED, "this market takes no orders any more")
    _check_price(ticket, rules)
    _check_size(ticket, rules)
    _check_life(ticket, now_ms)


def check_on_book(ticket: Ticket, book: OrderBook) -> None:
    """Raise Rejected where the book makes the difference: a marketable BUY, a post-only that would cross."""
    best = book.touch(ticket.side.opposite, ticket.outcome_index)
    if ticket.order_type.immediate or best is None or not ticket.accepts(best):
        return
    if ticket.side is Side.BUY:
        assert ticket.price_micros is not None, "a resting order has a price"
        _check_dollar(cost_micros(price_micros=ticket.price_micros, size_micros=ticket.size_micros or 0))
    if ticket.post_only:
        raise Rejected(
            Code.POST_ONLY_WOULD_CROSS, "invalid post-only order: order crosses book", field="post_only"
        )


def _check_shape(ticket: Ticket) -> None:
    if (ticket.size_micros is None) == (ticket.amount_micros is None):
        raise Rejected(Code.INVALID_ORDER, "give exactly one of size (shares) and amount (USDC)")
    if ticket.amount_micros is not None and ticket.side is Side.SELL:
        raise Rejected(Code.INVALID_ORDER, "a SELL counts shares: give size, not amount", field="amount")
    if ticket.amount_micros is not None and not ticket.order_type.immediate:
        raise Rejected(Code.INVALID_ORDER, "an amount goes with FAK or FOK only", field="amount")
    if ticket.price_micros is None and not ticket.order_type.immediate:
        raise Rejected(Code.INVALID_ORDER, "a limit order needs a price", field="price")
    if ticket.price_micros is not None and not 0 < ticket.price_micros < ONE:
        raise Rejected(Code.INVALID_PRICE, "a price lies between 0 and 1 USDC", field="price")
    quantity = ticket.size_micros if ticket.size_micros is not None else ticket.amount_micros
    assert quantity is not None
    if not 0 < quantity <= MICROS_MAX:
        field = "size" if ticket.size_micros is not None else "amount"
        raise Rejected(Code.INVALID_SIZE, f"{field} must be more than 0 and at most a billion", field=field)


def _check_price(ticket: Ticket, rules: MarketRules) -> None:
    price, tick = ticket.price_micros, rules.tick_micros
    if price is None:
        return
    if price % tick:
        raise Rejected(
            Code.PRICE_OFF_TICK,
            f"price {from_micros(price)} breaks the minimum tick size rule: {from_micros(tick)}",
            field="price",
        )
    if not tick <= price <= ONE - tick:
        raise Rejected(
            Code.INVALID_PRICE,
            f"a price here lies between {from_micros(tick)} and {from_micros(ONE - tick)}",
            field="price",
        )


def _check_size(ticket: Ticket, rules: MarketRules) -> None:
    """The share minimum binds resting orders, a dollar minimum marketable BUYs.

    Source: the venue's texts "Size … lower than the minimum" and "invalid amount for a marketable
    BUY order"; an immediate SELL has no minimum, so that a remainder of any size can be sold.
    """
    if not ticket.order_type.immediate:
        if (ticket.size_micros or 0) < rules.min_size_micros:
            raise Rejected(
                Code.SIZE_BELOW_MINIMUM,
                f"size {from_micros(ticket.size_micros or 0)} is lower than the minimum: "
                f"{from_micros(rules.min_size_micros)}",
                field="size",
            )
        return
    if ticket.side is Side.SELL:
        return
    if ticket.amount_micros is not None:
        most_micros, field = ticket.amount_micros, "amount"
    else:
        limit_micros = ticket.price_micros if ticket.price_micros is not None else ONE - rules.tick_micros
        most_micros = cost_micros(price_micros=limit_micros, size_micros=ticket.size_micros or 0)
        field = "size"
    _check_dollar(most_micros, field=field)


def _check_dollar(most_micros: int, *, field: str = "size") -> None:
    if most_micros < BUY_NOTIONAL_MIN_MICROS:
        raise Rejected(
            Code.AMOUNT_BELOW_MINIMUM,
            f"invalid amount for a marketable BUY order (${from_micros(most_micros)}), min size: $1",
            field=field,
        )


def _check_life(ticket: Ticket, now_ms: int) -> None:
    if (ticket.expires_ms is not None) != (ticket.order_type is OrderType.GTD):
        raise Rejected(
            Code.INVALID_EXPIRATION, "an expiration goes with GTD, and GTD needs one", field="expires_at"
        )
    if ticket.expires_ms is not None and ticket.expires_ms < now_ms + EXPIRATION_MIN_MS:
        raise Rejected(
            Code.INVALID_EXPIRATION, "the expiration must be at least 3 minutes ahead", field="expires_at"
        )
    if ticket.post_only and ticket.order_type.immediate:
        raise Rejected(
            Code.POST_ONLY_ORDER_TYPE, "post-only goes with GTC and GTD orders only", field="post_only"
        )
