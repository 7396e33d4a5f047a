"""What the feed counts, and how far each of its connections is on the venue's clock."""

from collections import Counter, deque

from livedata.clock import SAME_CLOCK, VenueClock
from livedata.core.outcomes import Reason

_WINDOW_S = 10  # the delay is the worst of so many seconds
_FIRST_DELAY_MS = 250  # before anything was measured
_DELAY_MIN_MS, _DELAY_MAX_MS = 20, 2_000


class Progress:
    def __init__(self) -> None:
        self.clock: VenueClock = SAME_CLOCK
        self.paused = False
        self.frames_count = 0
        self.bad_count = 0
        self.steps_count = 0
        self.drops: Counter[Reason] = Counter()
        self._newest_ms: dict[int, int] = {}  # by connection; the venue's clock
        self._passed_ms: dict[int, int] = {}
        self._late_ms = 0  # at worst, in the current second
        self._lates_ms: deque[int] = deque(maxlen=_WINDOW_S)
        self._frames_before = 0

    def opened(self, connection: int) -> None:
        self._newest_ms.setdefault(connection, 0)

    def closed(self, connection: int) -> None:
        self._newest_ms.pop(connection, None)
        self._passed_ms.pop(connection, None)

    def saw(self, connection: int, stamp_ms: int, now_ms: int) -> None:
        """A change or a trade came; repeats of older ones do not count."""
        if stamp_ms > self._newest_ms.get(connection, 0):
            self._newest_ms[connection] = stamp_ms
            late_ms = self.clock.at(now_ms) - stamp_ms
            if late_ms > self._late_ms:
                self._late_ms = late_ms

    def second(self) -> int:
        """A second has passed; returns how many frames came in it."""
        if any(self._newest_ms.values()):
            self._lates_ms.append(self._late_ms)
        self._late_ms = 0
        frames = self.frames_count - self._frames_before
        self._frames_before = self.frames_count
        return frames

    @property
    def delay_ms(self) -> int:
        """How long after its stamp a frame is here, at worst; on the venue's clock."""
        worst_ms = max(self._late_ms, *self._lates_ms) if self._lates_ms else 0
        known_ms = max(worst_ms, _DELAY_MIN_MS) if self._lates_ms else _FIRST_DELAY_MS
        return min(known_ms, round(_DELAY_MAX_MS * self.clock.speed))

    def passed_ms(self, connection: int, *, now_ms: int, oldest_open_ms: int | None) -> int:
        """Every event of this connection stamped up to here has been seen, and its step closed.

        An event tells that all earlier ones are here; on a quiet connection, the delay does.
        `oldest_open_ms` is the stamp of the oldest step under way. Never goes back.
        """
        quiet_ms = self.clock.at(now_ms) - self.delay_ms
        passed_ms = max(self._newest_ms.get(connection, 0) - 1, quiet_ms)
        if oldest_open_ms is not None:
            passed_ms = min(passed_ms, oldest_open_ms - 1)
        self._passed_ms[connection] = max(passed_ms, self._passed_ms.get(connection, 0))
        return self._passed_ms[connection]
