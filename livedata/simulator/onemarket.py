"""One market of a given profile, by itself and as fast as it goes: no clock, no catalogue, no sockets.

    flow, drawn beforehand ──► OneMarket.run(): step by step what the public feed tells
                         └───► truth(): what a probe really gets, without telling anybody

A probe is a real order among the others. It changes what is matched, and nothing of what is submitted;
the feed of a market without the probe is that of the very same world minus the probe.
"""

from bisect import bisect_right
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, field
from enum import StrEnum
from typing import NamedTuple

from livedata.simulator.engine import Book, Fill
from livedata.simulator.flows import APART_MS, Submission, Wander, drawn, news
from livedata.simulator.frames import Frame, snapshot
from livedata.simulator.live import LiveMarket, Print, Taker
from livedata.simulator.manual import ManualWorld
from livedata.simulator.profiles import Profile
from livedata.simulator.times import HOUR, MINUTE
from livedata.simulator.venue import Orders, carried_out
from markets.core.book import Side, mirror
from markets.core.units import ONE, from_micros

START_MS = 1_795_500_000_000  # 2026-11-24T07:20:00Z, when nobody says otherwise
_WARM_UP_MS = 2 * MINUTE  # of flow behind the first book that anybody sees
_PROBE_IDS = 1 << 40  # agents never count so far


class Role(StrEnum):
    MAKER = "maker"
    TAKER = "taker"


@dataclass(frozen=True, slots=True, kw_only=True)
class ProbeOrder:
    """A stranger's order, in the coordinates of its own token. Without `rests` its remainder is killed."""

    side: Side
    price_micros: int
    size_micros: int
    outcome_index: int = 0
    at_ms: int
    cancel_ms: int | None = None
    rests: bool = True


@dataclass(frozen=True, slots=True, kw_only=True)
class ProbeFill:
    """In the coordinates of the probe's own token."""

    stamp_ms: int
    price_micros: int
    size_micros: int
    role: Role


@dataclass(slots=True, kw_only=True)
class Probe:
    """A probe order and what it has got so far."""

    order: ProbeOrder
    order_id: int
    fills: list[ProbeFill] = field(default_factory=list)

    @property
    def taker(self) -> Taker:
        """The order as the engine takes it."""
        order = self.order
        side, price = mirror(order.side, order.price_micros, order.outcome_index)
        return Taker(
            side=side,
            limit_micros=price,
            size_micros=order.size_micros,
            outcome_index=order.outcome_index,
            order_id=self.order_id if order.rests else 0,
            wallet=self.order_id,
        )

    @property
    def filled_micros(self) -> int:
        return sum(fill.size_micros for fill in self.fills)

    def note(self, taker: Taker, fills: Iterable[Fill], stamp_ms: int) -> None:
        """Keep what of these fills is the probe's."""
        takes = taker.wallet == self.order_id
        for fill in fills:
            if takes or fill.maker_id == self.order_id:
                price = ONE - fill.price_micros if self.order.outcome_index else fill.price_micros
                role = Role.TAKER if takes else Role.MAKER
                self.fills.append(
                    ProbeFill(stamp_ms=stamp_ms, price_micros=price, size_micros=fill.size_micros, role=role)
                )


class Told(NamedTuple):
    """One engine step: its instant, and the frames that a watcher of both tokens gets."""

    stamp_ms: int
    frames: list[Frame]


