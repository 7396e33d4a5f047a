"""The simulated venue on one port: three HTTP doors, the market socket, and two routes of our own.

/gamma/… /clob/… /data/… /ws/market    as Polymarket speaks
/_clock                                {"venue_ms", "speed"}: how simulated time runs
/_faults                               GET what is in force, POST one, DELETE them; loopback only
"""

import asyncio
import json
import sys
import threading
import time
from collections.abc import Awaitable, Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from ipaddress import ip_address
from queue import Queue
from typing import Any

import orjson
import uvicorn

from livedata.simulator import clob, data, gamma
from livedata.simulator.answers import Answer, Refused, Request, told
from livedata.simulator.faults import Faults
from livedata.simulator.load import Load
from livedata.simulator.sockets import MarketSocket, Receive, Send
from livedata.simulator.venue import Venue

Scope = dict[str, Any]
Application = Callable[[Scope, Receive, Send], Awaitable[None]]
_DOORS = {"gamma": gamma.answer, "clob": clob.answer, "data": data.answer}
_TICK_S = 0.05  # how often simulated time is let pass while nobody asks
_LOADED_TICK_S = 0.005  # … under a load, which would come in gusts otherwise
_SLEPT_S = 120.0
_BODY_MAX = 2_000_000
_START_S = 10.0


