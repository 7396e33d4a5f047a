"""What a ticket would do on the book as it stands. Writes nothing."""

from dataclasses import dataclass, replace

from livedata.books import BookView
from livedata.errors import StaleBook
from markets.core.book import Side, mirror
from markets.core.errors import Rejected
from markets.core.units import ONE, cost_micros, proceeds_micros
from trading.core.execution import check_backing
from trading.core.fees import taker_fee_micros
from trading.core.matching import LevelFill, match
from trading.core.rejections import Code
from trading.core.tickets import EXPIRES_EARLIER_MS, Ticket, check, check_on_book
from trading.models import Portfolio
from trading.selectors.holdings import holding_of, reserved_of, taken_of
from trading.selectors.queues import own_book
from trading.selectors.rules import market_rules
from trading.services.orders import check_on_own, market_and_book
from trading.services.timing import half_life_ms


@dataclass(frozen=True, slots=True, kw_only=True)
class Problem:
    code: str
    message: str
    field: str | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Preview:
    """The walk through the book, shown also when cash or shares do not suffice. Amounts in micros.

    `slippage_micros` is the average price against the midpoint, against the trader when positive.
    """

    status: str  # filled, partial, killed, rests
    size_micros: int
    notional_micros: int
    average_price_micros: int | None
    fee_micros: int
    total_micros: int  # what a BUY pays, or a SELL brings, with the fee
    slippage_micros: int | None
    levels: tuple[LevelFill, ...]
    affordable: bool
    resting_size_micros: int
    queue_ahead_micros: int | None  # shares that are served before what rests
    queue_own_micros: int  # … of which the portfolio's own earlier orders
    backing_micros: int  # what must stay there for what rests: USDC of a BUY, shares of a SELL
    ends_ms: int | None  # when the venue drops what rests by then
    killed_micros: int
    midpoint_micros: int | None
    view: BookView
    problems: tuple[Problem, ...]
    ticket: Ticket

    @property
    def whole_size_micros(self) -> int:
        """What trades now, and what may trade later."""
        return self.size_micros + self.resting_size_micros

    @property
    def whole_total_micros(self) -> int:
        """What a BUY pays, or a SELL brings, if all of it fills: makers pay no fee."""
        if self.ticket.side is Side.BUY:
            return self.total_micros + self.backing_micros
        price = self.ticket.price_micros or 0
        return self.total_micros + proceeds_micros(price_micros=price, size_micros=self.resting_size_micros)


def preview(portfolio: Portfolio, ticket: Ticket, *, now_ms: int) -> Preview:
    """Walk the newest book with this ticket.

    Raises Rejected when the ticket breaks a rule that makes the walk meaningless (shape, unknown
    market), StaleBook when there is no fresh book.
    """
    market, view = market_and_book(ticket.condition_id)
    rules = market_rules(market, view)
    problems = []
    try:
        check(ticket, rules, now_ms=now_ms)
    except Rejected as refusal:
        if refusal.code in _NO_WALK:
            raise
        problems.append(_problem(refusal))
    if view is None or not view.fresh:
        raise StaleBook("no fresh book for this market; try again in a moment")
    own = own_book(portfolio, ticket)
    try:
        check_on_book(ticket, view.book)
        if ticket.post_only:
            check_on_own(ticket, own)
    except Rejected as refusal:
        problems.append(_problem(refusal))
    matched = match(
        replace(ticket, post_only=False),
        view.book,
        taken_of(portfolio.pk.hex, ticket.condition_id),
        now_ms=now_ms,
        half_life_ms=half_life_ms(),
        own=own.across,
    )
    fee = sum(
        taker_fee_micros(rules.fees, price_micros=fill.price_micros, size_micros=fill.size_micros)
        for fill in matched.fills
    )
    buys = ticket.side is Side.BUY
    total = matched.notional_micros + fee if buys else matched.notional_micros - fee
    problems += _funds(portfolio, ticket, need_micros=total if buys else 0)
    average = matched.notional_micros * ONE // matched.matched_micros if matched.fills else None
    midpoint = view.book.midpoint(ticket.outcome_index)
    slippage = None
    if average is not None and midpoint is not None:
        slippage = average - midpoint if buys else midpoint - average
    return Preview(
        status=_status(matched.matched_micros, matched.killed_micros, matched.resting_micros),
        size_micros=matched.matched_micros,
        notional_micros=matched.notional_micros,
        average_price_micros=average,
        fee_micros=fee,
        total_micros=total,
        slippage_micros=slippage,
        levels=matched.fills,
        affordable=not any(problem.code in _FUNDS for problem in problems),
        resting_size_micros=matched.resting_micros,
        queue_ahead_micros=_displayed(ticket, view) + own.before_micros if matched.resting_micros else None,
        queue_own_micros=own.before_micros if matched.resting_micros else 0,
        backing_micros=_backing(ticket, matched.resting_micros),
        ends_ms=None if ticket.expires_ms is None else ticket.expires_ms - EXPIRES_EARLIER_MS,
        killed_micros=matched.killed_micros,
        midpoint_micros=midpoint,
        view=view,
        problems=tuple(problems),
        ticket=ticket,
    )


_FUNDS = (Code.INSUFFICIENT_BALANCE, Code.INSUFFICIENT_SHARES)
_NO_WALK = (Code.INVALID_ORDER, Code.INVALID_SIDE, Code.INVALID_PRICE, Code.INVALID_SIZE, Code.MARKET_CLOSED)


def _backing(ticket: Ticket, resting_micros: int) -> int:
    if ticket.side is Side.SELL or not resting_micros:
        return resting_micros
    return cost_micros(price_micros=ticket.price_micros or 0, size_micros=resting_micros)


def _displayed(ticket: Ticket, view: BookView) -> int:
    assert ticket.price_micros is not None, "only a limit order rests"
    side, price = mirror(ticket.side, ticket.price_micros, ticket.outcome_index)
    return view.book.sizes(side).get(price, 0)


def _funds(portfolio: Portfolio, ticket: Ticket, *, need_micros: int) -> list[Problem]:
    held = holding_of(portfolio.pk, ticket.token_id).size_micros
    reserved = reserved_of(
        portfolio.pk, condition_id=ticket.condition_id, token_id=ticket.token_id, side=ticket.side
    )
    try:
        check_backing(ticket, cash_micros=portfolio.cash_micros, held_micros=held, reserved_micros=reserved)
    except Rejected as refusal:
        return [_problem(refusal)]
    if need_micros > portfolio.cash_micros:
        return [Problem(code=Code.INSUFFICIENT_BALANCE, message="not enough cash for the order and its fee")]
    return []


def _problem(refusal: Rejected) -> Problem:
    return Problem(code=refusal.code, message=str(refusal), field=refusal.field)


def _status(matched_micros: int, killed_micros: int, resting_micros: int) -> str:
    if resting_micros:
        return "rests"
    if not matched_micros:
        return "killed"
    return "partial" if killed_micros else "filled"
