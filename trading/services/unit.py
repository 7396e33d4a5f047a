"""One transaction of the executor: reads all that its acts need, lets them decide in memory, writes in bulk.

Only the matcher of a market's shard runs these. Whatever has changed meanwhile raises Conflict, and the
whole unit runs again on what it reads then.
"""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field
from uuid import UUID

from markets.core.book import Side
from markets.core.errors import Conflict
from trading.bulk import insert_rows, read_rows, update_rows
from trading.core.footprint import Taken, after_taking
from trading.core.positions import Holding
from trading.core.resting import MakerFill, Resting
from trading.models import Fill, Footprint, Lens, Order, Portfolio, Position, Posting
from trading.selectors.holdings import as_holding, backing_micros, position_key
from trading.services.acts import Act, Due, Executed, Stepped
from trading.services.ending import OPEN
from trading.services.portfolios import save_unless_changed
from trading.services.queues import delete_queues, insert_queues, update_queues
from trading.services.timing import half_life_ms

_FILLS_PER_WRITE_MAX = 1_000_000
Place = tuple[Side, int]


@dataclass(slots=True)
class Purse:
    """A portfolio's sums while a unit runs."""

    cash_micros: int
    realised_micros: int
    fees_micros: int


@dataclass(slots=True)
class Unit:
    """What is read, and what will be written."""

    acts: Sequence[Act]
    orders: dict[UUID, Order] = field(default_factory=dict)
    portfolios: dict[UUID, Portfolio] = field(default_factory=dict)
    purses: dict[UUID, Purse] = field(default_factory=dict)
    holdings: dict[str, Holding] = field(default_factory=dict)
    stored: set[str] = field(default_factory=set)  # keys of positions and footprints that have a row
    taken: dict[tuple[str, str], dict[Place, Taken]] = field(default_factory=dict)
    live: dict[UUID, Order] = field(default_factory=dict)  # open orders of the same portfolios and markets
    lenses: dict[str, Lens] = field(default_factory=dict)
    filled_before: set[tuple[UUID, str]] = field(default_factory=set)
    changed: dict[UUID, str] = field(default_factory=dict)  # orders to write, and the status they had
    fills: list[Fill] = field(default_factory=list)
    lines: list[Posting] = field(default_factory=list)
    touched: dict[str, Order] = field(default_factory=dict)  # position key -> the order that changed it
    pressed: dict[tuple[str, str, Side, int], Taken] = field(default_factory=dict)
    new_lenses: list[Lens] = field(default_factory=list)
    moved_lenses: dict[str, Lens] = field(default_factory=dict)
    came: dict[UUID, Resting] = field(default_factory=dict)  # to rest
    moved: dict[str, tuple[Resting, int, int]] = field(default_factory=dict)  # with the step applied
    swapped: dict[UUID, Resting] = field(default_factory=dict)  # met by an own taker: what is left of them
    left: set[UUID] = field(default_factory=set)  # rest no more
    done: dict[UUID, list[Fill]] = field(default_factory=dict)

    # --- reading ----------------------------------------------------------------------------------

    def read(self) -> None:
        ids: set[UUID] = set()
        makers: list[MakerFill] = []
        for act in self.acts:
            if isinstance(act, Stepped):
                makers += act.fills
            else:
                ids.add(act.order_id)
        ids |= {UUID(fill.order_id) for fill in makers}
        open_only = {} if makers else {"status": OPEN}
        orders = read_rows(Order, {"pk": tuple(ids), **open_only})
        for portfolio in read_rows(Portfolio, {"pk": tuple({order.portfolio_id for order in orders})}):
            self.portfolios[portfolio.pk] = portfolio
            self.purses[portfolio.pk] = Purse(
                portfolio.cash_micros, portfolio.realised_pnl_micros, portfolio.fees_micros
            )
        for order in orders:
            order.portfolio = self.portfolios[order.portfolio_id]  # one object, however many orders
            self.orders[order.pk] = order
        self._read_holdings()
        if any(isinstance(act, Due) for act in self.acts):
            self._read_live()
        if makers:
            self._read_past(makers)

    def _read_holdings(self) -> None:
        orders = self.orders.values()
        keys = {position_key(order.portfolio_id, order.token_id) for order in orders}
        for row in read_rows(Position, {"pk": tuple(keys)}):
            self.holdings[row.pk] = as_holding(row)
            self.stored.add(row.pk)
        worlds = tuple(portfolio_id.hex for portfolio_id in self.portfolios)
        conditions = tuple({order.condition_id for order in orders})
        for mark in read_rows(Footprint, {"world": worlds, "condition_id": conditions}):
            levels = self.taken.setdefault((mark.world, mark.condition_id), {})
            levels[Side(mark.book_side), mark.price_micros] = Taken(mark.size_micros, mark.at_ms)
            self.stored.add(mark.pk)

    def _read_live(self) -> None:
        rows = read_rows(
            Order,
            {
                "condition_id": tuple({order.condition_id for order in self.orders.values()}),
                "status": Order.Status.LIVE,
                "portfolio_id": tuple(self.portfolios),
            },
        )
        self.live = {row.pk: row for row in rows}
        if self.live:
            self._read_own_holdings()

    def _read_past(self, makers: Iterable[MakerFill]) -> None:
        """What steps that come again have done already."""
        ids = {UUID(fill.order_id) for fill in makers}
        self.lenses = {row.pk: row for row in Lens.objects.filter(order_id__in=ids)}
        self.filled_before = set(
            Fill.objects.filter(order_id__in=ids, role="maker").values_list("order_id", "source_id")
        )

    def taken_of(self, world: str, condition_id: str) -> dict[Place, Taken]:
        return self.taken.setdefault((world, condition_id), {})

    def _read_own_holdings(self) -> None:
        """Of the live orders, which a taker of their portfolio may meet."""
        keys = {position_key(row.portfolio_id, row.token_id) for row in self.live.values()}
        for row in read_rows(Position, {"pk": tuple(keys - self.stored)}):
            self.holdings[row.pk] = as_holding(row)
            self.stored.add(row.pk)

    def reserved_micros(self, order: Order) -> int:
        """What its portfolio's other live orders back already: see core.execution.check_backing."""
        total = 0
        for pk, row in self.live.items():
            other = self.orders.get(pk, row)
            if (
                pk != order.pk
                and other.status == Order.Status.LIVE
                and other.portfolio_id == order.portfolio_id
                and other.condition_id == order.condition_id
                and other.side == order.side
                and (other.side == Side.BUY or other.token_id == order.token_id)
            ):
                total += backing_micros(other)
        return total

    # --- deciding ---------------------------------------------------------------------------------

    def change(self, order: Order, **values: object) -> None:
        """Set fields of an order; it is written unless its status is another by then."""
        self.changed.setdefault(order.pk, order.status)
        for name, value in values.items():
            setattr(order, name, value)
        self.done.setdefault(order.pk, [])

    def end(self, order: Order, status: str, code: str, words: str, *, now_ms: int) -> None:
        """End an order; what is open of it is killed."""
        asked = order.size_micros if order.amount_micros is None else order.amount_micros
        spent = order.matched_micros if order.amount_micros is None else order.notional_micros
        self.change(
            order,
            status=status,
            reason_code=code,
            reason=words[:200],
            killed_micros=(asked or 0) - spent,
            updated_ms=now_ms,
        )
        self.left.add(order.pk)

    def next_written(self, portfolio: Portfolio) -> int:
        """One write per version, at most some thousand fills in it: the order in which they happened."""
        return portfolio.version * _FILLS_PER_WRITE_MAX + len(self.fills)

    def add_fill(self, order: Order, fill: Fill, lines: Iterable[Posting]) -> None:
        self.fills.append(fill)
        self.lines += lines
        self.touched[position_key(order.portfolio_id, order.token_id)] = order
        self.done.setdefault(order.pk, []).append(fill)

    def press(self, world: str, condition_id: str, place: Place, size_micros: int, *, now_ms: int) -> None:
        """Remember that a world took from a level."""
        levels = self.taken_of(world, condition_id)
        levels[place] = after_taking(
            levels.get(place), size_micros=size_micros, now_ms=now_ms, half_life_ms=half_life_ms()
        )
        self.pressed[world, condition_id, *place] = levels[place]

    def results(self) -> list[Executed]:
        return [
            Executed(
                self.orders[pk],
                tuple(fills),
                self.orders[pk].portfolio.user_id,
                self.came.get(pk),
                self.swapped.get(pk),
            )
            for pk, fills in self.done.items()
        ]

    # --- writing ----------------------------------------------------------------------------------

    def write(self) -> None:
        results = [
            (
                {"pk": pk, "status": before},
                {name: getattr(self.orders[pk], name) for name in _ORDER_RESULT},
            )
            for pk, before in self.changed.items()
        ]
        if update_rows(Order, results) != len(results):
            raise Conflict("an order ended meanwhile")
        insert_rows(self.fills)
        insert_rows(self.lines)
        for portfolio_id in sorted({fill.portfolio_id for fill in self.fills}):
            purse = self.purses[portfolio_id]
            save_unless_changed(
                self.portfolios[portfolio_id],
                cash_micros=purse.cash_micros,
                realised_pnl_micros=purse.realised_micros,
                fees_micros=purse.fees_micros,
            )
        self._write_positions()
        self._write_footprints()
        self._write_queues()

    def _write_queues(self) -> None:
        insert_rows(self.new_lenses)
        update_rows(
            Lens,
            [
                (
                    {"pk": row.pk},
                    {"size_micros": row.size_micros, "last_ms": row.last_ms, "applied": row.applied},
                )
                for row in self.moved_lenses.values()
            ],
        )
        insert_queues([(self.orders[pk], resting) for pk, resting in self.came.items()])
        update_queues(
            [
                (resting, applied_ms, applied_seq)
                for resting, applied_ms, applied_seq in self.moved.values()
                if UUID(resting.order_id) not in self.left
            ]
        )
        delete_queues(self.left)

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
    "rested_ms",
    "effective_ms",
    "updated_ms",
)
