"""Tokens that somebody wants to watch, and the markets they belong to."""

from collections.abc import Iterable

from livedata.catalogue import load_market, market_ref
from livedata.core.steps import MarketRef
from livedata.errors import VenueError
from markets.models import Market
from markets.selectors import market_by_slug, markets_by_token


def known_refs(token_ids: Iterable[str]) -> dict[str, MarketRef | None]:
    """By token id, the markets that we know of these; None for one that is over."""
    return {token_id: _ref(market) for token_id, market in markets_by_token(token_ids).items()}


def asked_refs(token_ids: Iterable[str]) -> dict[str, MarketRef | None]:
    """The same for tokens that we do not know: asks the venue, which may take seconds.

    What it does not know either, or does not say now, is left out.
    """
    found: dict[str, MarketRef | None] = {}
    for token_id in token_ids:
        try:
            found[token_id] = _ref(load_market(token_id=token_id))
        except VenueError:
            continue
    return found


def refs_of_slugs(slugs: Iterable[str], asked_max: int) -> dict[str, MarketRef | None]:
    """By slug; asks the venue for at most so many that we do not know."""
    found: dict[str, MarketRef | None] = {}
    asked = 0
    for slug in dict.fromkeys(slugs):
        market = market_by_slug(slug)
        if market is None and asked < asked_max:
            asked += 1
            try:
                market = load_market(slug=slug)
            except VenueError:
                continue
        if market is not None:
            found[slug] = _ref(market)
    return found


def _ref(market: Market) -> MarketRef | None:
    return market_ref(market) if market.tradable else None
