"""The CLOB's public reads: one method an endpoint. Source: docs.polymarket.com, "CLOB" (2026-08)."""

from collections.abc import Callable, Sequence
from typing import TypeVar
from urllib.parse import quote

import httpx

from livedata.core.data import Point, read_history, read_rules, read_time
from livedata.core.wire import Book, read_book, read_books
from livedata.exchange.http import Limit, Params, Service, read
from markets.core.facts import FeeRule

BOOKS_MAX = 500  # ids in one POST /books
LIMITS = (
    Limit(9_000),
    Limit(500, ("/books",)),
    Limit(1_500, ("/book",)),  # and /books, which the venue counts apart: stricter than it asks
    Limit(1_000, ("/prices-history",)),
)
T = TypeVar("T")


class ClobClient:
    def __init__(self, client: httpx.AsyncClient) -> None:
        self._service = Service(client, LIMITS)

    async def book(self, token_id: str) -> Book:
        """One token's book as it stands. Raises VenueNotFound for a closed market too."""
        return await self._get("/book", read_book, {"token_id": token_id})

    async def books(self, token_ids: Sequence[str]) -> list[Book]:
        """Many tokens' books; what the venue does not know is missing."""
        found: list[Book] = []
        for start in range(0, len(token_ids), BOOKS_MAX):
            asked = [{"token_id": token_id} for token_id in token_ids[start : start + BOOKS_MAX]]
            found += read(await self._service.post("/books", asked), read_books, "/books")
        return found

    async def prices_history(self, token_id: str, *, fidelity: int, start_s: int, end_s: int) -> list[Point]:
        """Midpoints of a token, at most fifteen days. An empty list is an answer: there is no history."""
        params: Params = {"market": token_id, "fidelity": fidelity, "startTs": start_s, "endTs": end_s}
        return await self._get("/prices-history", read_history, params)

    async def whole_history(self, token_id: str, *, fidelity: int) -> list[Point]:
        """What the venue still keeps of a token's life, coarse."""
        params: Params = {"market": token_id, "fidelity": fidelity, "interval": "max"}
        return await self._get("/prices-history", read_history, params)

    async def market_rules(self, condition_id: str) -> FeeRule:
        """The fee, and whether takers are delayed; both are only here."""
        return await self._get(f"/clob-markets/{quote(condition_id, safe='')}", read_rules)

    async def time(self) -> int:
        """The venue's clock in epoch seconds."""
        return await self._get("/time", read_time)

    async def _get(self, path: str, reader: Callable[[bytes], T], params: Params | None = None) -> T:
        return read(await self._service.get(path, params), reader, path)
