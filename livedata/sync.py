"""The whole catalogue from Gamma, in runs that can be killed at any point and taken up again.

full         the busiest open markets first, then every open one, then what used to be open and is not
incremental  what has changed since the last run began, open and closed
closed       every closed market, slowly, in as many sittings as it takes

A run keeps its place (phase, the venue's cursor) in `SyncState` after each batch. A batch is written
before its place is kept, and writing it twice changes nothing, so the last place is always a true one.
"""

import logging
import time
import uuid
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from functools import partial

from django.conf import settings

from livedata.bus import bus
from livedata.catalogue import store
from livedata.clock import venue_clock
from livedata.errors import VenueBadPayload, VenueDown, VenueError, VenueThrottled, VenueTimeout
from livedata.exchange.asking import Venue, ask
from livedata.exchange.gamma import IDS_MAX, GammaPage
from livedata.pulse import wall_ms
from markets.core.errors import Conflict
from markets.core.facts import Reading
from markets.models import Market, SyncState
from markets.search import in_parts
from markets.services import sum_up_open_events

logger = logging.getLogger(__name__)
BATCH_S = 180.0  # for the pages of one batch, with all their repetitions
BUSIEST_PAGES = 20
CHANGED_PAGES_MAX = 200  # what an incremental run reads at most; the next full run reads the rest
EMPTY_PAGES_MAX = 20
CLOSED_PAUSE_S = 2.0  # between two batches of the background sync, on the live venue
OVERLAP_MS = 120_000  # the venue's clock and its caches lag behind ours
FIRST_SINCE_MS = 86_400_000
# The venue may answer otherwise in a moment; after any other error the place we kept is no good.
_PASSING = (VenueDown, VenueThrottled, VenueTimeout)
_END = "end"  # the phase after the last: every list is read, what remains may be done twice
Progress = Callable[[SyncState], None]


@dataclass(frozen=True, slots=True, kw_only=True)
class Phase:
    """One walk through a list of Gamma's."""

    name: str
    closed: bool
    order: str
    ascending: bool
    pages_max: int | None = None
    until_since: bool = False  # stop at markets that have not changed since the run's `since_ms`


FULL = (
    Phase(name="busiest", closed=False, order="volume24hr", ascending=False, pages_max=BUSIEST_PAGES),
    # By id, not by volume: volumes move while we read, and what moves up would be missed.
    Phase(name="open", closed=False, order="id", ascending=True),
)
INCREMENTAL = (
    Phase(
        name="changed",
        closed=False,
        order="updatedAt",
        ascending=False,
        pages_max=CHANGED_PAGES_MAX,
        until_since=True,
    ),
    Phase(
        name="closed",
        closed=True,
        order="updatedAt",
        ascending=False,
        pages_max=CHANGED_PAGES_MAX,
        until_since=True,
    ),
)
CLOSED = (Phase(name="closed", closed=True, order="id", ascending=False),)


def sync_full(*, limit: int | None = None, progress: Progress | None = None) -> SyncState:
    """Every open market. With `limit`, stop after about so many rows and keep no place.

    Raises VenueError when the venue fails, and Conflict when another run has taken over.
    """
    run = _Run("full", FULL, limit=limit, progress=progress)
    seen = run.walk()
    if limit is None:
        run.ask_about_missing(seen)
        sum_up_open_events()
    return run.finish()


def sync_incremental(*, limit: int | None = None, progress: Progress | None = None) -> SyncState:
    """What has changed since the last incremental run began. Raises as `sync_full` does."""
    run = _Run("incremental", INCREMENTAL, limit=limit, progress=progress)
    run.walk()
    return run.finish()


def sync_closed(*, seconds: float | None = None, progress: Progress | None = None) -> SyncState:
    """Closed markets, newest first, for so many seconds; the next call goes on. Raises the same."""
    pause_s = CLOSED_PAUSE_S if settings.EXCHANGE_KIND == "live" else 0.0
    until_s = None if seconds is None else time.monotonic() + seconds
    run = _Run("closed", CLOSED, progress=progress, pause_s=pause_s, until_s=until_s)
    run.walk()
    return run.state if run.stopped else run.finish()


