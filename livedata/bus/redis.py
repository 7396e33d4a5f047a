"""The bus between processes: Redis.

Logs are Redis streams with one field. Names carry a prefix, so that two sources of market data can share
a server; channels need it most, since Redis does not keep those apart by database number.
"""

import asyncio
import time
from collections.abc import AsyncIterator, Awaitable, Callable, Iterable, Iterator, Mapping
from contextlib import asynccontextmanager, contextmanager, suppress
from functools import wraps
from typing import Any, Concatenate, ParamSpec, TypeVar

from redis import Redis
from redis.asyncio import Redis as AsyncRedis
from redis.client import PubSub
from redis.exceptions import RedisError

from livedata.bus.mailbox import AsyncMailbox, Item
from livedata.errors import BusDown

_SECONDS_TO_ANSWER = 5
_BLOCK_MS_MAX = 1_000  # longer waits are several, so that none outlives the socket's time-out
_RETRY_S = 0.5
_FIELD = b"d"

P = ParamSpec("P")
R = TypeVar("R")
S = TypeVar("S")


def _raises_bus_down(method: Callable[Concatenate[S, P], R]) -> Callable[Concatenate[S, P], R]:
    @wraps(method)
    def translated(self: S, *args: P.args, **kwargs: P.kwargs) -> R:
        try:
            return method(self, *args, **kwargs)
        except RedisError as exc:
            raise BusDown(f"Redis: {exc}") from exc

    return translated


class _Writer:
    """Writes on a connection or on a pipeline: redis-py gives both the same methods."""

    def __init__(self, client: Any, prefix: str) -> None:
        self._client = client
        self._prefix = prefix

    @_raises_bus_down
    def put(self, key: str, value: bytes, *, ttl_ms: int | None = None) -> None:
        self._client.set(self._prefix + key, value, px=ttl_ms)

    @_raises_bus_down
    def delete(self, key: str) -> None:
        self._client.delete(self._prefix + key)

    @_raises_bus_down
    def hset(self, name: str, field: str, value: bytes) -> None:
        self._client.hset(self._prefix + name, field, value)

    @_raises_bus_down
    def hdel(self, name: str, *fields: str) -> None:
        if fields:
            self._client.hdel(self._prefix + name, *fields)

    @_raises_bus_down
    def publish(self, channel: str, message: bytes) -> None:
        self._client.publish(self._prefix + channel, message)

    @_raises_bus_down
    def append(self, log: str, entry: bytes, *, keep: int = 10_000) -> str:
        new_id = self._client.xadd(self._prefix + log, {_FIELD: entry}, maxlen=keep, approximate=True)
        return new_id.decode() if isinstance(new_id, bytes) else ""  # a pipeline knows no id yet


class RedisBus(_Writer):
    def __init__(self, url: str, *, prefix: str = "") -> None:
        self._url = url
        self._options: dict[str, Any] = {
            "socket_timeout": _SECONDS_TO_ANSWER,
            "socket_connect_timeout": _SECONDS_TO_ANSWER,
            "health_check_interval": 30,
            "protocol": 2,
        }
        super().__init__(Redis.from_url(url, **self._options), prefix)

    def get(self, key: str) -> bytes | None:
        return self.get_many([key])[0]

    @_raises_bus_down
    def get_many(self, keys: Iterable[str]) -> list[bytes | None]:
        names = [self._prefix + key for key in keys]
        return self._client.mget(names) if names else []

    @_raises_bus_down
    def hgetall(self, name: str) -> dict[str, bytes]:
        return {field.decode(): value for field, value in self._client.hgetall(self._prefix + name).items()}

    @_raises_bus_down
    def read(self, after: Mapping[str, str], *, count: int, block_ms: int) -> list[tuple[str, str, bytes]]:
        # "$" means the end of the log as it is now; asked again in a later round it would skip entries.
        streams = {
            self._prefix + log: self.last_id(log) if entry_id == "$" else entry_id
            for log, entry_id in after.items()
        }
        deadline = time.monotonic() + block_ms / 1000
        while streams:
            left_ms = int((deadline - time.monotonic()) * 1000)
            block = min(left_ms, _BLOCK_MS_MAX) if left_ms > 0 else None
            if found := self._client.xread(streams, count=count, block=block):
                return list(self._entries(found))
            if block is None:
                break
        return []

    def _entries(self, found: Any) -> Iterator[tuple[str, str, bytes]]:
        for name, entries in found:
            log = name.decode().removeprefix(self._prefix)
            for entry_id, fields in entries:
                yield log, entry_id.decode(), fields[_FIELD]

    @_raises_bus_down
    def last_id(self, log: str) -> str:
        newest = self._client.xrevrange(self._prefix + log, count=1)
        return newest[0][0].decode() if newest else "0"

    @contextmanager
    def batch(self) -> Iterator[_Writer]:
        pipeline = self._client.pipeline(transaction=False)
        yield _Writer(pipeline, self._prefix)
        try:
            pipeline.execute()
        except RedisError as exc:
            raise BusDown(f"Redis: {exc}") from exc

    @contextmanager
    def listen(self, *channels: str) -> Iterator["_Listener"]:
        pubsub = self._client.pubsub()
        try:
            listener = _Listener(pubsub, self._prefix)
            listener.subscribe(channels)
            yield listener
        finally:
            pubsub.close()

    @asynccontextmanager
    async def alisten(self, *channels: str, size: int = 1_000) -> AsyncIterator["_AsyncListener"]:
        client = AsyncRedis.from_url(self._url, **self._options)
        listener = _AsyncListener(client, self._prefix, size)
        await listener.subscribe(*channels)
        pump = listener.start_pump()
        try:
            yield listener
        finally:
            pump.cancel()
            with suppress(asyncio.CancelledError):
                await pump
            await listener.close()
            await client.aclose()


