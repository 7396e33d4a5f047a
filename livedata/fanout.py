"""The hub: one a process; takes each changed book once from the bus and gives it to all who watch it.

A market is encoded at most ten times a second, once a watched token, however many clients there are;
each client has a bounded outbox. Own orders and fills come ready as text on the owner's channel.

    bus: "books" ─► dirty markets ─► (≤ 10/s a market) one encoding ─► outboxes of its watchers
    bus: "user:<id>" ─────────────────────────────────────────────► outboxes of that user
"""

import asyncio
import logging
import uuid
from collections import defaultdict
from collections.abc import Iterable, Mapping
from itertools import count

import orjson
from django.conf import settings

from livedata import books
from livedata.bus import AsyncSubscription, bus
from livedata.core.steps import MarketRef
from livedata.errors import BusDown
from livedata.outbox import Outbox
from livedata.payloads import book_json, print_json
from livedata.pulse import Pulse, newest_pulse, wall_ms
from livedata.subscriptions import lease, release

PERIOD_S = 0.1  # of one market's updates
LEASE_S = 30
_RENEW_S = 10.0
_LOOK_S = 0.5  # how often the feed's pulse is looked at
_LOOKS_A_HEARTBEAT = 3  # pages expect one every two seconds
_RETRY_S = 1.0

logger = logging.getLogger(__name__)


class Client:
    """One socket: what it watches, and what waits for it."""

    def __init__(self, user_id: str | None = None) -> None:
        self.user_id = user_id
        self.outbox = Outbox()
        self.refs: dict[str, MarketRef] = {}  # by token id


