"""What waits to be sent to one client: bounded, and a slow client gets the newest, not the oldest."""

import asyncio
from collections.abc import Hashable

WAITING_MAX = 512  # besides books: trades, and the client's own orders and fills


class Overrun(Exception):
    """The client reads too slowly to be told of its own orders: it must connect anew."""


class Outbox:
    """Iterate it in one coroutine; put from the same event loop."""

    def __init__(self) -> None:
        self._waiting: dict[Hashable, str] = {}  # in the order of sending
        self._arrived = asyncio.Event()
        self._count = 0
        self._overrun = False

    def put_newest(self, key: Hashable, text: str) -> None:
        """Replace what waits under this key: of a book, only the newest matters."""
        self._waiting[key] = text
        self._arrived.set()

    def put(self, text: str, *, droppable: bool) -> None:
        """Add one of many. When too many wait, the oldest droppable goes; without one, `Overrun`."""
        self._count += 1
        self._waiting[self._count, droppable] = text
        if len(self._waiting) > WAITING_MAX:
            self._make_room()
        self._arrived.set()

    def _make_room(self) -> None:
        events = [key for key in self._waiting if isinstance(key, tuple) and isinstance(key[0], int)]
        if len(events) <= WAITING_MAX:
            return  # it is books that are many
        oldest = next((key for key in events if key[1]), None)
        if oldest is None:
            self._overrun = True
        else:
            del self._waiting[oldest]

    def __aiter__(self) -> "Outbox":
        return self

    async def __anext__(self) -> str:
        while not self._waiting:
            self._arrived.clear()
            await self._arrived.wait()
        if self._overrun:
            raise Overrun
        return self._waiting.pop(next(iter(self._waiting)))
