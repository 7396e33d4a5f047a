"""One ticket against one book and one portfolio: everything that will be written, decided without writing.

The composition of matching, fees, positions and ledger; preview and executor both call it, so what a
trader is shown is what the executor would do on the same book.
"""

from collections.abc import Sequence
from dataclasses import dataclass

from markets.core.book import OrderBook, Side
from markets.core.errors import Rejected
from markets.core.units import ONE, cost_micros, from_micros
from trading.core.fees import taker_fee_micros
from trading.core.footprint import Levels
from trading.core.ledger import Line, fill_lines
from trading.core.matching import LevelFill, Match, OwnOrder, match
from trading.core.positions import Holding, after_fill
from trading.core.rejections import Code
from trading.core.tickets import MarketRules, OrderType, Ticket


@dataclass(frozen=True, slots=True, kw_only=True)
class PricedFill:
    """One level's fill with its fee, the profit that it realised, and its ledger lines."""

    level: LevelFill
    fee_micros: int
    realised_pnl_micros: int
    lines: tuple[Line, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class Execution:
    """What a ticket comes to. `cash_micros` and `holding` are the portfolio's after it."""

    match: Match
    fills: tuple[PricedFill, ...]
    cash_micros: int
    holding: Holding
    reason: Code | None = None  # why nothing traded, where nothing did

    @property
    def fee_micros(self) -> int:
        return sum(fill.fee_micros for fill in self.fills)


def execute(
    ticket: Ticket,
    book: OrderBook,
    rules: MarketRules,
    *,
    cash_micros: int,
    holding: Holding,
    taken: Levels,
    now_ms: int,
    half_life_ms: int | None,
    reserved_micros: int = 0,
    own: Sequence[OwnOrder] = (),
) -> Execution:
    """Match, price and post one ticket.

    Raises Rejected when the portfolio cannot cover it: cash for a BUY with its fee, shares for a
    SELL. Nothing is ever sold short and cash never goes below zero.
    """
    check_backing(
        ticket,
        cash_micros=cash_micros,
        held_micros=holding.size_micros,
        reserved_micros=reserved_micros,
    )
    matched = match(ticket, book, taken, now_ms=now_ms, half_life_ms=half_life_ms, own=own)
    fills, cash = [], cash_micros
    for level in matched.fills:
        fee = taker_fee_micros(rules.fees, price_micros=level.price_micros, size_micros=level.size_micros)
        if ticket.side is Side.SELL:
            # The venue takes the fee out of the proceeds, so there cannot be more fee than proceeds.
            fee = min(fee, level.notional_micros)
        after = after_fill(
            holding,
            side=ticket.side,
            size_micros=level.size_micros,
            notional_micros=level.notional_micros,
            fee_micros=fee,
        )
        lines = fill_lines(
            side=ticket.side,
            token_id=ticket.token_id,
            size_micros=level.size_micros,
            notional_micros=level.notional_micros,
            fee_micros=fee,
        )
        realised = after.realised_pnl_micros - holding.realised_pnl_micros
        fills.append(PricedFill(level=level, fee_micros=fee, realised_pnl_micros=realised, lines=lines))
        sign = -1 if ticket.side is Side.BUY else 1
        cash += sign * level.notional_micros - fee
        holding = after
    if cash < 0:
        need = cash_micros - cash
        raise Rejected(
            Code.INSUFFICIENT_BALANCE,
            f"not enough cash: {from_micros(need)} USDC with the fee, {from_micros(cash_micros)} there",
        )
    return Execution(
        match=matched,
        fills=tuple(fills),
        cash_micros=cash,
        holding=holding,
        reason=_why_nothing(ticket, matched),
    )


def check_backing(ticket: Ticket, *, cash_micros: int, held_micros: int, reserved_micros: int = 0) -> None:
    """Raise Rejected unless cash (or shares) cover the ticket at its limit, before any fee.

    `reserved_micros` is what open orders back already: USDC of BUYs in the same market, or shares of
    SELLs of the same token. The same cash may back orders in several markets.
    Source: the venue compares the signed maker amount with the balance, fee aside; "the maximum
    acceptable size is underlying balance - sum of (open order size - filled)", per market and side.
    """
    if ticket.side is Side.SELL:
        if (ticket.size_micros or 0) > held_micros - reserved_micros:
            raise Rejected(
                Code.INSUFFICIENT_SHARES,
                f"not enough shares: {from_micros(ticket.size_micros or 0)} to sell, "
                f"{from_micros(held_micros)} held{_of_which(reserved_micros, 'for sale')}",
                field="size",
            )
        return
    need = ticket.amount_micros
    if need is None and ticket.price_micros is not None:
        need = cost_micros(price_micros=ticket.price_micros, size_micros=ticket.size_micros or 0)
    if need is not None and need > cash_micros - reserved_micros:
        raise Rejected(
            Code.INSUFFICIENT_BALANCE,
            f"not enough cash: {from_micros(need)} USDC needed, "
            f"{from_micros(cash_micros)} there{_of_which(reserved_micros, 'behind open orders here')}",
            field="amount" if ticket.amount_micros is not None else "size",
        )


def _of_which(reserved_micros: int, where: str) -> str:
    return f", of which {from_micros(reserved_micros)} {where}" if reserved_micros else ""


def most_micros(ticket: Ticket, rules: MarketRules) -> int:
    """An upper bound of what a BUY costs with its fee, whatever the book."""
    if ticket.amount_micros is not None:
        notional = ticket.amount_micros
    else:
        limit = ONE if ticket.price_micros is None else ticket.price_micros
        notional = cost_micros(price_micros=limit, size_micros=ticket.size_micros or 0)
    # Fee <= rate x notional while (p (1 - p)) ** e <= p, that is for e >= 1; else nothing is known.
    factor = 1 if rules.fees.exponent_micros >= ONE else ONE
    return notional + notional * rules.fees.rate_micros * factor // ONE + ONE


def _why_nothing(ticket: Ticket, matched: Match) -> Code | None:
    if matched.fills or matched.resting_micros:
        return None
    return Code.NOT_FILLED_WHOLE if ticket.order_type is OrderType.FOK else Code.NO_MATCH
