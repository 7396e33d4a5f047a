"""The feed: the venue's socket in, books and steps out. The only writer of books.

It follows what is leased, holds no ORM and no state worth keeping: killed at any time, it starts with
whole books. What its mirrors say goes to the bus in one batch a few milliseconds later, steps first.

    MarketStream ─ frame ─► Reader ─► Mirror ─► outcomes ─► Publisher ─► bus: steps, books, results, pulse
"""

import asyncio
import logging
from collections.abc import Awaitable, Callable, Coroutine, Iterable
from typing import Any

from django.conf import settings

from livedata.bus import Bus
from livedata.clock import set_venue_clock
from livedata.core.mirror import CHECK_EVERY_MS, STEP_TIMER_MS, Mirror
from livedata.core.outcomes import Doubt, Dropped, Outcome, Reason
from livedata.core.steps import Print, Resolution, Step
from livedata.core.wire import Bad, Book, LastTradePrice, MarketResolved, PriceChanges, Reader
from livedata.errors import BusDown, VenueError
from livedata.exchange.clob import ClobClient
from livedata.exchange.clock import Clock, open_clock
from livedata.exchange.http import open_client
from livedata.exchange.stream import MarketStream
from livedata.progress import Progress
from livedata.publisher import Publisher
from livedata.pulse import wall_ms
from livedata.subscriptions import LEASES, wanted

PAUSED = "feed:paused"  # the key whose presence pauses the feed
_LEASES_S = 0.5  # how often leases are read anew, when nothing tells of a change
_TICK_S = 0.01
_STATUS_S = 1.0
_CLOCK_S = 5.0
_RESTART_S = 1.0
_CHECK_ALL_BELOW = 1_000  # frames a second: below it every step is proved by its hash
_SNAPSHOT_S = (0.05, 2.0, 5.0, 15.0, 60.0)  # how long a dropped book waits for the first, second … request
_TICK_BOOK_S = 0.25  # the venue sends a new book by itself after a tick change
_SETTLE_S = 2.0  # how long a doubt may last

logger = logging.getLogger(__name__)

AskBook = Callable[[str], Awaitable[Book]]  # one token's book by REST; raises VenueError


async def run(stop: asyncio.Event, *, bus: Bus, ws_url: str, clob_url: str) -> None:
    """Feed the bus until `stop` is set. Restarts itself after an error, with all books stale meanwhile."""
    stopping = asyncio.ensure_future(stop.wait())
    async with open_client(clob_url) as client, open_clock(clob_url) as clock:
        while not stop.is_set():
            feed = Feed(bus=bus, ws_url=ws_url, ask_book=ClobClient(client).book, clock=clock)
            following = asyncio.ensure_future(feed.follow())
            await asyncio.wait([following, stopping], return_when=asyncio.FIRST_COMPLETED)
            following.cancel()
            (result,) = await asyncio.gather(following, return_exceptions=True)
            if isinstance(result, Exception):
                logger.error("feed.failed", exc_info=result)
                await asyncio.wait([stopping], timeout=_RESTART_S)
    stopping.cancel()


