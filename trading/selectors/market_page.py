"""The panels of a market's page: one function each, frozen lines in micros out, a bounded number of reads."""

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from urllib.parse import quote

from livedata import books, subscriptions
from livedata.books import BookView
from livedata.catalogue import market_ref
from livedata.clock import venue_now_ms
from livedata.errors import Unavailable
from livedata.history import price_history
from markets.core.book import Side, mirror
from markets.models import Event, Market
from trading.charts import DepthChart, Point, PriceChart, depth_chart, price_chart
from trading.selectors.ladder import LadderRow, OwnLevel, ladder_rows
from trading.selectors.quotes import MarketLine, event_url, market_lines, quote_of

LEASE_S = 60  # a page's own: its socket renews it, a reader without script reloads
LEVELS = 7
LEVELS_MAX = 25
TAPE_ROWS = 12
RELATED_ROWS = 8
_SMALL_WORDS = {"will", "the", "a", "an", "what", "which", "who", "how", "is", "in", "on", "of", "be", "by"}
POINTS_MAX = 400
RANGES = ("1h", "6h", "1d", "1w", "1m", "max")
_FIDELITY = {"1h": 1, "6h": 1, "1d": 5, "1w": 60, "1m": 180}  # minutes between two points
_FIDELITY_OF_ALL = (10, 30, 60, 180)  # for a market's whole life: the finest that POINTS_MAX allow


@dataclass(frozen=True, slots=True, kw_only=True)
class MarketHead:
    """Title, chance and badges."""

    slug: str
    title: str
    event_title: str
    event_url: str
    outcome_count: int  # markets of the event
    category: str
    image: str
    letters: str
    status: int
    chance_micros: int | None
    day_change_micros: int | None
    volume_micros: int
    fee_rate_micros: int
    fee_exponent_micros: int
    fee_assumed: bool
    neg_risk: bool
    seconds_delay: int
    end_ms: int | None
    closed_ms: int | None
    uma_status: str
    payout_0_micros: int | None
    outcomes: tuple[str, str]
    token_ids: tuple[str, str]
    condition_id: str
    tick_micros: int
    min_size_micros: int


@dataclass(frozen=True, slots=True, kw_only=True)
class BookPanel:
    """The book of one outcome; `asks` come far to near, as a ladder shows them."""

    outcome_index: int
    asks: tuple[LadderRow, ...]
    bids: tuple[LadderRow, ...]
    mid_micros: int | None
    spread_micros: int | None
    last_micros: int | None
    tick_micros: int
    seen: bool  # whether any book has been seen
    fresh: bool
    age_ms: int
    depth: DepthChart | None

    @property
    def touch(self) -> list[tuple[LadderRow, LadderRow]]:
        """The best three bids beside the best three asks, for the phone's sheet."""
        bids = [row for row in self.bids if row.rank is not None]
        asks = [row for row in self.asks[::-1] if row.rank is not None]
        return list(zip(bids[:3], asks[:3], strict=True))


@dataclass(frozen=True, slots=True, kw_only=True)
class TapeLine:
    """A public trade, in the shown outcome's coordinates; an empty one keeps the place of the next."""

    stamp_ms: int | None
    side: str  # the taker's: "buy" or "sell"
    price_micros: int | None
    size_micros: int | None


@dataclass(frozen=True, slots=True, kw_only=True)
class ChartPanel:
    """The price over a range; `points` feed the script's chart."""

    range: str
    picture: PriceChart | None
    points: tuple[Point, ...]
    unavailable: bool

    @property
    def data(self) -> list[tuple[int, int]]:
        return list(self.points)


def watch(markets: Sequence[Market], *, owner: str) -> None:
    """Ask the feed to follow what a page shows, for a minute."""
    refs = [market_ref(market) for market in markets if market.tradable]
    if refs:
        subscriptions.lease(owner, refs, seconds=LEASE_S)


def market_head(market: Market, view: BookView | None) -> MarketHead:
    event: Event | None = market.event
    quoted = quote_of(market, view)
    return MarketHead(
        slug=market.slug,
        title=market.question,
        event_title=event.title if event else "",
        event_url=event_url(event.slug) if event else "",
        outcome_count=event.market_count if event else 1,
        category=market.category,
        image=market.image,
        letters=letters(market.group_label or (event.title if event else market.question)),
        status=market.status,
        chance_micros=market.payout_0_micros if market.payout_0_micros is not None else quoted.chance_micros,
        day_change_micros=market.day_change_micros,
        volume_micros=market.volume_micros,
        fee_rate_micros=market.fee_rate_micros,
        fee_exponent_micros=market.fee_exponent_micros,
        fee_assumed=market.fee_source == Market.FeeSource.ASSUMED,
        neg_risk=market.neg_risk,
        seconds_delay=market.seconds_delay,
        end_ms=market.end_ms,
        closed_ms=market.closed_ms,
        uma_status=market.uma_status,
        payout_0_micros=market.payout_0_micros,
        outcomes=(market.outcome_0, market.outcome_1),
        token_ids=market.token_ids,
        condition_id=market.condition_id,
        tick_micros=quoted.tick_micros,
        min_size_micros=view.min_size_micros if view else market.min_size_micros,
    )


