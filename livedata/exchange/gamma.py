"""Gamma, the venue's catalogue: one method an endpoint. Source: docs.polymarket.com, "Gamma API"."""

from collections.abc import Sequence
from dataclasses import dataclass
from urllib.parse import quote

import httpx
import msgspec

from livedata.core.gamma import read_events, read_markets
from livedata.errors import VenueBadPayload, VenueNotFound
from livedata.exchange.http import Limit, Params, Service, read
from markets.core.facts import Reading

PAGE_MAX = 100
IDS_MAX = 100  # ids in one question
LIMITS = (
    Limit(4_000),
    Limit(300, ("/markets",)),
    Limit(500, ("/events",)),
    Limit(900, ("/markets", "/events")),
    Limit(200, ("/tags",)),
    Limit(350, ("/public-search",)),
)


class Tag(msgspec.Struct, frozen=True):
    id: str
    slug: str
    label: str = ""


class _MarketsPage(msgspec.Struct):
    markets: list[msgspec.Raw]
    next_cursor: str | None = None


class _EventsPage(msgspec.Struct):
    events: list[msgspec.Raw]
    next_cursor: str | None = None


_markets_page = msgspec.json.Decoder(_MarketsPage)
_events_page = msgspec.json.Decoder(_EventsPage)
_rows = msgspec.json.Decoder(list[msgspec.Raw])
_row = msgspec.json.Decoder(msgspec.Raw)
_tags = msgspec.json.Decoder(list[Tag])


@dataclass(frozen=True, slots=True, kw_only=True)
class GammaPage:
    """Some rows, and what to ask for the next ones with; "" when there are no more."""

    reading: Reading
    rows_count: int
    next_cursor: str


class GammaClient:
    def __init__(self, client: httpx.AsyncClient) -> None:
        self._service = Service(client, LIMITS)

    async def markets_page(
        self,
        *,
        closed: bool,
        order: str = "",
        ascending: bool = True,
        cursor: str = "",
        limit: int = PAGE_MAX,
    ) -> GammaPage:
        """One page of markets with their events and tags. `order`: a field of Gamma's, "volume24hr"."""
        path = "/markets/keyset"
        shape: Params = {"limit": limit, "closed": closed, "include_tag": True, "after_cursor": cursor}
        body = await self._service.get(path, {**shape, **_ordered(order, ascending)})
        page = read(body, _markets_page.decode, path)
        return _page(read_markets(page.markets), len(page.markets), page.next_cursor, cursor, path)

    async def events_page(
        self,
        *,
        closed: bool,
        order: str = "",
        ascending: bool = True,
        cursor: str = "",
        limit: int = PAGE_MAX,
    ) -> GammaPage:
        """One page of events with all their markets."""
        path = "/events/keyset"
        shape: Params = {"limit": limit, "closed": closed, "after_cursor": cursor}
        body = await self._service.get(path, {**shape, **_ordered(order, ascending)})
        page = read(body, _events_page.decode, path)
        return _page(read_events(page.events), len(page.events), page.next_cursor, cursor, path)

    async def market_by_slug(self, slug: str) -> Reading:
        """Closed ones too. Raises VenueNotFound."""
        return await self._one_market(f"/markets/slug/{quote(slug, safe='')}")

    async def market_by_id(self, market_id: str) -> Reading:
        return await self._one_market(f"/markets/{quote(market_id, safe='')}")

    async def event_by_slug(self, slug: str) -> Reading:
        """With all its markets, closed ones too. Raises VenueNotFound."""
        path = f"/events/slug/{quote(slug, safe='')}"
        return _single(read_events([read(await self._service.get(path), _row.decode, path)]), path)

    async def event_by_id(self, event_id: str) -> Reading:
        path = f"/events/{quote(event_id, safe='')}"
        return _single(read_events([read(await self._service.get(path), _row.decode, path)]), path)

    async def market_by_condition(self, condition_id: str) -> Reading:
        """Lists hide closed markets unless they are asked for, so this may be two questions."""
        return await self._first_of("condition_ids", condition_id)

    async def market_by_token(self, token_id: str) -> Reading:
        return await self._first_of("clob_token_ids", token_id)

    async def markets_by_ids(self, market_ids: Sequence[str], *, closed: bool) -> Reading:
        """At most a hundred at a time; what is unknown, or on the other side of `closed`, is missing."""
        assert len(market_ids) <= IDS_MAX, f"{len(market_ids)} ids in one question"
        return await self._list("id", market_ids, closed=closed)

    async def tags(self, *, limit: int = PAGE_MAX, offset: int = 0) -> list[Tag]:
        body = await self._service.get("/tags", {"limit": limit, "offset": offset})
        return read(body, _tags.decode, "/tags")

    async def search(self, text: str, *, limit: int = 10) -> Reading:
        """The venue's own search: events with their markets."""
        path = "/public-search"
        body = await self._service.get(path, {"q": text, "limit_per_type": limit, "search_profiles": False})
        return read_events(read(body, _events_page.decode, path).events)

    async def _first_of(self, name: str, value: str) -> Reading:
        for closed in (False, True):
            reading = await self._list(name, [value], closed=closed)
            if reading.markets or reading.bad:
                return _single(reading, f"/markets?{name}={value}")
        raise VenueNotFound(f"/markets?{name}={value[:80]}: none")

    async def _list(self, name: str, values: Sequence[str], *, closed: bool) -> Reading:
        params: Params = {name: values, "closed": closed, "include_tag": True, "limit": PAGE_MAX}
        return read_markets(read(await self._service.get("/markets", params), _rows.decode, "/markets"))

    async def _one_market(self, path: str) -> Reading:
        body = await self._service.get(path, {"include_tag": True})
        return _single(read_markets([read(body, _row.decode, path)]), path)


def _single(reading: Reading, path: str) -> Reading:
    """Alone, a row that cannot be read is the whole answer."""
    if not reading.markets and reading.bad:
        raise VenueBadPayload(f"{path}: {reading.bad[0]}")
    return reading


def _page(reading: Reading, count: int, next_cursor: str | None, cursor: str, path: str) -> GammaPage:
    if next_cursor and next_cursor == cursor:
        raise VenueBadPayload(f"{path}: the cursor {cursor[:80]!r} leads to itself")
    return GammaPage(reading=reading, rows_count=count, next_cursor=next_cursor or "")


def _ordered(order: str, ascending: bool) -> dict[str, str | bool]:
    return {"order": order, "ascending": ascending} if order else {}
