"""The Gamma door: catalogue reads under /gamma. Source: docs.polymarket.com, "Gamma API"."""

from collections.abc import Callable
from typing import Any

from livedata.simulator.answers import Answer, Refused, Request, read_cursor, told, write_cursor
from livedata.simulator.gamma_rows import event_row, market_row, tag_row
from livedata.simulator.listings import EventListing, Listing, Phase
from livedata.simulator.times import iso
from livedata.simulator.venue import Venue

_LIMIT_MAX, _OFFSET_MAX = 100, 2_000
Key = tuple[Any, ...]


def _invalid(why: str) -> Refused:
    return Refused(told({"type": "validation error", "error": why}, 422))


def _missing() -> Answer:
    return told({"type": "not found error", "error": "id not found"}, 404)


def _whole(request: Request, name: str, default: int) -> int:
    text = request.text(name)
    if not text:
        return default
    try:
        return int(text)
    except ValueError:
        raise _invalid("invalid integer") from None


def _number(request: Request, name: str) -> float | None:
    text = request.text(name)
    try:
        return float(text) if text else None
    except ValueError:
        raise _invalid("invalid number") from None


def _flag(request: Request, name: str, default: bool | None) -> bool | None:
    text = request.text(name).lower()
    if text not in ("", "true", "false", "1", "0"):
        raise _invalid("invalid boolean")
    return text in ("true", "1") if text else default


# -- filters ------------------------------------------------------------------------------------------


def _between(request: Request, name: str, value: float) -> bool:
    low, high = _number(request, f"{name}_min"), _number(request, f"{name}_max")
    return (low is None or value >= low) and (high is None or value <= high)


def _dates_fit(request: Request, event: EventListing) -> bool:
    for name, at_ms in (("start_date", event.open_ms), ("end_date", event.end_ms)):
        low, high = request.text(f"{name}_min"), request.text(f"{name}_max")
        if (low and iso(at_ms) < low) or (high and iso(at_ms) > high):
            return False
    return True


def _tags_fit(request: Request, event: EventListing) -> bool:
    if wanted := set(request.texts("tag_id")):
        return bool(wanted & {str(tag.tag_id) for tag in event.tags})
    if unwanted := set(request.texts("exclude_tag_id")):
        return not unwanted & {str(tag.tag_id) for tag in event.tags}
    slug = request.text("tag_slug")
    return not slug or any(tag.slug == slug for tag in event.tags)


def _markets(venue: Venue, request: Request) -> list[Listing]:
    """The markets a list request asks for; closed ones only when `closed=true`, as since 2026-04-09."""
    named = {name: set(request.listed(name)) for name in ("id", "slug", "condition_ids", "clob_token_ids")}
    named["question_ids"] = set(request.listed("question_ids"))
    if any(named.values()):
        found = _named_markets(venue, named)
    else:
        found = [listing for event in venue.events() for listing in event.markets]
    closed, types = _flag(request, "closed", False), set(request.texts("sports_market_types"))
    status = request.text("uma_resolution_status")
    kept = []
    for listing in found:
        phase = venue.phase(listing)
        if phase is Phase.UNBORN or (closed is not None and closed != (phase is Phase.CLOSED)):
            continue
        if _flag(request, "active", None) is False or _flag(request, "archived", None) is True:
            continue
        if (types and listing.sports_type not in types) or not _dates_fit(request, listing.event):
            continue
        if status and status != ("proposed" if phase is Phase.REVIEW else "resolved" if closed else ""):
            continue
        if not _tags_fit(request, listing.event) or not _volumes_fit(venue, request, listing):
            continue
        kept.append(listing)
    return kept


def _volumes_fit(venue: Venue, request: Request, listing: Listing) -> bool:
    if not any(name.startswith(("volume_num", "liquidity_num")) for name in request.query):
        return True
    traded = venue.volumes(listing)
    return _between(request, "volume_num", traded.total) and _between(
        request, "liquidity_num", traded.liquidity
    )


def _named_markets(venue: Venue, named: dict[str, set[str]]) -> list[Listing]:
    """Markets by their names; several kinds of names must all fit."""
    first = next(name for name, values in named.items() if values)
    if first == "question_ids":
        found = [m for event in venue.events() for m in event.markets if m.question_id in named[first]]
    else:
        found = [m for value in sorted(named[first]) if (m := _market_named(venue, first, value))]
    unique = {listing.condition_id: listing for listing in found}
    return [m for m in unique.values() if _has_names(m, named)]


def _market_named(venue: Venue, name: str, value: str) -> Listing | None:
    match name:
        case "id":
            if not value.isdigit():
                raise _invalid("invalid integer")
            return venue.market(number=int(value))
        case "slug":
            return venue.market(slug=value)
        case "condition_ids":
            return venue.market(condition_id=value)
        case _:
            return venue.market(token_id=value)


def _has_names(listing: Listing, named: dict[str, set[str]]) -> bool:
    own = {
        "id": {str(listing.number)},
        "slug": {listing.slug},
        "condition_ids": {listing.condition_id},
        "clob_token_ids": set(listing.token_ids),
        "question_ids": {listing.question_id},
    }
    return all(not values or values & own[name] for name, values in named.items())


