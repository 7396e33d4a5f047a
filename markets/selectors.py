"""What the catalogue says: one market, one event, pages of either. Reads only, never the venue.

Lists leave out the long texts (descriptions, search lines); they are loaded when somebody reads them.
"""

from collections import defaultdict
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, replace

from django.core.cache import cache
from django.db.models import Prefetch, QuerySet

from markets.models import Event, Market, SyncState
from markets.pages import Filters, Order, Page, Slice
from markets.search import in_parts
from markets.walks import page_keys

_COUNTS = "catalogue-counts"
EVERYTHING, BUSIEST_FIRST, FIRST_PAGE = Filters(), Order(), Slice()
_LONG = ("description", "resolution_source", "search_text")


def market_by_slug(slug: str) -> Market | None:
    return _newest(Market.objects.filter(slug=slug))


def market_by_condition(condition_id: str) -> Market | None:
    return _newest(Market.objects.filter(condition_id=condition_id)) if condition_id else None


def market_by_token(token_id: str) -> Market | None:
    if not token_id:
        return None
    return _newest(Market.objects.filter(token_0=token_id)) or _newest(
        Market.objects.filter(token_1=token_id)
    )


def _newest(markets: QuerySet[Market]) -> Market | None:
    """The venue has given a slug twice: the newest row is the one that people mean."""
    return markets.prefetch_related("event").order_by("-created_ms", "-id").first()


def _event() -> Prefetch:  # type: ignore[type-arg]
    """The event in a query of its own: on MongoDB a join is made before the filter, for every market."""
    return Prefetch("event", Event.objects.defer("description", "search_text"))


def markets_by_condition(condition_ids: Iterable[str]) -> dict[str, Market]:
    """The markets that we know of these, by condition id; one query per thousand."""
    asked = [condition_id for condition_id in dict.fromkeys(condition_ids) if condition_id]
    found: dict[str, Market] = {}
    for part in in_parts(asked):
        found.update(
            (market.condition_id, market)
            for market in Market.objects.filter(condition_id__in=part)
            .prefetch_related(_event())
            .defer(*_LONG)
        )
    return found


def markets_by_token(token_ids: Iterable[str]) -> dict[str, Market]:
    """The markets that we know of these, by token id; two queries per thousand."""
    asked = [token_id for token_id in dict.fromkeys(token_ids) if token_id]
    found: dict[str, Market] = {}
    for part in in_parts(asked):
        for market in Market.objects.filter(token_0__in=part).defer(*_LONG):
            found[market.token_0] = market
        for market in Market.objects.filter(token_1__in=part).defer(*_LONG):
            found[market.token_1] = market
    return found


@dataclass(frozen=True, slots=True, kw_only=True)
class EventLine:
    """An event and its markets, in the venue's order."""

    event: Event
    markets: Sequence[Market]


def event_by_slug(slug: str) -> EventLine | None:
    """One event with all its markets: two queries, however many markets."""
    event = Event.objects.filter(slug=slug).order_by("-created_ms", "-id").first()
    if event is None:
        return None
    markets = Market.objects.filter(event=event).defer("description", "search_text")
    return EventLine(event=event, markets=in_group_order(markets))


def in_group_order(markets: Iterable[Market]) -> list[Market]:
    """Most likely first while open, as people look for the favourite; the venue's order breaks ties."""
    return sorted(
        markets,
        key=lambda market: (market.status, -(market.price_0_micros or 0), market.group_order, market.id),
    )


def browse(
    filters: Filters = EVERYTHING, *, order: Order = BUSIEST_FIRST, part: Slice = FIRST_PAGE
) -> Page[Market]:
    """One page of markets with their events: at most two queries a status, one for the rows.

    Raises BadPage for a page that is too deep or a cursor that is not ours.
    """
    keys = page_keys(Market.objects.all(), filters=filters, order=order, part=part)
    found = Market.objects.filter(pk__in=keys.items).prefetch_related(_event()).defer(*_LONG)
    by_key = {market.pk: market for market in found}
    return keys.carrying([by_key[key] for key in keys.items if key in by_key])


def browse_events(
    filters: Filters = EVERYTHING, *, order: Order = BUSIEST_FIRST, part: Slice = FIRST_PAGE
) -> Page[EventLine]:
    """One page of events, each with all its markets: three queries besides those for the keys.

    An event answers a search by its own title or by any of its markets.
    """
    filters = replace(filters, active=None)  # the venue's flag is a market's
    keys = page_keys(Event.objects.all(), filters=filters, order=order, part=part)
    return keys.carrying(_event_lines(keys.items))


def _event_lines(event_ids: Sequence[str]) -> list[EventLine]:
    events = Event.objects.defer("description", "search_text").in_bulk(event_ids)
    markets = defaultdict(list)
    of_events = Market.objects.filter(event_id__in=event_ids)
    for market in of_events.defer("description", "resolution_source", "search_text"):
        markets[market.event_id].append(market)
    return [
        EventLine(event=events[key], markets=in_group_order(markets[key]))
        for key in event_ids
        if key in events
    ]


def search(text: str, *, count: int = 10) -> Sequence[Market]:
    """The open markets with the most volume today that hold these words; for suggestions as one types."""
    return (
        browse(Filters(search=text, closed=False), part=Slice(page_size=count)).items if text.strip() else []
    )


def top_markets(count: int) -> Sequence[Market]:
    """The open markets with the most volume today."""
    found = Market.objects.filter(status=Market.Status.OPEN).order_by("-volume_24h_micros", "pk")
    return list(found.prefetch_related(_event()).defer(*_LONG)[:count])


def catalogue_counts() -> dict[str, int]:
    """How many markets and events we know, by state; counted at most every ten seconds."""
    counts: dict[str, int] | None = cache.get(_COUNTS)
    if counts is None:
        by_status = {status: Market.objects.filter(status=status).count() for status in Market.Status}
        counts = {
            "total_markets": sum(by_status.values()),
            "open_markets": by_status[Market.Status.OPEN] + by_status[Market.Status.PAUSED],
            "closed_markets": by_status[Market.Status.CLOSED],
            "resolved_markets": by_status[Market.Status.RESOLVED],
            "events": Event.objects.count(),
        }
        cache.set(_COUNTS, counts, 10)
    return counts


def sync_states() -> list[SyncState]:
    return list(SyncState.objects.order_by("name"))
