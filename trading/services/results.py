"""Waiting for the executor's answer. The database is the truth; a notice after the commit spares a read.

Doors await: no thread is held while an order's latency passes. One daemon thread a process listens to
the executor's notices and wakes whoever waits for that order.
"""

import asyncio
import logging
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import suppress
from copy import copy
from queue import Empty, Queue
from uuid import UUID

import msgspec

from livedata.bus import bus
from livedata.clock import venue_now_ms
from livedata.errors import BusDown
from trading.models import Order

logger = logging.getLogger(__name__)

EXECUTED = "executed"  # bus channel; the message is an order's Result
_RECENT_MAX = 20_000
_BUS_PAUSE_S = 0.5
MARGIN_S = 4.0  # beyond the order's own time: the executor waits at most 2 s for the feed, then commits


class Result(msgspec.Struct, frozen=True, array_like=True):
    """What the executor wrote into an order."""

    order_id: UUID
    status: str
    reason: str
    reason_code: str
    matched_micros: int
    notional_micros: int
    fee_micros: int
    killed_micros: int
    rested_ms: int | None
    effective_ms: int
    updated_ms: int

    @classmethod
    def of(cls, order: Order) -> "Result":
        return cls(order.pk, *(getattr(order, name) for name in cls.__struct_fields__[1:]))

    def applied(self, order: Order) -> Order:
        """The order as this result left it."""
        after = copy(order)
        for name in self.__struct_fields__[1:]:
            setattr(after, name, getattr(self, name))
        return after


_read_result = msgspec.msgpack.Decoder(Result).decode
Wake = Callable[[Result], object]


class _Notices:
    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._waiting: dict[UUID, list[Wake]] = {}
        self._recent: dict[UUID, Result] = {}  # the last heard, oldest first
        self._thread: threading.Thread | None = None
        self._ready = threading.Event()

    def wake_on(self, key: UUID, wake: Wake) -> Callable[[], None]:
        """Call `wake` when this order was executed, at once when it was. Returns what ends the waiting."""
        with self._lock:
            self._waiting.setdefault(key, []).append(wake)
            if self._thread is None or not self._thread.is_alive():
                self._thread = threading.Thread(target=self._listen, name="results", daemon=True)
                self._ready.clear()
                self._thread.start()
            heard = self._recent.get(key)
        self._ready.wait(1.0)
        if heard is not None:
            wake(heard)

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
                    self._wake(_read_result(notice[1]))

    def _wake(self, result: Result) -> None:
        with self._lock:
            self._recent[result.order_id] = result
            if len(self._recent) > _RECENT_MAX:
                del self._recent[next(iter(self._recent))]
            wakers = list(self._waiting.get(result.order_id, ()))
        for wake in wakers:
            wake(result)


_notices = _Notices()


def wait(order: Order) -> Order:
    """The order as executed, or as its cancel left it; as it stands when the executor takes too long.

    Holds the calling thread.
    """
    if not _pending(order):
        return order
    heard: Queue[Result] = Queue()
    forget = _notices.wake_on(order.pk, heard.put)
    try:
        for seconds in _looks(order):
            with suppress(Empty):
                until_s = time.monotonic() + seconds
                while _pending(order):
                    order = heard.get(timeout=max(0.0, until_s - time.monotonic())).applied(order)
                return order
            order = Order.objects.get(pk=order.pk)
            if not _pending(order):
                break
    finally:
        forget()
    return order


async def outcome(order: Order) -> Order:
    """Like `wait`, without holding a thread."""
    if not _pending(order):
        return order
    loop, heard = asyncio.get_running_loop(), asyncio.Queue[Result]()

    def wake(result: Result) -> None:
        loop.call_soon_threadsafe(heard.put_nowait, result)

    forget = await asyncio.to_thread(_notices.wake_on, order.pk, wake)
    try:
        for seconds in _looks(order):
            with suppress(TimeoutError):
                async with asyncio.timeout(seconds):
                    while _pending(order):
                        order = (await heard.get()).applied(order)
                return order
            order = await Order.objects.aget(pk=order.pk)
            if not _pending(order):
                break
    finally:
        forget()
    return order


def _looks(order: Order) -> Iterator[float]:
    """How long to listen before each look at the database: a notice may be lost, the row is not."""
    due_ms = max(order.effective_ms, order.cancel_ms or 0)
    yield max(0, due_ms - venue_now_ms()) / 1000 + 0.5
    yield from [0.5] * round(2 * MARGIN_S - 1)


def _pending(order: Order) -> bool:
    """Whether an answer is worth waiting for: an order under the venue's own delay answers at once."""
    if order.cancel_ms is not None:
        return order.status in (Order.Status.ACCEPTED, Order.Status.LIVE)
    return order.status == Order.Status.ACCEPTED
