"""Run as a program: so many sockets watch one token and report how late its books came.

The book's timestamp is when its newest change was made, on this machine's clock.
"""

import asyncio
import json
import sys
import time

import msgspec
import picows


class Seen(msgspec.Struct, tag_field="type", tag="book"):
    timestamp: int
    fresh: bool


_seen = msgspec.json.Decoder(Seen)


class Watcher(picows.WSListener):
    def __init__(self, token_id: str, delays: list[int]) -> None:
        self._token_id = token_id
        self._delays = delays

    def on_ws_connected(self, transport: picows.WSTransport) -> None:
        ask = {"op": "subscribe", "token_ids": [self._token_id]}
        transport.send(picows.WSMsgType.TEXT, json.dumps(ask).encode())

    def on_ws_frame(self, transport: picows.WSTransport, frame: picows.WSFrame) -> None:
        payload = frame.get_payload_as_bytes()
        if payload.startswith(b'{"type":"book"'):
            self._delays.append(time.time_ns() // 1_000_000 - _seen.decode(payload).timestamp)


async def watch(port: int, token_id: str, count: int, seconds: float) -> dict[str, float]:
    delays: list[int] = []
    sockets = [
        (await picows.ws_connect(lambda: Watcher(token_id, delays), f"ws://127.0.0.1:{port}/ws/live"))[0]
        for _ in range(count)
    ]
    await asyncio.sleep(1.0)  # first books, and the rush of connecting
    delays.clear()
    await asyncio.sleep(seconds)
    measured = sorted(delays)
    for socket in sockets:
        socket.disconnect(graceful=False)
    return {
        "per_second": len(measured) / seconds,
        "p50_ms": measured[len(measured) // 2],
        "p99_ms": measured[len(measured) * 99 // 100],
    }


if __name__ == "__main__":
    port, token_id, count, seconds = sys.argv[1:]
    print(json.dumps(asyncio.run(watch(int(port), token_id, int(count), float(seconds)))))
