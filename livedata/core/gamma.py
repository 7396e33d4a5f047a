"""Gamma's JSON, read once into `markets.core.facts`.

Each row of a page is read by itself, so one that makes no sense is reported and costs no other. What
decides about money (prices, ticks, fees, payouts, token ids) is refused when it makes no sense; what is
only shown (volumes, dates) is left out.
Source: "Gamma API" of the venue's documentation; the quirks come from recorded answers.
"""

import re
from collections.abc import Iterable
from decimal import Decimal

import msgspec

from livedata.core.payloads import RawEvent, RawFees, RawMarket, RawTag
from livedata.core.values import (
    BadRow,
    amount,
    change,
    epoch_ms,
    exact,
    place,
    quote,
    rounded,
    shown_ms,
    text_list,
)
from markets.core import facts
from markets.core.categories import category_of
from markets.core.facts import EventFacts, MarketFacts, Reading
from markets.core.units import MICROS_MAX, ONE
from markets.core.words import search_text

TICKS_MICROS = {100_000, 10_000, 5_000, 2_500, 1_000, 100}
_HALF = ONE // 2
_DELAY_MAX = 3_600 * ONE  # seconds, in micros like everything that is checked
_UNDECIDED = {"requested", "proposed", "disputed"}
_NUMBER = re.compile(r"[0-9]{1,18}")
_TOKEN = re.compile(r"[0-9]{1,78}")
_PLAIN_OUTCOMES = {"Yes", "No"}


# What a row can do to its reader: odd JSON and odd texts, and numbers like 1e999999999.
_UNREADABLE = (ValueError, ArithmeticError)


_markets = msgspec.json.Decoder(RawMarket)
_events = msgspec.json.Decoder(RawEvent)


def read_markets(rows: Iterable[bytes]) -> Reading:
    """Markets as Gamma lists them, and the events that they name."""
    markets: list[MarketFacts] = []
    events: dict[str, EventFacts] = {}
    bad: list[str] = []
    updated: list[int] = []
    for row in rows:
        try:
            raw = _markets.decode(row)
            market, event = _read_market(raw, None)
        except _UNREADABLE as exc:
            bad.append(_told(row, exc))
            continue
        markets.append(market)
        updated.append(shown_ms(raw.updated_at) or 0)
        if event is not None:
            events.setdefault(event.id, event)
    return Reading(
        markets=tuple(markets),
        events=tuple(events.values()),
        bad=tuple(bad),
        oldest_update_ms=min(updated, default=None),
    )


def read_events(rows: Iterable[bytes]) -> Reading:
    """Events as Gamma lists them, with the markets inside."""
    markets, events, bad = [], [], []
    for row in rows:
        try:
            raw = _events.decode(row)
            events.append(_event_facts(raw, raw.tags or ()))
        except _UNREADABLE as exc:
            bad.append(_told(row, exc))
            continue
        for inner in raw.markets or ():
            try:
                markets.append(_read_market(_markets.decode(inner), raw)[0])
            except _UNREADABLE as exc:
                bad.append(_told(inner, exc))
    return Reading(markets=tuple(markets), events=tuple(events), bad=tuple(bad))


def _told(row: bytes, exc: Exception) -> str:
    return f"{exc}: {bytes(row)[:200].decode(errors='replace')}"


def _read_market(raw: RawMarket, within: RawEvent | None) -> tuple[MarketFacts, EventFacts | None]:
    event = within or (raw.events[0] if raw.events else None)
    tags = raw.tags if raw.tags is not None or event is None else event.tags
    named = _event_facts(event, tags or ()) if event is not None and within is None else None
    return _market_facts(raw, event, tags or ()), named


