"""Recorded rows served as Gamma over real HTTP, so that the real clients read them."""

import base64
import gzip
import json
import socket
import threading
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from functools import cache
from pathlib import Path
from typing import Any
from urllib.parse import parse_qs

import orjson
import uvicorn

Row = dict[str, Any]
Answer = tuple[int, bytes, dict[str, str]]


class RecordedVenue:
    """Gamma's lists by keyset, by name and by id. `trouble` may answer a request in its stead."""

    def __init__(self, markets: Sequence[Row] = (), events: Sequence[Row] = ()) -> None:
        self.events = list(events)
        self.markets = [*markets, *(market for event in events for market in event["markets"])]
        self.asked: list[str] = []
        self.trouble: Callable[[int, str], Answer | None] = lambda _count, _path: None
        self.extra: dict[str, Any] = {}  # other paths, for the CLOB and the Data API

    async def __call__(self, scope: Row, receive: Any, send: Any) -> None:
        if scope["type"] != "http":
            return
        query = parse_qs(scope["query_string"].decode())
        path = scope["path"]
        self.asked.append(f"{path}?{scope['query_string'].decode()}")
        status, body, headers = self.trouble(len(self.asked), path) or self.answer(path, query)
        await send(
            {
                "type": "http.response.start",
                "status": status,
                "headers": [
                    (b"content-length", str(len(body)).encode()),
                    *((name.encode(), text.encode()) for name, text in headers.items()),
                ],
            }
        )
        await send({"type": "http.response.body", "body": body})

    def answer(self, path: str, query: dict[str, list[str]]) -> Answer:
        one = {name: values[0] for name, values in query.items()}
        if path == "/markets/keyset":
            return self._page("markets", self.markets, one)
        if path == "/events/keyset":
            return self._page("events", self.events, one)
        if path == "/markets":
            wanted = set(query.get("id", []) + query.get("condition_ids", []))
            tokens = set(query.get("clob_token_ids", []))
            rows = [
                row for row in self._of(self.markets, one) if _names(row) & wanted or _tokens(row) & tokens
            ]
            return told(rows)
        kind, _, rest = path.strip("/").partition("/")
        if path in self.extra:
            return told(self.extra[path])
        rows = self.markets if kind == "markets" else self.events
        key, _, value = rest.rpartition("/")
        found = [row for row in rows if row["slug" if key == "slug" else "id"] == value]
        return told(found[0]) if found else told({"type": "not found error", "error": "id not found"}, 404)

    def _of(self, rows: list[Row], one: dict[str, str]) -> list[Row]:
        closed = one.get("closed", "false") == "true"
        return [row for row in rows if bool(row.get("closed")) == closed]

    def _page(self, noun: str, rows: list[Row], one: dict[str, str]) -> Answer:
        order = one.get("order", "id")
        falling = one.get("ascending") == "false"
        keyed = self._of(rows, one)
        keyed.sort(key=lambda row: (_sort_value(row, order), int(row["id"])), reverse=falling)
        limit = min(int(one.get("limit", "20")), 100)
        start = int(base64.b64decode(one["after_cursor"])) if "after_cursor" in one else 0
        answer: Row = {noun: keyed[start : start + limit]}
        if start + limit < len(keyed):
            answer["next_cursor"] = base64.b64encode(str(start + limit).encode()).decode()
        return told(answer)


def told(value: Any, status: int = 200) -> Answer:
    return status, orjson.dumps(value), {"content-type": "application/json"}


def _sort_value(row: Row, order: str) -> Any:
    if order == "id":
        return 0
    return str(row.get(order) or "") if order == "updatedAt" else float(row.get(order) or 0)


def _names(row: Row) -> set[str]:
    return {row["id"], row.get("conditionId") or ""}


def _tokens(row: Row) -> set[str]:
    return set(json.loads(row.get("clobTokenIds") or "[]"))


@contextmanager
def served(app: Any) -> Iterator[str]:
    """The app on a loopback port of its own; its base URL."""
    listener = socket.create_server(("127.0.0.1", 0))
    server = uvicorn.Server(uvicorn.Config(app, log_level="warning", lifespan="off"))
    thread = threading.Thread(target=server.run, kwargs={"sockets": [listener]}, daemon=True)
    thread.start()
    try:
        yield f"http://127.0.0.1:{listener.getsockname()[1]}"
    finally:
        server.should_exit = True
        thread.join(10)


@cache
def open_markets(folder: Path) -> list[Row]:
    """All recorded open markets of 2026-03-11."""
    with gzip.open(folder / "gamma/markets_active_pages_20260311.jsonl.gz") as lines:
        return [market for line in lines for market in json.loads(line)["markets"]]


def nba_events(folder: Path) -> list[Row]:
    with gzip.open(folder / "gamma/events_nba_open_20260109.json.gz") as file:
        events: list[Row] = json.load(file)
    return events


def btc_markets(folder: Path) -> list[Row]:
    with gzip.open(folder / "gamma/markets_btc5m_resolved_20260724.jsonl.gz") as lines:
        return [json.loads(line)["raw"] for line in lines]
