"""How processes of this system hear from each other: values, notices and logs, all bytes.

Three shapes: the newest value of a key (or of a hash's field), notices on channels that only those who
listen receive, and bounded logs that a reader takes up where it stopped. In one process all of it is
memory; between processes it is Redis. Both sides pass one test suite (tests/livedata/test_bus.py).
"""

from collections.abc import Iterable, Mapping
from contextlib import AbstractAsyncContextManager, AbstractContextManager
from functools import cache
from typing import Protocol, Self

from django.conf import settings

from livedata.bus.memory import MemoryBus
from livedata.bus.redis import RedisBus

START = "0"  # an id before every entry of a log
NEW_ONLY = "$"  # an id after every entry that a log has now


class Writes(Protocol):
    """What can be written, one by one or together in a batch."""

    def put(self, key: str, value: bytes, *, ttl_ms: int | None = None) -> None:
        """Replace the value of a key; without `ttl_ms` it stays until it is replaced or deleted."""

    def delete(self, key: str) -> None: ...

    def hset(self, name: str, field: str, value: bytes) -> None: ...

    def hdel(self, name: str, *fields: str) -> None: ...

    def publish(self, channel: str, message: bytes) -> None:
        """Tell everybody who listens now; nobody else will ever know."""


class Batch(Writes, Protocol):
    """Writes that reach the other side in this order, in one trip, when the batch ends."""

    def append(self, log: str, entry: bytes, *, keep: int = 10_000) -> object: ...


class Subscription(Protocol):
    """A thread's side of some channels."""

    def get(self, timeout_s: float) -> tuple[str, bytes] | None:
        """The next (channel, message), or None when none came in time."""


class AsyncSubscription(Protocol):
    """A coroutine's side of some channels: iterate it. Bounded: a slow reader loses the oldest."""

    lost: int  # messages that came faster than they were read

    def __aiter__(self) -> Self: ...

    async def __anext__(self) -> tuple[str, bytes]: ...

    async def subscribe(self, *channels: str) -> None: ...

    async def unsubscribe(self, *channels: str) -> None: ...


class Bus(Writes, Protocol):
    """Usable from any thread. Every method may raise BusDown when the other side does not answer."""

    def get(self, key: str) -> bytes | None: ...

    def get_many(self, keys: Iterable[str]) -> list[bytes | None]: ...

    def hgetall(self, name: str) -> dict[str, bytes]: ...

    def append(self, log: str, entry: bytes, *, keep: int = 10_000) -> str:
        """Add to a log and return the entry's id. A log keeps at least its newest `keep` entries."""

    def read(self, after: Mapping[str, str], *, count: int, block_ms: int) -> list[tuple[str, str, bytes]]:
        """Entries (log, id, entry) after the given id of each log, oldest first within a log.

        At most `count` of each log. With nothing to read, waits up to `block_ms` for an entry in any
        of the logs. Keep asking with the last id you saw; NEW_ONLY is for the first time only.
        """

    def last_id(self, log: str) -> str:
        """The id of the newest entry, START when there is none."""

    def batch(self) -> AbstractContextManager[Batch]: ...

    def listen(self, *channels: str) -> AbstractContextManager[Subscription]:
        """Hears everything published once the block is entered."""

    def alisten(self, *channels: str, size: int = 1_000) -> AbstractAsyncContextManager[AsyncSubscription]:
        """The same for coroutines; keeps at most `size` messages that were not read yet."""


@cache
def bus() -> Bus:
    """The bus of this process: Redis when settings name one, memory otherwise."""
    if settings.REDIS_URL:
        return RedisBus(settings.REDIS_URL, prefix=f"{settings.EXCHANGE_KIND}:")
    return MemoryBus()
