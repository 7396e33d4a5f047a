"""What the venue's clock shows.

Polymarket says it in whole seconds, so only an offset of seconds can be seen; our simulator says it to
the millisecond, and how fast it runs.
"""

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from typing import Protocol
from urllib.parse import urlsplit

import httpx
import msgspec

from livedata.clock import SAME_CLOCK, VenueClock
from livedata.errors import VenueError
from livedata.exchange.clob import ClobClient
from livedata.exchange.http import Service, open_client, read
from livedata.pulse import wall_ms

_OFFSET_MIN_MS = 1_500  # half a second of rounding, and the way there and back
_LOOPBACK = {"127.0.0.1", "localhost", "::1"}


class _Shown(msgspec.Struct):
    venue_ms: int
    speed: float


_shown = msgspec.json.Decoder(_Shown)


class Clock(Protocol):
    async def look(self) -> VenueClock:
        """Raises VenueError."""


@asynccontextmanager
async def open_clock(clob_url: str) -> AsyncIterator[Clock]:
    """The clock of the venue whose CLOB answers there."""
    ours = urlsplit(clob_url).hostname in _LOOPBACK and clob_url.endswith("/clob")
    async with open_client(clob_url.removesuffix("/clob") if ours else clob_url) as client:
        yield _OwnClock(client) if ours else _ClobClock(ClobClient(client))


class _OwnClock:
    """Of a simulator or a replay on this machine."""

    def __init__(self, client: httpx.AsyncClient) -> None:
        self._service = Service(client, ())

    async def look(self) -> VenueClock:
        asked_ms = wall_ms()
        shown = read(await self._service.get("/_clock"), _shown.decode, "/_clock")
        return VenueClock(wall_ms=(asked_ms + wall_ms()) // 2, venue_ms=shown.venue_ms, speed=shown.speed)


class _ClobClock:
    def __init__(self, clob: ClobClient) -> None:
        self._clob = clob

    async def look(self) -> VenueClock:
        asked_ms = wall_ms()
        venue_ms = 1_000 * await self._clob.time() + 500
        here_ms = (asked_ms + wall_ms()) // 2
        if wall_ms() - asked_ms > _OFFSET_MIN_MS:
            raise VenueError("/time: answered too slowly to set a clock by")
        if abs(venue_ms - here_ms) < _OFFSET_MIN_MS:
            return SAME_CLOCK
        return VenueClock(wall_ms=here_ms, venue_ms=venue_ms)
