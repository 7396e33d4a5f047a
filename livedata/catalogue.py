"""One market or event of the venue in our catalogue, asked for when we do not know it yet.

What the venue does not know either is remembered for a minute, so that a mistyped address costs it one
question. Whole catalogues are `livedata.sync`'s.
"""

import logging
from collections.abc import Callable
from hashlib import blake2b

from django.core.cache import cache

from livedata.core.links import read_link
from livedata.core.steps import MarketRef, Resolution
from livedata.errors import VenueError, VenueNotFound
from livedata.exchange.asking import Question, ask
from livedata.pulse import wall_ms
from markets.core.facts import Reading
from markets.core.units import ONE
from markets.models import Market
from markets.selectors import (
    EventLine,
    event_by_slug,
    market_by_condition,
    market_by_slug,
    market_by_token,
)
from markets.services import Written, keep_rules, resolve_market, upsert_events, upsert_markets

logger = logging.getLogger(__name__)
UNKNOWN_KEPT_S = 60
_RULES_S = 2.0  # an order waits no longer for the CLOB to say its fee


def load_market(
    *,
    slug: str | None = None,
    condition_id: str | None = None,
    token_id: str | None = None,
    force: bool = False,
) -> Market:
    """The market of one of these names, from the venue when we do not have it; `force` asks it anyway.

    Raises VenueNotFound when the venue does not know it, and the other VenueErrors when it does not
    answer and we do not have it.
    """
    if slug is not None:
        return _load_market(
            "slug", slug, market_by_slug, lambda venue: venue.gamma.market_by_slug(slug), force
        )
    if condition_id is not None:
        wanted = condition_id.lower()
        return _load_market(
            "condition",
            wanted,
            market_by_condition,
            lambda venue: venue.gamma.market_by_condition(wanted),
            force,
        )
    if token_id is not None:
        return _load_market(
            "token", token_id, market_by_token, lambda venue: venue.gamma.market_by_token(token_id), force
        )
    raise AssertionError("a market is loaded by one of its names")


def load_event(slug: str, *, force: bool = False) -> EventLine:
    """An event with all its markets. Raises as `load_market` does."""
    known = event_by_slug(slug)
    if known is not None and not force:
        return known
    _ask_once("event", slug, lambda venue: venue.gamma.event_by_slug(slug))
    found = event_by_slug(slug)
    if found is None:
        raise VenueNotFound(f"the venue answered, but not with the event {slug[:80]!r}")
    return found


def load_link(text: str) -> Market | EventLine:
    """What a pasted polymarket.com address names. Raises VenueNotFound for any other text, too."""
    link = read_link(text)
    if link is None:
        raise VenueNotFound("not the address of a market or an event")
    return load_market(slug=link.market_slug) if link.market_slug else load_event(link.event_slug)


def with_rules(market: Market) -> Market:
    """The market with what only the CLOB says: its fee, where Gamma is silent, and its taker delay.

    Asked once a market and kept. When the CLOB does not answer, the market comes back as it is, with
    the fee that we assume (docs/fill-model.md).
    """
    if market.rules_ms is not None or not market.condition_id:
        return market
    key = _unknown_key("rules", market.condition_id)
    if cache.get(key):
        return market
    try:
        rule = ask(lambda venue: venue.clob.market_rules(market.condition_id), within_s=_RULES_S)
    except VenueError as exc:
        cache.set(key, True, UNKNOWN_KEPT_S)
        logger.warning("catalogue.rules_unknown", extra={"market": market.slug, "error": str(exc)})
        return market
    keep_rules(market_id=market.pk, rule=rule, now_ms=wall_ms())
    return market_by_condition(market.condition_id) or market


def record_resolution(resolution: Resolution) -> Market | None:
    """Write an announced result into the catalogue: the market with its payout, None where there is none.

    Where no winner is named, or one that is no token of the market's, Gamma is asked. Raises VenueError.
    """
    market = market_by_condition(resolution.condition_id)
    if market is None:
        return None  # nobody can hold what we do not know
    if market.payout_0_micros is None:
        market = _resolved(market, resolution.winning_token)
    return market if market.payout_0_micros is not None else None


def _resolved(market: Market, winning_token: str) -> Market:
    condition_id = market.condition_id
    if not winning_token or winning_token not in market.token_ids:
        return load_market(condition_id=condition_id, force=True)
    payout_micros = ONE if winning_token == market.token_0 else 0
    resolve_market(condition_id=condition_id, payout_0_micros=payout_micros, now_ms=wall_ms())
    return market_by_condition(condition_id) or market


def market_ref(market: Market) -> MarketRef:
    """What the feed must know to follow it."""
    return MarketRef(
        condition_id=market.condition_id,
        token_0=market.token_0,
        token_1=market.token_1,
        tick_micros=market.tick_micros,
        min_size_micros=market.min_size_micros,
        neg_risk=market.neg_risk,
    )


def store(reading: Reading) -> Written:
    """Write what was read, events first: a market's event must be there to be summed up."""
    now_ms = wall_ms()
    for row in reading.bad:
        logger.warning("catalogue.bad_row", extra={"row": row})
    upsert_events(reading.events, now_ms=now_ms)
    return upsert_markets(reading.markets, now_ms=now_ms)


def _load_market(
    kind: str, name: str, select: Callable[[str], Market | None], question: Question[Reading], force: bool
) -> Market:
    known = select(name)
    if known is not None and not force:
        return known
    _ask_once(kind, name, question)
    found = select(name)
    if found is None:
        raise VenueNotFound(f"the venue answered, but not with the {kind} {name[:80]!r}")
    return found


def _ask_once(kind: str, name: str, question: Question[Reading]) -> None:
    """Ask the venue and store its answer, unless it has just said that it knows no such thing."""
    key, unknown = _unknown_key(kind, name), VenueNotFound(f"The venue knows no {kind} {name[:80]!r}.")
    if cache.get(key):
        raise unknown
    try:
        reading = ask(question)
    except VenueNotFound:
        cache.set(key, True, UNKNOWN_KEPT_S)
        raise unknown from None
    store(reading)


def _unknown_key(kind: str, name: str) -> str:
    return f"unknown:{kind}:{blake2b(name.encode(), digest_size=12).hexdigest()}"