def _market_facts(raw: RawMarket, event: RawEvent | None, tags: Iterable[RawTag]) -> MarketFacts:
    if not _NUMBER.fullmatch(raw.id) or not raw.slug:
        raise BadRow("a market without a number or a slug")
    slugs = tuple(dict.fromkeys(tag.slug for tag in tags if tag.slug))
    outcomes = text_list(raw.outcomes)
    tokens = _tokens(raw, len(outcomes))
    prices = _prices(raw.outcome_prices)
    payout = _payout(raw, prices)
    fee_rate, fee_exponent, fee_source = _fee(raw)
    question = raw.question or (event.title if event else None) or raw.slug
    label = raw.group_item_title or ""
    return MarketFacts(
        id=raw.id,
        slug=raw.slug,
        question=question,
        condition_id=raw.condition_id or "",
        event_id=event.id if event else None,
        description=raw.description or "",
        resolution_source=raw.resolution_source or "",
        image=raw.image or raw.icon or "",
        category=category_of(slugs, raw.category or (event.category if event else None) or ""),
        tags=slugs,
        search_text=search_text((question, label, *_words(event, outcomes, tags)), slugs),
        group_label=label,
        group_order=place(raw.group_item_threshold),
        outcomes=outcomes,
        outcome_0=outcomes[0] if len(outcomes) == 2 else "",
        outcome_1=outcomes[1] if len(outcomes) == 2 else "",
        token_0=tokens[0],
        token_1=tokens[1],
        status=_status(raw, payout),
        active=bool(raw.active),
        closed=bool(raw.closed),
        accepting_orders=bool(raw.accepting_orders),
        uma_status=_uma_status(raw),
        payout_0_micros=payout,
        closed_ms=shown_ms(raw.closed_time),
        tick_micros=_tick(raw.order_price_min_tick_size),
        min_size_micros=5 * ONE if raw.order_min_size is None else exact(raw.order_min_size, 0, MICROS_MAX),
        fee_rate_micros=fee_rate,
        fee_exponent_micros=fee_exponent,
        fee_source=fee_source,
        rebate_rate_micros=_rebate(raw.fee_schedule),
        reward_min_size_micros=amount(raw.rewards_min_size),
        reward_max_spread_micros=amount(raw.rewards_max_spread) // 100,
        reward_daily_micros=_reward_pool(raw),
        neg_risk=bool(raw.neg_risk),
        neg_risk_other=bool(raw.neg_risk_other),
        seconds_delay=exact(Decimal(raw.seconds_delay or 0), 0, _DELAY_MAX) // ONE,
        clear_book_on_start=bool(raw.clear_book_on_start),
        game_start_ms=epoch_ms(raw.game_start_time) if raw.game_start_time else None,
        start_ms=shown_ms(raw.start_date),
        end_ms=shown_ms(raw.end_date),
        created_ms=shown_ms(raw.created_at) or 0,
        price_0_micros=prices[0],
        price_1_micros=prices[1],
        best_bid_micros=quote(raw.best_bid),
        best_ask_micros=quote(raw.best_ask),
        last_trade_micros=quote(raw.last_trade_price),
        day_change_micros=change(raw.one_day_price_change),
        volume_micros=amount(raw.volume_num if raw.volume_num is not None else raw.volume),
        volume_24h_micros=amount(raw.volume_24h),
        liquidity_micros=amount(raw.liquidity_num if raw.liquidity_num is not None else raw.liquidity),
    )


def _words(event: RawEvent | None, outcomes: Iterable[str], tags: Iterable[RawTag]) -> list[str]:
    """What people may type to find a market, besides its own question and label."""
    named = [outcome for outcome in outcomes if outcome not in _PLAIN_OUTCOMES]
    return [(event.title if event else None) or "", *named, *(tag.label or "" for tag in tags)]


def _event_facts(raw: RawEvent, tags: Iterable[RawTag]) -> EventFacts:
    if not _NUMBER.fullmatch(raw.id) or not raw.slug:
        raise BadRow("an event without a number or a slug")
    known = {tag.slug: tag.label or tag.slug for tag in tags if tag.slug}
    return EventFacts(
        id=raw.id,
        slug=raw.slug,
        title=raw.title or raw.slug,
        description=raw.description or "",
        image=raw.image or raw.icon or "",
        category=category_of(known, raw.category or ""),
        tags=tuple({"slug": slug, "label": label} for slug, label in known.items()),
        neg_risk=bool(raw.neg_risk),
        neg_risk_market_id=raw.neg_risk_market_id or "",
        start_ms=shown_ms(raw.start_date),
        end_ms=shown_ms(raw.end_date),
        created_ms=shown_ms(raw.created_at) or 0,
        volume_micros=amount(raw.volume),
        volume_24h_micros=amount(raw.volume_24h),
        liquidity_micros=amount(raw.liquidity),
        open_interest_micros=None if raw.open_interest is None else amount(raw.open_interest),
    )


