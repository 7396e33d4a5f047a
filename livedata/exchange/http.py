"""One way to ask a Polymarket service: bounded, within its published rate limits, retried where that is safe.

Every question here only reads, POST /books too, so each may be asked again. What comes back is the body
of a 200 answer, or one of `livedata.errors`.
Source: docs.polymarket.com, "Rate limits" and "Errors" (2026-08).
"""

import asyncio
import random
import re
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, TypeVar
from urllib.parse import urlsplit

import httpx
import msgspec

from livedata.errors import (
    VenueBadPayload,
    VenueDown,
    VenueError,
    VenueNotFound,
    VenueThrottled,
    VenueTimeout,
)

T = TypeVar("T")
Params = Mapping[str, str | int | bool | Sequence[str]]

WINDOW_S = 10  # the venue counts requests in ten seconds
ANSWER_BYTES_MAX = 64 * 1024 * 1024  # a page of 100 events with a hundred markets each is some 20 MB
CONCURRENT_MAX = 8
ATTEMPTS_MAX = 5
PATIENCE_S = 60.0  # for one question, all its attempts together
_FIRST_PAUSE_S, _PAUSE_MAX_S = 0.5, 15.0
_TIMEOUT = httpx.Timeout(15.0, connect=5.0)
_TOO_EARLY = 425  # the matching engine restarts
_AGAIN = {_TOO_EARLY, 429, 500, 502, 503, 504}
# An escaped backslash, a pair of surrogates, or (the group) one without the other.
_ESCAPES = re.compile(
    rb"\\\\|\\u[dD][89abAB][0-9a-fA-F]{2}\\u[dD][c-fC-F][0-9a-fA-F]{2}|(\\u[dD][89a-fA-F][0-9a-fA-F]{2})"
)
_LOOPBACK = {"127.0.0.1", "localhost", "::1"}


@dataclass(frozen=True, slots=True)
class Limit:
    """So many requests in ten seconds to paths that begin with one of these ("" is every path)."""

    count: int
    prefixes: tuple[str, ...] = ("",)


