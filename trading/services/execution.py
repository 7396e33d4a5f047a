"""The executor's side of an order: match accepted orders at their time and settle what they traded.

Several orders may share one commit. Only the matcher of the market's shard calls this.
"""

import hashlib
import logging
from collections.abc import Sequence
from dataclasses import dataclass, field
from uuid import UUID, uuid5

from django.db import DatabaseError
from pymongo.errors import PyMongoError

from livedata.books import BookView
from markets.core.book import Side, mirror
from markets.core.errors import Conflict, Rejected
from trading.atomic import run_atomic
from trading.bulk import insert_rows, update_rows
from trading.core.execution import Execution, PricedFill, execute
from trading.core.footprint import Taken, after_taking
from trading.core.positions import Holding
from trading.core.rejections import Code
from trading.core.tickets import MarketRules
from trading.evidence import Timing, taker_evidence
from trading.models import Fill, Footprint, Order, Portfolio, Position, Posting
from trading.selectors.holdings import as_holding, position_key
from trading.services.ledger import postings
from trading.services.orders import ticket_of
from trading.services.portfolios import save_unless_changed
from trading.services.timing import half_life_ms

logger = logging.getLogger(__name__)

OPEN = (Order.Status.ACCEPTED, Order.Status.DELAYED)
_FILLS_PER_WRITE_MAX = 1_000_000


@dataclass(frozen=True, slots=True, kw_only=True)
class Due:
    """One order whose time has come, and the market as it stood then."""

    order_id: UUID
    view: BookView
    rules: MarketRules
    now_ms: int  # the venue's clock when the executor acts
    cancel: tuple[str, str] | None = None  # (code, words): end it without matching


@dataclass(frozen=True, slots=True)
class Executed:
    """An order as it ended, and its fills."""

    order: Order
    fills: tuple[Fill, ...]
    user_id: UUID


def execute_orders(group: Sequence[Due]) -> list[Executed]:
    """Execute every order of the group that still waits, in one transaction; one by one when that fails.

    Doing it again changes nothing: an order that has ended is left alone.
    """
    try:
        return run_atomic(lambda: _Unit(group).run())
    except (DatabaseError, PyMongoError, Conflict) as failure:
        if len(group) == 1:
            raise
        logger.warning("group.split", extra={"orders": len(group), "because": repr(failure)})
    return [done for due in group for done in execute_orders([due])]


