"""What a fill carries to prove itself (docs/fill-model.md, "Evidence"): JSON, numbers as decimal strings."""

from dataclasses import dataclass
from typing import Any

from livedata.books import BookView
from markets.core.book import Side, mirror
from markets.core.units import from_micros
from trading.core.execution import PricedFill
from trading.core.resting import MakerFill
from trading.core.tickets import MarketRules
from trading.models import Order
from trading.services.acts import Stepped


@dataclass(frozen=True, slots=True, kw_only=True)
class Timing:
    """The moments between asking and filling, in venue epoch milliseconds."""

    asked_ms: int
    effective_ms: int
    book_ms: int
    filled_ms: int

    @classmethod
    def of(cls, order: Order, view: BookView, now_ms: int) -> "Timing":
        return cls(
            asked_ms=order.created_ms,
            effective_ms=order.effective_ms,
            book_ms=view.stamp_ms,
            filled_ms=now_ms,
        )


def taker_evidence(
    order: Order, view: BookView, rules: MarketRules, fill: PricedFill, timing: Timing
) -> dict[str, Any]:
    """The level before and after, the book it stood in, the fee line by line, and the clock."""
    level = fill.level
    effective = level.displayed_micros - level.footprint_micros
    midpoint = view.book.midpoint(order.outcome_index)
    return {
        "kind": "taker",
        "book": {
            "timestamp": timing.book_ms,
            "hash": view.hash,
            "seq": view.seq,
            "coordinates": order.outcome_index,
            "midpoint": None if midpoint is None else from_micros(midpoint),
        },
        "level": {
            "price": from_micros(level.price_micros),
            "displayed": from_micros(level.displayed_micros),
            "footprint": from_micros(level.footprint_micros),
            "taken": from_micros(level.size_micros),
            "left": from_micros(effective - level.size_micros),
        },
        "fee": {
            "rate": from_micros(rules.fees.rate_micros),
            "exponent": from_micros(rules.fees.exponent_micros),
            "price": from_micros(level.price_micros),
            "size": from_micros(level.size_micros),
            "fee": from_micros(fill.fee_micros),
            "rounding": "half up to 0.00001",
            "source": rules.fees.source,
            "fee_assumed": rules.fees.source == "assumed",
        },
        "timing": {
            "asked_ms": timing.asked_ms,
            "effective_ms": timing.effective_ms,
            "book_ms": timing.book_ms,
            "filled_ms": timing.filled_ms,
            "latency_ms": order.portfolio.latency_ms,
        },
        "model": {"queue_model": order.portfolio.queue_model, "tick": from_micros(rules.tick_micros)},
    }


PRINTS_SHOWN = 20


def maker_evidence(order: Order, fill: MakerFill, stepped: Stepped) -> dict[str, Any]:
    """The queue at entry and what used it up, the prints or the level that filled it, and the clock.

    Prices are in the order's own coordinates.
    """

    def own(side: Side, price_micros: int) -> str:
        return from_micros(mirror(side, price_micros, order.outcome_index)[1])

    resting, price = fill.resting, fill.resting.price_micros
    crossing = None
    if fill.crossing_micros:
        level, size = fill.crossing_micros
        crossing = {"price": own(resting.side.opposite, level), "size": from_micros(size)}
    return {
        "kind": "maker",
        "cause": fill.cause,
        "grade": fill.grade,
        "book": {"timestamp": fill.stamp_ms, "hash": fill.hash, "seq": fill.seq},
        "level": {
            "price": own(resting.side, price),
            "before": from_micros(fill.before_micros),
            "after": from_micros(fill.after_micros),
            "taken": from_micros(fill.size_micros),
        },
        "queue": {
            "at_entry": from_micros(resting.entry_ahead_micros),
            "before": from_micros(fill.ahead_before_micros),
            "printed": from_micros(resting.printed_micros),
            "uncertain_ms": resting.uncertain_ms,
        },
        "prints": [
            {
                "price": own(resting.side, trade.price_micros),
                "size": from_micros(trade.size_micros),
                "timestamp": trade.stamp_ms,
                "transaction_hash": trade.transaction_hash,
            }
            for trade in fill.prints[:PRINTS_SHOWN]
        ],
        "prints_count": len(fill.prints),
        "crossing": crossing,
        "fee": {"fee": "0", "why": "makers pay none"},
        "timing": {
            "asked_ms": order.created_ms,
            "effective_ms": order.effective_ms,
            "rested_ms": resting.rested_ms,
            "event_ms": fill.stamp_ms,
            "received_ms": stepped.received_ms,
            "filled_ms": fill.stamp_ms,
            "latency_ms": order.portfolio.latency_ms,
        },
        "model": {"queue_model": fill.model, "tick": from_micros(stepped.tick_micros)},
    }
