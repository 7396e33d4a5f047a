"""The front page: event cards that become rows, what moves, and the reader's account beside them."""

from collections.abc import Sequence
from dataclasses import dataclass, replace

from livedata.books import BookView
from livedata.clock import venue_now_ms
from markets.core.categories import CATEGORIES
from markets.core.units import ONE
from markets.models import Event, Market, PricePoint
from markets.pages import SORTS, BadPage, Filters, Order, Slice
from markets.selectors import EventLine, browse_events, top_markets
from trading.charts import Point, spark, spark_area
from trading.selectors.market_page import letters
from trading.selectors.quotes import MarketLine, books_of, event_url, market_line, market_lines, market_url

PAGE_SIZE = 18
LINES = 3  # outcomes on a card
MOVERS = 5
_MOVERS_AMONG = 100
_DAY_MS = 86_400_000
_WEEK_FIDELITY = 60  # minutes, as a market's page asks for its week
_WEEK_MAX = 4000  # points in all
SORT_NAMES = {
    "volume_24h": "Volume, 24 h",
    "volume": "Volume, all time",
    "liquidity": "Liquidity",
    "end_date": "Closing soonest",
    "newest": "Newest",
}
CHIPS = {"today": "Closes within 24 h", "liquid": "Liquidity over $10K", "ended": "Trading ended"}


@dataclass(frozen=True, slots=True, kw_only=True)
class Asked:
    """The front page's query, as people may type it: what makes no sense is left out."""

    search: str = ""
    category: str = ""
    tag: str = ""
    sort: str = "volume_24h"
    chips: tuple[str, ...] = ()
    cursor: str = ""

    @property
    def filters(self) -> Filters:
        now_ms = venue_now_ms()
        today = "today" in self.chips
        return Filters(
            search=self.search,
            category=self.category,
            tag=self.tag,
            closed="ended" in self.chips,
            liquidity_min_micros=10_000 * ONE if "liquid" in self.chips else None,
            end_after_ms=now_ms if today or self.sort == "end_date" else None,
            end_before_ms=now_ms + _DAY_MS if today else None,
        )

    @property
    def narrowed(self) -> bool:
        return bool(self.search or self.category or self.tag or self.chips)


@dataclass(frozen=True, slots=True, kw_only=True)
class EventCard:
    """One event: its likeliest outcomes, and what the compact row shows of the first."""

    title: str
    url: str
    letters: str
    image: str
    category: str
    lines: tuple[MarketLine, ...]
    more_count: int
    volume_micros: int
    end_ms: int | None
    single: bool  # one market: two wide buttons and a small chart
    spark: str
    spark_area: str

    @property
    def lead(self) -> MarketLine:
        return self.lines[0]


@dataclass(frozen=True, slots=True, kw_only=True)
class BrowsePage:
    asked: Asked
    cards: tuple[EventCard, ...]
    total: int
    total_exact: bool  # False: there are this many or more
    has_next: bool
    cursor: str


def read_asked(query: dict[str, str], chips: Sequence[str]) -> Asked:
    sort = query.get("sort", "")
    return Asked(
        search=query.get("q", "").strip()[:200],
        category=query.get("category", "").strip()[:80],
        tag=query.get("tag", "").strip()[:120],
        sort=sort if sort in SORTS else "volume_24h",
        chips=tuple(chip for chip in CHIPS if chip in chips),
        cursor=query.get("cursor", "")[:400],
    )


def browse_page(asked: Asked) -> BrowsePage:
    """One page of cards; a cursor that is not ours begins at the first."""
    order = Order(sort_by=asked.sort, descending=asked.sort != "end_date")
    try:
        found = browse_events(
            asked.filters, order=order, part=Slice(page_size=PAGE_SIZE, cursor=asked.cursor)
        )
    except BadPage:
        found = browse_events(asked.filters, order=order, part=Slice(page_size=PAGE_SIZE))
    shown = [(line, _shown(line.markets)) for line in found.items if line.markets]
    views = books_of(market for _, markets in shown for market in markets)
    singles = [markets[0].token_0 for line, markets in shown if len(line.markets) == 1]
    points = _cached_week(singles)
    cards = []
    for line, markets in shown:
        drawn = spark(points.get(markets[0].token_0, ())) if len(line.markets) == 1 else ""
        cards.append(_card(line, market_lines(markets, views), drawn))
    return BrowsePage(
        asked=asked,
        cards=tuple(cards),
        total=found.total,
        total_exact=found.total_exact,
        has_next=found.has_next,
        cursor=found.cursor,
    )


def _cached_week(token_ids: Sequence[str]) -> dict[str, list[Point]]:
    """The last week of these tokens as far as it is cached: a list asks the venue for nothing."""
    since = venue_now_ms() // 1000 - 7 * 86_400
    rows = PricePoint.objects.filter(token_id__in=token_ids, fidelity_minutes=_WEEK_FIDELITY, t__gte=since)
    found: dict[str, list[Point]] = {}
    for token_id, t, price in rows.order_by("t").values_list("token_id", "t", "price_micros")[:_WEEK_MAX]:
        found.setdefault(token_id, []).append((t, price))
    return found


def _shown(markets: Sequence[Market]) -> list[Market]:
    """The card's outcomes: those that trade before those that ended."""
    return list(markets)[:LINES]


def _card(line: EventLine, lines: list[MarketLine], drawn: str) -> EventCard:
    event: Event = line.event
    single = len(line.markets) == 1
    return EventCard(
        title=event.title,
        url=market_url(lines[0].slug) if single else event_url(event.slug),
        letters=letters(event.title),
        image=event.image,
        category=event.category,
        lines=tuple(sorted(lines, key=lambda row: (row.status, -(row.chance_micros or 0)))),
        more_count=max(0, len(line.markets) - LINES),
        volume_micros=event.volume_micros,
        end_ms=event.end_ms,
        single=single,
        spark=drawn,
        spark_area=spark_area(drawn),
    )


def movers() -> list[MarketLine]:
    """The busiest markets' largest moves of the day."""
    busy = [market for market in top_markets(_MOVERS_AMONG) if market.day_change_micros]
    busy.sort(key=lambda market: -abs(market.day_change_micros or 0))
    chosen = busy[:MOVERS]
    views = books_of(chosen)
    return [_mover(market, views.get(market.condition_id)) for market in chosen]


def _mover(market: Market, view: BookView | None) -> MarketLine:
    """An outcome of a group is named with its event: "Over 2.5" alone says nothing."""
    line = market_line(market, view)
    if not market.group_label or market.event is None:
        return line
    return replace(line, label=f"{market.group_label}, {market.event.title}")


def categories() -> tuple[str, ...]:
    return CATEGORIES
