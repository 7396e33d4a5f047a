"""Carries what the feed's mirrors say to the bus, a few milliseconds' worth in one batch."""

import asyncio
import logging
from collections.abc import Callable, Mapping

import msgspec

from livedata.books import (
    CHANGED,
    NO_CONNECTION,
    TAPE_LENGTH,
    BookRecord,
    Tape,
    book_key,
    read_record,
    read_tape,
    tape_key,
)
from livedata.bus import Batch, Bus
from livedata.core.mirror import Mirror
from livedata.core.steps import MarketRef, Print, Resolution, Step
from livedata.errors import BusDown
from livedata.progress import Progress
from livedata.pulse import KEY as PULSE
from livedata.pulse import Heartbeat, Pulse, wall_ms, write_pulse

STEPS = "steps"
STATUS = "feed:status"
STEPS_KEPT = 50_000  # a minute of a busy feed
RESOLUTIONS = "resolutions"
RESOLUTIONS_KEPT = 2_000  # days of them
_BATCH_S = 0.004
_PULSE_S = 0.05
_STALE_KEPT_MS = 3_600_000
_WAITING_MAX = 20_000  # steps, while the bus does not answer

logger = logging.getLogger(__name__)


class Publisher:
    def __init__(
        self,
        bus: Bus,
        progress: Progress,
        mirrors: Mapping[str, Mirror],
        heard: Callable[[], dict[int, int]],
    ) -> None:
        """`heard` names the live connections and when something last came on each."""
        self._bus = bus
        self._progress = progress
        self._mirrors = mirrors
        self._heard = heard
        self._encode = msgspec.msgpack.Encoder().encode
        self._steps: list[Step] = []
        self._resolutions: list[Resolution] = []
        self._changed: set[str] = set()
        self._tapes: dict[str, Tape] = {}
        self._printed: set[str] = set()
        self._due: asyncio.TimerHandle | None = None

    def begin(self, ref: MarketRef) -> Mirror:
        """A mirror that counts on from the newest record of its market. Raises BusDown."""
        record, tape = self._bus.get_many([book_key(ref.condition_id), tape_key(ref.condition_id)])
        self._tapes[ref.condition_id] = read_tape(tape)
        return Mirror(ref, seq=read_record(record).seq if record is not None else 0)

    def end(self, condition_id: str) -> None:
        self._tapes.pop(condition_id, None)

    def step(self, step: Step) -> None:
        self._progress.steps_count += 1
        self._steps.append(step)
        self.changed(step.condition_id)

    def printed(self, condition_id: str, trade: Print) -> None:
        tape = self._tapes[condition_id]
        self._tapes[condition_id] = Tape(tape.total + 1, [*tape.prints, trade][-TAPE_LENGTH:])
        self._printed.add(condition_id)
        self.changed(condition_id)

    def resolved(self, resolution: Resolution) -> None:
        if resolution not in self._resolutions:  # each connection tells it
            self._resolutions.append(resolution)
        self._flush_soon()

    def changed(self, condition_id: str) -> None:
        """Its record must be written anew."""
        self._changed.add(condition_id)
        self._flush_soon()

    def _flush_soon(self) -> None:
        if self._due is None:
            self._due = asyncio.get_running_loop().call_later(_BATCH_S, self.flush)

    def flush(self) -> None:
        """Send what there is: steps first, so that nobody sees a book whose steps are not there."""
        if self._due is not None:
            self._due.cancel()
            self._due = None
        try:
            with self._bus.batch() as batch:
                self._write(batch)
        except BusDown as exc:
            # Nobody reads either: without the pulse all books go stale. What waits is sent again.
            logger.warning("feed.no_bus", extra={"reason": str(exc), "steps": len(self._steps)})
            del self._steps[:-_WAITING_MAX]
            del self._resolutions[:-RESOLUTIONS_KEPT]
            return
        self._steps.clear()
        self._resolutions.clear()
        self._printed.clear()
        self._changed = {condition_id for condition_id in self._changed if self._is_open(condition_id)}

    def _write(self, batch: Batch) -> None:
        for step in self._steps:
            batch.append(STEPS, self._encode(step), keep=STEPS_KEPT)
        for resolution in self._resolutions:
            batch.append(RESOLUTIONS, self._encode(resolution), keep=RESOLUTIONS_KEPT)
        for condition_id in self._printed:
            if tape := self._tapes.get(condition_id):
                batch.put(tape_key(condition_id), self._encode(tape))
        for condition_id in self._changed:
            mirror = self._mirrors.get(condition_id)
            if mirror is not None and mirror.seq and not mirror.open:
                self._write_book(batch, mirror)
        batch.put(PULSE, write_pulse(self._pulse()))
        for condition_id in self._changed:
            batch.publish(CHANGED, condition_id.encode())

    def _is_open(self, condition_id: str) -> bool:
        """Whether the market is in the middle of a step: nobody may see such a book; its close comes soon."""
        mirror = self._mirrors.get(condition_id)
        return mirror is not None and mirror.open

    def _write_book(self, batch: Batch, mirror: Mirror) -> None:
        trusted = mirror.live and not mirror.doubted
        record = BookRecord(
            condition_id=mirror.ref.condition_id,
            connection=mirror.connection if trusted else NO_CONNECTION,
            seq=mirror.seq,
            stamp_ms=mirror.stamp_ms,
            received_ms=mirror.heard_ms,
            hash=mirror.hash,
            tick_micros=mirror.oracle.tick_micros,
            min_size_micros=mirror.oracle.min_size_micros,
            last_trade=mirror.oracle.last_trade,
            bids=mirror.book.bids,
            asks=mirror.book.asks,
        )
        ttl_ms = None if trusted else _STALE_KEPT_MS
        batch.put(book_key(record.condition_id), self._encode(record), ttl_ms=ttl_ms)

    def _pulse(self) -> Pulse:
        now_ms = wall_ms()
        open_ms: dict[int, int] = {}
        for mirror in self._mirrors.values():
            if mirror.open:
                open_ms[mirror.connection] = min(
                    mirror.step_ms, open_ms.get(mirror.connection, mirror.step_ms)
                )
        progress = self._progress
        return Pulse(
            written_ms=now_ms,
            connections={
                connection: Heartbeat(
                    heard_ms=heard_ms,
                    passed_ms=progress.passed_ms(
                        connection, now_ms=now_ms, oldest_open_ms=open_ms.get(connection)
                    ),
                )
                for connection, heard_ms in self._heard().items()
            },
            delay_ms=progress.delay_ms,
            paused=progress.paused,
        )

    def last(self) -> None:
        """The feed ends: every book is stale from now on."""
        self._heard = dict
        self.flush()

    async def keep(self) -> None:
        """Let the pulse beat also when nothing changes."""
        while True:
            self.flush()
            await asyncio.sleep(_PULSE_S)

    def status(self, *, ignored_count: int) -> None:
        """What people and metrics read about the feed."""
        progress, mirrors = self._progress, self._mirrors.values()
        facts = {
            "connections": len(self._heard()),
            "markets": len(mirrors),
            "live": sum(mirror.live for mirror in mirrors),
            "doubted": sum(mirror.doubted for mirror in mirrors),
            "delay_ms": progress.delay_ms,
            "messages_total": progress.frames_count,
            "steps_total": progress.steps_count,
            "bad_total": progress.bad_count,
            "ignored_total": ignored_count,
            "hashes_verified": sum(mirror.verified_count for mirror in mirrors),
            "hashes_refuted": sum(mirror.refuted_count for mirror in mirrors),
            "paused": int(progress.paused),
            "written_ms": wall_ms(),
        } | {f"drops_{reason}": count for reason, count in progress.drops.items()}
        try:
            with self._bus.batch() as batch:
                for name, value in facts.items():
                    batch.hset(STATUS, name, str(value).encode())
        except BusDown as exc:
            logger.warning("feed.no_bus", extra={"reason": str(exc)})
