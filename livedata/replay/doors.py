"""The replayed venue over HTTP: what the recording holds of Gamma and the CLOB; other lists are empty."""

from collections.abc import Callable
from datetime import UTC, datetime
from typing import Any

import orjson

from livedata.core.steps import MarketRef
from livedata.replay.stage import Stage
from livedata.simulator.answers import Answer, Request, told
from markets.core.units import from_micros

_PAGE_MAX = 100
_BOOKS_MAX = 500


class Doors:
    """Answers for one stage."""

    def __init__(self, stage: Stage) -> None:
        self._stage = stage
        self._events = _events(stage)
        self._markets = [market for event in self._events for market in event["markets"]]
        self._routes: dict[str, Callable[[Request], Answer]] = {
            "/gamma/markets": lambda request: told(self._asked(self._rows(self._markets), request)),
            "/gamma/events": lambda request: told(self._asked(self._events, request)),
            "/gamma/markets/keyset": lambda request: self._page(
                "markets", self._rows(self._markets), request
            ),
            "/gamma/events/keyset": lambda request: self._page("events", self._events, request),
            "/gamma/public-search": self._search,
            "/gamma/tags": lambda _: told([]),
            "/clob/": lambda _: told("OK"),
            "/clob/ok": lambda _: told("OK"),
            "/clob/time": lambda _: told(stage.now_ms // 1_000),
            "/clob/book": self._book,
            "/clob/books": self._books,
            "/clob/prices-history": lambda _: told({"history": []}),
            "/data/oi": lambda _: told([]),
            "/data/trades": lambda _: told([]),
            "/data/holders": lambda _: told([]),
            "/data/live-volume": lambda _: told([]),
            "/_clock": lambda _: told({"venue_ms": stage.now_ms, "speed": stage.speed}),
        }

    def answer(self, request: Request) -> Answer:
        if route := self._routes.get(request.path):
            return route(request)
        folder, _, name = request.path.rpartition("/")
        if folder == "/clob/clob-markets" and name in self._stage.recording.rules:
            return Answer(200, self._stage.recording.rules[name].encode())
        for noun, rows in (("markets", self._markets), ("events", self._events)):
            key = {f"/gamma/{noun}": "id", f"/gamma/{noun}/slug": "slug"}.get(folder)
            for row in rows:
                if key is not None and str(row[key]) == name:
                    return told(self._rows([row])[0] if noun == "markets" else row)
        return told({"error": "not found"}, 404)

    # --- Gamma ------------------------------------------------------------------------------------

    def _rows(self, markets: list[dict[str, Any]]) -> list[dict[str, Any]]:
        """Market rows with the event that they belong to, and their best prices of now."""
        events = {market["id"]: event for event in self._events for market in event["markets"]}
        rows = []
        for market in markets:
            event = {name: value for name, value in events[market["id"]].items() if name != "markets"}
            bid, ask = self._stage.best(market["conditionId"])
            rows.append(market | {"events": [event], "bestBid": _number(bid), "bestAsk": _number(ask)})
        return rows

    def _asked(self, rows: list[dict[str, Any]], request: Request) -> list[dict[str, Any]]:
        """The rows that the filters name. `closed` is false unless it is said, as on the venue."""
        closed = request.text("closed", "false") == "true"
        rows = [row for row in rows if bool(row.get("closed")) == closed]
        for name, key in (("id", "id"), ("slug", "slug"), ("condition_ids", "conditionId")):
            if wanted := request.texts(name):
                rows = [row for row in rows if str(row.get(key)) in wanted]
        if tokens := request.texts("clob_token_ids"):
            rows = [row for row in rows if any(token in str(row.get("clobTokenIds")) for token in tokens)]
        return rows

    def _page(self, noun: str, rows: list[dict[str, Any]], request: Request) -> Answer:
        rows = self._asked(rows, request)
        begin = int(request.text("after_cursor") or 0) if request.text("after_cursor").isdecimal() else 0
        limit = min(
            int(request.text("limit", "20")) if request.text("limit", "20").isdecimal() else 20, _PAGE_MAX
        )
        end = begin + max(limit, 1)
        more = {"next_cursor": str(end)} if end < len(rows) else {}
        return told({noun: rows[begin:end]} | more)

    def _search(self, request: Request) -> Answer:
        words = request.text("q").lower().split()
        found = [event for event in self._events if all(word in str(event).lower() for word in words)]
        return told({"events": found[:20], "pagination": {"hasMore": False, "totalResults": len(found)}})

    # --- CLOB -------------------------------------------------------------------------------------

    def _book(self, request: Request) -> Answer:
        token_id = request.text("token_id")
        if not token_id:
            return told({"error": "Invalid token id"}, 400)
        book = self._stage.book(token_id)
        if book is None:
            return told({"error": "No orderbook exists for the requested token id"}, 404)
        return told(book)

    def _books(self, request: Request) -> Answer:
        if request.method == "POST":
            try:
                token_ids = [str(asked["token_id"]) for asked in orjson.loads(request.body)]
            except (ValueError, TypeError, KeyError):
                return told({"error": "Invalid payload"}, 400)
        else:
            token_ids = request.listed("token_ids")
        if len(token_ids) > _BOOKS_MAX:
            return told({"error": "Payload exceeds the limit"}, 400)
        return told([book for token_id in token_ids if (book := self._stage.book(token_id)) is not None])


def _events(stage: Stage) -> list[dict[str, Any]]:
    """The recorded events with those of their markets that were recorded, and made-up rows for the rest."""
    left = dict(stage.refs)
    events = []
    for raw in stage.recording.events:
        event = orjson.loads(raw)
        followed = [
            market for market in event.get("markets") or [] if left.pop(market.get("conditionId"), None)
        ]
        if followed:
            events.append(event | {"markets": followed})
    return events + [
        _made_up(number, ref, stage.recording.begun_ms) for number, ref in enumerate(left.values(), start=1)
    ]


def _made_up(number: int, ref: MarketRef, begun_ms: int) -> dict[str, Any]:
    """A recording of frames alone does not say what its markets ask."""
    short = ref.condition_id.removeprefix("0x")[:8]
    question = f"Recorded market {number} ({short}): does the first outcome happen?"
    created = datetime.fromtimestamp(begun_ms / 1_000, tz=UTC).strftime("%Y-%m-%dT%H:%M:%SZ")
    market = {
        "id": str(900_000 + number),
        "question": question,
        "conditionId": ref.condition_id,
        "slug": f"recorded-{short}",
        "description": "The recording holds this market's books and trades, and not its text.",
        "outcomes": '["Yes", "No"]',
        "outcomePrices": '["0.5", "0.5"]',
        "clobTokenIds": orjson.dumps([ref.token_0, ref.token_1]).decode(),
        "active": True,
        "closed": False,
        "acceptingOrders": True,
        "enableOrderBook": True,
        "orderPriceMinTickSize": _number(ref.tick_micros),
        "orderMinSize": _number(ref.min_size_micros),
        "negRisk": ref.neg_risk,
        "createdAt": created,
        "volume24hr": 0,
    }
    return {
        "id": str(800_000 + number),
        "slug": f"recorded-{short}",
        "title": f"Recorded market {number}",
        "active": True,
        "closed": False,
        "createdAt": created,
        "markets": [market],
    }


def _number(micros: int | None) -> orjson.Fragment | None:
    """A JSON number, exactly: Gamma sends no strings here."""
    return None if micros is None else orjson.Fragment(from_micros(micros))
