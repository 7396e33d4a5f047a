"""A portfolio's page: what it is worth, what it holds, what it did."""

from collections.abc import Sequence
from dataclasses import dataclass
from uuid import UUID

from markets.core.units import ONE
from markets.models import Market
from markets.selectors import markets_by_condition
from trading.charts import CANVAS, Point
from trading.models import EquityPoint, Fill, Order, Portfolio
from trading.selectors.holdings import backing_of
from trading.selectors.lenses import Lenses, lenses_of
from trading.selectors.open_orders import OpenOrderLine, open_orders
from trading.selectors.portfolios import (
    PortfolioSummary,
    PositionLine,
    fills_of_orders,
    position_lines,
    summary_of,
)
from trading.selectors.queues import QueueLine, queues_of
from trading.selectors.quotes import market_url
from trading.selectors.rebates import RebateSums, rebate_sums
from trading.selectors.rewards import RewardRange, reward_range

ORDERS_MAX = 12
FILLS_PAGE = 25
EQUITY_MAX = 400


@dataclass(frozen=True, slots=True, kw_only=True)
class FillLine:
    """One execution as a row of the history."""

    id: UUID
    question: str
    url: str
    outcome: str
    outcome_index: int
    side: str
    role: str
    price_micros: int
    size_micros: int
    notional_micros: int
    fee_micros: int
    realised_pnl_micros: int
    filled_ms: int
    evidence_url: str


@dataclass(frozen=True, slots=True, kw_only=True)
class OrderLine:
    """One order and what became of it."""

    id: UUID
    portfolio_id: UUID
    portfolio_name: str
    question: str
    url: str
    outcome: str
    outcome_index: int
    side: str
    order_type: str
    is_market: bool
    price_micros: int | None
    size_micros: int | None
    amount_micros: int | None
    matched_micros: int
    notional_micros: int
    average_price_micros: int | None
    fee_micros: int
    killed_micros: int
    open_micros: int
    entry_ahead_micros: int | None  # what stood at its price when it came to rest, while it rests
    status: str
    reason: str
    created_ms: int
    fills: int
    evidence_url: str

    @property
    def pending(self) -> bool:
        return self.status in (Order.Status.ACCEPTED, Order.Status.DELAYED)

    @property
    def resting(self) -> bool:
        return self.status == Order.Status.LIVE


@dataclass(frozen=True, slots=True, kw_only=True)
class Slice:
    """A labelled part of the composition bar, in micros."""

    label: str
    url: str
    value_micros: int
    percent: int


@dataclass(frozen=True, slots=True, kw_only=True)
class EquityChart:
    """The portfolio's worth over time, on the canvas of trading.charts."""

    line: str
    area: str
    base: int  # where the first deposit lies, from the top
    low_micros: int
    high_micros: int
    first_ms: int
    last_ms: int


@dataclass(frozen=True, slots=True, kw_only=True)
class PortfolioPage:
    summary: PortfolioSummary
    positions: tuple[PositionLine, ...]
    open_orders: tuple[OpenOrderLine, ...]
    lenses: Lenses | None
    backing_micros: int  # of open BUYs, in all markets together
    rebates: RebateSums
    rewards: RewardRange  # an estimate: in no balance
    orders: tuple[OrderLine, ...]
    fills: tuple[FillLine, ...]
    fills_more: str  # cursor of the next page, "" on the last
    slices: tuple[Slice, ...]
    equity: EquityChart | None
    result_micros: int
    result_fraction_micros: int


def portfolio_page(portfolio: Portfolio, *, before: str = "") -> PortfolioPage:
    """Some twenty queries and three looks at the books, however long the history is."""
    positions = position_lines(portfolio_id=portfolio.pk)
    summary = summary_of(portfolio, positions)
    fills, more = fill_page(portfolio, before=before)
    result = summary.equity_micros - portfolio.initial_balance_micros
    return PortfolioPage(
        summary=summary,
        positions=tuple(positions),
        open_orders=tuple(open_orders(portfolio.pk)),
        lenses=lenses_of(portfolio, result_micros=result),
        backing_micros=backing_of([portfolio.pk])[portfolio.pk],
        rebates=rebate_sums(portfolio),
        rewards=reward_range(portfolio),
        orders=tuple(recent_orders(portfolio)),
        fills=tuple(fills),
        fills_more=more,
        slices=_slices(summary, positions),
        equity=equity_chart(portfolio),
        result_micros=result,
        result_fraction_micros=result * ONE // portfolio.initial_balance_micros,
    )


def fill_page(portfolio: Portfolio, *, before: str = "") -> tuple[list[FillLine], str]:
    """Executions of this portfolio's present life, newest first. `before` is the cursor of the last page."""
    rows = Fill.objects.filter(portfolio_id=portfolio.pk, epoch=portfolio.epoch)
    if before.isdecimal():
        rows = rows.filter(filled_ms__lte=int(before))
    found = list(rows.order_by("-filled_ms", "id")[: FILLS_PAGE + 1])
    more = str(found[FILLS_PAGE].filled_ms) if len(found) > FILLS_PAGE else ""
    return fill_lines(found[:FILLS_PAGE]), more


def fills_here(portfolio_id: UUID, market: Market, *, count: int = 6) -> list[FillLine]:
    """The newest executions in one market."""
    rows = Fill.objects.filter(portfolio_id=portfolio_id, condition_id=market.condition_id)
    return fill_lines(list(rows.order_by("-filled_ms")[:count]), {market.condition_id: market})


