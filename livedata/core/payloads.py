"""The keys that we read of Gamma's objects; all others are skipped. Absent and null are the same.

Source: docs.polymarket.com, "Gamma API" (2026-08). `livedata.core.gamma` makes facts of them.
"""

from decimal import Decimal

import msgspec


class RawTag(msgspec.Struct):
    slug: str = ""
    label: str | None = None


class RawFees(msgspec.Struct, rename="camel"):
    rate: Decimal
    exponent: Decimal = Decimal(1)
    rebate_rate: Decimal | None = None


class RawReward(msgspec.Struct, rename="camel"):
    rewards_daily_rate: Decimal | None = None  # USDC a day
    start_date: str | None = None  # both days count
    end_date: str | None = None


class RawEvent(msgspec.Struct, rename="camel"):
    """The keys we read of an event; all others are skipped. Absent and null are the same."""

    id: str
    slug: str
    title: str | None = None
    description: str | None = None
    image: str | None = None
    icon: str | None = None
    category: str | None = None
    tags: list[RawTag] | None = None
    markets: list[msgspec.Raw] | None = None
    neg_risk: bool | None = None
    neg_risk_market_id: str | None = msgspec.field(default=None, name="negRiskMarketID")
    start_date: str | None = None
    end_date: str | None = None
    created_at: str | None = None
    volume: Decimal | None = None
    volume_24h: Decimal | None = msgspec.field(default=None, name="volume24hr")
    liquidity: Decimal | None = None
    open_interest: Decimal | None = None


class RawMarket(msgspec.Struct, rename="camel"):
    id: str
    slug: str
    question: str | None = None
    condition_id: str | None = None
    description: str | None = None
    resolution_source: str | None = None
    image: str | None = None
    icon: str | None = None
    category: str | None = None
    tags: list[RawTag] | None = None
    events: list[RawEvent] | None = None
    group_item_title: str | None = None
    group_item_threshold: str | int | float | None = None
    outcomes: str | list[str] | None = None
    outcome_prices: str | list[str] | None = None
    clob_token_ids: str | list[str] | None = None
    position_ids: list[str] | None = None
    version: str | None = None
    active: bool | None = None
    closed: bool | None = None
    archived: bool | None = None
    accepting_orders: bool | None = None
    enable_order_book: bool | None = None
    uma_resolution_status: str | None = None
    uma_resolution_statuses: str | list[str] | None = None
    closed_time: str | None = None
    automatically_resolved: bool | None = None
    game_start_time: str | None = None
    start_date: str | None = None
    end_date: str | None = None
    created_at: str | None = None
    updated_at: str | None = None
    order_price_min_tick_size: Decimal | None = None
    order_min_size: Decimal | None = None
    fees_enabled: bool | None = None
    fee_schedule: RawFees | None = None
    rewards_min_size: Decimal | None = None  # shares
    rewards_max_spread: Decimal | None = None  # cents
    clob_rewards: list[RawReward] | None = None
    neg_risk: bool | None = None
    neg_risk_other: bool | None = None
    seconds_delay: int | None = None
    clear_book_on_start: bool | None = None
    best_bid: Decimal | None = None
    best_ask: Decimal | None = None
    last_trade_price: Decimal | None = None
    one_day_price_change: Decimal | None = None
    volume: Decimal | None = None
    volume_num: Decimal | None = None
    volume_24h: Decimal | None = msgspec.field(default=None, name="volume24hr")
    liquidity: Decimal | None = None
    liquidity_num: Decimal | None = None
