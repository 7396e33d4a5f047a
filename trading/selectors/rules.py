"""What a market allows now."""

from livedata.books import BookView
from markets.models import Market
from trading.core.fees import FeeSchedule
from trading.core.tickets import MarketRules

# Source: api changelog of 2026-09-04, "taker delay 150 ms" on crypto and finance up/down markets.
CRYPTO_TAKER_DELAY_MS = 150


def market_rules(market: Market, view: BookView | None) -> MarketRules:
    """Tick and minimum size from the fresh book where there is one, else from the catalogue, which lags."""
    return MarketRules(
        condition_id=market.condition_id,
        accepting_orders=market.tradable,
        tick_micros=view.tick_micros if view else market.tick_micros,
        min_size_micros=view.min_size_micros if view else market.min_size_micros,
        fees=FeeSchedule(
            rate_micros=market.fee_rate_micros,
            exponent_micros=market.fee_exponent_micros,
            source=market.fee_source,
        ),
        seconds_delay=market.seconds_delay,
        taker_delay_ms=CRYPTO_TAKER_DELAY_MS if market.taker_delay else 0,
    )
