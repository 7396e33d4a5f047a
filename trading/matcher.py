"""The executor's loop: one for each shard of markets, in venue time, restartable at any instant.

Commands and feed steps of a market go through here in the order of the venue's clock. The database is
the truth: a matcher that starts takes up every accepted and every resting order it finds there; a command
on the bus only wakes it sooner.

    commands, steps ─► desks (one a market) ─► acts ─► one commit ─► notices
"""

import heapq
import logging
import threading
import time
from collections.abc import Iterable
from dataclasses import replace
from uuid import UUID

import msgspec

from livedata.books import newest
from livedata.bus import START, bus
from livedata.clock import passed, venue_now_ms
from livedata.core.steps import Step
from livedata.pulse import wall_ms
from trading.bulk import read_rows
from trading.desk import Command, Desk, Kind
from trading.desks import Desks, in_shard
from trading.markouts import Markouts
from trading.models import Order
from trading.notices import announce
from trading.services.acts import Act, Executed, Stepped
from trading.services.commands import COMMANDS
from trading.services.ending import OPEN
from trading.services.execution import execute_acts
from trading.services.resting import (
    cancelled_by_trader,
    cleared_at_start,
    expired,
    failed_by_us,
)
from trading.standing import due_for, next_commands

logger = logging.getLogger(__name__)

STEPS = "steps"
FEED_WAIT_MAX_MS = 2_000  # docs/fill-model.md: a command never waits longer for the feed
BOOK_WAIT_MAX_MS = 3_000  # then the order ends: no fill against an old book
RESCAN_S = 1.0
GROUP_MAX = 64  # acts in one commit
FAILURES_MAX = 3
_IDLE_MS = 250
_READ_MAX = 5_000

_read_step = msgspec.msgpack.Decoder(Step).decode


