import asyncio
import gzip
import time
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager, suppress

import httpx
import pytest
from hypothesis import given
from hypothesis import strategies as st

from livedata.errors import (
    VenueBadPayload,
    VenueDown,
    VenueError,
    VenueNotFound,
    VenueThrottled,
    VenueTimeout,
)
from livedata.exchange import http
from livedata.exchange.http import WINDOW_S, Bucket, Limit, Service, open_client

pytestmark = pytest.mark.usefixtures("hasty")


def reply(body: bytes = b"{}", status: int = 200, *, length: int | None = None, **headers: str) -> bytes:
    lines = [f"HTTP/1.1 {status} X", f"content-length: {len(body) if length is None else length}"]
    lines += [f"{name.replace('_', '-')}: {text}" for name, text in headers.items()]
    return "\r\n".join([*lines, "connection: close", "", ""]).encode() + body


class Replies:
    """A server that says exactly these bytes, one reply a connection; the last one for ever."""

    def __init__(self, *replies: bytes, held: bool = False) -> None:
        self._replies = list(replies)
        self.times: list[float] = []
        self.requests: list[bytes] = []
        self.open_now = self.open_most = 0
        self.arrived, self.released = asyncio.Event(), asyncio.Event()
        if not held:
            self.released.set()
        self.talks: set[asyncio.Task[None]] = set()

    async def __call__(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        talk = asyncio.current_task()
        assert talk is not None
        self.talks.add(talk)
        self.requests.append(await reader.readuntil(b"\r\n\r\n"))
        self.times.append(time.monotonic())
        self.open_now += 1
        self.open_most = max(self.open_most, self.open_now)
        self.arrived.set()
        await self.released.wait()
        await asyncio.sleep(0)
        self.open_now -= 1
        writer.write(self._replies.pop(0) if len(self._replies) > 1 else self._replies[0])
        with suppress(ConnectionError):
            await writer.drain()
        writer.close()
        with suppress(ConnectionError):
            await writer.wait_closed()


@asynccontextmanager
async def asking(replies: Replies, *limits: Limit) -> AsyncIterator[Service]:
    server = await asyncio.start_server(replies, "127.0.0.1", 0)
    async with server, open_client(f"http://127.0.0.1:{server.sockets[0].getsockname()[1]}/base") as client:
        yield Service(client, limits)
        replies.released.set()
        await asyncio.gather(*replies.talks)


PASSING = [reply(status=status) for status in (425, 500, 502, 503, 504)] + [
    reply(b'{"cut": "o', length=500),
    b"",
    b"no HTTP at all\r\n\r\n",
    reply(b"Too Many Requests"),
]


@pytest.mark.parametrize("trouble", PASSING, ids=lambda reply: reply[:30].decode())
async def test_a_passing_trouble_is_asked_again(trouble):
    replies = Replies(trouble, reply(b'{"a": 1}'))

    async with asking(replies) as service:
        assert await service.get("/x") == b'{"a": 1}'

    assert len(replies.requests) == 2


@pytest.mark.parametrize("status", [425, 500, 503])
async def test_a_lasting_trouble_is_told_after_five_times(status):
    replies = Replies(reply(b"broken", status))

    async with asking(replies) as service:
        with pytest.raises(VenueDown, match=f"/x: HTTP {status} broken"):
            await service.get("/x")

    assert len(replies.requests) == 5


FINAL = [
    (reply(status=404), VenueNotFound, "404"),
    (reply(b'{"error": "bad"}', 400), VenueError, "400"),
    (reply(status=422), VenueError, "422"),
    (reply(b"<html>blocked</html>", 403), VenueError, "403"),
    (reply(b"\n <html>blocked</html>"), VenueBadPayload, "HTML"),
    (reply(b"not packed", content_encoding="gzip"), VenueBadPayload, "/x"),
    (reply(status=301, location="/y"), VenueError, "301"),
]


@pytest.mark.parametrize(("answer", "error", "told"), FINAL, ids=lambda value: str(value)[:40])
async def test_a_final_answer_is_not_asked_for_again(answer, error, told):
    replies = Replies(answer)

    async with asking(replies) as service:
        with pytest.raises(error, match=told):
            await service.get("/x")

    assert len(replies.requests) == 1


async def test_nobody_listening_is_down(unused_tcp_port: int):
    async with open_client(f"http://127.0.0.1:{unused_tcp_port}") as client:
        with pytest.raises(VenueDown):
            await Service(client, ()).get("/x")


async def test_retry_after_is_waited_for_by_every_question_of_that_kind():
    replies = Replies(reply(status=429, retry_after="1"), reply(b"[]"))

    async with asking(replies, Limit(1_000, ("/x",))) as service:
        first = asyncio.create_task(service.get("/x"))
        await replies.arrived.wait()
        await asyncio.sleep(0.1)  # until the answer has been read
        assert await service.get("/x") == b"[]"
        assert await first == b"[]"

    assert all(later - replies.times[0] >= 0.9 for later in replies.times[1:])


async def test_a_venue_that_wants_an_hour_is_left_alone():
    replies = Replies(reply(status=429, retry_after="3600"))

    async with asking(replies) as service:
        with pytest.raises(VenueThrottled) as caught:
            await service.get("/x")

    assert (caught.value.retry_after_s, len(replies.requests)) == (3600, 1)


async def test_an_answer_that_never_ends_is_cut_off(monkeypatch):
    monkeypatch.setattr(http, "ANSWER_BYTES_MAX", 1_000_000)
    bomb = gzip.compress(bytes(50_000_000))
    replies = Replies(reply(bomb, content_encoding="gzip"), reply())

    async with asking(replies) as service:
        with pytest.raises(VenueBadPayload, match="more than 1000000 bytes"):
            await service.get("/x")
        assert await service.get("/x") == b"{}"

    assert len(bomb) < 100_000


async def test_silence_is_a_time_out(monkeypatch):
    monkeypatch.setattr(http, "_TIMEOUT", httpx.Timeout(0.05))
    replies = Replies(reply(), held=True)

    async with asking(replies) as service:
        with pytest.raises(VenueTimeout):
            await service.get("/x")

    assert len(replies.requests) == 5


async def test_patience_has_an_end(monkeypatch):
    monkeypatch.setattr(http, "PATIENCE_S", 0.2)
    replies = Replies(reply(), held=True)

    async with asking(replies) as service:
        with pytest.raises(VenueTimeout, match="no answer in"):
            await service.get("/x")


async def test_no_more_than_eight_questions_are_open_at_once():
    replies = Replies(reply(), held=True)

    async with asking(replies) as service:
        questions = [asyncio.create_task(service.get("/x")) for _ in range(40)]
        async with asyncio.timeout(5):
            while replies.open_now < 8:  # noqa: ASYNC110
                await asyncio.sleep(0.01)
        replies.released.set()
        await asyncio.gather(*questions)

    assert replies.open_most == 8


async def test_a_question_is_written_as_the_venue_reads_it():
    replies = Replies(reply())

    async with asking(replies) as service:
        await service.get("/markets", {"id": ["1", "2"], "closed": False, "limit": 5, "after_cursor": ""})
        await service.post("/books", [{"token_id": "7"}])

    first, second = (request.split(b"\r\n")[0] for request in replies.requests)
    assert first == b"GET /base/markets?id=1&id=2&closed=false&limit=5 HTTP/1.1"
    assert second == b"POST /base/books HTTP/1.1"


@given(count=st.integers(1, 60), pauses_s=st.lists(st.floats(0, 30), min_size=1, max_size=200))
def test_no_window_of_ten_seconds_holds_more_than_the_limit(count, pauses_s):
    bucket, now_s, times = Bucket(Limit(count)), 1_000.0, []
    for pause_s in pauses_s:
        now_s += pause_s
        times.append(bucket.reserve(now_s))
        assert times[-1] >= now_s
        now_s = max(now_s, times[-1])

    for index, start_s in enumerate(times):
        inside = [at_s for at_s in times[index:] if at_s < start_s + WINDOW_S - 1e-6]
        assert len(inside) <= max(count, 2)


def test_a_burst_goes_at_once_and_the_rest_is_spread():
    bucket = Bucket(Limit(300))

    times = [bucket.reserve(50.0) for _ in range(600)]

    assert times[29] == pytest.approx(50.0)
    assert times[30] > 50.01
    assert times[-1] - 50.0 == pytest.approx(570 * 10 / 270)


@pytest.mark.parametrize(
    ("limits", "path", "count"),
    [
        ("gamma", "/markets/keyset", 300),
        ("gamma", "/markets/slug/x", 300),
        ("gamma", "/events/keyset", 500),
        ("gamma", "/public-search", 350),
        ("gamma", "/tags", 200),
        ("clob", "/books", 500),
        ("clob", "/prices-history", 1_000),
        ("clob", "/clob-markets/0x1", 9_000),
        ("data", "/trades", 200),
        ("data", "/oi", 1_000),
    ],
)
def test_the_documented_limit_of_each_route_is_kept(limits, path, count, request):
    request.getfixturevalue("monkeypatch").undo()
    module = __import__(f"livedata.exchange.{limits}", fromlist=["LIMITS"])

    assert min(limit.count for limit in module.LIMITS if path.startswith(limit.prefixes)) == count
