"""The executor's loop: one for each shard of markets, in venue time, restartable at any instant.

Commands and feed steps of a market go through here in the order of the venue's clock. The database is
the truth: a matcher that starts takes up every accepted order it finds there; a command on the bus only
wakes it sooner.
"""

import heapq
import logging
import threading
import time
import zlib
from collections import deque
from collections.abc import Sequence
from dataclasses import dataclass, field, replace
from uuid import UUID

import msgspec

from livedata.books import BookView, newest
from livedata.bus import bus
from livedata.clock import passed, venue_now_ms
from livedata.core.steps import Step
from markets.core.book import OrderBook
from markets.models import Market
from trading.models import Order
from trading.notices import announce
from trading.selectors.rules import known_market, market_rules
from trading.services.execution import OPEN, Due, execute_orders
from trading.services.orders import COMMANDS

logger = logging.getLogger(__name__)

STEPS = "steps"
FEED_WAIT_MAX_MS = 2_000  # docs/fill-model.md: a command never waits longer for the feed
BOOK_WAIT_MAX_MS = 3_000  # then the order ends: no fill against an old book
RESCAN_S = 1.0
GROUP_MAX = 64  # orders in one commit
FAILURES_MAX = 3
_IDLE_MS = 250

_read_step = msgspec.msgpack.Decoder(Step).decode


def in_shard(condition_id: str, shard: tuple[int, int]) -> bool:
    """Whether shard `(number, of)` executes this market."""
    number, of = shard
    return zlib.crc32(condition_id.encode()) % of == number


@dataclass(slots=True)
class _Followed:
    """A market with orders on their way: its book as of the newest order acted on, and the steps after it."""

    view: BookView | None
    steps: deque[Step] = field(default_factory=deque)
    waiting: int = 0

    def advance(self, to_ms: int) -> None:
        """Apply the steps stamped up to `to_ms`: no later one may touch an order of that time."""
        while self.steps and self.view and self.steps[0].stamp_ms <= to_ms:
            step = self.steps.popleft()
            if step.seq <= self.view.seq:
                continue
            if step.seq != self.view.seq + 1 and not step.snapshot:
                self.view = newest(step.condition_id)
                continue
            book = OrderBook() if step.snapshot else self.view.book
            for change in step.changes:
                book.set_level(change.side, change.price_micros, change.after_micros)
            self.view = replace(self.view, book=book, seq=step.seq, stamp_ms=step.stamp_ms, hash=step.hash)


