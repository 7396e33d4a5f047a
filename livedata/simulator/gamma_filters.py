"""What a Gamma list request asks for: its parameters read, and the listings that fit."""

from livedata.simulator.answers import Refused, Request, told
from livedata.simulator.listings import EventListing, Listing, Phase
from livedata.simulator.times import iso
from livedata.simulator.venue import Venue


def invalid(why: str) -> Refused:
    return Refused(told({"type": "validation error", "error": why}, 422))


def whole(request: Request, name: str, default: int) -> int:
    text = request.text(name)
    if not text:
        return default
    try:
        return int(text)
    except ValueError:
        raise invalid("invalid integer") from None


def _number(request: Request, name: str) -> float | None:
    text = request.text(name)
    try:
        return float(text) if text else None
    except ValueError:
        raise invalid("invalid number") from None


def flag(request: Request, name: str, default: bool | None) -> bool | None:
    text = request.text(name).lower()
    if text not in ("", "true", "false", "1", "0"):
        raise invalid("invalid boolean")
    return text in ("true", "1") if text else default


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


def markets_asked(venue: Venue, request: Request) -> list[Listing]:
    """The markets a list request asks for; closed ones only when `closed=true`, as since 2026-04-09."""
    named = {name: set(request.listed(name)) for name in ("id", "slug", "condition_ids", "clob_token_ids")}
    named["question_ids"] = set(request.listed("question_ids"))
    if any(named.values()):
        found = _named_markets(venue, named)
    else:
        found = [listing for event in venue.events() for listing in event.markets]
    closed, types = flag(request, "closed", False), set(request.texts("sports_market_types"))
    status = request.text("uma_resolution_status")
    if flag(request, "active", None) is False or flag(request, "archived", None) is True:
        return []  # nothing here is hidden
    fits: dict[int, bool] = {}
    kept = []
    for listing in found:
        phase, event = venue.phase(listing), listing.event
        if phase is Phase.UNBORN or (closed is not None and closed != (phase is Phase.CLOSED)):
            continue
        if event.number not in fits:
            fits[event.number] = _dates_fit(request, event) and _tags_fit(request, event)
        if not fits[event.number] or (types and listing.sports_type not in types):
            continue
        if status and status != ("proposed" if phase is Phase.REVIEW else "resolved" if closed else ""):
            continue
        if _volumes_fit(venue, request, listing):
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
                raise invalid("invalid integer")
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


def events_asked(venue: Venue, request: Request) -> list[EventListing]:
    ids, slugs = set(request.listed("id")), set(request.listed("slug"))
    found = venue.events()
    if ids or slugs:
        found = [e for text in sorted(ids) if text.isdigit() and (e := venue.event(number=int(text)))]
        found += [e for slug in sorted(slugs) if (e := venue.event(slug=slug)) and e not in found]
    closed, title = flag(request, "closed", False), request.text("title_search").lower()
    kept = []
    for event in found:
        phases = [venue.phase(listing) for listing in event.markets]
        if Phase.UNBORN in phases or flag(request, "active", None) is False:
            continue
        if closed is not None and closed != all(phase is Phase.CLOSED for phase in phases):
            continue
        if title and title not in event.title.lower():
            continue
        if _dates_fit(request, event) and _tags_fit(request, event):
            kept.append(event)
    return kept
