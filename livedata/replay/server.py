"""The replayed venue on one port: the doors of HTTP and the market socket, and a player that moves them."""

import asyncio
from collections import deque
from collections.abc import Awaitable, Callable
from typing import Any

import orjson

from livedata.replay.doors import Doors
from livedata.replay.stage import Piece, Stage
from livedata.simulator.answers import Answer, Request, told

Scope = dict[str, Any]
Receive = Callable[[], Awaitable[dict[str, Any]]]
Send = Callable[[dict[str, Any]], Awaitable[None]]
_OUTBOX_MAX = 20_000
_BODY_MAX = 2_000_000


class Connection:
    """One client of the market socket: what it watches, and what it has not been sent yet."""

    def __init__(self) -> None:
        self.tokens: set[str] = set()
        self.custom = False
        self.outbox: deque[str] = deque()
        self.wake = asyncio.Event()

    def put(self, text: str) -> None:
        self.outbox.append(text)
        self.wake.set()


class ReplayApp:
    """An ASGI application around one stage. Its lifespan plays the recording once."""

    def __init__(self, stage: Stage) -> None:
        self._stage = stage
        self._doors = Doors(stage)
        self._connections: set[Connection] = set()

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] == "lifespan":
            await self._live(receive, send)
        elif scope["type"] == "websocket":
            await self._socket(scope, receive, send)
        else:
            await self._http(scope, receive, send)

    async def _live(self, receive: Receive, send: Send) -> None:
        await receive()
        playing = asyncio.create_task(self._play())
        await send({"type": "lifespan.startup.complete"})
        await receive()
        playing.cancel()
        await asyncio.gather(playing, return_exceptions=True)
        await send({"type": "lifespan.shutdown.complete"})

    async def _play(self) -> None:
        """Every frame at its time. At the end the books stand still, and the sockets stay open."""
        self._stage.begin()
        for number, (recv_ms, frame) in enumerate(self._stage.recording.frames()):
            pause_s = self._stage.seconds_until(recv_ms)
            if pause_s or number % 100 == 0:
                await asyncio.sleep(pause_s)
            for piece in self._stage.play(frame, recv_ms):
                self._deliver(piece)
        self._stage.ended = True

    def _deliver(self, piece: Piece) -> None:
        ref = self._stage.refs.get(piece.condition_id)
        concerned = {piece.token_id} if piece.token_id or ref is None else {ref.token_0, ref.token_1}
        for connection in self._connections:
            if concerned & connection.tokens and (connection.custom or not piece.custom):
                connection.put(piece.text)

    # --- the market socket ------------------------------------------------------------------------

    async def _socket(self, scope: Scope, receive: Receive, send: Send) -> None:
        await receive()
        if scope["path"] != "/ws/market":
            await send({"type": "websocket.close", "code": 4404})
            return
        await send({"type": "websocket.accept"})
        connection = Connection()
        self._connections.add(connection)
        pump = asyncio.create_task(self._pump(connection, send))
        try:
            while (message := await receive())["type"] != "websocket.disconnect":
                if answer := self._heard(connection, message.get("text") or ""):
                    connection.put(answer)
        finally:
            self._connections.discard(connection)
            pump.cancel()
            await asyncio.gather(pump, return_exceptions=True)

    async def _pump(self, connection: Connection, send: Send) -> None:
        while True:
            await connection.wake.wait()
            connection.wake.clear()
            if len(connection.outbox) > _OUTBOX_MAX:  # it does not read; the venue cuts such clients off
                self._connections.discard(connection)
                await send({"type": "websocket.close", "code": 1011})
                return
            while connection.outbox:
                await send({"type": "websocket.send", "text": connection.outbox.popleft()})

    def _heard(self, connection: Connection, text: str) -> str:
        """What to answer to one client frame; "" for nothing."""
        if text == "PING":
            return "PONG"
        try:
            asked = orjson.loads(text)
            tokens = [str(token_id) for token_id in asked.get("assets_ids") or []]
            operation = str(asked.get("operation") or asked.get("type") or "").lower()
        except (ValueError, AttributeError, TypeError):
            return "INVALID OPERATION"
        if "custom_feature_enabled" in asked:
            connection.custom = bool(asked["custom_feature_enabled"])
        if operation == "unsubscribe":
            connection.tokens.difference_update(tokens)
            return ""
        if operation not in ("market", "subscribe"):
            return "INVALID OPERATION"
        new = [token for token in tokens if token not in connection.tokens]
        connection.tokens.update(new)
        return self._dump(new) if asked.get("initial_dump", True) is not False else ""

    def _dump(self, tokens: list[str]) -> str:
        """The books of newly watched tokens, with the fields that a subscription's have."""
        books = [book for token in tokens if (book := self._stage.book(token)) is not None]
        for book in books:
            del book["min_order_size"], book["neg_risk"]
            book["event_type"] = "book"
        return orjson.dumps(books).decode() + "\n"

    # --- HTTP -------------------------------------------------------------------------------------

    async def _http(self, scope: Scope, receive: Receive, send: Send) -> None:
        body = b""
        while (message := await receive())["type"] != "http.disconnect":
            body += message.get("body", b"")
            if len(body) > _BODY_MAX or not message.get("more_body"):
                break
        if len(body) > _BODY_MAX:
            answer = told({"error": "Payload exceeds the limit"}, 413)
        else:
            answer = self._doors.answer(
                Request(
                    method=scope["method"],
                    path=scope["path"].rstrip("/") or "/",
                    query_string=scope["query_string"].decode("latin-1"),
                    body=body,
                )
            )
        await _reply(send, answer)


async def _reply(send: Send, answer: Answer) -> None:
    headers = [
        (b"content-type", answer.content_type.encode()),
        (b"content-length", str(len(answer.body)).encode()),
    ]
    await send({"type": "http.response.start", "status": answer.status, "headers": headers})
    await send({"type": "http.response.body", "body": answer.body})