class Matcher:
    """Executes the orders of its shard. `run` loops until stopped; tests call `turn`."""

    def __init__(self, *, shard: tuple[int, int] = (0, 1)) -> None:
        self._shard = shard
        self._cursors = {log: bus().last_id(log) for log in (COMMANDS, STEPS)}
        self._queue: list[tuple[int, str, UUID]] = []  # (effective_ms, condition_id, order id)
        self._known: set[UUID] = set()
        self._followed: dict[str, _Followed] = {}
        self._failures: dict[UUID, int] = {}
        self._scanned = float("-inf")

    def run(self, stop: threading.Event) -> None:
        logger.info("matcher.started", extra={"shard": "{}/{}".format(*self._shard)})
        while not stop.is_set():
            try:
                self.turn(block_ms=_IDLE_MS)
            except Exception:
                # The top loop of the process: state is in the database, so the next turn starts from there.
                logger.exception("matcher.failed")
                self._forget_all()
                stop.wait(0.5)
        logger.info("matcher.stopped", extra={"shard": "{}/{}".format(*self._shard)})

    def turn(self, *, block_ms: int = 0) -> int:
        """Take in what is new, execute what is due; returns how many orders were executed."""
        entries = bus().read(self._cursors, count=2_000, block_ms=min(block_ms, self._until_due_ms()))
        woken: list[UUID] = []
        for log, entry_id, entry in entries:
            self._cursors[log] = entry_id
            if log == STEPS:
                self._note_step(entry)
            else:
                condition_id, _, order_id = entry.decode().partition(" ")
                if in_shard(condition_id, self._shard):
                    woken.append(UUID(order_id))
        if woken:
            self._take_up(Order.objects.filter(pk__in=woken, status__in=OPEN))
        if time.monotonic() - self._scanned > RESCAN_S:
            self._scanned = time.monotonic()
            self._take_up(Order.objects.filter(status__in=OPEN).order_by("effective_ms"))
            bus().put(f"matcher:seen:{self._shard[0]}", str(venue_now_ms()).encode(), ttl_ms=10_000)
        return self._execute_due()

    def _note_step(self, entry: bytes) -> None:
        if not self._followed:
            return
        step = _read_step(entry)
        if followed := self._followed.get(step.condition_id):
            followed.steps.append(step)

    def _take_up(self, orders: Sequence[Order] | object) -> None:
        for order in orders:  # type: ignore[attr-defined]
            if order.pk in self._known or not in_shard(order.condition_id, self._shard):
                continue
            self._known.add(order.pk)
            heapq.heappush(self._queue, (order.effective_ms, order.condition_id, order.pk))
            followed = self._followed.get(order.condition_id)
            if followed is None:
                followed = self._followed[order.condition_id] = _Followed(newest(order.condition_id))
            followed.waiting += 1

    def _until_due_ms(self) -> int:
        if not self._queue:
            return _IDLE_MS
        # Past its time an order waits for the feed, which wakes us with each step; 5 ms for a quiet one.
        return min(_IDLE_MS, max(5, self._queue[0][0] - venue_now_ms()))

    def _execute_due(self) -> int:
        """Execute the orders whose time the feed has passed, oldest first."""
        now_ms, group, later = venue_now_ms(), [], []
        while self._queue and self._queue[0][0] <= now_ms and len(group) < GROUP_MAX:
            effective_ms, condition_id, order_id = heapq.heappop(self._queue)
            followed = self._followed[condition_id]
            if not self._ready(condition_id, followed, effective_ms, now_ms):
                later.append((effective_ms, condition_id, order_id))
                continue
            followed.advance(effective_ms)
            group.append(_due(order_id, condition_id, followed.view, now_ms=max(now_ms, effective_ms)))
        for item in later:
            heapq.heappush(self._queue, item)
        if not group:
            return 0
        return self._commit(group)

    def _ready(self, condition_id: str, followed: _Followed, effective_ms: int, now_ms: int) -> bool:
        """Whether it can be judged: the feed has passed its time, on a fresh book; or it waited enough."""
        current = newest(condition_id)
        if current is None or not current.fresh:
            if followed.view is not None and followed.view.fresh:
                followed.view = replace(followed.view, fresh=False)
            return now_ms >= effective_ms + BOOK_WAIT_MAX_MS
        if followed.view is None or not followed.view.fresh:
            followed.view = current
            followed.steps.clear()
        return passed(current.connection, effective_ms) or now_ms >= effective_ms + FEED_WAIT_MAX_MS

    def _commit(self, group: list[Due]) -> int:
        try:
            done = execute_orders(group)
        except Exception:  # noqa: BLE001 -- a mistake of ours in one order must not hold up the others
            if len(group) > 1:
                return sum(self._commit([due]) for due in group)
            return self._give_up(group[0])
        for due in group:
            self._let_go(due)
        announce(done)
        return len(done)

    def _give_up(self, due: Due) -> int:
        """An order that keeps failing is our mistake: alarm, and end it rather than block its market."""
        failures = self._failures[due.order_id] = self._failures.get(due.order_id, 0) + 1
        logger.exception("order.failed", extra={"order_id": str(due.order_id), "failures": failures})
        self._let_go(due)  # the next scan takes it up again
        if failures < FAILURES_MAX:
            return 0
        announce(execute_orders([replace(due, cancel=("internal_error", "we could not execute this order"))]))
        return 1

    def _let_go(self, due: Due) -> None:
        self._known.discard(due.order_id)
        condition_id = due.rules.condition_id
        followed = self._followed[condition_id]
        followed.waiting -= 1
        if not followed.waiting:
            del self._followed[condition_id]

    def _forget_all(self) -> None:
        self._queue.clear()
        self._known.clear()
        self._followed.clear()
        self._scanned = float("-inf")


def _due(order_id: UUID, condition_id: str, view: BookView | None, *, now_ms: int) -> Due:
    """One order and the market as it stands for it; with the reason to end it where it cannot be matched."""
    market = known_market(condition_id)
    fresh = view is not None and view.fresh
    cancel = None if fresh else ("stale_book", "no fresh book came in time")
    if market is None:
        # Accepted on a catalogue that has been lost or restored since.
        market, cancel = (
            Market(condition_id=condition_id),
            ("market_not_found", "this market is not known any more"),
        )
    view = view or _NO_BOOK
    return Due(
        order_id=order_id,
        view=replace(
            view, book=view.book.copy()
        ),  # a later order of the group must not see a later step in it
        rules=market_rules(market, view if fresh else None),
        now_ms=now_ms,
        cancel=cancel,
    )


def run(stop: threading.Event, *, shard: tuple[int, int] = (0, 1)) -> None:
    """Execute the shard's orders until `stop` is set."""
    Matcher(shard=shard).run(stop)


_NO_BOOK = BookView(
    condition_id="",
    book=OrderBook(),
    seq=0,
    stamp_ms=0,
    hash="",
    tick_micros=10_000,
    min_size_micros=0,
    last_trade=None,
    connection=0,
    fresh=False,
    age_ms=0,
)