def never_finished(name: str) -> bool:
    return not SyncState.objects.filter(pk=name, finished_ms__isnull=False).exists()


def under_way(name: str) -> bool:
    """Whether a run has been begun and not come to its end; it may be running, or have been killed."""
    return SyncState.objects.filter(pk=name).exclude(phase="").exists()


class _Run:
    """One run: takes up what was left, or begins; then walks phase by phase and keeps its place."""

    def __init__(
        self,
        name: str,
        phases: tuple[Phase, ...],
        *,
        limit: int | None = None,
        progress: Progress | None = None,
        pause_s: float = 0.0,
        until_s: float | None = None,
    ) -> None:
        self._phases, self._limit, self._progress = phases, limit, progress
        self._pause_s, self._until_s = pause_s, until_s
        self.stopped = False
        self.state = _taken_up(name, phases) if limit is None else _limited(name)

    def walk(self) -> set[str]:
        """All phases from where the run stands; the ids of the markets that were read this time."""
        seen: set[str] = set()
        for phase in self._phases:
            pages_count, passed = 0, set[str]()
            while self.state.phase == phase.name and not self.stopped:
                pages = self._asked(phase, passed)
                pages_count += len(pages)
                ended = self._ended(phase, pages[-1], pages_count)
                seen |= self._write(pages, following=self._after(phase) if ended else phase.name)
                self.stopped = self._enough() and self.state.phase != _END
                if self._pause_s and not ended:
                    time.sleep(self._pause_s)
        return seen

    def _after(self, phase: Phase) -> str:
        place = self._phases.index(phase) + 1
        return self._phases[place].name if place < len(self._phases) else _END

    def _ended(self, phase: Phase, last: GammaPage, pages_count: int) -> bool:
        if not last.next_cursor or (phase.pages_max is not None and pages_count >= phase.pages_max):
            return True
        oldest_ms, since_ms = last.reading.oldest_update_ms, self.state.since_ms
        return phase.until_since and None not in (oldest_ms, since_ms) and oldest_ms < since_ms  # type: ignore[operator]

    def _asked(self, phase: Phase, passed: set[str]) -> list[GammaPage]:
        cursor, rows_max = self.state.cursor, settings.SYNC_BATCH_SIZE
        if self._limit is not None:
            rows_max = min(rows_max, self._limit - self.state.rows_count)
        try:
            question = partial(_read_batch, phase=phase, cursor=cursor, rows_max=rows_max, passed=passed)
            return ask(question, within_s=BATCH_S)
        except VenueError as exc:
            self.state.last_error = str(exc)[:1000]
            if not isinstance(exc, _PASSING):
                self.state.cursor = ""  # the next run begins this phase anew
            self._keep()
            logger.warning("sync.failed", extra={"sync": self.state.name, "error": str(exc)})
            raise

    def _write(self, pages: list[GammaPage], *, following: str) -> set[str]:
        """Write a batch and then its place; the ids of its markets. `following`: the phase that goes on."""
        reading = _joined([page.reading for page in pages])
        written, state = store(reading), self.state
        state.pages_count += len(pages)
        state.rows_count += sum(page.rows_count for page in pages)
        state.written_count += written.written
        state.unchanged_count += written.unchanged
        state.bad_count += len(reading.bad)
        state.last_bad = (reading.bad[-1] if reading.bad else state.last_bad)[:1000]
        state.cursor = pages[-1].next_cursor if following == state.phase else ""
        state.phase, state.last_error = following, ""
        self._keep()
        return {market.id for market in reading.markets}

    def _enough(self) -> bool:
        if self._limit is not None and self.state.rows_count >= self._limit:
            return True
        return self._until_s is not None and time.monotonic() >= self._until_s

    def ask_about_missing(self, seen: set[str]) -> None:
        """Markets that are open with us and were not in the list: closed in between, mostly."""
        statuses = (Market.Status.OPEN, Market.Status.PAUSED)
        ours = Market.objects.filter(status__in=statuses).values_list("pk", flat=True)
        for ids in in_parts(sorted(set(ours) - seen), IDS_MAX):
            store(ask(partial(_read_ids, ids=ids), within_s=BATCH_S))

    def finish(self) -> SyncState:
        self.state.phase, self.state.cursor, self.state.finished_ms = "", "", wall_ms()
        self._keep()
        return self.state

    def _keep(self) -> None:
        """Keep the place, unless another run has taken over; then raise Conflict."""
        if self._limit is None:
            ours = SyncState.objects.filter(pk=self.state.pk, run_id=self.state.run_id)
            fields = {
                field.attname: getattr(self.state, field.attname)
                for field in SyncState._meta.concrete_fields
                if not field.primary_key
            }
            if ours.update(**fields) != 1:
                raise Conflict(f"another {self.state.name} sync has taken over", code="sync_taken_over")
        if self._progress is not None:
            self._progress(self.state)