def letters(name: str) -> str:
    """Up to three letters for the tile that stands where an icon is missing."""
    words = re.findall(r"\w+", name)
    words = [word for word in words if word.lower() not in _SMALL_WORDS] or words
    if not words:
        return "?"
    first = words[0]
    return first[:3] if len(first) > 1 and len(words) < 3 else "".join(word[0] for word in words[:2])


def book_panel(
    market: Market,
    view: BookView | None,
    *,
    outcome_index: int,
    levels: int = LEVELS,
    taking: Mapping[int, int] | None = None,
    own: Sequence[OwnLevel] = (),
    last_micros: int | None = None,
) -> BookPanel:
    """The ladder and the depth of one outcome.

    `taking`: percent of a level by price, from a review. `own`: the reader's orders. `last_micros`: the
    newest print, where one was seen; a book's own `last_trade` may be either token's, so the catalogue's
    stands in for it.
    """
    tick = view.tick_micros if view else market.tick_micros
    bids = view.book.levels(Side.BUY, outcome_index) if view else []
    asks = view.book.levels(Side.SELL, outcome_index) if view else []
    last = quote_of(market, view).last_micros
    if last is not None:
        last = mirror(Side.BUY, last, outcome_index)[1]
    shown = (bids[:levels], asks[:levels])
    rows = {
        "count": levels,
        "largest_micros": max((level.size_micros for side in shown for level in side), default=0),
        "taking": taking or {},
        "own": own,
    }
    mid, spread = None, None
    if bids and asks:
        mid = (bids[0].price_micros + asks[0].price_micros) // 2
        spread = asks[0].price_micros - bids[0].price_micros
    return BookPanel(
        outcome_index=outcome_index,
        asks=ladder_rows("ask", asks, **rows)[::-1],
        bids=ladder_rows("bid", bids, **rows),
        mid_micros=mid,
        spread_micros=spread,
        last_micros=last if last_micros is None else last_micros,
        tick_micros=tick,
        seen=view is not None,
        fresh=view.fresh if view else False,
        age_ms=view.age_ms if view else 0,
        depth=depth_chart(bids, asks, tick_micros=tick),
    )


def tape_lines(market: Market, *, outcome_index: int) -> list[TapeLine]:
    """The newest public trades, newest first, in TAPE_ROWS rows."""
    newest = sorted(books.prints(market.condition_id), key=lambda trade: trade.stamp_ms, reverse=True)
    lines = []
    for trade in newest[:TAPE_ROWS]:
        side, price = mirror(Side(trade.taker_side), trade.price_micros, outcome_index)
        lines.append(
            TapeLine(
                stamp_ms=trade.stamp_ms,
                side="buy" if side is Side.BUY else "sell",
                price_micros=price,
                size_micros=trade.size_micros,
            )
        )
    blank = TapeLine(stamp_ms=None, side="", price_micros=None, size_micros=None)
    return lines + [blank] * (TAPE_ROWS - len(lines))


def chart_panel(market: Market, *, outcome_index: int, range_name: str) -> ChartPanel:
    """The price line of a range. A venue that does not answer makes an empty chart, never an error page."""
    chosen = range_name if range_name in RANGES else "max"
    try:
        points = history_points(market, outcome_index=outcome_index, range_name=chosen)
        unavailable = False
    except Unavailable:
        points, unavailable = [], True
    return ChartPanel(
        range=chosen,
        picture=price_chart([points]),
        points=tuple(points),
        unavailable=unavailable,
    )


def history_points(market: Market, *, outcome_index: int, range_name: str) -> list[Point]:
    """At most POINTS_MAX points, the newest among them. Raises Unavailable."""
    points = price_history(
        market, outcome_index, interval=range_name, fidelity=fidelity_of(market, range_name)
    )
    step = -(-len(points) // POINTS_MAX) or 1
    return list(points[::-1][::step][::-1])


def fidelity_of(market: Market, range_name: str) -> int:
    """Minutes between two points of a range: a young market's whole life is drawn finer than an old one's."""
    if range_name in _FIDELITY:
        return _FIDELITY[range_name]
    life_min = (venue_now_ms() - (market.start_ms or market.created_ms)) // 60_000
    return next((step for step in _FIDELITY_OF_ALL if life_min <= step * POINTS_MAX), 720)


def related_lines(market: Market) -> list[MarketLine]:
    """The event's other markets beside this one, most likely first: one query, one read of the bus."""
    if market.event_id is None:
        return []
    rows = list(
        Market.objects.filter(event_id=market.event_id).order_by("group_order", "id")[: 5 * RELATED_ROWS]
    )
    if len(rows) < 2:
        return []
    lines = sorted(market_lines(rows), key=lambda line: -(line.chance_micros or 0))
    nearest = lines[:RELATED_ROWS]
    if all(line.slug != market.slug for line in nearest):
        nearest[-1:] = [line for line in lines if line.slug == market.slug]
    return nearest


def venue_url(market: Market) -> str:
    """The same market on Polymarket."""
    event = market.event
    if event is None:
        return f"https://polymarket.com/market/{quote(market.slug, safe='')}"
    return f"https://polymarket.com/event/{quote(event.slug, safe='')}/{quote(market.slug, safe='')}"
