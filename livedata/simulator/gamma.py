"""The Gamma door: catalogue reads under /gamma. Source: docs.polymarket.com, "Gamma API"."""

from collections.abc import Callable
from typing import Any

from livedata.simulator.answers import Answer, Request, read_cursor, told, write_cursor
from livedata.simulator.gamma_filters import events_asked, flag, invalid, markets_asked, whole
from livedata.simulator.gamma_rows import event_row, market_row, tag_row
from livedata.simulator.listings import EventListing, Listing, Phase
from livedata.simulator.venue import Venue

_LIMIT_MAX, _OFFSET_MAX = 100, 2_000
Key = tuple[Any, ...]


def _missing() -> Answer:
    return told({"type": "not found error", "error": "id not found"}, 404)


# -- order and pages ----------------------------------------------------------------------------------

_VOLUMES = {"volume24hr": "day", "volume1wk": "week", "volume1mo": "month", "volume1yr": "year"}
_VOLUMES |= {"volumeNum": "total", "volume_num": "total", "volume": "total"}
_VOLUMES |= {"liquidity": "liquidity", "liquidityNum": "liquidity", "liquidity_num": "liquidity"}
_INSTANTS = {
    "startDate": "open_ms",
    "endDate": "end_ms",
    "createdAt": "created_ms",
    "closedTime": "resolve_ms",
}
_INSTANTS |= {"start_date": "open_ms", "end_date": "end_ms"}


def _sort_key(venue: Venue, item: Listing | EventListing, order: list[str]) -> Key:
    event = item.event if isinstance(item, Listing) else item
    markets = [item] if isinstance(item, Listing) else item.markets
    key: list[Any] = []
    for name in order:
        if name in _VOLUMES:
            # Markets' `volume` is a string and sorts as one on the venue; we spare our readers that.
            key.append(sum(getattr(venue.volumes(listing), _VOLUMES[name]) for listing in markets))
        elif name in _INSTANTS:
            key.append(getattr(event, _INSTANTS[name]))
        elif name == "slug":
            key.append(item.slug)
        elif name not in ("id", "updatedAt", "competitive", ""):
            raise invalid(f"invalid order field {name}")
    return (*key, item.number)


def _ordered(venue: Venue, request: Request, items: list[Any]) -> list[tuple[Key, Any]]:
    order = request.listed("order")
    # Without `order` the ids rise; `ascending` counts only together with it.
    falling = bool(order) and flag(request, "ascending", True) is False
    keyed = [(_sort_key(venue, item, order), item) for item in items]
    keyed.sort(key=lambda pair: pair[0], reverse=falling)
    return keyed


def _offset_page(venue: Venue, request: Request, items: list[Any], noun: str) -> list[Any]:
    limit = max(0, min(whole(request, "limit", 20), _LIMIT_MAX))
    offset = whole(request, "offset", 0)
    if offset > _OFFSET_MAX:
        raise invalid(f"offset too large, use /{noun}/keyset for deeper pagination")
    return [item for _, item in _ordered(venue, request, items)[offset : offset + limit]]


def _keyset_page(venue: Venue, request: Request, items: list[Any]) -> tuple[list[Any], str]:
    """The page after the cursor, and the next cursor ("" on the last page)."""
    if "offset" in request.query:
        raise invalid("offset is not supported, use after_cursor")
    limit = max(1, min(whole(request, "limit", 20), _LIMIT_MAX))
    keyed = _ordered(venue, request, items)
    if cursor := request.text("after_cursor"):
        try:
            after = tuple(read_cursor(cursor))
        except (ValueError, TypeError):
            raise invalid("invalid cursor") from None
        falling = bool(request.listed("order")) and flag(request, "ascending", True) is False
        keyed = [(key, item) for key, item in keyed if (key < after if falling else key > after)]
    page = keyed[:limit]
    more = write_cursor(list(page[-1][0])) if len(keyed) > limit else ""
    return [item for _, item in page], more


# -- routes -------------------------------------------------------------------------------------------


def _market_rows(venue: Venue, request: Request, items: list[Listing]) -> list[dict[str, Any]]:
    tags = bool(flag(request, "include_tag", False))
    return [market_row(venue, listing, with_event=True, with_tags=tags) for listing in items]


def _event_rows(venue: Venue, request: Request, items: list[EventListing]) -> list[dict[str, Any]]:
    markets = flag(request, "include_markets", True) is True
    return [event_row(venue, event, with_markets=markets) for event in items]


