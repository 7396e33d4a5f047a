"""An event's page: its outcomes side by side, at most four lines in one chart, what a full set costs."""

from collections.abc import Sequence
from dataclasses import dataclass
from uuid import UUID

from livedata.errors import Unavailable
from markets.core.units import ONE
from markets.models import Event, Market
from markets.selectors import EventLine
from trading.charts import Point, PriceChart, price_chart, spark
from trading.models import Position
from trading.selectors.market_page import RANGES, history_points, letters
from trading.selectors.quotes import MarketLine, books_of, market_lines

LINES = 4  # more cannot be told apart without colour
ROWS_MAX = 200
_NETWORK_MAX = LINES  # histories asked for one page


@dataclass(frozen=True, slots=True, kw_only=True)
class OutcomeRow:
    """One market of the event. `colour` is its line in the chart, 1 to 4, or 0 without one."""

    line: MarketLine
    colour: int
    spark: str
    held: tuple[tuple[str, int], ...]  # label and shares


@dataclass(frozen=True, slots=True, kw_only=True)
class EventPage:
    title: str
    slug: str
    letters: str
    image: str
    category: str
    neg_risk: bool
    description: str
    volume_micros: int
    volume_24h_micros: int
    end_ms: int | None
    created_ms: int
    rows: tuple[OutcomeRow, ...]
    hidden_count: int
    set_cost_micros: int | None  # one Yes of every outcome, at the best asks
    set_count: int
    range: str
    picture: PriceChart | None
    series: tuple[tuple[str, tuple[Point, ...]], ...]
    unavailable: bool

    @property
    def charted(self) -> list[OutcomeRow]:
        return [row for row in self.rows if row.colour]

    @property
    def data(self) -> list[list[Point]]:
        return [list(points) for _, points in self.series]


def event_page(found: EventLine, *, user_id: UUID | None, range_name: str) -> EventPage:
    """Bounded reads: books at once, four histories, one query for what the reader holds."""
    event: Event = found.event
    markets = list(found.markets)[:ROWS_MAX]
    lines = market_lines(markets, books_of(markets))
    pairs = sorted(
        zip(markets, lines, strict=True), key=lambda pair: (pair[1].status, -(pair[1].chance_micros or 0))
    )
    chosen = range_name if range_name in RANGES else "max"
    charted = [market for market, _ in pairs[:LINES]]
    series, unavailable = _series(charted, chosen)
    held = _held(user_id, markets)
    drawn = {market.pk: points for market, points in zip(charted, series, strict=True)}
    rows = tuple(
        OutcomeRow(
            line=line,
            colour=place if place <= LINES else 0,
            spark=spark(drawn.get(market.pk, ())),
            held=tuple(held.get(market.condition_id, ())),
        )
        for place, (market, line) in enumerate(pairs, start=1)
    )
    cost, count = _set_cost(event, [line for _, line in pairs], complete=len(markets) == len(found.markets))
    return EventPage(
        title=event.title,
        slug=event.slug,
        letters=letters(event.title),
        image=event.image,
        category=event.category,
        neg_risk=event.neg_risk,
        description=event.description,
        volume_micros=event.volume_micros,
        volume_24h_micros=event.volume_24h_micros,
        end_ms=event.end_ms,
        created_ms=event.created_ms,
        rows=rows,
        hidden_count=len(found.markets) - len(markets),
        set_cost_micros=cost,
        set_count=count,
        range=chosen,
        picture=price_chart(series),
        series=tuple((line.label, tuple(points)) for (_, line), points in zip(pairs, series, strict=False)),
        unavailable=unavailable,
    )


def _series(markets: Sequence[Market], range_name: str) -> tuple[list[list[Point]], bool]:
    """Each market's line; a venue that does not answer leaves the rest empty."""
    series: list[list[Point]] = []
    unavailable = False
    for market in markets:
        try:
            points = [] if unavailable else history_points(market, outcome_index=0, range_name=range_name)
        except Unavailable:
            points, unavailable = [], True
        series.append(points)
    return series, unavailable


def _held(user_id: UUID | None, markets: Sequence[Market]) -> dict[str, list[tuple[str, int]]]:
    if user_id is None:
        return {}
    by_condition = {market.condition_id: market for market in markets}
    rows = Position.objects.filter(
        portfolio__user_id=user_id, condition_id__in=list(by_condition), size_micros__gt=0
    )
    sums: dict[tuple[str, int], int] = {}
    for condition_id, index, size in rows.values_list("condition_id", "outcome_index", "size_micros"):
        sums[condition_id, index] = sums.get((condition_id, index), 0) + size
    found: dict[str, list[tuple[str, int]]] = {}
    for (condition_id, index), size in sorted(sums.items()):
        label = by_condition[condition_id].outcome_label(index)
        found.setdefault(condition_id, []).append((label, size))
    return found


def _set_cost(event: Event, lines: Sequence[MarketLine], *, complete: bool) -> tuple[int | None, int]:
    """What one share of every outcome costs now; said only where exactly one of them pays $1."""
    open_lines = [line for line in lines if line.payout_0_micros is None]
    if not event.neg_risk or not complete or len(open_lines) != len(lines):
        return None, len(lines)
    asks = [line.ask_0_micros for line in open_lines]
    if any(ask is None for ask in asks):
        return None, len(lines)
    return sum(ask or ONE for ask in asks), len(lines)
