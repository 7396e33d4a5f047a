"""What people do on the venue in one market: its open interest and its public trades.

Both are the Data API's, kept for moments so that many readers are one question.
"""

from django.core.cache import cache

from livedata import books
from livedata.core.data import PublicTrade
from livedata.core.steps import Print
from livedata.errors import VenueError
from livedata.exchange.asking import ask
from markets.core.book import mirror
from markets.models import Market
from markets.services import keep_open_interest

INTEREST_KEPT_S, TRADES_KEPT_S = 60, 3
TRADES_MAX = 100
PRINTS_MAX = 500


def open_interest(market: Market) -> int | None:
    """Micro-USDC, None when the venue has no figure. Without the venue, the last figure that we have.

    Raises VenueError when there is none.
    """
    key = f"open-interest:{market.pk}"
    if (kept := cache.get(key)) is not None:
        return kept or None
    try:
        found = ask(lambda venue: venue.data.open_interest([market.condition_id]))
    except VenueError:
        if market.open_interest_micros is None:
            raise
        return market.open_interest_micros
    micros = found.get(market.condition_id)
    cache.set(key, micros or 0, INTEREST_KEPT_S)
    if micros is not None:
        keep_open_interest({market.pk: micros})
    return micros


def public_trades(market: Market, *, limit: int) -> list[PublicTrade]:
    """The newest trades, newest first. Without the venue, those that the feed has seen; else VenueError."""
    key = f"public-trades:{market.pk}"
    found: list[PublicTrade] | None = cache.get(key)
    if found is None:
        try:
            found = ask(lambda venue: venue.data.trades(market.condition_id, limit=TRADES_MAX))
        except VenueError:
            seen = books.prints(market.condition_id)
            if not seen:
                raise
            return [_seen(market, one) for one in seen[:limit]]
        cache.set(key, found, TRADES_KEPT_S)
    return [trade for trade in found if trade.token_id in market.token_ids][:limit]


def newest_prints(market: Market) -> list[Print]:
    """The newest trades as the venue lists them, oldest first, in outcome-0 coordinates; stamps are seconds.

    Raises VenueError.
    """
    found = ask(lambda venue: venue.data.trades(market.condition_id, limit=PRINTS_MAX))
    return [_as_print(trade) for trade in reversed(found) if trade.token_id in market.token_ids]


def _as_print(trade: PublicTrade) -> Print:
    side, price = mirror(trade.side, trade.price_micros, trade.outcome_index)
    return Print(side, price, trade.size_micros, 1_000 * trade.stamp_s, trade.transaction_hash)


def _seen(market: Market, one: Print) -> PublicTrade:
    return PublicTrade(
        token_id=market.token_0,
        condition_id=market.condition_id,
        outcome_index=0,
        side=one.taker_side,
        price_micros=one.price_micros,
        size_micros=one.size_micros,
        stamp_s=one.stamp_ms // 1000,
        transaction_hash=one.transaction_hash,
    )