class Bucket:
    """Keeps one limit in every window of ten seconds, with a burst of a tenth of it.

    It hands out the times at which requests may go; waiting is the caller's part.
    """

    def __init__(self, limit: Limit) -> None:
        self.prefixes = limit.prefixes
        burst = max(limit.count // 10, 1)
        self._step_s = WINDOW_S / max(limit.count - burst, 1)
        self._burst_s = self._step_s * (burst - 1)
        self._next_s = 0.0

    def reserve(self, now_s: float) -> float:
        """The time at which one request may go; it is taken."""
        self._next_s = max(self._next_s, now_s - self._burst_s)
        at_s = max(self._next_s, now_s)
        self._next_s += self._step_s
        return at_s

    def pause(self, until_s: float) -> None:
        """The venue said "not before": nothing goes until then."""
        self._next_s = max(self._next_s, until_s)


class Service:
    """One Polymarket service behind its base URL. Belongs to the event loop that it is used in."""

    def __init__(self, client: httpx.AsyncClient, limits: Sequence[Limit]) -> None:
        self._client = client
        self._buckets = [Bucket(limit) for limit in limits]
        self._places = asyncio.Semaphore(CONCURRENT_MAX)
        self._dice = random.Random()

    async def get(self, path: str, params: Params | None = None) -> bytes:
        """The body of a 200 answer. Raises VenueError and its children."""
        return await self._ask("GET", path, params=_query(params or {}))

    async def post(self, path: str, json: Any) -> bytes:
        """The same for a question that needs a body. Never for anything that changes the venue."""
        return await self._ask("POST", path, content=msgspec.json.encode(json))

    async def _ask(self, method: str, path: str, **question: Any) -> bytes:
        try:
            async with asyncio.timeout(PATIENCE_S):
                return await self._ask_until_answered(method, path, question)
        except TimeoutError:
            raise VenueTimeout(f"{path}: no answer in {PATIENCE_S:.0f} s") from None

    async def _ask_until_answered(self, method: str, path: str, question: dict[str, Any]) -> bytes:
        for attempt in range(1, ATTEMPTS_MAX + 1):
            try:
                return await self._ask_once(method, path, question)
            except (VenueTimeout, VenueThrottled, VenueDown) as exc:
                if attempt == ATTEMPTS_MAX:
                    raise
                pause_s = self._pause_s(attempt)
                if isinstance(exc, VenueThrottled):
                    pause_s = max(pause_s, exc.retry_after_s)
                    if pause_s > PATIENCE_S:
                        raise
                    until_s = asyncio.get_running_loop().time() + exc.retry_after_s
                    for bucket in self._of(path):
                        bucket.pause(until_s)
                await asyncio.sleep(pause_s)
        raise AssertionError("the last attempt returns or raises")

    def _pause_s(self, attempt: int) -> float:
        longest_s = min(_FIRST_PAUSE_S * 2 ** (attempt - 1), _PAUSE_MAX_S)
        return longest_s * self._dice.uniform(0.5, 1.0)

    def _of(self, path: str) -> list[Bucket]:
        return [bucket for bucket in self._buckets if path.startswith(bucket.prefixes)]

    async def _ask_once(self, method: str, path: str, question: dict[str, Any]) -> bytes:
        async with self._places:
            now_s = asyncio.get_running_loop().time()
            at_s = max((bucket.reserve(now_s) for bucket in self._of(path)), default=now_s)
            if at_s > now_s:
                await asyncio.sleep(at_s - now_s)
            try:
                async with self._client.stream(method, path, **question) as response:
                    body = await _read(response, path)
            except httpx.TimeoutException:
                raise VenueTimeout(f"{path}: no answer in time") from None
            except httpx.DecodingError as exc:
                raise VenueBadPayload(f"{path}: {exc}") from None
            except httpx.HTTPError as exc:  # refused, reset, or cut off in the middle
                raise VenueDown(f"{path}: {type(exc).__name__} {exc}") from None
        return _answer(response, body, path)


def open_client(base_url: str, *, transport: httpx.AsyncBaseTransport | None = None) -> httpx.AsyncClient:
    """A client for one service; `transport` mounts an ASGI app instead of a network."""
    return httpx.AsyncClient(
        base_url=base_url,
        transport=transport,
        timeout=_TIMEOUT,
        limits=httpx.Limits(max_connections=CONCURRENT_MAX),
        headers={
            "Accept": "application/json",
            "User-Agent": "papertradingpm",
            "Content-Type": "application/json",
        },
        trust_env=urlsplit(base_url).hostname not in _LOOPBACK,  # no proxy stands between us and ourselves
    )


def read(body: bytes, reader: Callable[[bytes], T], path: str) -> T:
    """The body as a typed value. Raises VenueBadPayload, with what stood there, when it is something else."""
    try:
        return _read_mended(body, reader)
    except (ValueError, ArithmeticError, RecursionError) as exc:
        raise VenueBadPayload(f"{path}: {exc}: {_excerpt(body)}") from exc


def _read_mended(body: bytes, reader: Callable[[bytes], T]) -> T:
    """Half a letter in one text (a broken byte, one of a pair of surrogates) must not cost the whole page."""
    try:
        return reader(body)
    except ValueError:
        whole = _ESCAPES.sub(lambda found: rb"\ufffd" if found[1] else found[0], body)
        mended = whole.decode(errors="replace").encode()
        if mended == body:
            raise
    return reader(mended)


async def _read(response: httpx.Response, path: str) -> bytes:
    """The whole body, unpacked, unless it grows beyond bounds: a small answer may unpack into a huge one."""
    pieces, length = [], 0
    async for piece in response.aiter_bytes():
        length += len(piece)
        if length > ANSWER_BYTES_MAX:
            raise VenueBadPayload(f"{path}: more than {ANSWER_BYTES_MAX} bytes")
        pieces.append(piece)
    return b"".join(pieces)


def _answer(response: httpx.Response, body: bytes, path: str) -> bytes:
    status = response.status_code
    if status == httpx.codes.OK:
        start = body[:64].lstrip()
        if start.startswith(b"Too Many Requests"):  # the Data API has said so with a 200
            raise VenueThrottled(f"{path}: too many requests", _retry_after_s(response))
        if start.startswith(b"<"):  # a page of the protection in front of the venue
            raise VenueBadPayload(f"{path}: HTML instead of JSON")
        return body
    told = f"{path}: HTTP {status} {_excerpt(body)}"
    if status == httpx.codes.NOT_FOUND:
        raise VenueNotFound(told)
    if status == httpx.codes.TOO_MANY_REQUESTS:
        raise VenueThrottled(told, _retry_after_s(response))
    if status in _AGAIN:
        if "retry-after" in response.headers:
            raise VenueThrottled(told, _retry_after_s(response))
        raise VenueDown(told)
    raise VenueError(told)


def _retry_after_s(response: httpx.Response) -> int:
    """Whole seconds; the other form, a date, is not used by the venue and counts as unsaid."""
    text = response.headers.get("retry-after", "")
    return int(text) if text.isdecimal() and len(text) < 6 else 1


def _excerpt(body: bytes) -> str:
    return body[:200].decode(errors="replace")


def _query(params: Params) -> list[tuple[str, str]]:
    """Lists are repeated (`id=1&id=2`), booleans are "true" and "false"; "" is left out."""
    pairs: list[tuple[str, str]] = []
    for name, value in params.items():
        values = [value] if isinstance(value, str | int | bool) else value
        pairs.extend((name, str(item).lower() if isinstance(item, bool) else str(item)) for item in values)
    return [(name, text) for name, text in pairs if text != ""]