class Matcher:
    """Executes the orders of its shard. `run` loops until stopped; tests call `turn`."""

    def __init__(self, *, shard: tuple[int, int] = (0, 1)) -> None:
        self._shard = shard
        self._desks = Desks(shard)
        self._cursors = {COMMANDS: bus().last_id(COMMANDS), STEPS: bus().last_id(STEPS)}
        self._due: list[tuple[int, str]] = []  # a heap: when a market's next command is due
        self._news: set[str] = set()  # markets with steps to apply
        self._held: dict[str, set[str]] = {}  # market -> worlds whose orders come to rest in this commit
        self._failures: dict[str, int] = {}
        self._scanned = float("-inf")
        self._started = False
        self._markouts = Markouts()

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
        self._desks.save()
        self._desks.close()
        logger.info("matcher.stopped", extra={"shard": "{}/{}".format(*self._shard)})

    def turn(self, *, block_ms: int = 0) -> int:
        """Take in what is new, carry out what is due; returns how many orders were acted on."""
        if not self._started:
            self._start()
        hurry = bool(self._news)
        entries = bus().read(
            self._cursors, count=_READ_MAX, block_ms=0 if hurry else min(block_ms, self._until_due_ms())
        )
        woken: list[UUID] = []
        for log, entry_id, entry in entries:
            self._cursors[log] = entry_id
            if log == STEPS:
                self._note_step(entry)
            else:
                condition_id, _, order_id = entry.decode().partition(" ")
                if self._is_mine(condition_id):
                    woken.append(UUID(order_id))
        if woken:
            self._take_up(read_rows(Order, {"pk": tuple(woken)}))
        scan = time.monotonic() - self._scanned > RESCAN_S
        if scan:
            self._scanned = time.monotonic()
            self._scan()
        acted = self._carry_out()
        self._markouts.note(now_ms=venue_now_ms())
        return acted + self._look_after() if scan else acted

    def _is_mine(self, condition_id: str) -> bool:
        return in_shard(condition_id, self._shard)

    # --- what comes in ----------------------------------------------------------------------------

    def _start(self) -> None:
        """Take up the orders at rest, and the steps since they were kept."""
        kept = self._desks.kept_markets()
        steps: dict[str, list[Step]] = {condition_id: [] for condition_id in kept}
        log_from_ms: int | None = None
        cursor = {STEPS: START}
        while kept and (entries := bus().read(cursor, count=_READ_MAX, block_ms=0)):
            for _, entry_id, entry in entries:
                cursor[STEPS] = entry_id
                step = _read_step(entry)
                log_from_ms = step.stamp_ms if log_from_ms is None else log_from_ms
                if step.condition_id in steps:
                    steps[step.condition_id].append(step)
        if kept:
            self._cursors[STEPS] = cursor[STEPS]
        for condition_id in kept:
            desk = self._desks.take_up(condition_id, steps[condition_id], log_from_ms)
            self._news.add(condition_id)
            orders = [UUID(resting.order_id) for resting in desk.queue]
            for order in Order.objects.filter(pk__in=orders, status=Order.Status.LIVE):
                self._add_all(next_commands(order))
        self._markouts.take_up(mine=self._is_mine, now_ms=venue_now_ms())
        self._started = True

    def _note_step(self, entry: bytes) -> None:
        if not len(self._desks):
            return
        step = _read_step(entry)
        desk = self._desks.get(step.condition_id)
        if desk is None:
            return
        if desk.view is None or desk.is_gap(step):
            # Steps are missing: go on from the newest book, which holds this one too.
            view = newest(step.condition_id)
            if view is not None:
                desk.renew(view)
            return
        desk.steps.append(step)
        self._news.add(step.condition_id)
        self._desks.lag_ms = max(self._desks.lag_ms, wall_ms() - step.received_ms)

    def _take_up(self, orders: Iterable[Order]) -> None:
        for order in orders:
            if not self._is_mine(order.condition_id):
                continue
            if order.status not in OPEN:
                self._desks.forget_order(order)
                continue
            self._add_all(next_commands(order))

    def _add_all(self, commands: Iterable[tuple[str, Command]]) -> None:
        for condition_id, command in commands:
            if self._desks.open(condition_id).add(command):
                heapq.heappush(self._due, (command.effective_ms, condition_id))

    def _scan(self) -> None:
        """Look into the database for what no command has told."""
        on_their_way = [Order.Status.ACCEPTED, Order.Status.DELAYED]
        self._take_up(Order.objects.filter(status__in=on_their_way).order_by("effective_ms"))
        self._take_up(Order.objects.filter(status=Order.Status.LIVE, cancel_ms__gt=0))

    def _look_after(self) -> int:
        """Once a second: end what its market ended, keep where the queues are, renew the leases."""
        ends = self._desks.look() + self._desks.mend_gaps()
        acted = self._commit(ends) if ends else 0
        self._desks.save()
        self._desks.lease()
        self._desks.tidy()
        shard = self._shard[0]
        bus().put(f"matcher:seen:{shard}", str(venue_now_ms()).encode(), ttl_ms=10_000)
        bus().put(f"matcher:lag:{shard}", str(self._desks.lag_ms).encode(), ttl_ms=10_000)
        self._desks.lag_ms = 0
        return acted

    # --- what goes out ----------------------------------------------------------------------------

    def _until_due_ms(self) -> int:
        if not self._due:
            return _IDLE_MS
        # Past its time a command waits for the feed, which wakes us with each step; 5 ms for a quiet one.
        return min(_IDLE_MS, max(5, self._due[0][0] - venue_now_ms()))

    def _carry_out(self) -> int:
        """Commit what commands and steps come to, in the order of the venue's clock within each market."""
        now_ms = venue_now_ms()
        acts: list[Act] = []
        later: list[tuple[int, str]] = []
        while self._due and self._due[0][0] <= now_ms and len(acts) < GROUP_MAX:
            due = heapq.heappop(self._due)
            desk = self._desks.get(due[1])
            if desk is None or not desk.commands:
                continue
            if not self._ready(desk, now_ms):
                later.append(due)
                continue
            command = desk.pop()
            if desk.steps:
                self._news.add(desk.condition_id)
            acts += desk.advance(command.effective_ms)
            if act := self._act(desk, command, now_ms):
                acts.append(act)
        for due in later:
            heapq.heappush(self._due, due)
        for condition_id in list(self._news):
            desk = self._desks.get(condition_id)
            if desk is None:
                self._news.discard(condition_id)
            elif condition_id not in self._held and len(acts) < 4 * GROUP_MAX:
                acts += desk.advance(desk.commands[0].effective_ms if desk.commands else None)
                self._news.discard(condition_id)  # what is left waits for a command, which adds it again
        self._held.clear()
        return self._commit(acts) if acts else 0

    def _ready(self, desk: Desk, now_ms: int) -> bool:
        """Whether a market's next command can be judged: the feed has passed its time, on a fresh book."""
        command = desk.commands[0]
        held = self._held.get(desk.condition_id)
        if held is not None and (command.world in held or desk.has_steps(command.effective_ms)):
            return False
        current = newest(desk.condition_id)
        if current is None or not current.fresh:
            if desk.view is not None and desk.view.fresh:
                desk.view = replace(desk.view, fresh=False)
            wait_ms = BOOK_WAIT_MAX_MS if command.kind is Kind.PLACE else FEED_WAIT_MAX_MS
            return now_ms >= command.effective_ms + wait_ms
        if desk.view is None or not desk.view.fresh:
            desk.renew(current)
        return (
            passed(current.connection, command.effective_ms)
            or now_ms >= command.effective_ms + FEED_WAIT_MAX_MS
        )

    def _act(self, desk: Desk, command: Command, now_ms: int) -> Act | None:
        order_id, at_ms = command.order_id, command.effective_ms
        if command.kind is Kind.PLACE:
            if not command.immediate or desk.queue.of_world(command.world):
                self._held.setdefault(desk.condition_id, set()).add(command.world)
            return due_for(desk, order_id, now_ms=max(now_ms, at_ms))
        resting = desk.queue.get(str(order_id))
        if resting is None:
            return None  # filled, or ended, before
        if command.kind is Kind.CLEAR and (start_ms := self._desks.start_of(desk.condition_id)) != at_ms:
            if start_ms is not None:
                self._add_all([(desk.condition_id, replace(command, effective_ms=start_ms))])
            return None  # the start was moved
        desk.queue.remove(str(order_id))
        end = {Kind.CANCEL: cancelled_by_trader, Kind.EXPIRE: expired, Kind.CLEAR: cleared_at_start}
        return end[command.kind](order_id, now_ms=at_ms)

    def _commit(self, acts: list[Act]) -> int:
        try:
            done = execute_acts(acts)
        except Exception:  # noqa: BLE001 -- a mistake of ours in one order must not hold up the others
            if len(acts) > 1:
                return sum(self._commit([act]) for act in acts)
            return self._give_up(acts[0])
        for executed in done:
            self._follow(executed)
            self._markouts.add(executed.fills)
        announce(done)
        return len(done)

    def _follow(self, executed: Executed) -> None:
        """Keep the desk in step with what was written."""
        order = executed.order
        desk = self._desks.open(order.condition_id)
        if executed.rests is not None:
            desk.queue.put(executed.rests)
        elif executed.swapped is not None:
            desk.queue.swap(executed.swapped)
        elif executed.ended and order.status != Order.Status.MATCHED:
            desk.queue.remove(str(order.pk))  # a matched one stays for its lenses, until they are full
        if not executed.ended:
            self._add_all(next_commands(order))

    def _give_up(self, act: Act) -> int:
        """An act that keeps failing is our mistake: alarm, and end its orders rather than block the shard."""
        if isinstance(act, Stepped):
            key, order_ids = f"{act.condition_id}:{act.seq}", {UUID(fill.order_id) for fill in act.fills}
        else:
            key, order_ids = str(act.order_id), {act.order_id}
        failures = self._failures[key] = self._failures.get(key, 0) + 1
        logger.exception("act.failed", extra={"act": key, "failures": failures})
        if failures >= FAILURES_MAX:
            now_ms = venue_now_ms()
            announce(execute_acts([failed_by_us(order_id, now_ms=now_ms) for order_id in order_ids]))
        # What the queue holds now is not what is written: begin again from there.
        self._forget_all()
        return 0

    def _forget_all(self) -> None:
        self._desks.close()
        self._desks = Desks(self._shard)
        self._due.clear()
        self._news.clear()
        self._held.clear()
        self._started = False
        self._scanned = float("-inf")


def run(stop: threading.Event, *, shard: tuple[int, int] = (0, 1)) -> None:
    """Execute the shard's orders until `stop` is set."""
    Matcher(shard=shard).run(stop)
