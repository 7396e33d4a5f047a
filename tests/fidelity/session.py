"""Some hours of one market: its probes really in the book, as paper orders, and as naive ones.

The paper side is the product's own road: frames as bytes, `Reader`, `Mirror`, `MarketQueue`, `match`.
"""

from bisect import bisect_right
from collections.abc import Iterator
from dataclasses import dataclass, field
from random import Random
from typing import NamedTuple

from livedata.core.mirror import STEP_TIMER_MS, Mirror
from livedata.core.outcomes import Outcome
from livedata.core.steps import MarketRef, Print, Step
from livedata.core.wire import Reader
from livedata.simulator.draw import mix
from livedata.simulator.onemarket import START_MS, OneMarket, Probe, Role, Told, truth
from livedata.simulator.profiles import PROFILES
from livedata.simulator.times import MINUTE
from markets.core.book import OrderBook, Side
from tests.fidelity.naive import ON_CROSS, ON_TOUCH, SNAPSHOT_MS, Naive, NaiveOrder, walk
from tests.fidelity.probes import Wish, wish
from trading.core.matching import match
from trading.core.queue import MarketQueue
from trading.core.resting import QueueModel, come_to_rest
from trading.core.tickets import OrderType, Ticket

RISK_AVERSE, PROPORTIONAL = QueueModel.RISK_AVERSE.value, QueueModel.PROPORTIONAL.value
MODELS = (RISK_AVERSE, PROPORTIONAL, ON_TOUCH, ON_CROSS)
TRUE = "true"
OURS, WALKED = "match", "walk a snapshot"
MARK_OUT_MS = 10 * MINUTE
_SETTLES_MS = MINUTE  # before the first probe

Fills = list[tuple[int, int]]  # when, how much


@dataclass(frozen=True, slots=True, kw_only=True)
class Plan:
    """One session. Everything in it follows from these."""

    profile: str
    tick_micros: int
    one_print_per_sweep: bool
    seed: int
    probes: int
    span_ms: int
    longest_ms: int

    @property
    def market(self) -> OneMarket:
        return OneMarket(
            PROFILES[self.profile],
            seed=self.seed,
            tick_micros=self.tick_micros,
            span_ms=self.span_ms,
            one_print_per_sweep=self.one_print_per_sweep,
        )

    @property
    def instants(self) -> list[int]:
        """When probes are placed: late enough for a settled book, early enough for every mark-out."""
        last_ms = self.span_ms - self.longest_ms - MARK_OUT_MS
        random = Random(mix(self.seed, 1))
        return sorted(START_MS + random.randint(_SETTLES_MS, last_ms) for _ in range(self.probes))


class Got(NamedTuple):
    """What one maker probe got in one world: shares, the first instant, and its mark-out."""

    filled_micros: int = 0
    first_ms: int = 0
    mark_out: int = 0  # in shares times ticks, micros: over the fills, after ten minutes, for the trader


@dataclass(frozen=True, slots=True, kw_only=True)
class MakerFound:
    """A resting probe: the truth, and what each model says of it."""

    plan: Plan
    wish: Wish
    size_micros: int  # that came to rest
    got: dict[str, Got]


@dataclass(frozen=True, slots=True, kw_only=True)
class TakerFound:
    """A probe that takes: whether size and price were the true ones."""

    plan: Plan
    got: dict[str, bool]  # by model


@dataclass(slots=True, kw_only=True)
class _Open:
    """A resting probe while the session runs."""

    wish: Wish
    size_micros: int
    fills: dict[str, Fills] = field(default_factory=lambda: {model: [] for model in MODELS})