def _events(venue: Venue, request: Request) -> list[EventListing]:
    ids, slugs = set(request.listed("id")), set(request.listed("slug"))
    found = venue.events()
    if ids or slugs:
        found = [e for text in sorted(ids) if text.isdigit() and (e := venue.event(number=int(text)))]
        found += [e for slug in sorted(slugs) if (e := venue.event(slug=slug)) and e not in found]
    closed, title = _flag(request, "closed", False), request.text("title_search").lower()
    kept = []
    for event in found:
        phases = [venue.phase(listing) for listing in event.markets]
        if Phase.UNBORN in phases or _flag(request, "active", None) is False:
            continue
        if closed is not None and closed != all(phase is Phase.CLOSED for phase in phases):
            continue
        if title and title not in event.title.lower():
            continue
        if _dates_fit(request, event) and _tags_fit(request, event):
            kept.append(event)
    return kept


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
            raise _invalid(f"invalid order field {name}")
    return (*key, item.number)


def _ordered(venue: Venue, request: Request, items: list[Any]) -> list[tuple[Key, Any]]:
    order = request.listed("order")
    # Without `order` the ids rise; `ascending` counts only together with it.
    falling = bool(order) and _flag(request, "ascending", True) is False
    keyed = [(_sort_key(venue, item, order), item) for item in items]
    keyed.sort(key=lambda pair: pair[0], reverse=falling)
    return keyed


def _offset_page(venue: Venue, request: Request, items: list[Any], noun: str) -> list[Any]:
    limit = max(0, min(_whole(request, "limit", 20), _LIMIT_MAX))
    offset = _whole(request, "offset", 0)
    if offset > _OFFSET_MAX:
        raise _invalid(f"offset too large, use /{noun}/keyset for deeper pagination")
    return [item for _, item in _ordered(venue, request, items)[offset : offset + limit]]


def _keyset_page(venue: Venue, request: Request, items: list[Any]) -> tuple[list[Any], str]:
    """The page after the cursor, and the next cursor ("" on the last page)."""
    if "offset" in request.query:
        raise _invalid("offset is not supported, use after_cursor")
    limit = max(1, min(_whole(request, "limit", 20), _LIMIT_MAX))
    keyed = _ordered(venue, request, items)
    if cursor := request.text("after_cursor"):
        try:
            after = tuple(read_cursor(cursor))
        except (ValueError, TypeError):
            raise _invalid("invalid cursor") from None
        falling = bool(request.listed("order")) and _flag(request, "ascending", True) is False
        keyed = [(key, item) for key, item in keyed if (key < after if falling else key > after)]
    page = keyed[:limit]
    more = write_cursor(list(page[-1][0])) if len(keyed) > limit else ""
    return [item for _, item in page], more


# -- routes -------------------------------------------------------------------------------------------


def _market_rows(venue: Venue, request: Request, items: list[Listing]) -> list[dict[str, Any]]:
    tags = bool(_flag(request, "include_tag", False))
    return [market_row(venue, listing, with_event=True, with_tags=tags) for listing in items]


def _event_rows(venue: Venue, request: Request, items: list[EventListing]) -> list[dict[str, Any]]:
    markets = _flag(request, "include_markets", True) is True
    return [event_row(venue, event, with_markets=markets) for event in items]


def _list_markets(venue: Venue, request: Request) -> Answer:
    page = _offset_page(venue, request, _markets(venue, request), "markets")
    return told(_market_rows(venue, request, page))


def _keyset_markets(venue: Venue, request: Request) -> Answer:
    page, more = _keyset_page(venue, request, _markets(venue, request))
    return told({"markets": _market_rows(venue, request, page)} | ({"next_cursor": more} if more else {}))


def _list_events(venue: Venue, request: Request) -> Answer:
    page = _offset_page(venue, request, _events(venue, request), "events")
    return told(_event_rows(venue, request, page))


def _keyset_events(venue: Venue, request: Request) -> Answer:
    page, more = _keyset_page(venue, request, _events(venue, request))
    return told({"events": _event_rows(venue, request, page)} | ({"next_cursor": more} if more else {}))


def _tags(venue: Venue, request: Request) -> Answer:
    tags = {tag.tag_id: tag for event in venue.events() for tag in event.tags}
    limit, offset = min(_whole(request, "limit", 100), _LIMIT_MAX), _whole(request, "offset", 0)
    return told([tag_row(tags[key], venue) for key in sorted(tags)[offset : offset + limit]])


def _search(venue: Venue, request: Request) -> Answer:
    """Events whose title or questions hold every word, the busiest first."""
    words = request.text("q").lower().split()
    if not words:
        raise _invalid("q is required")
    limit, page = min(_whole(request, "limit_per_type", 10), 50), max(_whole(request, "page", 1), 1)
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
    if _flag(request, "search_tags", False):
        tags = {tag.tag_id: tag for event in found for tag in event.tags if words[0] in tag.label.lower()}
        answer["tags"] = [{"id": str(t.tag_id), "label": t.label, "slug": t.slug} for t in tags.values()]
    if _flag(request, "search_profiles", False):
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
            raise _invalid("invalid integer")
    return told(_event_rows(venue, request, [event])[0]) if event else _missing()


def _one_market(venue: Venue, request: Request, listing: Listing | None) -> Answer:
    if listing is None or venue.phase(listing) is Phase.UNBORN:
        return _missing()
    tags = bool(_flag(request, "include_tag", False))
    return told(market_row(venue, listing, with_event=True, with_tags=tags, single=True))
