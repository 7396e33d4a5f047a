"""The venue's market socket: follows any number of markets over as many connections as that takes.

A line is a place for one connection: it holds up to 100 markets (200 tokens), connects, subscribes,
watches that the peer lives, and connects anew with back-off for as long as it holds a market.
Source: docs.polymarket.com, "Market channel" (2026-08); api limits as observed by others.
"""

import asyncio
import logging
import random
from collections.abc import Iterable, Iterator
from itertools import count
from typing import Protocol

import msgspec
import picows

from livedata.core.steps import MarketRef
from livedata.pulse import wall_ms

TOKENS_MAX = 200  # beyond some 500 a connection the venue forgets snapshots
PING_S = 10.0
_CONNECT_S = 10.0
_BACK_OFF_S = (0.25, 0.5, 1.0, 2.0, 5.0, 10.0, 20.0)
_STEADY_S = 30.0  # a connection that lasted so long was no failure
_FRAME_BYTES_MAX = 32 * 1024 * 1024

logger = logging.getLogger(__name__)
_picows_logger = logging.getLogger(f"{__name__}.picows")
_picows_logger.setLevel(logging.WARNING)


class Listener(Protocol):
    """What the stream tells. Called in its event loop; connections are numbers that never come again."""

    def opened(self, connection: int, condition_ids: Iterable[str]) -> None:
        """These markets' whole books come next on this connection."""

    def received(self, connection: int, frame: bytes, now_ms: int) -> None: ...

    def closed(self, connection: int) -> None: ...