def _taken_up(name: str, phases: tuple[Phase, ...]) -> SyncState:
    """The state of a run that was left, or of a new one; it is ours from now on."""
    state = SyncState.objects.filter(pk=name).first() or SyncState(pk=name)
    state.run_id = uuid.uuid4()
    if not state.phase:
        began_ms = wall_ms()
        last_ms = began_ms - FIRST_SINCE_MS if state.started_ms is None else state.started_ms
        state.since_ms = venue_clock(bus()).at(last_ms) - OVERLAP_MS
        state.started_ms = began_ms
        state.phase, state.cursor = phases[0].name, ""
        state.pages_count = state.rows_count = state.written_count = 0
        state.unchanged_count = state.bad_count = 0
        state.last_bad = state.last_error = ""
    state.save()
    return state


def _limited(name: str) -> SyncState:
    """A run for a try: it keeps no place, so it neither disturbs nor hides the real one."""
    phase = FULL[0].name if name == "full" else INCREMENTAL[0].name
    return SyncState(pk=name, phase=phase, since_ms=0, started_ms=wall_ms())


async def _read_ids(venue: Venue, ids: Sequence[str]) -> Reading:
    """Markets by id, whether they have closed or not."""
    ended = await venue.gamma.markets_by_ids(ids, closed=True)
    left = sorted(set(ids) - {market.id for market in ended.markets})
    return _joined([ended, await venue.gamma.markets_by_ids(left, closed=False)] if left else [ended])


def _joined(readings: Sequence[Reading]) -> Reading:
    return Reading(
        markets=tuple(market for reading in readings for market in reading.markets),
        events=tuple(event for reading in readings for event in reading.events),
        bad=tuple(row for reading in readings for row in reading.bad),
    )


async def _read_batch(
    venue: Venue, phase: Phase, cursor: str, rows_max: int, passed: set[str]
) -> list[GammaPage]:
    """Pages from a place on, until they hold enough rows or the list ends. At least one page.

    Raises VenueBadPayload when the venue's cursors lead nowhere; `passed` are those of this phase so far.
    """
    pages: list[GammaPage] = []
    passed.add(cursor)
    while True:
        page = await venue.gamma.markets_page(
            closed=phase.closed, order=phase.order, ascending=phase.ascending, cursor=cursor
        )
        pages.append(page)
        if not page.next_cursor:
            return pages
        if page.next_cursor in passed:
            raise VenueBadPayload(f"the cursor {page.next_cursor[:80]!r} leads in a circle")
        if sum(page.rows_count for page in pages) >= rows_max:
            return pages
        if len(pages) >= EMPTY_PAGES_MAX and not any(page.rows_count for page in pages):
            raise VenueBadPayload(f"{len(pages)} empty pages in a row")
        cursor = page.next_cursor
        passed.add(cursor)