def _list_markets(venue: Venue, request: Request) -> Answer:
    page = _offset_page(venue, request, markets_asked(venue, request), "markets")
    return told(_market_rows(venue, request, page))


def _keyset_markets(venue: Venue, request: Request) -> Answer:
    page, more = _keyset_page(venue, request, markets_asked(venue, request))
    return told({"markets": _market_rows(venue, request, page)} | ({"next_cursor": more} if more else {}))


def _list_events(venue: Venue, request: Request) -> Answer:
    page = _offset_page(venue, request, events_asked(venue, request), "events")
    return told(_event_rows(venue, request, page))


def _keyset_events(venue: Venue, request: Request) -> Answer:
    page, more = _keyset_page(venue, request, events_asked(venue, request))
    return told({"events": _event_rows(venue, request, page)} | ({"next_cursor": more} if more else {}))


def _tags(venue: Venue, request: Request) -> Answer:
    tags = {tag.tag_id: tag for event in venue.events() for tag in event.tags}
    limit, offset = min(whole(request, "limit", 100), _LIMIT_MAX), whole(request, "offset", 0)
    return told([tag_row(tags[key], venue) for key in sorted(tags)[offset : offset + limit]])


def _search(venue: Venue, request: Request) -> Answer:
    """Events whose title or questions hold every word, the busiest first."""
    words = request.text("q").lower().split()
    if not words:
        raise invalid("q is required")
    limit, page = min(whole(request, "limit_per_type", 10), 50), max(whole(request, "page", 1), 1)
    closed = request.text("events_status") in ("closed", "resolved")
    found = []
    for event in venue.events():
        text = " ".join([event.title, *(m.question for m in event.markets)]).lower()
        phases = {venue.phase(listing) for listing in event.markets}
        if all(word in text for word in words) and closed == (phases == {Phase.CLOSED}):
            found.append(event)
    found.sort(key=lambda event: -max(listing.weight for listing in event.markets))
    shown = found[(page - 1) * limit : page * limit]
    answer: dict[str, Any] = {"events": [event_row(venue, event) for event in shown]}
    if flag(request, "search_tags", False):
        tags = {tag.tag_id: tag for event in found for tag in event.tags if words[0] in tag.label.lower()}
        answer["tags"] = [{"id": str(t.tag_id), "label": t.label, "slug": t.slug} for t in tags.values()]
    if flag(request, "search_profiles", False):
        answer["profiles"] = []
    answer["pagination"] = {"hasMore": len(found) > page * limit, "totalResults": len(found)}
    return told(answer)


_ROUTES: dict[str, Callable[[Venue, Request], Answer]] = {
    "/markets": _list_markets,
    "/markets/keyset": _keyset_markets,
    "/events": _list_events,
    "/events/keyset": _keyset_events,
    "/tags": _tags,
    "/public-search": _search,
}


def answer(venue: Venue, request: Request) -> Answer:
    """Answer one Gamma request. Call with the venue's lock held."""
    if route := _ROUTES.get(request.path):
        return route(venue, request)
    if request.path == "/status":
        return Answer(200, b"OK", "text/plain")
    return _one(venue, request)


def _one(venue: Venue, request: Request) -> Answer:
    """A single market or event, by id or slug."""
    event = None
    match request.path.split("/")[1:]:
        case ["markets", "slug", slug]:
            return _one_market(venue, request, venue.market(slug=slug))
        case ["markets", text] if text.isdigit():
            return _one_market(venue, request, venue.market(number=int(text)))
        case ["markets", text, "tags"] if text.isdigit():
            listing = venue.market(number=int(text))
            return told([tag_row(t, venue) for t in listing.event.tags]) if listing else _missing()
        case ["events", "slug", slug]:
            event = venue.event(slug=slug)
        case ["events", text] if text.isdigit():
            event = venue.event(number=int(text))
        case ["markets" | "events", _]:
            raise invalid("invalid integer")
    return told(_event_rows(venue, request, [event])[0]) if event else _missing()


def _one_market(venue: Venue, request: Request, listing: Listing | None) -> Answer:
    if listing is None or venue.phase(listing) is Phase.UNBORN:
        return _missing()
    tags = bool(flag(request, "include_tag", False))
    return told(market_row(venue, listing, with_event=True, with_tags=tags, single=True))
