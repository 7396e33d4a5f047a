"""Waiting for the executor's answer. The database is the truth; notices only save asking it again and again.

Doors await: no thread is held while an order's latency passes. One daemon thread a process listens to
the executor's notices and wakes whoever waits for that order.
"""

import asyncio
import logging
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import suppress
from uuid import UUID

from livedata.bus import bus
from livedata.clock import venue_now_ms
from livedata.errors import BusDown
from trading.models import Order

logger = logging.getLogger(__name__)

EXECUTED = "executed"  # bus channel; the message is an order id
_RECENT_MAX = 20_000
_BUS_PAUSE_S = 0.5
MARGIN_S = 4.0  # beyond the order's own time: the executor waits at most 2 s for the feed, then commits


class _Notices:
    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._waiting: dict[str, list[Callable[[], object]]] = {}
        self._recent: dict[str, None] = {}  # the last ids heard, oldest first
        self._thread: threading.Thread | None = None
        self._ready = threading.Event()

    def wake_on(self, order_id: UUID, wake: Callable[[], object]) -> Callable[[], None]:
        """Call `wake` when the order was executed, at once when it was. Returns what ends the waiting."""
        key = str(order_id)
        with self._lock:
            self._waiting.setdefault(key, []).append(wake)
            if self._thread is None or not self._thread.is_alive():
                self._thread = threading.Thread(target=self._listen, name="results", daemon=True)
                self._ready.clear()
                self._thread.start()
            heard = key in self._recent
        self._ready.wait(1.0)
        if heard:
            wake()

        def forget() -> None:
            with self._lock:
                wakers = self._waiting.get(key, [])
                if wake in wakers:
                    wakers.remove(wake)
                if not wakers:
                    self._waiting.pop(key, None)

        return forget

    def _listen(self) -> None:
        while True:
            try:
                self._hear()
            except BusDown:
                # Whoever waits looks at the database meanwhile.
                logger.warning("results.bus_down")
                time.sleep(_BUS_PAUSE_S)

    def _hear(self) -> None:
        with bus().listen(EXECUTED) as notices:
            self._ready.set()
            while True:
                notice = notices.get(timeout_s=30.0)
                if notice is not None:
                    self._wake(notice[1].decode())

    def _wake(self, key: str) -> None:
        with self._lock:
            self._recent[key] = None
            if len(self._recent) > _RECENT_MAX:
                del self._recent[next(iter(self._recent))]
            wakers = list(self._waiting.get(key, ()))
        for wake in wakers:
            wake()


_notices = _Notices()


def wait(order: Order) -> Order:
    """The order as executed; as it stands when the executor takes too long. Holds the calling thread."""
    if not _pending(order):
        return order
    done = threading.Event()
    forget = _notices.wake_on(order.pk, done.set)
    try:
        for seconds in _looks(order):
            heard = done.wait(seconds)
            order = Order.objects.get(pk=order.pk)
            if heard or not _pending(order):
                break
    finally:
        forget()
    return order


async def outcome(order: Order) -> Order:
    """Like `wait`, without holding a thread."""
    if not _pending(order):
        return order
    loop, done = asyncio.get_running_loop(), asyncio.Event()
    forget = await asyncio.to_thread(_notices.wake_on, order.pk, lambda: loop.call_soon_threadsafe(done.set))
    try:
        for seconds in _looks(order):
            with suppress(TimeoutError):
                await asyncio.wait_for(done.wait(), seconds)
            order = await Order.objects.aget(pk=order.pk)
            if done.is_set() or not _pending(order):
                break
    finally:
        forget()
    return order


def _looks(order: Order) -> Iterator[float]:
    """How long to listen before each look at the database: a notice may be lost, the row is not."""
    ahead_s = max(0, order.effective_ms - venue_now_ms()) / 1000
    yield ahead_s + 0.5
    yield from [0.5] * round(2 * MARGIN_S - 1)


def _pending(order: Order) -> bool:
    """Whether an answer is worth waiting for: an order under the venue's own delay answers at once."""
    return order.status == Order.Status.ACCEPTED