class Hub:
    """Belongs to the event loop in which its clients live."""

    def __init__(self) -> None:
        self._clients: set[Client] = set()
        self._watchers: defaultdict[str, set[Client]] = defaultdict(set)  # by token id
        self._refs: dict[str, MarketRef] = {}  # by condition id
        self._users: defaultdict[str, set[Client]] = defaultdict(set)
        self._owner = f"hub:{uuid.uuid4()}"
        self._running: asyncio.Task[None] | None = None
        self._notices: AsyncSubscription | None = None
        self._dirty: dict[str, float] = {}  # market → when it may be sent; the loop's clock
        self._wake = asyncio.Event()
        self._sent_at: dict[str, float] = {}
        self._printed: dict[str, int] = {}  # how many trades of a market were sent
        self._live: frozenset[int] = frozenset()
        self._status = ""

    async def join(self, client: Client) -> None:
        """Raises BusDown."""
        self._clients.add(client)
        if self._running is None:
            self._running = asyncio.create_task(self._run())
        if client.user_id is not None:
            self._users[client.user_id].add(client)
            await self._listen(f"user:{client.user_id}")

    async def leave(self, client: Client) -> None:
        self.unwatch(client, list(client.refs))
        self._clients.discard(client)
        if client.user_id is not None:
            self._users[client.user_id].discard(client)
            if not self._users[client.user_id]:
                del self._users[client.user_id]
                if self._notices is not None:
                    await self._notices.unsubscribe(f"user:{client.user_id}")
        if not self._clients and self._running is not None:
            running, self._running = self._running, None
            running.cancel()
            await asyncio.gather(running, return_exceptions=True)

    def watch(self, client: Client, refs: Mapping[str, MarketRef]) -> None:
        """Send the client these tokens' books, the newest at once, and their trades. Raises BusDown."""
        new = {ref.condition_id for ref in refs.values()} - self._refs.keys()
        for token_id, ref in refs.items():
            client.refs[token_id] = ref
            self._watchers[token_id].add(client)
            self._refs[ref.condition_id] = ref
        if new:
            self._renew()
            self._printed.update((condition_id, books.tape(condition_id).total) for condition_id in new)
        views = books.many({ref.condition_id for ref in refs.values()})
        for token_id, ref in refs.items():
            if view := views.get(ref.condition_id):
                client.outbox.put_newest(token_id, _book_text(view, ref, token_id))
        self._tell_status(newest_pulse(bus()), client)

    def unwatch(self, client: Client, token_ids: Iterable[str]) -> None:
        for token_id in token_ids:
            ref = client.refs.pop(token_id, None)
            if ref is None:
                continue
            self._watchers[token_id].discard(client)
            if not self._watchers[token_id]:
                del self._watchers[token_id]
            if not {ref.token_0, ref.token_1} & self._watchers.keys():
                for held in (self._refs, self._dirty, self._sent_at, self._printed):
                    held.pop(ref.condition_id, None)

    # --- the loop ---------------------------------------------------------------------------------

    async def _run(self) -> None:
        """Runs while there are clients; begins anew when the bus was away."""
        while True:
            try:
                async with asyncio.TaskGroup() as group:
                    for part in (self._hear, self._send_due, self._keep_leases, self._keep_pulse):
                        group.create_task(part())
            except* BusDown as exc:
                logger.warning("hub.no_bus", extra={"reason": str(exc.exceptions[0])})
            finally:
                self._notices = None
                self._give_up()
            await asyncio.sleep(_RETRY_S)

    async def _hear(self) -> None:
        async with bus().alisten(books.CHANGED, size=20_000) as notices:
            self._notices = notices
            await notices.subscribe(*(f"user:{user_id}" for user_id in self._users))
            lost = 0
            async for channel, message in notices:
                if channel == books.CHANGED:
                    self._changed(message.decode())
                else:
                    for client in self._users.get(channel.removeprefix("user:"), ()):
                        client.outbox.put(message.decode(), droppable=False)
                if notices.lost != lost:
                    lost = notices.lost
                    self._all_changed()

    async def _listen(self, channel: str) -> None:
        if self._notices is not None:
            await self._notices.subscribe(channel)

    def _changed(self, condition_id: str) -> None:
        if condition_id in self._refs and condition_id not in self._dirty:
            self._dirty[condition_id] = self._sent_at.get(condition_id, 0.0) + PERIOD_S
            self._wake.set()

    def _all_changed(self) -> None:
        for condition_id in self._refs:
            self._changed(condition_id)

    async def _send_due(self) -> None:
        """Send each changed market as soon as its period allows: the first change waits for nothing."""
        loop = asyncio.get_running_loop()
        while True:
            now = loop.time()
            due = [condition_id for condition_id, at in self._dirty.items() if at <= now]
            if due:
                for condition_id in due:
                    del self._dirty[condition_id]
                    self._sent_at[condition_id] = now
                self._send(due)
            self._wake.clear()
            pause_s = min(self._dirty.values(), default=now + 60.0) - loop.time()
            try:
                async with asyncio.timeout(max(0.0, pause_s)):
                    await self._wake.wait()
            except TimeoutError:
                pass

    def _send(self, condition_ids: list[str]) -> None:
        for condition_id, view in books.many(condition_ids).items():
            ref = self._refs[condition_id]
            for token_id in (ref.token_0, ref.token_1):
                if watchers := self._watchers.get(token_id):
                    text = _book_text(view, ref, token_id)
                    for client in watchers:
                        client.outbox.put_newest(token_id, text)
            self._send_prints(ref)

    def _send_prints(self, ref: MarketRef) -> None:
        tape = books.tape(ref.condition_id)
        new = min(tape.total - self._printed.get(ref.condition_id, tape.total), len(tape.prints))
        self._printed[ref.condition_id] = tape.total
        for trade in tape.prints[-new:] if new > 0 else ():
            for outcome_index, token_id in enumerate((ref.token_0, ref.token_1)):
                if watchers := self._watchers.get(token_id):
                    facts = print_json(trade, token_id=token_id, outcome_index=outcome_index)
                    text = orjson.dumps({"type": "trade", **facts}).decode()
                    for client in watchers:
                        client.outbox.put(text, droppable=True)

    async def _keep_leases(self) -> None:
        while True:
            self._renew()
            await asyncio.sleep(_RENEW_S)

    def _renew(self) -> None:
        lease(self._owner, self._refs.values(), seconds=LEASE_S)

    def _give_up(self) -> None:
        try:
            release(self._owner)
        except BusDown:
            logger.info("hub.lease_left", extra={"ends_in_s": LEASE_S})

    async def _keep_pulse(self) -> None:
        """Heartbeats; and the feed's death, which no notice tells."""
        for look in count():
            self._look(newest_pulse(bus()))
            if look % _LOOKS_A_HEARTBEAT == 0:
                text = orjson.dumps({"type": "heartbeat", "timestamp": wall_ms()}).decode()
                for client in self._clients:
                    client.outbox.put_newest("heartbeat", text)
            await asyncio.sleep(_LOOK_S)

    def _look(self, pulse: Pulse) -> None:
        live = frozenset(_heard(pulse))
        if live != self._live:
            self._live = live
            self._all_changed()
        for client in self._clients:
            self._tell_status(pulse, client, unless=self._status)
        self._status = "fresh" if live else "stale"

    def _tell_status(self, pulse: Pulse, client: Client, *, unless: str = "") -> None:
        heard = _heard(pulse)
        if unless == ("fresh" if heard else "stale"):
            return
        heard_ms = max((beat.heard_ms for beat in pulse.connections.values()), default=pulse.written_ms)
        status = {
            "type": "status",
            "fresh": bool(heard),
            "exchange": settings.EXCHANGE_KIND,
            "age_ms": max(0, wall_ms() - heard_ms) if heard_ms else None,
        }
        client.outbox.put_newest("status", orjson.dumps(status).decode())


def _heard(pulse: Pulse) -> list[int]:
    """The connections on which something came not too long ago."""
    oldest_ms = wall_ms() - 1_000 * settings.FEED_STALE_SECONDS
    return [number for number, beat in pulse.connections.items() if beat.heard_ms >= oldest_ms]


def _book_text(view: books.BookView, ref: MarketRef, token_id: str) -> str:
    facts = book_json(view, token_id=token_id, outcome_index=ref.outcome_index(token_id))
    return orjson.dumps({"type": "book", **facts}).decode()


_hubs: dict[asyncio.AbstractEventLoop, Hub] = {}


def hub() -> Hub:
    """The hub of the running loop: a web process has one loop, and so one hub."""
    loop = asyncio.get_running_loop()
    if loop not in _hubs:
        for ended in [other for other in _hubs if other.is_closed()]:
            del _hubs[ended]
        _hubs[loop] = Hub()
    return _hubs[loop]