class OneMarket(ManualWorld):
    """The same (profile, seed, tick, times) make the same market for ever.

    `live_market` is its book as it is shown now. It is a whole venue, which may also be served.
    """

    def __init__(
        self,
        profile: Profile,
        *,
        seed: int,
        tick_micros: int = 10_000,
        start_ms: int = START_MS,
        span_ms: int = HOUR,
        one_print_per_sweep: bool = False,
        prints_last: bool = False,
    ) -> None:
        self._at_ms, self._probes = start_ms, list[Probe]()
        super().__init__(
            seed=seed,
            clock=self._clock_ms,
            one_print_per_sweep=one_print_per_sweep,
            prints_last=prints_last,
        )
        end_ms, begin_ms = start_ms + span_ms, start_ms - _WARM_UP_MS
        self.listing = self.add_market(
            slug=f"{profile.name}-{seed}",
            tick=from_micros(tick_micros),
            weight=1.0,
            end_ms=end_ms,
            news=news(profile, seed=seed, start_ms=start_ms, end_ms=end_ms),
        )
        self.live_market: LiveMarket = self._live[self.listing.condition_id]
        fair = Wander(profile, self.listing.event, seed=seed, start_ms=begin_ms, end_ms=end_ms)
        flow = drawn(self.listing, profile, fair, start_ms=begin_ms, end_ms=end_ms)
        warm_count = bisect_right(flow, start_ms, key=lambda submission: submission.stamp_ms)
        for stamp_ms, orders in flow[:warm_count]:
            self.step(self.live_market, stamp_ms, orders)
        self.flow: Sequence[Submission] = flow[warm_count:]
        self.watch(self.listing)

    def _clock_ms(self) -> int:
        return self._at_ms

    def snapshot(self) -> bytes:
        """What the socket answers to a subscription to both tokens."""
        texts = [snapshot(self.live_market, index) for index in (0, 1)]
        return f"[{','.join(texts)}]\n".encode()

    def probe(self, order: ProbeOrder) -> Probe:
        """Put an order into the flow, before its time has come; what it gets is kept with it."""
        made = Probe(order=order, order_id=_PROBE_IDS + 2 * len(self._probes) + order.outcome_index)
        self._probes.append(made)
        return made

    def run(self) -> Iterator[Told]:
        """Carry the flow out, step by step, in the order of time."""
        strangers = sorted(_of_probes(self._probes), key=lambda submission: submission.stamp_ms)
        number = 0
        for submission in self.flow:
            while number < len(strangers) and strangers[number].stamp_ms < submission.stamp_ms:
                # A little sooner rather than push the next step to another instant than it had without.
                stamp_ms, orders = strangers[number]
                yield self._tell_step(min(stamp_ms, submission.stamp_ms - APART_MS // 2), orders)
                number += 1
            yield self._tell_step(*submission)
        for left in strangers[number:]:
            yield self._tell_step(*left)

    def _tell_step(self, stamp_ms: int, orders: Orders) -> Told:
        self._at_ms = stamp_ms
        frames = self.step(self.live_market, stamp_ms, orders)
        return Told(stamp_ms, frames)

    def _prints(
        self, live: LiveMarket, taker: Taker, fills: Iterable[Fill], stamp_ms: int, earlier: int
    ) -> list[Print]:
        for probe in self._probes:
            probe.note(taker, fills, stamp_ms)
        return super()._prints(live, taker, fills, stamp_ms, earlier)

    def _finer_tick(self, live: LiveMarket, stamp_ms: int) -> list[Frame]:
        """The tick stays: agents would follow a change of it, and it depends on the book."""
        return []


def _of_probes(probes: Iterable[Probe]) -> Iterator[Submission]:
    for probe in probes:
        yield Submission(probe.order.at_ms, Orders(takers=[probe.taker]))
        if probe.order.cancel_ms is not None:
            yield Submission(probe.order.cancel_ms, Orders(cancels=[probe.order_id]))


def truth(book: Book, flow: Iterable[Submission], order: ProbeOrder) -> Probe:
    """What a probe really gets. `book` stands as the probe finds it, and is used up; `flow` follows."""
    probe = Probe(order=order, order_id=_PROBE_IDS + order.outcome_index)
    for taker, fills in carried_out(book, Orders(takers=[probe.taker])):
        probe.note(taker, fills, order.at_ms)
    where, order_id = book.where, probe.order_id
    last_ms = order.cancel_ms if order.cancel_ms is not None else 1 << 62
    for stamp_ms, orders in flow:
        if order_id not in where or stamp_ms > last_ms:
            break
        for taker, fills in carried_out(book, orders):
            probe.note(taker, fills, stamp_ms)
    return probe