def _status(raw: RawMarket, payout: int | None) -> int:
    """No single flag tells: a closed market may still say that it accepts orders."""
    if raw.closed:
        return facts.CLOSED if payout is None else facts.RESOLVED
    takes_orders = raw.active and raw.accepting_orders and raw.enable_order_book is not False
    return facts.OPEN if takes_orders and not raw.archived else facts.PAUSED


def _payout(raw: RawMarket, prices: tuple[int | None, int | None]) -> int | None:
    """What a share of outcome 0 pays, once that is final.

    1/0 and 0/1 on a closed market are a result unless it is still disputed. 0.5/0.5 is also the price
    that nobody has moved, so it counts only when the oracle says "resolved". Old markets with other
    prices (0/0, scalar ones) have no result that we know.
    """
    if not raw.closed or None in prices or _undecided(raw):
        return None
    if prices in {(ONE, 0), (0, ONE)}:
        return prices[0]
    return _HALF if prices == (_HALF, _HALF) and raw.uma_resolution_status == "resolved" else None


def _undecided(raw: RawMarket) -> bool:
    """Whether the oracle is still at it. Its history, which lists have, never says "resolved" at its end."""
    if raw.uma_resolution_status:
        return raw.uma_resolution_status in _UNDECIDED
    over = raw.closed_time or raw.automatically_resolved
    return not over and _uma_status(raw) in _UNDECIDED


def _uma_status(raw: RawMarket) -> str:
    return raw.uma_resolution_status or (text_list(raw.uma_resolution_statuses) or ("",))[-1]


def _fee(raw: RawMarket) -> tuple[int, int, str]:
    """Rate, exponent and where they come from (docs/fill-model.md)."""
    if raw.fees_enabled is False:
        return 0, ONE, "none"
    if raw.fee_schedule is None:
        return facts.ASSUMED_FEE_RATE_MICROS, ONE, "assumed"
    return exact(raw.fee_schedule.rate, 0, ONE), exact(raw.fee_schedule.exponent, 0, 10 * ONE), "schedule"


def _rebate(fees: RawFees | None) -> int:
    return 0 if fees is None or fees.rebate_rate is None else exact(fees.rebate_rate, 0, ONE)


def _reward_pool(raw: RawMarket) -> int:
    """USDC a day of the programmes that run on the day of the row's own update."""
    day = (raw.updated_at or "")[:10]
    running = (
        reward
        for reward in raw.clob_rewards or ()
        if not day or (reward.start_date or "")[:10] <= day <= (reward.end_date or "9999")[:10]
    )
    return sum(amount(reward.rewards_daily_rate) for reward in running)


def _tokens(raw: RawMarket, outcome_count: int) -> tuple[str, str]:
    """Both tokens' ids, empty when the market has none or is no two-sided one. V2 markets have their own."""
    ids = tuple(raw.position_ids or ()) if raw.version == "v2" else text_list(raw.clob_token_ids)
    if not ids or outcome_count != 2 or len(ids) != 2:
        return "", ""
    first, second = ids
    if not (first and second):
        return "", ""  # a new market, not yet on the CLOB
    if not (_TOKEN.fullmatch(first) and _TOKEN.fullmatch(second)) or first == second:
        raise BadRow("token ids that are no two numbers")
    return first, second


def _prices(listed: str | list[str] | None) -> tuple[int | None, int | None]:
    prices = text_list(listed)
    if len(prices) != 2:
        return None, None
    first, second = (rounded(Decimal(price), 0, ONE) for price in prices)
    return first, second


def _tick(tick: Decimal | None) -> int:
    micros = 10_000 if tick is None else exact(tick, 1, ONE)
    if micros not in TICKS_MICROS:
        raise BadRow(f"no such tick: {tick}")
    return micros