class SimulatorApp:
    """An ASGI application around one venue. `clock`, when given, says how far time has come.

    With `load_per_second` it tells as many messages more, while time passes.
    """

    def __init__(
        self,
        venue: Venue,
        *,
        clock: Callable[[], int] | None = None,
        seed: int = 0,
        load_per_second: int = 0,
    ) -> None:
        self.venue, self.faults = venue, Faults(seed)
        self.socket = MarketSocket(venue, self.faults)
        self.load = Load(venue, per_second=load_per_second, seed=seed) if load_per_second else None
        self._clock = clock

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] == "lifespan":
            await self._live(receive, send)
        elif scope["type"] == "websocket":
            await self._socket(scope, receive, send)
        else:
            await self._http(scope, receive, send)

    def pass_time(self) -> None:
        if self._clock is not None:
            now_ms = self._clock()
            with self.venue.lock:
                if now_ms - self.venue.now_ms > _SLEPT_S * 1_000 * self.venue.speed:
                    # The machine slept. Nobody needs the hours of flow in between told one by one.
                    self.socket.disconnect_all()
                    self.venue.skip_to(now_ms)
                else:
                    self.venue.advance(now_ms)

    async def _live(self, receive: Receive, send: Send) -> None:
        await receive()
        ticking = asyncio.create_task(self._tick()) if self._clock is not None else None
        await send({"type": "lifespan.startup.complete"})
        await receive()
        if ticking is not None:
            ticking.cancel()
            await asyncio.gather(ticking, return_exceptions=True)
        await send({"type": "lifespan.shutdown.complete"})

    async def _tick(self) -> None:
        while True:
            self.pass_time()
            if self.load is not None:
                with self.venue.lock:
                    self.load.push(time.monotonic(), backlog=self.socket.backlog)
            await asyncio.sleep(_TICK_S if self.load is None else _LOADED_TICK_S)

    async def _socket(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["path"] == "/ws/market":
            await self.socket.serve(receive, send)
        else:
            await receive()
            await send({"type": "websocket.close", "code": 4404})

    async def _http(self, scope: Scope, receive: Receive, send: Send) -> None:
        body = b""
        while True:
            message = await receive()
            if message["type"] == "http.disconnect":
                return
            body += message.get("body", b"")
            if len(body) > _BODY_MAX or not message.get("more_body"):
                break
        if len(body) > _BODY_MAX:
            await _reply(send, told({"error": "Payload exceeds the limit"}, 413))
            return
        if slow := self.faults.strikes("slow", scope["path"]):
            await asyncio.sleep(slow.amount)
        await _reply(send, self._answer(scope, body))

    def _answer(self, scope: Scope, body: bytes) -> Answer:
        path, query = scope["path"], scope["query_string"].decode("latin-1")
        _, door, rest = (path.rstrip("/") + "/").split("/", 2)
        request = Request(method=scope["method"], path="/" + rest.rstrip("/"), query_string=query, body=body)
        if door not in _DOORS:
            return self._own(scope, request)
        if instead := self.faults.instead(path):
            return instead
        self.pass_time()
        with self.venue.lock:
            try:
                answer = _DOORS[door](self.venue, request)
            except Refused as refused:
                answer = refused.answer
        return self.faults.spoiled(request, path, answer) if self.faults.active else answer

    def _own(self, scope: Scope, request: Request) -> Answer:
        if scope["path"] == "/_clock":
            now_ms = self._clock() if self._clock is not None else self.venue.now_ms
            return told({"venue_ms": now_ms, "speed": self.venue.speed})
        if scope["path"] == "/_faults" and _is_loopback(scope):
            return self._command(request)
        return told({"error": "not found"}, 404)

    def _command(self, request: Request) -> Answer:
        """{"name": "drop", "rate": 0.1, "count": 5, "path": "/gamma/markets", "amount": 2}"""
        if request.method == "DELETE":
            self.faults.clear(request.text("name"))
        elif request.method == "POST":
            try:
                facts = orjson.loads(request.body)
                if facts.get("name") == "disconnect":
                    self.socket.disconnect_all()
                else:
                    self.faults.add(**facts)
            except (ValueError, TypeError, AttributeError) as error:
                return told({"error": str(error)}, 400)
        return told({"faults": self.faults.listed()})


def _is_loopback(scope: Scope) -> bool:
    host = scope.get("client") or ("127.0.0.1", 0)
    try:
        return ip_address(host[0]).is_loopback
    except ValueError:
        return False


async def _reply(send: Send, answer: Answer) -> None:
    headers = [("content-type", answer.content_type), ("content-length", str(len(answer.body)))]
    encoded = [(name.encode(), value.encode()) for name, value in (*headers, *answer.headers)]
    await send({"type": "http.response.start", "status": answer.status, "headers": encoded})
    await send({"type": "http.response.body", "body": answer.body})


def app(
    venue: Venue, *, clock: Callable[[], int] | None = None, seed: int = 0, load_per_second: int = 0
) -> SimulatorApp:
    """The venue as an ASGI application. Without a clock its time passes only when `advance` is called."""
    return SimulatorApp(venue, clock=clock, seed=seed, load_per_second=load_per_second)


def uvicorn_server(
    application: Application, *, host: str, port: int, started: Callable[[int], None]
) -> uvicorn.Server:
    """A server that calls `started` with its port once it answers."""
    config = uvicorn.Config(
        application,
        host=host,
        port=port,
        lifespan="on",
        log_level="warning",
        access_log=False,
        ws="websockets-sansio",
        ws_ping_interval=None,  # the venue's clients keep the socket alive with text PINGs
        ws_per_message_deflate=False,
        timeout_graceful_shutdown=1,
    )
    return _Announcing(config, started)


def run_process(application: Application, *, host: str, port: int, with_parent: bool) -> None:
    """Serve in this process until interrupted, or, `with_parent`, until standard input closes.

    Prints one JSON line, {"port": N}, when it answers.
    """
    server = uvicorn_server(application, host=host, port=port, started=_announce)

    def follow_parent() -> None:
        sys.stdin.buffer.read()
        server.should_exit = True

    if with_parent:
        threading.Thread(target=follow_parent, name="parent", daemon=True).start()
    server.run()


def _announce(port: int) -> None:
    print(json.dumps({"port": port}), flush=True)


@dataclass(frozen=True, slots=True, kw_only=True)
class Running:
    """A served venue and where its doors are."""

    venue: Venue
    application: SimulatorApp
    port: int

    @property
    def url(self) -> str:
        return f"http://127.0.0.1:{self.port}"

    @property
    def environment(self) -> dict[str, str]:
        """The four settings that point the product at this venue."""
        return {
            "GAMMA_URL": f"{self.url}/gamma",
            "CLOB_URL": f"{self.url}/clob",
            "DATA_URL": f"{self.url}/data",
            "CLOB_WS_URL": f"ws://127.0.0.1:{self.port}",
        }

    @property
    def faults(self) -> Faults:
        return self.application.faults

    def disconnect_all(self) -> None:
        """Cut every socket."""
        loop = self.application.socket.loop
        if loop is not None:
            loop.call_soon_threadsafe(self.application.socket.disconnect_all)


@contextmanager
def serve(venue: Venue, *, port: int = 0, clock: Callable[[], int] | None = None) -> Iterator[Running]:
    """Serve a venue from a thread of this process, for tests; stops on leaving."""
    application = app(venue, clock=clock)
    ports: Queue[int] = Queue()
    server = uvicorn_server(application, host="127.0.0.1", port=port, started=ports.put)
    thread = threading.Thread(target=server.run, name="simulated-venue", daemon=True)
    thread.start()
    bound = ports.get(timeout=_START_S)
    try:
        yield Running(venue=venue, application=application, port=bound)
    finally:
        server.should_exit = True
        thread.join(_START_S)


class _Announcing(uvicorn.Server):
    """Says when it answers, so that nobody has to poll."""

    def __init__(self, config: uvicorn.Config, started: Callable[[int], None]) -> None:
        super().__init__(config)
        self._announce = started

    async def startup(self, sockets: list[Any] | None = None) -> None:
        await super().startup(sockets=sockets)
        listening = self.started and bool(self.servers)
        self._announce(self.servers[0].sockets[0].getsockname()[1] if listening else 0)