class _Listener:
    def __init__(self, pubsub: PubSub, prefix: str) -> None:
        self._pubsub = pubsub
        self._prefix = prefix

    @_raises_bus_down
    def subscribe(self, channels: Iterable[str]) -> None:
        """Returns once Redis has confirmed: whatever is published from now on arrives."""
        names = [self._prefix + channel for channel in channels]
        self._pubsub.subscribe(*names)
        for _ in names:
            self._pubsub.get_message(timeout=_SECONDS_TO_ANSWER)

    @_raises_bus_down
    def get(self, timeout_s: float) -> Item | None:
        """The next (channel, message), or None when none came in time."""
        deadline = time.monotonic() + timeout_s
        while True:
            left_s = max(0.0, deadline - time.monotonic())
            message = self._pubsub.get_message(timeout=left_s)
            if message is not None and message["type"] == "message":
                return message["channel"].decode().removeprefix(self._prefix), message["data"]
            if message is None and left_s == 0.0:
                return None


class _AsyncListener(AsyncMailbox):
    def __init__(self, client: AsyncRedis, prefix: str, size: int) -> None:
        super().__init__(size)
        self._pubsub = client.pubsub()
        self._prefix = prefix
        self._confirmed = 0
        self._confirmation = asyncio.Event()
        self._pumped = False

    async def subscribe(self, *channels: str) -> None:
        """Returns once Redis has confirmed: whatever is published from now on arrives."""
        if not channels:
            return
        wanted = self._confirmed + len(channels)
        await self._asked(self._pubsub.subscribe(*(self._prefix + channel for channel in channels)))
        while self._confirmed < wanted:
            if self._pumped:
                self._confirmation.clear()
                await asyncio.wait_for(self._confirmation.wait(), _SECONDS_TO_ANSWER)
            else:
                await self._asked(self._take())

    async def unsubscribe(self, *channels: str) -> None:
        if channels:
            await self._asked(self._pubsub.unsubscribe(*(self._prefix + channel for channel in channels)))

    async def _asked(self, request: Awaitable[Any]) -> None:
        try:
            await request
        except RedisError as exc:
            raise BusDown(f"Redis: {exc}") from exc

    async def _take(self) -> None:
        message = await self._pubsub.get_message(timeout=_SECONDS_TO_ANSWER)
        if message is None:
            return
        if message["type"] == "message":
            self.post((message["channel"].decode().removeprefix(self._prefix), message["data"]))
        elif message["type"] == "subscribe":
            self._confirmed += 1
            self._confirmation.set()

    def start_pump(self) -> asyncio.Task[None]:
        # From now on, not from when the task first runs: two readers of one connection break it.
        self._pumped = True
        return asyncio.create_task(self._pump())

    async def _pump(self) -> None:
        """Move messages into the mailbox; redis-py subscribes anew when the connection was lost."""
        while True:
            if not self._pubsub.subscribed:
                await asyncio.sleep(_RETRY_S / 10)  # nothing to listen to yet
                continue
            try:
                await self._take()
            except RedisError:
                await asyncio.sleep(_RETRY_S)

    async def close(self) -> None:
        await self._pubsub.aclose()
