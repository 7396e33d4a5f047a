"""The market socket: who watches what, and one bounded outbox per connection.

Source: docs.polymarket.com, "Market channel".
"""

import asyncio
from collections import deque
from collections.abc import Awaitable, Callable
from typing import Any

import orjson

from livedata.simulator.faults import Faults
from livedata.simulator.frames import Frame, snapshot
from livedata.simulator.listings import Listing
from livedata.simulator.venue import Venue

Send = Callable[[dict[str, Any]], Awaitable[None]]
Receive = Callable[[], Awaitable[dict[str, Any]]]

_OUTBOX_MAX = 20_000  # frames; a reader that is further behind is cut off, as the venue does
_TOKENS_MAX = 2_000


class Connection:
    """One client: the tokens it watches and the frames it has not been sent yet."""

    def __init__(self) -> None:
        self.tokens: dict[str, Listing] = {}
        self.custom = False
        self.outbox: deque[str] = deque()
        self.wake = asyncio.Event()
        self.closing = False
        self.held = ""  # a frame that a fault lets the next one overtake

    def put(self, text: str) -> None:
        if len(self.outbox) >= _OUTBOX_MAX:
            self.closing = True
        else:
            self.outbox.append(text)
        self.wake.set()


class MarketSocket:
    """All connections of the market channel."""

    def __init__(self, venue: Venue, faults: Faults) -> None:
        self._venue, self._faults = venue, faults
        self._watchers: dict[str, set[Connection]] = {}
        self._connections: set[Connection] = set()
        self.loop: asyncio.AbstractEventLoop | None = None
        self.sent_count = 0
        venue.on_frames = self._frames

    def _frames(self, listing: Listing, frames: list[Frame]) -> None:
        """Called by the venue with its lock held, from whatever thread moved it."""
        if self.loop is None or not self._connections:
            return
        try:
            here = asyncio.get_running_loop() is self.loop
        except RuntimeError:
            here = False
        if here:
            self._deliver(listing, frames)
        else:
            self.loop.call_soon_threadsafe(self._deliver, listing, frames)

    def _deliver(self, listing: Listing, frames: list[Frame]) -> None:
        first, second = listing.token_ids
        watchers = self._watchers.get(first, set()) | self._watchers.get(second, set())
        for frame in frames:
            # What is told about a market's birth and end concerns everybody, whatever they watch.
            audience = self._connections if frame.custom and not frame.token_id else watchers
            for connection in audience:
                if frame.custom and not connection.custom:
                    continue
                if not frame.token_id or frame.token_id in connection.tokens:
                    self._post(connection, frame.text)

    def _post(self, connection: Connection, text: str) -> None:
        """Put a frame into the outbox, unless a fault has other plans for it."""
        faults = self._faults
        if not faults.active:
            connection.put(text)
            return
        if faults.strikes("silence") or faults.strikes("drop"):
            return
        if faults.strikes("garble"):
            text = faults.garbled(text)
        if delay := faults.strikes("delay"):
            assert self.loop is not None, "frames come only while a socket is open"
            self.loop.call_later(delay.amount, connection.put, text)
            return
        if not connection.held and faults.strikes("reorder"):
            connection.held = text
            return
        connection.put(text)
        if connection.held:
            connection.put(connection.held)
            connection.held = ""
        if faults.strikes("duplicate"):
            connection.put(text)

    def disconnect_all(self) -> None:
        """Cut every connection at once, without a goodbye on our side of the protocol."""
        for connection in self._connections:
            connection.closing = True
            connection.wake.set()

    @property
    def backlog(self) -> int:
        """Frames that the slowest connection has not been sent yet."""
        return max((len(connection.outbox) for connection in self._connections), default=0)

    @property
    def connections_count(self) -> int:
        return len(self._connections)

    # -- one connection ---------------------------------------------------------------------------

    async def serve(self, receive: Receive, send: Send) -> None:
        """Speak with one client until it leaves."""
        await receive()
        await send({"type": "websocket.accept"})
        self.loop = asyncio.get_running_loop()
        connection = Connection()
        self._connections.add(connection)
        pump = asyncio.create_task(self._pump(connection, send))
        listen = asyncio.create_task(self._listen(connection, receive))
        try:
            await asyncio.wait((pump, listen), return_when=asyncio.FIRST_COMPLETED)
        finally:
            pump.cancel()
            listen.cancel()
            await asyncio.gather(pump, listen, return_exceptions=True)
            self._connections.discard(connection)
            with self._venue.lock:
                self._drop(connection, list(connection.tokens))

    async def _listen(self, connection: Connection, receive: Receive) -> None:
        while True:
            message = await receive()
            if message["type"] == "websocket.disconnect":
                return
            if reply := self.heard(connection, message.get("text") or ""):
                connection.put(reply)

    async def _pump(self, connection: Connection, send: Send) -> None:
        while True:
            await connection.wake.wait()
            connection.wake.clear()
            while connection.outbox and not connection.closing:
                if slow := self._faults.strikes("slow", "/ws/market"):
                    await asyncio.sleep(slow.amount)
                await send({"type": "websocket.send", "text": connection.outbox.popleft()})
                self.sent_count += 1
            if connection.closing:
                await send({"type": "websocket.close", "code": 1011})
                return

    def heard(self, connection: Connection, text: str) -> str:
        """What to answer to one client frame; "" for nothing."""
        if text == "PING":
            return "" if self._faults.strikes("silence") else "PONG"
        try:
            asked = orjson.loads(text)
            tokens = [str(token_id) for token_id in asked.get("assets_ids") or []][:_TOKENS_MAX]
            operation = str(asked.get("operation") or asked.get("type") or "").lower()
        except (ValueError, AttributeError, TypeError):
            return "INVALID OPERATION"
        if operation not in ("market", "subscribe", "unsubscribe"):
            return "INVALID OPERATION"
        if "custom_feature_enabled" in asked:
            connection.custom = bool(asked["custom_feature_enabled"])
        with self._venue.lock:
            if operation == "unsubscribe":
                self._drop(connection, tokens)
                return ""
            return self._add(connection, tokens, dump=asked.get("initial_dump", True) is not False)

    def _add(self, connection: Connection, tokens: list[str], *, dump: bool) -> str:
        """Watch tokens; the first array holds the books of those that are new and have one."""
        texts = []
        for token_id in tokens:
            listing = self._venue.market(token_id=token_id)
            if listing is None or token_id in connection.tokens:
                continue
            live = self._venue.live(listing)
            connection.tokens[token_id] = listing
            self._watchers.setdefault(token_id, set()).add(connection)
            self._venue.watch(listing)
            if live is not None:
                texts.append(snapshot(live, listing.token_ids.index(token_id)))
        if not dump or self._faults.strikes("silence"):
            return ""
        return f"[{','.join(texts)}]\n"

    def _drop(self, connection: Connection, tokens: list[str]) -> None:
        for token_id in tokens:
            listing = connection.tokens.pop(token_id, None)
            if listing is None:
                continue
            watchers = self._watchers[token_id]
            watchers.discard(connection)
            if not watchers:
                del self._watchers[token_id]
            self._venue.unwatch(listing)