class MarketStream:
    def __init__(self, url: str, listener: Listener, *, dead_s: float) -> None:
        """`dead_s`: a peer from which nothing came for so long is dead. Must exceed PING_S."""
        self._url = f"{url}/ws/market"
        self._listener = listener
        self._dead_s = dead_s
        self._lines: list[_Line] = []
        self._numbers = _numbers()
        self._failure: asyncio.Future[None] = asyncio.get_running_loop().create_future()

    def follow(self, refs: Iterable[MarketRef]) -> None:
        """Follow exactly these markets from now on."""
        wanted = {ref.condition_id: ref for ref in refs}
        for line in self._lines:
            line.unsubscribe([condition_id for condition_id in line.refs if condition_id not in wanted])
        held = {condition_id for line in self._lines for condition_id in line.refs}
        new = [ref for condition_id, ref in wanted.items() if condition_id not in held]
        for line in self._lines:
            portion, new = new[: line.room], new[line.room :]
            line.subscribe(portion)
        while new:
            portion, new = new[: TOKENS_MAX // 2], new[TOKENS_MAX // 2 :]
            self._lines.append(_Line(self._url, self._listener, self._numbers, self._dead_s, self._failure))
            self._lines[-1].subscribe(portion)
        for line in [line for line in self._lines if not line.refs]:
            line.close()
            self._lines.remove(line)

    def refresh(self, condition_id: str) -> None:
        """Ask for the market's whole book again: a token that is subscribed anew gets one."""
        for line in self._lines:
            if condition_id in line.refs:
                line.refresh(condition_id)

    def reset(self, connection: int) -> None:
        """Give a connection up whose bytes cannot be trusted; its line connects anew."""
        for line in self._lines:
            if line.connection == connection:
                line.hang_up()

    def heard(self) -> dict[int, int]:
        """Live connections, and when something last came on each (our clock)."""
        return {line.connection: line.heard_ms for line in self._lines if line.connection}

    async def failed(self) -> None:
        """Returns never; raises what the listener raised, which is a bug."""
        await self._failure

    async def close(self) -> None:
        for line in self._lines:
            line.close()
        await asyncio.gather(*(line.task for line in self._lines), return_exceptions=True)
        self._lines.clear()
        self._failure.cancel()


def _numbers() -> Iterator[int]:
    """Numbers for connections: a feed that starts again must not use an earlier one's."""
    return count(wall_ms())


class _Line(picows.WSListener):
    """One connection after another for up to 100 markets."""

    def __init__(
        self,
        url: str,
        listener: Listener,
        numbers: Iterator[int],
        dead_s: float,
        failure: asyncio.Future[None],
    ) -> None:
        self.refs: dict[str, MarketRef] = {}
        self.connection = 0
        self.heard_ms = 0
        self._url = url
        self._listener = listener
        self._numbers = numbers
        self._dead_s = dead_s
        self._failure = failure
        self._transport: picows.WSTransport | None = None
        self._pieces: list[bytes] = []  # of a frame that comes in parts
        self.task = asyncio.create_task(self._keep())

    @property
    def room(self) -> int:
        return TOKENS_MAX // 2 - len(self.refs)

    def subscribe(self, refs: list[MarketRef]) -> None:
        if not refs:
            return
        self.refs.update((ref.condition_id, ref) for ref in refs)
        if self.connection:
            self._listener.opened(self.connection, [ref.condition_id for ref in refs])
            self._say(operation="subscribe", assets_ids=_tokens(refs), custom_feature_enabled=True)

    def unsubscribe(self, condition_ids: list[str]) -> None:
        refs = [self.refs.pop(condition_id) for condition_id in condition_ids]
        if refs and self.refs:
            self._say(operation="unsubscribe", assets_ids=_tokens(refs))

    def refresh(self, condition_id: str) -> None:
        ref = self.refs[condition_id]
        self._say(operation="unsubscribe", assets_ids=_tokens([ref]))
        self.subscribe([ref])

    def hang_up(self) -> None:
        if self._transport is not None:
            self._transport.disconnect(graceful=False)
        self._lost()

    def close(self) -> None:
        self.task.cancel()
        self.hang_up()

    # --- connecting -------------------------------------------------------------------------------

    async def _keep(self) -> None:
        failures = 0
        while True:
            begun = asyncio.get_running_loop().time()
            await self._connect_once()
            lasted_s = asyncio.get_running_loop().time() - begun
            failures = 1 if lasted_s > _STEADY_S else failures + 1
            pause_s = _BACK_OFF_S[min(failures, len(_BACK_OFF_S)) - 1] * random.uniform(0.5, 1.0)
            logger.warning(
                "stream.lost", extra={"lasted_s": round(lasted_s, 1), "pause_s": round(pause_s, 2)}
            )
            await asyncio.sleep(pause_s)

    async def _connect_once(self) -> None:
        """Returns when the connection is lost, or could not be had."""
        try:
            async with asyncio.timeout(_CONNECT_S):
                transport, _ = await picows.ws_connect(
                    lambda: self, self._url, max_frame_size=_FRAME_BYTES_MAX, logger_name=_picows_logger
                )
        except (OSError, TimeoutError, picows.WSError) as exc:
            logger.warning("stream.refused", extra={"reason": f"{type(exc).__name__}: {exc}"[:200]})
            self._lost()
            return
        pinging = asyncio.create_task(self._ping(transport))
        try:
            await transport.wait_disconnected()
        finally:
            pinging.cancel()
            transport.disconnect(graceful=False)
            self._lost()

    async def _ping(self, transport: picows.WSTransport) -> None:
        """The venue's keep-alive is a text frame; a peer that answers nothing in time is dead."""
        pinged_ms = wall_ms()
        while True:
            await asyncio.sleep(min(1.0, self._dead_s / 4))
            now_ms = wall_ms()
            if now_ms - self.heard_ms > 1_000 * self._dead_s:
                logger.warning("stream.silent", extra={"silent_ms": now_ms - self.heard_ms})
                transport.disconnect(graceful=False)
                return
            if now_ms - pinged_ms >= 1_000 * min(PING_S, self._dead_s / 2):
                pinged_ms = now_ms
                transport.send(picows.WSMsgType.TEXT, b"PING")

    def _lost(self) -> None:
        lost, self.connection, self._transport = self.connection, 0, None
        self._pieces.clear()
        if lost:
            self._listener.closed(lost)

    def _say(self, **message: object) -> None:
        if self._transport is not None:
            self._transport.send(picows.WSMsgType.TEXT, msgspec.json.encode(message))

    # --- called by picows -------------------------------------------------------------------------

    def on_ws_connected(self, transport: picows.WSTransport) -> None:
        self._transport = transport
        self.connection = next(self._numbers)
        self.heard_ms = wall_ms()
        self._listener.opened(self.connection, list(self.refs))
        self._say(type="market", assets_ids=_tokens(self.refs.values()), custom_feature_enabled=True)

    def on_ws_frame(self, transport: picows.WSTransport, frame: picows.WSFrame) -> None:
        if transport is not self._transport:
            return
        self.heard_ms = now_ms = wall_ms()
        if frame.msg_type == picows.WSMsgType.CLOSE:
            transport.disconnect()
        elif frame.msg_type not in (picows.WSMsgType.PING, picows.WSMsgType.PONG):
            self._pieces.append(frame.get_payload_as_bytes())
            if frame.fin:
                whole = self._pieces[0] if len(self._pieces) == 1 else b"".join(self._pieces)
                self._pieces.clear()
                self._hand_over(whole, now_ms)

    def _hand_over(self, whole: bytes, now_ms: int) -> None:
        if whole == b"PONG":
            return
        try:
            self._listener.received(self.connection, whole, now_ms)
        except Exception as exc:
            # The top of this stack is picows, which would log it and go on; a bug must stop the feed.
            logger.exception("stream.listener_failed")
            if not self._failure.done():
                self._failure.set_exception(exc)


def _tokens(refs: Iterable[MarketRef]) -> list[str]:
    return [token_id for ref in refs for token_id in (ref.token_0, ref.token_1)]
