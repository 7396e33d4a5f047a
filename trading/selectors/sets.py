"""Which markets and events allow whole sets to be made, taken apart and converted, and at what prices."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass

from livedata.books import BookView, many
from markets.core.errors import Rejected
from markets.models import Market
from markets.selectors import EventLine, event_by_slug, market_by_condition
from trading.core.rejections import Code

_CLOSED = "this market is closed: its shares can be sold or paid out, but sets of them no longer change"


@dataclass(frozen=True, slots=True)
class SetToken:
    condition_id: str
    token_id: str
    outcome_index: int


@dataclass(frozen=True, slots=True)
class Pair:
    """Both tokens of a market, and what a share of outcome 0 is worth; None when nothing says."""

    tokens: tuple[SetToken, SetToken]
    midpoint_micros: int | None


@dataclass(frozen=True, slots=True, kw_only=True)
class Conversion:
    """The NO tokens that go, the YES tokens that come, and what a share of each of these is worth."""

    event_id: str
    given: tuple[SetToken, ...]
    others: tuple[SetToken, ...]
    worth_micros: dict[str, int | None]


def pair_of(condition_id: str) -> Pair:
    """The tokens of a market whose sets may be split and merged. Raises Rejected."""
    market = market_by_condition(condition_id)
    if market is None:
        raise Rejected(Code.MARKET_NOT_FOUND, "no such market", field="market")
    if not (market.token_0 and market.token_1):
        raise Rejected(Code.MARKET_CLOSED, "this market has no tokens", field="market")
    if _ended(market):
        raise Rejected(Code.MARKET_CLOSED, _CLOSED, field="market")
    first, second = (SetToken(condition_id, token, index) for index, token in enumerate(market.token_ids))
    return Pair((first, second), _worth([market])[condition_id])


def conversion_of(event_slug: str, token_ids: Sequence[str]) -> Conversion:
    """What giving these NO tokens of a neg-risk event would bring. Raises Rejected.

    A question that was answered No already gives nothing: its YES pays nothing. Questions without
    tokens are placeholders that the venue tells to ignore.
    """
    questions = _questions(event_slug)
    by_no_token = {market.token_1: market for market in questions}
    _check_tokens(token_ids, by_no_token, {market.token_0 for market in questions})
    given = [by_no_token[token_id] for token_id in token_ids]
    if any(_ended(market) for market in given):
        raise Rejected(Code.MARKET_CLOSED, _CLOSED, field="token_ids")
    if any(market.payout_0_micros for market in questions):
        raise Rejected(Code.MARKET_CLOSED, "this event is decided: nothing of it converts", field="event")
    others = [market for market in questions if market not in given and market.payout_0_micros is None]
    worth = _worth(others)
    return Conversion(
        event_id=given[0].event_id or "",
        given=tuple(SetToken(market.condition_id, market.token_1, 1) for market in given),
        others=tuple(SetToken(market.condition_id, market.token_0, 0) for market in others),
        worth_micros={market.token_0: worth[market.condition_id] for market in others},
    )


def _questions(event_slug: str) -> list[Market]:
    """The questions of which exactly one comes true, in the venue's order."""
    found = event_by_slug(event_slug)
    if found is None:
        raise Rejected(Code.EVENT_NOT_FOUND, "no such event", field="event")
    questions = questions_of(found)
    if not found.event.neg_risk or len(questions) < 2:
        raise Rejected(
            Code.NOT_NEG_RISK, "only events of which exactly one outcome wins convert", field="event"
        )
    return questions


def questions_of(event: EventLine) -> list[Market]:
    """Its neg-risk questions that have tokens, in the venue's order."""
    found = [
        market
        for market in event.markets
        if market.neg_risk and market.condition_id and market.token_0 and market.token_1
    ]
    return sorted(found, key=lambda market: (market.group_order, market.pk))


def changeable(market: Market) -> bool:
    """Whether sets of the market may still be split, merged and converted."""
    return bool(market.token_0 and market.token_1) and not _ended(market)


def _check_tokens(token_ids: Sequence[str], no_tokens: Iterable[str], yes_tokens: set[str]) -> None:
    """Raise Rejected unless these are NO tokens of the event, each once."""
    known = set(no_tokens)
    words = ""
    if not token_ids:
        words = "name at least one NO token to convert"
    elif len(set(token_ids)) != len(token_ids):
        words = "each token is named once"
    elif any(token_id in yes_tokens for token_id in token_ids):
        words = "only NO shares convert, and one of these tokens is a YES"
    elif not known.issuperset(token_ids):
        words = "one of these tokens is of no question of this event"
    if words:
        raise Rejected(Code.INVALID_TOKENS, words, field="token_ids")


def _ended(market: Market) -> bool:
    return market.status in (Market.Status.CLOSED, Market.Status.RESOLVED)


def _worth(markets: Sequence[Market]) -> dict[str, int | None]:
    """What a share of outcome 0 is worth by market: its fresh book's midpoint, else the catalogue's price."""
    views = many(market.condition_id for market in markets) if markets else {}
    return {market.condition_id: _midpoint(views.get(market.condition_id), market) for market in markets}


def _midpoint(view: BookView | None, market: Market) -> int | None:
    midpoint = view.book.midpoint() if view is not None and view.fresh else None
    return market.price_0_micros if midpoint is None else midpoint
