"""What a market allows now."""

import time

from livedata.books import BookView
from markets.models import Market
from markets.selectors import market_by_condition
from trading.core.fees import FeeSchedule
from trading.core.tickets import MarketRules

# Source: api changelog of 2026-09-04, "taker delay 150 ms" on crypto and finance up/down markets.
CRYPTO_TAKER_DELAY_MS = 150
_KNOWN_S = 1.0  # how old the catalogue's word may be when a door checks a ticket; the executor reads it anew
_KNOWN_MAX = 5_000
_known: dict[str, tuple[float, Market]] = {}


def known_market(condition_id: str) -> Market | None:
    """The market as the catalogue had it within the last second: orders on one market come in bursts."""
    now_s = time.monotonic()
    kept = _known.get(condition_id)
    if kept is not None and now_s - kept[0] < _KNOWN_S:
        return kept[1]
    market = market_by_condition(condition_id)
    if len(_known) >= _KNOWN_MAX:
        _known.clear()
    if market is not None:
        _known[condition_id] = (now_s, market)
    return market


def forget_markets() -> None:
    """Read every market anew; for tests that change one within a second."""
    _known.clear()


def market_rules(market: Market, view: BookView | None) -> MarketRules:
    """Tick and minimum size from the fresh book where there is one, else from the catalogue, which lags."""
    return MarketRules(
        condition_id=market.condition_id,
        accepting_orders=market.tradable,
        tick_micros=view.tick_micros if view else market.tick_micros,
        min_size_micros=view.min_size_micros if view else market.min_size_micros,
        fees=fees_of(market),
        seconds_delay=market.seconds_delay,
        taker_delay_ms=CRYPTO_TAKER_DELAY_MS if market.taker_delay else 0,
    )


def fees_of(market: Market) -> FeeSchedule:
    """The market's taker fee, and who says so."""
    return FeeSchedule(
        rate_micros=market.fee_rate_micros,
        exponent_micros=market.fee_exponent_micros,
        source=market.fee_source,
    )