class Session:
    def __init__(self, plan: Plan) -> None:
        self.plan, self.market = plan, plan.market
        listing = self.market.listing
        self._reader = Reader()
        self._mirror = Mirror(MarketRef(listing.condition_id, *listing.token_ids, plan.tick_micros))
        self._queue = MarketQueue(OrderBook())
        self._naive = Naive()
        self._random = Random(mix(plan.seed, 2))
        self._open: dict[int, _Open] = {}
        self._all: list[_Open] = []
        self._takers: list[TakerFound] = []
        self._snapshot, self._snapshot_ms = OrderBook(), 0
        self._marks: list[tuple[int, int]] = []  # stamp, midpoint

    def run(self) -> tuple[list[MakerFound], list[TakerFound]]:
        """Carry it out, and compare."""
        self._mirror.await_snapshot(1)
        self._feed(self.market.snapshot(), START_MS)
        instants, flow = self.plan.instants, self.market.flow
        placed = 0
        for number, told in enumerate(self.market.run()):
            self._expire(told.stamp_ms)
            self._hear(told)
            next_ms = flow[number + 1].stamp_ms if number + 1 < len(flow) else START_MS + self.plan.span_ms
            while placed < len(instants) and instants[placed] < next_ms:
                self._place(number, told.stamp_ms + 2)
                placed += 1
        return [self._found(probe) for probe in self._all], self._takers

    # -- the feed ---------------------------------------------------------------------------------

    def _hear(self, told: Told) -> None:
        if told.stamp_ms - self._snapshot_ms >= SNAPSHOT_MS:
            self._snapshot, self._snapshot_ms = self._mirror.book.copy(), told.stamp_ms
        for frame in told.frames:
            self._feed(frame.text.encode(), told.stamp_ms)
        self._take_in(self._mirror.tick(told.stamp_ms + STEP_TIMER_MS))
        middle = self._mirror.book.midpoint()
        if middle is not None and (not self._marks or self._marks[-1][1] != middle):
            self._marks.append((told.stamp_ms, middle))

    def _feed(self, frame: bytes, now_ms: int) -> None:
        for event in self._reader.read(frame):
            self._take_in(self._mirror.apply(event, now_ms=now_ms))

    def _take_in(self, outcomes: list[Outcome]) -> None:
        for outcome in outcomes:
            if isinstance(outcome, Step):
                self._judge(outcome)
            else:
                assert isinstance(outcome, Print), f"the mirror lost the simulated venue: {outcome}"

    def _judge(self, step: Step) -> None:
        for fill in self._queue.apply(step):
            if fill.model.value in MODELS:
                self._open[int(fill.order_id)].fills[fill.model.value].append(
                    (fill.stamp_ms, fill.size_micros)
                )
        for rule, order in self._naive.apply(step, self._queue.book):
            self._open[order.number].fills[rule].append((step.stamp_ms, order.size_micros))

    # -- probes -----------------------------------------------------------------------------------

    def _expire(self, now_ms: int) -> None:
        for number in [n for n, probe in self._open.items() if (probe.wish.order.cancel_ms or 0) < now_ms]:
            self._queue.remove(str(number))
            self._naive.orders.pop(number, None)
            del self._open[number]

    def _place(self, number: int, at_ms: int) -> None:
        book, plan = self._queue.book, self.plan
        made = wish(self._random, book, at_ms=at_ms, tick_micros=plan.tick_micros, longest_ms=plan.longest_ms)
        if made is None:
            return
        if made.takes:
            self._takers.append(self._taken(made))
            return
        rest_micros = made.order.size_micros
        if made.where == "crossing":
            rest_micros = match(_ticket(made), book).resting_micros
            if not rest_micros:
                return
        serial = len(self._all)
        probe = _Open(wish=made, size_micros=rest_micros)
        self._all.append(probe)
        self._open[serial] = probe
        where = {"side": made.side, "price_micros": made.price_micros, "size_micros": rest_micros}
        resting = come_to_rest(book, str(serial), world=str(serial), at_ms=at_ms, number=serial, **where)
        self._queue.put(resting)
        self._naive.orders[serial] = NaiveOrder(number=serial, at_ms=at_ms, **where)
        real = truth(self.market.live_market.book.copy(), self._after(number), made.order)
        probe.fills[TRUE] = [(f.stamp_ms, f.size_micros) for f in real.fills if f.role is Role.MAKER]

    def _after(self, number: int) -> Iterator:
        flow = self.market.flow
        return (flow[later] for later in range(number + 1, len(flow)))

    def _taken(self, made: Wish) -> TakerFound:
        real = _immediate(self.market, made)
        paper = match(_ticket(made), self._queue.book)
        ours = [(fill.price_micros, fill.size_micros) for fill in paper.fills]
        order = made.order
        levels = self._snapshot.levels(order.side.opposite, order.outcome_index)
        naive = walk(levels, side=order.side, limit_micros=order.price_micros, size_micros=order.size_micros)
        if made.order_type is OrderType.FOK and sum(size for _, size in naive) < order.size_micros:
            naive = []
        return TakerFound(plan=self.plan, got={OURS: _same(ours, real), WALKED: _same(naive, real)})

    # -- afterwards -------------------------------------------------------------------------------

    def _found(self, probe: _Open) -> MakerFound:
        got = {model: self._got(probe.wish, fills) for model, fills in probe.fills.items()}
        return MakerFound(plan=self.plan, wish=probe.wish, size_micros=probe.size_micros, got=got)

    def _got(self, made: Wish, fills: Fills) -> Got:
        if not fills:
            return Got()
        sign = 1 if made.side is Side.BUY else -1
        mark_out = sum(
            size * sign * (self._mark(stamp_ms + MARK_OUT_MS) - made.price_micros) for stamp_ms, size in fills
        )
        filled = sum(size for _, size in fills)
        return Got(filled, min(stamp_ms for stamp_ms, _ in fills), mark_out // self.plan.tick_micros)

    def _mark(self, at_ms: int) -> int:
        """The midpoint at an instant, in the world without probes."""
        return self._marks[max(0, bisect_right(self._marks, (at_ms, 1 << 62)) - 1)][1]


def _ticket(made: Wish) -> Ticket:
    order = made.order
    return Ticket(
        condition_id="",
        token_id="",
        outcome_index=order.outcome_index,
        side=order.side,
        order_type=made.order_type,
        client_order_id="",
        price_micros=order.price_micros,
        size_micros=order.size_micros,
    )


def _immediate(market: OneMarket, made: Wish) -> Fills:
    """Price and size of each level that a taking probe really gets; nothing of a FOK that is not whole."""
    real: Probe = truth(market.live_market.book.copy(), (), made.order)
    by_price: dict[int, int] = {}
    for fill in real.fills:
        by_price[fill.price_micros] = by_price.get(fill.price_micros, 0) + fill.size_micros
    if made.order_type is OrderType.FOK and real.filled_micros < made.order.size_micros:
        return []
    return list(by_price.items())


def run(plan: Plan) -> tuple[list[MakerFound], list[TakerFound]]:
    """One whole session; what a process is asked for."""
    return Session(plan).run()


def _same(ours: Fills, real: Fills) -> bool:
    """The same levels, each to within what a book does not show: less than a hundredth of a share.

    What one level holds beyond what it shows, the last one gives less.
    """
    if len(ours) != len(real):
        return False
    slack = 10_000 * len(real)
    return all(
        price == true_price and abs(size - true_size) < slack
        for (price, size), (true_price, true_size) in zip(ours, real, strict=True)
    )
