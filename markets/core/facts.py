"""What the venue says about events and markets, as frozen values: what `markets.services` writes.

Field for field these are the columns of `markets.models`. The last block of each is what moves all the
time (prices, volumes); the rest is the content, which hardly ever changes once a market trades.
"""

import msgspec

from markets.core.units import ONE

# Market.Status; here because the dry core decides it.
OPEN, PAUSED, CLOSED, RESOLVED = range(4)
ASSUMED_FEE_RATE_MICROS = 50_000  # docs/fill-model.md: when nothing states a fee, 0.05


class EventFacts(msgspec.Struct, frozen=True, kw_only=True):
    id: str
    slug: str
    title: str
    description: str = ""
    image: str = ""
    category: str = ""
    tags: tuple[dict[str, str], ...] = ()  # {"slug": "fed", "label": "Fed"}
    neg_risk: bool = False
    neg_risk_market_id: str = ""
    start_ms: int | None = None
    end_ms: int | None = None
    created_ms: int = 0

    volume_micros: int = 0
    volume_24h_micros: int = 0
    liquidity_micros: int = 0
    open_interest_micros: int | None = None


class MarketFacts(msgspec.Struct, frozen=True, kw_only=True):
    id: str
    slug: str
    question: str
    condition_id: str = ""
    event_id: str | None = None
    description: str = ""
    resolution_source: str = ""
    image: str = ""
    category: str = ""
    tags: tuple[str, ...] = ()
    search_text: str = ""
    group_label: str = ""
    group_order: int = 0
    outcomes: tuple[str, ...] = ()
    outcome_0: str = ""
    outcome_1: str = ""
    token_0: str = ""
    token_1: str = ""
    status: int = OPEN
    active: bool = True
    closed: bool = False
    accepting_orders: bool = True
    uma_status: str = ""
    payout_0_micros: int | None = None
    closed_ms: int | None = None
    tick_micros: int = 10_000
    min_size_micros: int = 5 * ONE
    fee_rate_micros: int = ASSUMED_FEE_RATE_MICROS
    fee_exponent_micros: int = ONE
    fee_source: str = "assumed"
    rebate_rate_micros: int = 0
    reward_min_size_micros: int = 0
    reward_max_spread_micros: int = 0
    reward_daily_micros: int = 0
    neg_risk: bool = False
    neg_risk_other: bool = False
    seconds_delay: int = 0
    clear_book_on_start: bool = False
    game_start_ms: int | None = None
    start_ms: int | None = None
    end_ms: int | None = None
    created_ms: int = 0

    price_0_micros: int | None = None
    price_1_micros: int | None = None
    best_bid_micros: int | None = None
    best_ask_micros: int | None = None
    last_trade_micros: int | None = None
    day_change_micros: int | None = None
    volume_micros: int = 0
    volume_24h_micros: int = 0
    liquidity_micros: int = 0


def _from(first: str, fields: tuple[str, ...]) -> tuple[str, ...]:
    return fields[fields.index(first) :]


EVENT_MOVES = _from("volume_micros", EventFacts.__struct_fields__)
MARKET_MOVES = _from("price_0_micros", MarketFacts.__struct_fields__)


class FeeRule(msgspec.Struct, frozen=True, kw_only=True):
    """What /clob-markets says of a market and Gamma does not."""

    fee_rate_micros: int | None  # None: it states no fee
    fee_exponent_micros: int
    taker_delay: bool  # `itode`


class Reading(msgspec.Struct, frozen=True, kw_only=True):
    """What one page held. A row that cannot be read is told in `bad` and costs no other row."""

    markets: tuple[MarketFacts, ...] = ()
    events: tuple[EventFacts, ...] = ()
    bad: tuple[str, ...] = ()
    oldest_update_ms: int | None = None  # the least recent `updatedAt` of its markets