def fill_lines(fills: Sequence[Fill], markets: dict[str, Market] | None = None) -> list[FillLine]:
    known = markets if markets is not None else markets_by_condition([row.condition_id for row in fills])
    return [fill_line(row, known.get(row.condition_id)) for row in fills]


def fill_line(row: Fill, market: Market | None) -> FillLine:
    return FillLine(
        id=row.pk,
        question=market.question if market else row.condition_id,
        url=market_url(market.slug) if market else "",
        outcome=market.outcome_label(row.outcome_index) if market else "",
        outcome_index=row.outcome_index,
        side=row.side,
        role=row.role,
        price_micros=row.price_micros,
        size_micros=row.size_micros,
        notional_micros=row.notional_micros,
        fee_micros=row.fee_micros,
        realised_pnl_micros=row.realised_pnl_micros,
        filled_ms=row.filled_ms,
        evidence_url=evidence_url(row),
    )


def evidence_url(fill: Fill) -> str:
    return f"/portfolio/{fill.portfolio_id}/trade/{fill.pk}"


def recent_orders(portfolio: Portfolio) -> list[OrderLine]:
    rows = list(
        Order.objects.filter(portfolio_id=portfolio.pk, epoch=portfolio.epoch)
        .select_related("portfolio")
        .order_by("-created_ms", "id")[:ORDERS_MAX]
    )
    markets = markets_by_condition([row.condition_id for row in rows])
    fills = fills_of_orders(rows)
    return [order_line(row, markets.get(row.condition_id), fills[row.pk]) for row in rows]


def placed_order(order_id: UUID, *, user_id: UUID) -> OrderLine | None:
    """One order of the user's, for the note above the ticket; None when there is no such order."""
    row = Order.objects.filter(pk=order_id, portfolio__user_id=user_id).select_related("portfolio").first()
    if row is None:
        return None
    market = markets_by_condition([row.condition_id]).get(row.condition_id)
    return order_line(row, market, fills_of_orders([row])[row.pk], queues_of([row]).get(row.pk))


def order_line(
    row: Order, market: Market | None, fills: Sequence[Fill], queue: QueueLine | None = None
) -> OrderLine:
    return OrderLine(
        id=row.pk,
        portfolio_id=row.portfolio_id,
        portfolio_name=row.portfolio.name,
        question=market.question if market else row.condition_id,
        url=market_url(market.slug) if market else "",
        outcome=market.outcome_label(row.outcome_index) if market else "",
        outcome_index=row.outcome_index,
        side=row.side,
        order_type=row.order_type,
        is_market=row.is_market,
        price_micros=row.price_micros,
        size_micros=row.size_micros,
        amount_micros=row.amount_micros,
        matched_micros=row.matched_micros,
        notional_micros=row.notional_micros,
        average_price_micros=row.notional_micros * ONE // row.matched_micros if row.matched_micros else None,
        fee_micros=row.fee_micros,
        killed_micros=row.killed_micros,
        open_micros=row.open_micros if row.amount_micros is None else 0,
        entry_ahead_micros=queue.entry_ahead_micros if queue else None,
        status=row.status,
        reason=row.reason,
        created_ms=row.created_ms,
        fills=len(fills),
        evidence_url=evidence_url(fills[0]) if fills else "",
    )


def _slices(summary: PortfolioSummary, positions: Sequence[PositionLine]) -> tuple[Slice, ...]:
    """Cash and the largest holdings as parts of the whole; the small ones together."""
    whole = max(summary.equity_micros, 1)
    parts = [("Cash", "", summary.portfolio.cash_micros)]
    held = [line for line in positions if line.value_micros]
    for line in held[:4]:
        url = market_url(line.market_slug) if line.market_slug else ""
        parts.append((f"{line.outcome}, {line.question}", url, line.value_micros or 0))
    rest = sum(line.value_micros or 0 for line in held[4:])
    if rest:
        parts.append((f"{len(held) - 4} more", "", rest))
    return tuple(
        Slice(label=label, url=url, value_micros=value, percent=value * 100 // whole)
        for label, url, value in parts
    )


def equity_chart(portfolio: Portfolio) -> EquityChart | None:
    """The worth of this portfolio's present life, thinned to EQUITY_MAX points; None before the second."""
    rows = EquityPoint.objects.filter(portfolio_id=portfolio.pk, epoch=portfolio.epoch)
    found = list(rows.order_by("-at_ms").values_list("at_ms", "equity_micros")[: 20 * EQUITY_MAX])
    points: list[Point] = found[:: -(-len(found) // EQUITY_MAX) or 1][::-1]
    if len(points) < 2:
        return None
    start = portfolio.initial_balance_micros
    worth = [micros for _, micros in points] + [start]
    margin = max((max(worth) - min(worth)) // 10, ONE)
    low, high = min(worth) - margin, max(worth) + margin
    first, last = points[0][0], points[-1][0]
    spots = [
        f"{(at - first) * CANVAS // max(last - first, 1)} {(high - micros) * CANVAS // (high - low)}"
        for at, micros in points
    ]
    line = "M" + "L".join(spots)
    return EquityChart(
        line=line,
        area=f"{line}L{CANVAS} {CANVAS}L0 {CANVAS}Z",
        base=(high - start) * 100 // (high - low),
        low_micros=low,
        high_micros=high,
        first_ms=first,
        last_ms=last,
    )
