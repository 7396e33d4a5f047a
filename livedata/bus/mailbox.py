"""Bounded mailboxes: any thread posts, one reader takes; a slow reader loses the oldest."""

import asyncio
from collections import deque
from contextlib import suppress
from threading import Condition, Lock
from typing import Self

Item = tuple[str, bytes]


class Mailbox:
    """For a reader that is a thread."""

    def __init__(self, size: int) -> None:
        self._items: deque[Item] = deque(maxlen=size)
        self._arrived = Condition()

    def post(self, item: Item) -> None:
        with self._arrived:
            self._items.append(item)
            self._arrived.notify()

    def get(self, timeout_s: float) -> Item | None:
        """The next (channel, message), or None when none came in time."""
        with self._arrived:
            self._arrived.wait_for(lambda: self._items, timeout_s)
            return self._items.popleft() if self._items else None


class AsyncMailbox:
    """For a reader that is a coroutine; made inside its event loop."""

    def __init__(self, size: int) -> None:
        self.lost = 0
        self._items: deque[Item] = deque()
        self._size = size
        self._lock = Lock()
        self._arrived = asyncio.Event()
        self._loop = asyncio.get_running_loop()
        self._woken = False  # one wake-up is on its way; more would only load the loop

    def post(self, item: Item) -> None:
        with self._lock:
            if len(self._items) >= self._size:
                self._items.popleft()
                self.lost += 1
            self._items.append(item)
            if self._woken:
                return
            self._woken = True
        with suppress(RuntimeError):  # the reader's loop has ended: nobody reads any more
            self._loop.call_soon_threadsafe(self._arrived.set)

    def __aiter__(self) -> Self:
        return self

    async def __anext__(self) -> Item:
        while True:
            with self._lock:
                if self._items:
                    return self._items.popleft()
                self._arrived.clear()
                self._woken = False
            await self._arrived.wait()
