"""One fill's evidence: the levels its order used, the fee line by line, the clock; a maker's: maker_page."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any
from uuid import UUID

from livedata.books import many
from markets.core.book import Side
from markets.core.units import ONE, to_micros
from markets.selectors import markets_by_condition
from trading.models import Fill, Order, Portfolio
from trading.selectors.maker_page import MakerPage, maker_page
from trading.selectors.portfolio_page import FillLine, OrderLine, fill_line, order_line
from trading.selectors.portfolios import fills_of_orders

_BAR_MAX = 70  # percent of the row: the price beside it stays clear


@dataclass(frozen=True, slots=True, kw_only=True)
class EvidenceLevel:
    """One level that the order used."""

    price_micros: int
    displayed_micros: int
    footprint_micros: int
    taken_micros: int
    left_micros: int
    notional_micros: int
    fee_micros: int
    bar: int  # of the largest level shown, in percent
    hit: int  # of the level, in percent
    current: bool  # the fill that was asked for


@dataclass(frozen=True, slots=True, kw_only=True)
class Lap:
    """One stretch of the way from click to fill, in milliseconds and in percent of the whole."""

    name: str
    note: str
    length_ms: int
    start: int
    length: int
    configured: bool


@dataclass(frozen=True, slots=True, kw_only=True)
class TradePage:
    """Why one fill happened: the whole order's levels, the fee sum, the clock."""

    fill: FillLine
    order: OrderLine
    portfolio: Portfolio
    levels: tuple[EvidenceLevel, ...]
    taken_micros: int  # by the order as a taker: what it got later as a maker has evidence of its own
    average_micros: int
    notional_micros: int
    fee_micros: int
    rested_micros: int  # what came to rest afterwards
    laps: tuple[Lap, ...]
    total_ms: int
    book_ms: int
    book_hash: str
    midpoint_micros: int | None
    slippage_micros: int | None
    rate_micros: int
    exponent_micros: int
    fee_assumed: bool
    tick_micros: int
    now_value_micros: int | None
    grade: str
    json_url: str


def trade_page(portfolio: Portfolio, fill_id: UUID) -> TradePage | MakerPage | None:
    """The evidence of one fill of this portfolio; None when it has no such fill."""
    fill = (
        Fill.objects.filter(pk=fill_id, portfolio_id=portfolio.pk)
        .select_related("order", "order__portfolio")
        .first()
    )
    if fill is None:
        return None
    every = fills_of_orders([fill.order])[fill.order_id]
    market = markets_by_condition([fill.condition_id]).get(fill.condition_id)
    if fill.role == "maker":
        value = _now_value(fill, fill.size_micros)
        return maker_page(portfolio, fill, every, market, now_value_micros=value)
    fills = [row for row in every if row.role == "taker"]
    # One step fills them all: the price says which level the order met first.
    fills.sort(key=lambda row: row.price_micros, reverse=fill.side == Side.SELL)
    evidence = fill.evidence
    order = order_line(fill.order, market, fills)
    taken, notional = (
        sum(getattr(row, name) for row in fills) for name in ("size_micros", "notional_micros")
    )
    laps, total_ms = _laps(evidence["timing"])
    midpoint = _micros(evidence["book"].get("midpoint"))
    average = notional * ONE // taken
    slippage = None
    if midpoint is not None:
        slippage = average - midpoint if fill.side == Side.BUY else midpoint - average
    return TradePage(
        fill=fill_line(fill, market),
        order=order,
        portfolio=portfolio,
        levels=tuple(_levels(fills, fill)),
        taken_micros=taken,
        average_micros=average,
        notional_micros=notional,
        fee_micros=sum(row.fee_micros for row in fills),
        rested_micros=_rested(fill.order, taken),
        laps=laps,
        total_ms=total_ms,
        book_ms=evidence["book"]["timestamp"],
        book_hash=evidence["book"]["hash"],
        midpoint_micros=midpoint,
        slippage_micros=slippage,
        rate_micros=to_micros(evidence["fee"]["rate"]),
        exponent_micros=to_micros(evidence["fee"]["exponent"]),
        fee_assumed=bool(evidence["fee"]["fee_assumed"]),
        tick_micros=to_micros(evidence["model"]["tick"]),
        now_value_micros=_now_value(fill, taken),
        grade=fill.grade,
        json_url=f"/portfolios/{portfolio.pk}/trades/{fill.pk}",
    )


def _rested(order: Order, taken_micros: int) -> int:
    if order.rested_ms is None or order.size_micros is None:
        return 0
    return order.size_micros - taken_micros


def _micros(text: Any) -> int | None:
    return to_micros(text) if text else None


def _levels(fills: Sequence[Fill], asked: Fill) -> list[EvidenceLevel]:
    shown = [to_micros(fill.evidence["level"]["displayed"]) for fill in fills]
    largest = max(shown, default=0) or 1
    return [
        EvidenceLevel(
            price_micros=fill.price_micros,
            displayed_micros=displayed,
            footprint_micros=to_micros(fill.evidence["level"]["footprint"]),
            taken_micros=fill.size_micros,
            left_micros=to_micros(fill.evidence["level"]["left"]),
            notional_micros=fill.notional_micros,
            fee_micros=fill.fee_micros,
            bar=max(2, displayed * _BAR_MAX // largest),
            hit=max(1, fill.size_micros * 100 // max(displayed, 1)),
            current=fill.pk == asked.pk,
        )
        for fill, displayed in zip(fills, shown, strict=True)
    ]


def _laps(timing: dict[str, int]) -> tuple[tuple[Lap, ...], int]:
    """The portfolio's latency, what the market adds, and what the executor needed after both."""
    asked, effective, filled = timing["asked_ms"], timing["effective_ms"], timing["filled_ms"]
    waited = max(0, effective - asked)
    latency = min(waited, timing["latency_ms"])
    stretches = [("Set delay", "an honest round trip", latency, True)]
    if waited > latency:
        stretches.append(("Delay of this market", "it holds orders", waited - latency, True))
    stretches.append(("Wait for the feed, match", "", max(0, filled - effective), False))
    total = max(sum(length for _, _, length, _ in stretches), 1)
    laps, before = [], 0
    for name, note, length_ms, configured in stretches:
        laps.append(
            Lap(
                name=name,
                note=note,
                length_ms=length_ms,
                start=before * 100 // total,
                length=length_ms * 100 // total,
                configured=configured,
            )
        )
        before += length_ms
    return tuple(laps), max(0, filled - asked)


def _now_value(fill: Fill, size_micros: int) -> int | None:
    """What the bought shares would bring at the best bid now; None for a sale or without a book."""
    if fill.side != Side.BUY:
        return None
    view = many([fill.condition_id]).get(fill.condition_id)
    bid = view.book.touch(Side.BUY, fill.outcome_index) if view else None
    return None if bid is None else bid * size_micros // ONE
