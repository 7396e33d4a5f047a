"""The bus inside one process."""

import time
from bisect import bisect_right
from collections import defaultdict
from collections.abc import AsyncIterator, Iterable, Iterator, Mapping
from contextlib import asynccontextmanager, contextmanager
from threading import Condition, Lock

from livedata.bus.mailbox import AsyncMailbox, Mailbox

_MAILBOX_SIZE = 10_000

LogId = tuple[int, int]  # milliseconds, and a counter within them: what Redis does


class MemoryBus:
    def __init__(self) -> None:
        self._lock = Lock()
        self._values: dict[str, tuple[bytes, float | None]] = {}  # and when it ends, monotonic seconds
        self._hashes: defaultdict[str, dict[str, bytes]] = defaultdict(dict)
        self._logs: defaultdict[str, list[tuple[LogId, bytes]]] = defaultdict(list)
        self._last_ids: dict[str, LogId] = {}
        self._grew = Condition()  # some log has a new entry
        self._listeners: defaultdict[str, set[Mailbox | AsyncMailbox]] = defaultdict(set)

    def put(self, key: str, value: bytes, *, ttl_ms: int | None = None) -> None:
        ends = None if ttl_ms is None else time.monotonic() + ttl_ms / 1000
        with self._lock:
            self._values[key] = (value, ends)

    def get(self, key: str) -> bytes | None:
        return self.get_many([key])[0]

    def get_many(self, keys: Iterable[str]) -> list[bytes | None]:
        with self._lock:
            return [self._live(key) for key in keys]

    def _live(self, key: str) -> bytes | None:
        value, ends = self._values.get(key, (None, None))
        if ends is not None and ends <= time.monotonic():
            del self._values[key]
            return None
        return value

    def delete(self, key: str) -> None:
        with self._lock:
            self._values.pop(key, None)

    def hset(self, name: str, field: str, value: bytes) -> None:
        with self._lock:
            self._hashes[name][field] = value

    def hgetall(self, name: str) -> dict[str, bytes]:
        with self._lock:
            return dict(self._hashes[name])

    def hdel(self, name: str, *fields: str) -> None:
        with self._lock:
            for field in fields:
                self._hashes[name].pop(field, None)

    def publish(self, channel: str, message: bytes) -> None:
        with self._lock:
            mailboxes = tuple(self._listeners.get(channel, ()))
        for mailbox in mailboxes:
            mailbox.post((channel, message))

    def append(self, log: str, entry: bytes, *, keep: int = 10_000) -> str:
        with self._grew:
            new_id = self._next_id(log)
            entries = self._logs[log]
            entries.append((new_id, entry))
            if len(entries) > 2 * keep:  # trimming by halves costs nothing per entry
                del entries[:-keep]
            self._grew.notify_all()
        return _write_id(new_id)

    def _next_id(self, log: str) -> LogId:
        now_ms = time.time_ns() // 1_000_000
        last_ms, counter = self._last_ids.get(log, (0, 0))
        self._last_ids[log] = new_id = (now_ms, 0) if now_ms > last_ms else (last_ms, counter + 1)
        return new_id

    def read(self, after: Mapping[str, str], *, count: int, block_ms: int) -> list[tuple[str, str, bytes]]:
        with self._grew:
            positions = {log: self._position(log, entry_id) for log, entry_id in after.items()}

            def newer() -> list[tuple[str, str, bytes]]:
                return [
                    (log, _write_id(entry_id), entry)
                    for log, position in positions.items()
                    for entry_id, entry in self._after(log, position, count)
                ]

            return self._grew.wait_for(newer, block_ms / 1000)

    def _position(self, log: str, entry_id: str) -> LogId:
        return self._last_ids.get(log, (0, 0)) if entry_id == "$" else _read_id(entry_id)

    def _after(self, log: str, position: LogId, count: int) -> list[tuple[LogId, bytes]]:
        entries = self._logs[log]
        start = bisect_right(entries, position, key=lambda entry: entry[0])
        return entries[start : start + count]

    def last_id(self, log: str) -> str:
        with self._grew:
            last = self._last_ids.get(log)
        return "0" if last is None else _write_id(last)

    @contextmanager
    def batch(self) -> Iterator["MemoryBus"]:
        yield self

    @contextmanager
    def listen(self, *channels: str) -> Iterator[Mailbox]:
        mailbox = Mailbox(_MAILBOX_SIZE)
        self._join(mailbox, channels)
        try:
            yield mailbox
        finally:
            self._leave(mailbox)

    @asynccontextmanager
    async def alisten(self, *channels: str, size: int = 1_000) -> AsyncIterator["_Listener"]:
        listener = _Listener(self, size)
        await listener.subscribe(*channels)
        try:
            yield listener
        finally:
            self._leave(listener)

    def _join(self, mailbox: Mailbox | AsyncMailbox, channels: Iterable[str]) -> None:
        with self._lock:
            for channel in channels:
                self._listeners[channel].add(mailbox)

    def _leave(self, mailbox: Mailbox | AsyncMailbox, channels: Iterable[str] | None = None) -> None:
        with self._lock:
            for channel in tuple(self._listeners if channels is None else channels):
                self._listeners[channel].discard(mailbox)
                if not self._listeners[channel]:
                    del self._listeners[channel]


class _Listener(AsyncMailbox):
    def __init__(self, owner: MemoryBus, size: int) -> None:
        super().__init__(size)
        self._owner = owner

    async def subscribe(self, *channels: str) -> None:
        self._owner._join(self, channels)

    async def unsubscribe(self, *channels: str) -> None:
        self._owner._leave(self, channels)


def _write_id(entry_id: LogId) -> str:
    return f"{entry_id[0]}-{entry_id[1]}"


def _read_id(text: str) -> LogId:
    milliseconds, _, counter = text.partition("-")
    return int(milliseconds), int(counter or 0)