class Feed:
    """One life of the feed, in one event loop."""

    def __init__(self, *, bus: Bus, ws_url: str, ask_book: AskBook, clock: Clock) -> None:
        self._bus = bus
        self._ask_book = ask_book
        self._clock = clock
        self._reader = Reader()
        self._mirrors: dict[str, Mirror] = {}
        self._open: set[str] = set()  # markets in the middle of a step
        self._attempts: dict[str, int] = {}  # requests for a whole book since the last one came
        self._asking: dict[str, asyncio.Task[None]] = {}
        self._check_every_ms = 0
        self.progress = Progress()
        self._stream = MarketStream(ws_url, self, dead_s=settings.FEED_STALE_SECONDS)
        self._publisher = Publisher(bus, self.progress, self._mirrors, self._stream.heard)
        self._group = asyncio.TaskGroup()

    async def follow(self) -> None:
        """Runs until it is cancelled, or raises."""
        logger.info("feed.started")
        try:
            async with self._group as group:
                for part in (self._keep_leases, self._keep_time, self._keep_status, self._keep_clock):
                    group.create_task(part())
                group.create_task(self._publisher.keep())
                group.create_task(self._stream.failed())
        finally:
            await self._stream.close()
            self._publisher.last()
            logger.info("feed.stopped")

    # --- what the stream tells --------------------------------------------------------------------

    def opened(self, connection: int, condition_ids: Iterable[str]) -> None:
        self.progress.opened(connection)
        for condition_id in condition_ids:
            mirror = self._mirrors[condition_id]
            self._take(mirror, mirror.drop(Reason.CONNECTION))
            mirror.await_snapshot(connection)
            self._attempts[condition_id] = self._attempts.get(condition_id, 0) + 1
            self._expect_snapshot(condition_id)

    def received(self, connection: int, frame: bytes, now_ms: int) -> None:
        self.progress.frames_count += 1
        for event in self._reader.read(frame):
            mirror = self._mirrors.get(event.market)
            if isinstance(event, Bad):
                self._bad(connection, event, mirror)
            elif isinstance(event, MarketResolved):
                self._resolved(connection, event, mirror)
            elif mirror is None or mirror.connection != connection:
                continue
            else:
                if isinstance(event, PriceChanges | LastTradePrice):
                    self.progress.saw(connection, event.timestamp, now_ms)
                if outcomes := mirror.apply(event, now_ms=now_ms):
                    self._take(mirror, outcomes)
                if mirror.open:
                    self._open.add(event.market)

    def closed(self, connection: int) -> None:
        """The pulse that follows makes all its books stale; their mirrors wait for the next connection."""
        self.progress.closed(connection)
        for mirror in self._mirrors.values():
            if mirror.connection == connection:
                self._take(mirror, mirror.drop(Reason.CONNECTION))
        self._publisher.flush()

    def _resolved(self, connection: int, event: MarketResolved, mirror: Mirror | None) -> None:
        """The venue tells it on every connection, and of markets that nobody follows any more, too."""
        self._publisher.resolved(Resolution(event.market, event.winning_asset_id or ""))
        if mirror is not None and mirror.connection == connection:
            self._take(mirror, mirror.drop(Reason.RESOLVED))

    def _bad(self, connection: int, event: Bad, mirror: Mirror | None) -> None:
        self.progress.bad_count += 1
        logger.warning("feed.bad_frame", extra={"market": event.market, "reason": event.reason[:200]})
        if mirror is not None:
            self._take(mirror, mirror.drop(Reason.BAD))
        else:  # nobody knows whose book has missed a change
            self._stream.reset(connection)

    # --- what the mirrors say ---------------------------------------------------------------------

    def _take(self, mirror: Mirror, outcomes: list[Outcome]) -> None:
        condition_id = mirror.ref.condition_id
        for outcome in outcomes:
            if isinstance(outcome, Step):
                self._publisher.step(outcome)
                if outcome.snapshot:
                    self._attempts.pop(condition_id, None)
            elif isinstance(outcome, Print):
                self._publisher.printed(condition_id, outcome)
            elif isinstance(outcome, Doubt):
                self._publisher.changed(condition_id)
                self._begin(condition_id, self._settle(mirror))
            else:
                self._dropped(mirror, outcome)

    def _dropped(self, mirror: Mirror, outcome: Dropped) -> None:
        condition_id = outcome.condition_id
        self.progress.drops[outcome.reason] += 1
        self._publisher.changed(condition_id)
        if outcome.reason in (Reason.CONNECTION, Reason.UNWANTED):
            return  # many at once: the caller flushes
        self._publisher.flush()  # nobody may trade on it for another few milliseconds
        if outcome.reason is Reason.TICK:
            self._begin(condition_id, self._learn_rules(mirror))
        elif outcome.reason is not Reason.RESOLVED:
            logger.warning("feed.dropped", extra={"market": condition_id, "reason": outcome.reason})
            self._expect_snapshot(condition_id)

    def _begin(self, condition_id: str, work: Coroutine[Any, Any, None]) -> None:
        """One thing at a time is asked about a market; the newest question counts."""
        if earlier := self._asking.pop(condition_id, None):
            earlier.cancel()
        self._asking[condition_id] = self._group.create_task(work)

    def _expect_snapshot(self, condition_id: str) -> None:
        attempt = self._attempts.get(condition_id, 0)
        pause_s = _SNAPSHOT_S[min(attempt, len(_SNAPSHOT_S) - 1)]
        self._begin(condition_id, self._request_snapshot(condition_id, pause_s))

    async def _request_snapshot(self, condition_id: str, pause_s: float) -> None:
        """Subscribe anew unless the whole book has come by then; `opened` then expects it again."""
        await asyncio.sleep(pause_s)
        mirror = self._mirrors.get(condition_id)
        if mirror is not None and not mirror.live:
            self._stream.refresh(condition_id)

    async def _learn_rules(self, mirror: Mirror) -> None:
        """After a tick change: REST knows the new rules, the socket sends the new book."""
        await self._ask(mirror)
        await asyncio.sleep(_TICK_BOOK_S)
        if not mirror.live:
            self._expect_snapshot(mirror.ref.condition_id)

    async def _settle(self, mirror: Mirror) -> None:
        """A hash differs: the book is not fresh until REST or a later hash has confirmed it."""
        await self._ask(mirror)
        await asyncio.sleep(_SETTLE_S)
        if mirror.live and mirror.doubted:
            await self._ask(mirror)
        if mirror.live and mirror.doubted:
            self._take(mirror, mirror.drop(Reason.HASH))

    async def _ask(self, mirror: Mirror) -> None:
        try:
            book = await self._ask_book(mirror.ref.token_0)
            outcomes = mirror.settle(book, now_ms=wall_ms())
        except (VenueError, ValueError) as exc:
            logger.warning("feed.no_rest_book", extra={"market": mirror.ref.condition_id, "reason": str(exc)})
            return
        self._publisher.changed(mirror.ref.condition_id)
        self._take(mirror, [outcome for outcome in outcomes if not isinstance(outcome, Doubt)])

    # --- what goes on all the time ----------------------------------------------------------------

    async def _keep_leases(self) -> None:
        async with self._bus.alisten(LEASES, PAUSED) as notices:
            while True:
                self._follow_wanted()
                try:
                    async with asyncio.timeout(_LEASES_S):
                        await anext(notices)
                    await asyncio.sleep(0.02)  # a page load takes several leases
                except TimeoutError:
                    pass

    def _follow_wanted(self) -> None:
        try:
            self.progress.paused = self._bus.get(PAUSED) is not None
            refs = {} if self.progress.paused else wanted(self._bus)
            new = [
                self._publisher.begin(ref) for ref in refs.values() if ref.condition_id not in self._mirrors
            ]
        except BusDown as exc:
            logger.warning("feed.no_bus", extra={"reason": str(exc)})
            return
        self._unfollow([condition_id for condition_id in self._mirrors if condition_id not in refs])
        for mirror in new:
            mirror.check_every_ms = self._check_every_ms
            self._mirrors[mirror.ref.condition_id] = mirror
        self._stream.follow(refs.values())

    def _unfollow(self, condition_ids: list[str]) -> None:
        for condition_id in condition_ids:
            mirror = self._mirrors[condition_id]
            self._take(mirror, mirror.drop(Reason.UNWANTED))
            self._attempts.pop(condition_id, None)
            if asking := self._asking.pop(condition_id, None):
                asking.cancel()
        if condition_ids:
            self._publisher.flush()
        for condition_id in condition_ids:
            del self._mirrors[condition_id]
            self._publisher.end(condition_id)

    async def _keep_time(self) -> None:
        """Close steps that nothing closes."""
        while True:
            slept_ms = wall_ms()
            await asyncio.sleep(_TICK_S)
            now_ms = wall_ms()
            if now_ms - slept_ms > STEP_TIMER_MS:
                continue  # we were held up ourselves: what came meanwhile must be read first
            for condition_id in list(self._open):
                mirror = self._mirrors.get(condition_id)
                if mirror is not None:
                    self._take(mirror, mirror.tick(now_ms))
                if mirror is None or not mirror.open:
                    self._open.discard(condition_id)

    async def _keep_status(self) -> None:
        while True:
            await asyncio.sleep(_STATUS_S)
            rate = self.progress.second()
            self._check_every_ms = 0 if rate < _CHECK_ALL_BELOW else CHECK_EVERY_MS
            for mirror in self._mirrors.values():
                mirror.check_every_ms = self._check_every_ms
            self._publisher.status(ignored_count=self._reader.ignored.total())

    async def _keep_clock(self) -> None:
        while True:
            try:
                self.progress.clock = await self._clock.look()
                set_venue_clock(self._bus, self.progress.clock)
            except (VenueError, BusDown) as exc:
                logger.warning("feed.no_clock", extra={"reason": str(exc)})
            await asyncio.sleep(_CLOCK_S)
