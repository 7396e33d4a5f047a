"""Markets as our REST writes them: decimal strings, ISO times; a fresh book's prices where there is one."""

from collections.abc import Sequence
from typing import Any

from livedata import books
from livedata.books import BookView
from livedata.core.data import Point, PublicTrade
from livedata.history import History
from markets.core.book import Side
from markets.core.times import iso
from markets.core.units import ONE, from_micros
from markets.models import Market, SyncState
from markets.pages import Page


def markets_json(markets: Sequence[Market]) -> list[dict[str, Any]]:
    """Markets of the contract; one question to the bus for all their books."""
    views = books.many(market.condition_id for market in markets)
    return [market_json(market, views.get(market.condition_id)) for market in markets]


def market_json(market: Market, view: BookView | None) -> dict[str, Any]:
    bid, ask, tick = market.best_bid_micros, market.best_ask_micros, market.tick_micros
    prices = (market.price_0_micros, market.price_1_micros)
    if view is not None and view.fresh:
        bid, ask, tick = view.book.touch(Side.BUY), view.book.touch(Side.SELL), view.tick_micros
        midpoint = view.book.midpoint()
        prices = prices if midpoint is None else (midpoint, ONE - midpoint)
    outcomes = ((market.outcome_0, market.token_0), (market.outcome_1, market.token_1))
    return {
        "slug": market.slug,
        "condition_id": market.condition_id,
        "question": market.question,
        "event_slug": market.event.slug if market.event else None,
        "group_label": market.group_label,
        "outcomes": [
            {"outcome": outcome, "token_id": token_id, "price": _decimal(price)}
            for (outcome, token_id), price in zip(outcomes, prices, strict=True)
        ],
        "active": market.active,
        "closed": market.closed,
        "accepting_orders": market.tradable,
        "resolution": resolution(market),
        "end_date": _iso(market.end_ms),
        "volume": from_micros(market.volume_micros),
        "volume_24h": from_micros(market.volume_24h_micros),
        "liquidity": from_micros(market.liquidity_micros),
        "open_interest": _decimal(market.open_interest_micros),
        "best_bid": _decimal(bid),
        "best_ask": _decimal(ask),
        "spread": None if bid is None or ask is None else from_micros(ask - bid),
        "tick_size": from_micros(tick),
        "min_size": from_micros(market.min_size_micros),
        "fee_rate": from_micros(market.fee_rate_micros),
        "fee_exponent": from_micros(market.fee_exponent_micros),
        "fee_source": market.fee_source,
        "neg_risk": market.neg_risk,
        "image": market.image,
        "category": market.category,
        "tags": market.tags,
        "last_synced_at": _iso(market.synced_ms or None),
    }


def one_market_json(market: Market) -> dict[str, Any]:
    """A market alone, with its long texts."""
    view = books.newest(market.condition_id) if market.condition_id else None
    return {
        **market_json(market, view),
        "description": market.description,
        "resolution_source": market.resolution_source,
        "created_at": _iso(market.created_ms or None),
        "closed_at": _iso(market.closed_ms),
    }


def resolution(market: Market) -> str | None:
    """The outcome that won, "50/50" when both were paid half, None while nothing is final."""
    match market.payout_0_micros:
        case None:
            return None
        case 0:
            return market.outcome_1
        case payout if payout == ONE:
            return market.outcome_0
    return "50/50"


def page_json(page: Page[Market]) -> dict[str, Any]:
    return {
        "markets": markets_json(page.items),
        "total": page.total,
        "total_exact": page.total_exact,
        "page": page.page,
        "page_size": page.page_size,
        "has_next": page.has_next,
        "has_prev": page.has_prev,
        "next_cursor": page.cursor or None,
    }


def whole_json(noun: str, items: list[dict[str, Any]]) -> dict[str, Any]:
    """A list that is always whole, in the shape of the others."""
    count = len(items)
    return {
        noun: items,
        "total": count,
        "total_exact": True,
        "page": 1,
        "page_size": max(count, 1),
        "has_next": False,
        "has_prev": False,
    }


def history_json(market: Market, outcome_index: int, found: History) -> dict[str, Any]:
    return {
        "slug": market.slug,
        "outcome": market.outcome_label(outcome_index),
        "outcome_index": outcome_index,
        "token_id": market.token_ids[outcome_index],
        "fidelity": found.fidelity,
        "history": [_point_json(point) for point in found.points],
        "total_points": len(found.points),
        "cached_at": _iso(found.asked_ms or None),
    }


def interest_json(market: Market, interest_micros: int | None) -> dict[str, Any]:
    return {
        "slug": market.slug,
        "condition_id": market.condition_id,
        "open_interest": _decimal(interest_micros),
    }


def trade_json(market: Market, trade: PublicTrade) -> dict[str, Any]:
    return {
        "market": market.slug,
        "condition_id": market.condition_id,
        "token_id": trade.token_id,
        "outcome": market.outcome_label(trade.outcome_index),
        "outcome_index": trade.outcome_index,
        "side": trade.side,
        "price": from_micros(trade.price_micros),
        "size": from_micros(trade.size_micros),
        "timestamp": iso(1000 * trade.stamp_s),
        "transaction_hash": trade.transaction_hash,
    }


def sync_json(state: SyncState) -> dict[str, Any]:
    return {
        "name": state.name,
        "running": bool(state.phase),
        "phase": state.phase,
        "pages": state.pages_count,
        "rows": state.rows_count,
        "written": state.written_count,
        "unchanged": state.unchanged_count,
        "bad": state.bad_count,
        "last_bad": state.last_bad,
        "started_at": _iso(state.started_ms),
        "finished_at": _iso(state.finished_ms),
        "last_error": state.last_error,
    }


def _point_json(point: Point) -> dict[str, Any]:
    return {"t": point[0], "p": from_micros(point[1])}


def _decimal(micros: int | None) -> str | None:
    return None if micros is None else from_micros(micros)


def _iso(epoch_ms: int | None) -> str | None:
    return None if epoch_ms is None else iso(epoch_ms)
