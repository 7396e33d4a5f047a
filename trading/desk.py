"""One market as its executor sees it: the book as of the newest step acted on, and the orders at rest.

Steps wait here until every command stamped before them has been carried out, so that each order meets
the world as it was at its time.
"""

import heapq
from collections import deque
from collections.abc import Sequence
from dataclasses import dataclass, field, replace
from enum import IntEnum
from uuid import UUID

from livedata.books import BookView
from livedata.core.steps import Print, Step
from markets.core.book import OrderBook
from trading.core.gap import Gap, make_up, open_gap, unseen
from trading.core.queue import MarketQueue, book_of
from trading.core.resting import MakerFill, Resting
from trading.models import MatcherMark
from trading.services.acts import Stepped


class Kind(IntEnum):
    PLACE = 0
    CANCEL = 1
    EXPIRE = 2
    CLEAR = 3  # the market's game starts


@dataclass(frozen=True, slots=True, order=True)
class Command:
    """Something to do to an order when the feed has passed its time."""

    effective_ms: int  # the venue's clock
    kind: Kind
    order_id: UUID
    world: str = field(default="", compare=False)
    immediate: bool = field(default=True, compare=False)  # a place that will not rest


class Desk:
    def __init__(self, condition_id: str, view: BookView | None) -> None:
        self.condition_id = condition_id
        self.view = view
        self.queue = MarketQueue(OrderBook() if view is None else view.book)
        self.steps: deque[Step] = deque()
        self.commands: list[Command] = []  # a heap
        self._known: set[Command] = set()
        self.applied = (0, 0) if view is None else (view.stamp_ms, view.seq)  # stamp, seq of the newest step
        self.seen_ms = self.applied[0]  # until when the book was known to be true
        self.marked = (0, 0)  # `applied`, as it was kept last
        self.gap: Gap | None = None  # the newest, while its prints may still be learnt
        self._last_hash = ""  # transaction of the newest print

    @property
    def idle(self) -> bool:
        """Whether nobody needs it any more."""
        return not self.commands and not len(self.queue)

    def add(self, command: Command) -> bool:
        """Have it carried out at its time; False when it is waiting already."""
        if command in self._known:
            return False
        self._known.add(command)
        heapq.heappush(self.commands, command)
        return True

    def pop(self) -> Command:
        command = heapq.heappop(self.commands)
        self._known.discard(command)
        return command

    def has_steps(self, to_ms: int) -> bool:
        return bool(self.steps) and self.steps[0].stamp_ms <= to_ms

    # --- the book ---------------------------------------------------------------------------------

    def take_up(
        self,
        orders: Sequence[Resting],
        mark: MatcherMark | None,
        steps: Sequence[Step],
        *,
        log_from_ms: int,
    ) -> None:
        """Put kept orders back, and catch up with the steps since, if the log reaches back to there.

        Otherwise the book as it is now bounds the queues, and nothing is inferred about the time between.
        """
        for resting in orders:
            self.queue.put(resting)
        earliest_ms = min(resting.since_ms for resting in orders)
        self.applied = (mark.applied_ms, mark.applied_seq) if mark else (earliest_ms, 0)
        self.seen_ms = mark.seen_ms if mark else earliest_ms
        if self.view is None:
            return  # the first snapshot will bound them
        newer = _since(self.applied, steps, self.view.seq, log_from_ms=log_from_ms)
        if newer is None:
            self.renew(self.view)
            return
        book = self.view.book
        for step in reversed(newer):
            for change in reversed(step.changes):
                book.set_level(change.side, change.price_micros, change.before_micros)
        self.queue.book = book
        self.steps.extend(newer)
        self.view = replace(self.view, book=book, seq=self.view.seq - len(newer), stamp_ms=self.applied[0])

    def renew(self, view: BookView) -> None:
        """Go on from another book: the one before was lost, or there was none."""
        self._open_gap(view.book, view.stamp_ms)
        self.queue.renew(view.book)
        self._note_blind(view.stamp_ms)
        self.view = view
        self.steps.clear()
        self.applied = (view.stamp_ms, view.seq)

    def _open_gap(self, book: OrderBook, at_ms: int) -> None:
        self.gap = None
        if self._last_hash and len(self.queue):
            self.gap = open_gap(self.queue, book, last_hash=self._last_hash, at_ms=at_ms)

    def make_up(self, prints: Sequence[Print], *, now_ms: int) -> Stepped | None:
        """What the venue's list of trades says about the gap, if it covers it."""
        gap = self.gap
        if gap is None or gap.over(now_ms) or (missed := unseen(prints, gap)) is None:
            return None
        self.gap = None
        fills = make_up(self.queue, gap, missed, self.condition_id)
        if not fills:
            return None
        stamp_ms, seq = self.applied
        step = Step(self.condition_id, seq, stamp_ms, stamp_ms, 0, False, (), ())
        return self._stepped(step, fills)

    def _note_blind(self, now_ms: int) -> None:
        for resting in self.queue:
            resting.uncertain_ms += max(0, now_ms - max(self.seen_ms, resting.rested_ms))
        self.seen_ms = max(self.seen_ms, now_ms)

    def seen(self, passed_ms: int) -> None:
        """The feed has logged all events up to then; what waits here counts as unseen."""
        if not self.steps:
            self.seen_ms = max(self.seen_ms, passed_ms)

    def advance(self, to_ms: int | None) -> list[Stepped]:
        """Apply the steps stamped up to `to_ms` (None: all); later ones may not touch an order of then."""
        acts = []
        while self.steps and (to_ms is None or self.steps[0].stamp_ms <= to_ms):
            step = self.steps.popleft()
            if self._is_news(step) and (fills := self._apply(step)):
                acts.append(self._stepped(step, fills))
        return acts

    def _is_news(self, step: Step) -> bool:
        if self.view is None:
            return step.snapshot
        # A feed that has lost its bus counts from 1 again; its first word is a whole book.
        return step.seq > self.view.seq or (step.snapshot and step.stamp_ms > self.view.stamp_ms)

    def is_gap(self, step: Step) -> bool:
        """Whether steps are missing between the book and this one."""
        newest = self.steps[-1].seq if self.steps else self.view.seq if self.view else step.seq - 1
        return not step.snapshot and step.seq > newest + 1

    def _apply(self, step: Step) -> list[MakerFill]:
        if step.snapshot:
            self._open_gap(book_of(step), step.stamp_ms)
            self._note_blind(step.stamp_ms)
        elif step.prints and (
            hashes := [one.transaction_hash for one in step.prints if one.transaction_hash]
        ):
            if self.gap is not None and not self.gap.first_hash:
                self.gap.first_hash = hashes[0]
            self._last_hash = hashes[-1]
        fills = self.queue.apply(step)
        self.applied = (step.stamp_ms, step.seq)
        if self.view is not None:
            self.view = replace(
                self.view, book=self.queue.book, seq=step.seq, stamp_ms=step.stamp_ms, hash=step.hash
            )
        return fills

    def _stepped(self, step: Step, fills: list[MakerFill]) -> Stepped:
        """With all orders of the worlds filled that have moved: one volume must not be spent again."""
        moved = {fill.order_id: fill.resting for fill in fills}
        for world in {fill.resting.world for fill in fills}:
            moved |= {r.order_id: r for r in self.queue.of_world(world) if r in self.queue.touched}
        self.queue.touched.difference_update(moved.values())
        return Stepped(
            condition_id=self.condition_id,
            fills=tuple(fills),
            world_orders=tuple(moved.values()),
            stamp_ms=step.stamp_ms,
            seq=step.seq,
            received_ms=step.received_ms,
            tick_micros=self.view.tick_micros if self.view else 0,
        )


def _since(
    applied: tuple[int, int], steps: Sequence[Step], seq: int, *, log_from_ms: int
) -> list[Step] | None:
    """The steps after the one applied, up to number `seq`; None when some are missing, or at a gap."""
    newer: list[Step] = []
    for step in reversed(steps):
        if step.seq > seq and not newer:
            continue
        if (step.stamp_ms, step.seq) <= applied:
            return newer[::-1]
        if step.seq != seq - len(newer) or step.snapshot:
            return None
        newer.append(step)
    return newer[::-1] if log_from_ms <= applied[0] else None
