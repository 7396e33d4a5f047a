"""Books and trades as our REST and our socket write them: decimal strings, in a token's own coordinates."""

from functools import lru_cache
from typing import Any

from livedata.books import BookView
from livedata.core.steps import Print
from markets.core.book import Side, mirror
from markets.core.units import from_micros

_text = lru_cache(maxsize=50_000)(from_micros)


def book_json(view: BookView, *, token_id: str, outcome_index: int) -> dict[str, Any]:
    """Book of the contract; `timestamp` in epoch milliseconds, as sockets have it."""
    book = view.book
    bids, asks = (_levels(view, side, outcome_index) for side in (Side.BUY, Side.SELL))
    bid, ask = book.touch(Side.BUY, outcome_index), book.touch(Side.SELL, outcome_index)
    midpoint = book.midpoint(outcome_index)
    return {
        "token_id": token_id,
        "bids": bids,
        "asks": asks,
        "midpoint": None if midpoint is None else _text(midpoint),
        "spread": None if bid is None or ask is None else _text(ask - bid),
        "tick_size": _text(view.tick_micros),
        "timestamp": view.stamp_ms,
        "seq": view.seq,
        "fresh": view.fresh,
        "age_ms": view.age_ms,
    }


def print_json(trade: Print, *, token_id: str, outcome_index: int) -> dict[str, Any]:
    """A public trade; the side is the taker's, on this token."""
    side, price_micros = mirror(trade.taker_side, trade.price_micros, outcome_index)
    return {
        "token_id": token_id,
        "price": _text(price_micros),
        "size": _text(trade.size_micros),
        "side": side,
        "timestamp": trade.stamp_ms,
    }


def _levels(view: BookView, side: Side, outcome_index: int) -> list[tuple[str, str]]:
    levels = view.book.levels(side, outcome_index)
    return [(_text(level.price_micros), _text(level.size_micros)) for level in levels]