@dataclass(slots=True)
class _Unit:
    """One transaction: reads all that its orders need, decides in memory, writes in bulk."""

    group: Sequence[Due]
    orders: dict[UUID, Order] = field(default_factory=dict)
    portfolios: dict[UUID, Portfolio] = field(default_factory=dict)
    holdings: dict[str, Holding] = field(default_factory=dict)
    stored: set[str] = field(default_factory=set)  # keys of positions and footprints that have a row
    taken: dict[tuple[str, str], dict[tuple[Side, int], Taken]] = field(default_factory=dict)
    touched: dict[str, Order] = field(default_factory=dict)  # position key -> the order that changed it
    pressed: dict[tuple[str, str, Side, int], Taken] = field(default_factory=dict)
    cash: dict[UUID, tuple[int, int, int]] = field(default_factory=dict)  # cash, realised, fees
    fills: list[Fill] = field(default_factory=list)
    lines: list[Posting] = field(default_factory=list)

    def run(self) -> list[Executed]:
        self._read()
        done = [executed for due in self.group if (executed := self._one(due))]
        self._write()
        return done

    def _read(self) -> None:
        ids = [due.order_id for due in self.group]
        rows = Order.objects.filter(pk__in=ids, status__in=OPEN).select_related("portfolio")
        for order in rows:
            self.orders[order.pk] = order
            portfolio = self.portfolios.setdefault(order.portfolio_id, order.portfolio)
            order.portfolio = portfolio  # one object per portfolio, however many orders
            self.cash.setdefault(
                portfolio.pk, (portfolio.cash_micros, portfolio.realised_pnl_micros, portfolio.fees_micros)
            )
        keys = {position_key(order.portfolio_id, order.token_id) for order in self.orders.values()}
        for row in Position.objects.filter(pk__in=keys):
            self.holdings[row.pk] = as_holding(row)
            self.stored.add(row.pk)
        worlds = {portfolio_id.hex for portfolio_id in self.portfolios}
        conditions = {order.condition_id for order in self.orders.values()}
        for mark in Footprint.objects.filter(world__in=worlds, condition_id__in=conditions):
            levels = self.taken.setdefault((mark.world, mark.condition_id), {})
            levels[Side(mark.book_side), mark.price_micros] = Taken(mark.size_micros, mark.at_ms)
            self.stored.add(mark.pk)

    def _one(self, due: Due) -> Executed | None:
        order = self.orders.get(due.order_id)
        if order is None:
            return None  # ended already: by an earlier run, a reset or a settlement
        portfolio = order.portfolio
        world = portfolio.pk.hex
        key = position_key(portfolio.pk, order.token_id)
        cash, realised, fees = self.cash[portfolio.pk]
        if due.cancel:
            return self._end(order, due, Order.Status.CANCELLED, *due.cancel)
        if not portfolio.is_active or order.epoch != portfolio.epoch:
            return self._end(
                order,
                due,
                Order.Status.CANCELLED,
                Code.PORTFOLIO_INACTIVE,
                "the portfolio was closed or reset",
            )
        if not due.rules.accepting_orders:
            return self._end(
                order, due, Order.Status.CANCELLED, Code.MARKET_CLOSED, "the market stopped taking orders"
            )
        try:
            execution = execute(
                ticket_of(order),
                due.view.book,
                due.rules,
                cash_micros=cash,
                holding=self.holdings.get(key, Holding()),
                taken=self.taken.get((world, order.condition_id), {}),
                now_ms=due.now_ms,
                half_life_ms=half_life_ms(),
            )
        except Rejected as refusal:
            # It was covered when it was accepted; since then other orders used the cash or the shares.
            return self._end(order, due, Order.Status.CANCELLED, refusal.code, str(refusal))
        rows = tuple(self._fill(order, due, number, fill) for number, fill in enumerate(execution.fills))
        self.cash[portfolio.pk] = (
            execution.cash_micros,
            realised + sum(fill.realised_pnl_micros for fill in execution.fills),
            fees + execution.fee_micros,
        )
        self.holdings[key] = execution.holding
        if rows:
            self.touched[key] = order
            self._press(world, order, due, execution)
        self._settle(order, due, execution)
        return Executed(order, rows, portfolio.user_id)

    def _fill(self, order: Order, due: Due, number: int, fill: PricedFill) -> Fill:
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
            evidence=taker_evidence(order, due.view, due.rules, fill, Timing.of(order, due.view, due.now_ms)),
            filled_ms=due.now_ms,
            # One write per version, at most some thousand fills in it: the order in which they happened.
            written=order.portfolio.version * _FILLS_PER_WRITE_MAX + len(self.fills),
            epoch=order.epoch,
        )
        self.fills.append(row)
        self.lines += postings(
            order.portfolio,
            transaction_id=f"fill:{row.pk.hex}",
            kind="fill",
            lines=fill.lines,
            now_ms=due.now_ms,
        )
        return row

    def _press(self, world: str, order: Order, due: Due, execution: Execution) -> None:
        levels = self.taken.setdefault((world, order.condition_id), {})
        for fill in execution.fills:
            place = mirror(Side(order.side).opposite, fill.level.price_micros, order.outcome_index)
            levels[place] = after_taking(
                levels.get(place),
                size_micros=fill.level.size_micros,
                now_ms=due.now_ms,
                half_life_ms=half_life_ms(),
            )
            self.pressed[world, order.condition_id, *place] = levels[place]

    def _settle(self, order: Order, due: Due, execution: Execution) -> None:
        """Write down what became of the ticket; nothing rests yet, so what did not trade is killed."""
        matched = execution.match
        order.matched_micros = matched.matched_micros
        order.notional_micros = matched.notional_micros
        order.fee_micros = execution.fee_micros
        order.killed_micros = matched.killed_micros
        order.status = Order.Status.MATCHED if matched.fills else Order.Status.KILLED
        if execution.reason:
            order.reason_code = execution.reason
            order.reason = _WORDS[execution.reason]
        elif matched.killed_micros:
            order.reason_code, order.reason = "partly_killed", "the book ended before the order did"
        order.updated_ms = due.now_ms

    def _end(self, order: Order, due: Due, status: str, code: str, words: str) -> Executed:
        order.status, order.reason_code, order.reason = status, code, words[:200]
        order.killed_micros = (order.size_micros if order.amount_micros is None else order.amount_micros) or 0
        order.updated_ms = due.now_ms
        return Executed(order, (), order.portfolio.user_id)

    def _write(self) -> None:
        ended = [order for order in self.orders.values() if order.status not in OPEN]
        results = [
            ({"pk": order.pk, "status": OPEN}, {name: getattr(order, name) for name in _ORDER_RESULT})
            for order in ended
        ]
        if update_rows(Order, results) != len(ended):
            raise Conflict("an order ended meanwhile")
        if not self.fills:
            return
        insert_rows(self.fills)
        insert_rows(self.lines)
        for portfolio_id in sorted({fill.portfolio_id for fill in self.fills}):
            cash, realised, fees = self.cash[portfolio_id]
            save_unless_changed(
                self.portfolios[portfolio_id],
                cash_micros=cash,
                realised_pnl_micros=realised,
                fees_micros=fees,
            )
        self._write_positions()
        self._write_footprints()

    def _write_positions(self) -> None:
        fresh, changes = [], []
        for key, order in self.touched.items():
            holding = self.holdings[key]
            sums = {
                "size_micros": holding.size_micros,
                "cost_micros": holding.cost_micros,
                "entry_fees_micros": holding.entry_fees_micros,
                "realised_pnl_micros": holding.realised_pnl_micros,
                "updated_ms": order.updated_ms,
            }
            if key in self.stored:
                changes.append(({"pk": key}, sums))
                continue
            fresh.append(
                Position(
                    id=key,
                    portfolio=order.portfolio,
                    condition_id=order.condition_id,
                    token_id=order.token_id,
                    outcome_index=order.outcome_index,
                    opened_ms=order.updated_ms,
                    **sums,
                )
            )
        update_rows(Position, changes)
        insert_rows(fresh)

    def _write_footprints(self) -> None:
        fresh, changes = [], []
        for (world, condition_id, side, price), taken in self.pressed.items():
            key = f"{world}:{condition_id}:{side}:{price}"
            if key in self.stored:
                changes.append(({"pk": key}, {"size_micros": taken.size_micros, "at_ms": taken.at_ms}))
                continue
            fresh.append(
                Footprint(
                    id=key,
                    world=world,
                    condition_id=condition_id,
                    book_side=side,
                    price_micros=price,
                    size_micros=taken.size_micros,
                    at_ms=taken.at_ms,
                )
            )
        update_rows(Footprint, changes)
        insert_rows(fresh)


_ORDER_RESULT = (
    "status",
    "reason",
    "reason_code",
    "matched_micros",
    "notional_micros",
    "fee_micros",
    "killed_micros",
    "updated_ms",
)
_WORDS = {
    Code.NO_MATCH: "nothing in the book at this price: a FAK order fills what it can now, or is killed",
    Code.NOT_FILLED_WHOLE: "the book does not hold the whole amount: a FOK order fills whole, or is killed",
}
