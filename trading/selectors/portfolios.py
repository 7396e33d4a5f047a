"""What a portfolio has and did: lines for pages and APIs, in a bounded number of queries."""

from collections.abc import Sequence
from dataclasses import dataclass
from uuid import UUID

from livedata.books import BookView, many
from markets.core.book import OrderBook, Side
from markets.core.units import ONE, proceeds_micros
from markets.models import Market
from markets.selectors import markets_by_condition
from trading.core.fees import FeeSchedule, taker_fee_micros
from trading.models import Fill, Order, Portfolio, Position
from trading.selectors.holdings import as_holding
from trading.selectors.rules import fees_of


@dataclass(frozen=True, slots=True, kw_only=True)
class PositionLine:
    """One holding, marked at the best bid. Amounts in micros; None where nobody bids."""

    market: Market | None
    market_slug: str | None
    question: str
    condition_id: str
    token_id: str
    outcome: str
    outcome_index: int
    size_micros: int
    cost_micros: int
    average_price_micros: int | None  # paid per share, without fees
    mark_micros: int | None
    value_micros: int | None
    if_sold_micros: int | None  # walks the bids, pays the fee
    realised_pnl_micros: int
    redeemable: bool
    fresh: bool  # whether the mark comes from a live book

    @property
    def unrealised_pnl_micros(self) -> int | None:
        return None if self.value_micros is None else self.value_micros - self.cost_micros


@dataclass(frozen=True, slots=True, kw_only=True)
class PortfolioSummary:
    """A portfolio and what it is worth. Holdings without a bid count as nothing."""

    portfolio: Portfolio
    value_micros: int
    if_sold_micros: int  # of the positions
    cost_micros: int
    positions_count: int

    @property
    def equity_micros(self) -> int:
        return self.portfolio.cash_micros + self.value_micros

    @property
    def equity_if_sold_micros(self) -> int:
        return self.portfolio.cash_micros + self.if_sold_micros

    @property
    def unrealised_pnl_micros(self) -> int:
        return self.value_micros - self.cost_micros

    @property
    def return_if_sold_micros(self) -> int:
        """Result since the first deposit as a fraction of it, in millionths."""
        start = self.portfolio.initial_balance_micros
        return (self.equity_if_sold_micros - start) * ONE // start


def portfolios_of(user_id: UUID, *, with_closed: bool = True) -> list[Portfolio]:
    rows = Portfolio.objects.filter(user_id=user_id).order_by("created_ms", "id")
    return list(rows if with_closed else rows.filter(is_active__in=[True]))


def portfolio_of(user_id: UUID, portfolio_id: UUID) -> Portfolio | None:
    """The portfolio, if it is this user's: what belongs to others does not exist."""
    return Portfolio.objects.filter(pk=portfolio_id, user_id=user_id).first()


def position_lines(*, portfolio_id: UUID, with_closed: bool = False) -> list[PositionLine]:
    """Holdings of one portfolio, largest value first: two queries and one look at the books."""
    rows = Position.objects.filter(portfolio_id=portfolio_id)
    return _lines(list(rows if with_closed else rows.filter(size_micros__gt=0)))


def portfolio_summaries(portfolios: Sequence[Portfolio]) -> list[PortfolioSummary]:
    """Worth of several portfolios: two queries and one look at the books for all of them."""
    held = list(Position.objects.filter(portfolio_id__in=[row.pk for row in portfolios], size_micros__gt=0))
    lines: dict[UUID, list[PositionLine]] = {row.pk: [] for row in portfolios}
    for position, line in zip(held, _lines(held, ordered=False), strict=True):
        lines[position.portfolio_id].append(line)
    return [summary_of(row, lines[row.pk]) for row in portfolios]


def summary_of(portfolio: Portfolio, lines: Sequence[PositionLine]) -> PortfolioSummary:
    return PortfolioSummary(
        portfolio=portfolio,
        value_micros=sum(line.value_micros or 0 for line in lines),
        if_sold_micros=sum(line.if_sold_micros or 0 for line in lines),
        cost_micros=sum(line.cost_micros for line in lines),
        positions_count=sum(1 for line in lines if line.size_micros),
    )


def fills_of_orders(orders: Sequence[Order]) -> dict[UUID, list[Fill]]:
    """Fills of these orders, oldest first: one query."""
    found: dict[UUID, list[Fill]] = {order.pk: [] for order in orders}
    by_id = {order.pk: order for order in orders}
    for fill in Fill.objects.filter(order_id__in=list(found)).order_by("filled_ms", "id"):
        fill.order = by_id[fill.order_id]
        found[fill.order_id].append(fill)
    return found


def if_sold_micros(book: OrderBook, *, outcome_index: int, size_micros: int, fees: FeeSchedule) -> int:
    """What selling `size` shares into the bids would bring, the fee paid; beyond the book's end nothing."""
    left, brings = size_micros, 0
    for level in book.levels(Side.BUY, outcome_index):
        size = min(left, level.size_micros)
        if size <= 0:
            break
        gross = proceeds_micros(price_micros=level.price_micros, size_micros=size)
        fee = taker_fee_micros(fees, price_micros=level.price_micros, size_micros=size)
        brings += gross - min(gross, fee)
        left -= size
    return brings


def _lines(held: list[Position], *, ordered: bool = True) -> list[PositionLine]:
    condition_ids = [position.condition_id for position in held]
    markets = markets_by_condition(condition_ids)
    views = many(condition_ids)
    lines = [
        _line(position, markets.get(position.condition_id), views.get(position.condition_id))
        for position in held
    ]
    if ordered:
        lines.sort(key=lambda line: (-(line.value_micros or 0), line.token_id))
    return lines


def _line(position: Position, market: Market | None, view: BookView | None) -> PositionLine:
    holding = as_holding(position)
    mark = mark_micros(market, view, outcome_index=position.outcome_index)
    value = None if mark is None else proceeds_micros(price_micros=mark, size_micros=position.size_micros)
    return PositionLine(
        market=market,
        market_slug=market.slug if market else None,
        question=market.question if market else position.condition_id,
        condition_id=position.condition_id,
        token_id=position.token_id,
        outcome=market.outcome_label(position.outcome_index) if market else "",
        outcome_index=position.outcome_index,
        size_micros=position.size_micros,
        cost_micros=position.cost_micros,
        average_price_micros=holding.average_price_micros,
        mark_micros=mark,
        value_micros=value,
        if_sold_micros=_if_sold(position, market, view, value),
        realised_pnl_micros=position.realised_pnl_micros,
        redeemable=bool(market and market.payout_0_micros is not None and position.size_micros),
        fresh=bool(view and view.fresh),
    )


def mark_micros(market: Market | None, view: BookView | None, *, outcome_index: int) -> int | None:
    """The payout once resolved, else the best bid of the book, else the catalogue's last word."""
    if market and market.payout_0_micros is not None:
        first = market.payout_0_micros
        return first if outcome_index == 0 else ONE - first
    if view is not None:
        return view.book.touch(Side.BUY, outcome_index)
    if market is None:
        return None
    if outcome_index == 0:
        return market.best_bid_micros
    return None if market.best_ask_micros is None else ONE - market.best_ask_micros


def _if_sold(
    position: Position, market: Market | None, view: BookView | None, value_micros: int | None
) -> int | None:
    if market is None or view is None or market.payout_0_micros is not None:
        return value_micros
    return if_sold_micros(
        view.book,
        outcome_index=position.outcome_index,
        size_micros=position.size_micros,
        fees=fees_of(market),
    )
