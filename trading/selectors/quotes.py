"""What a market shows in a list: its fresh book's numbers where it has one, else the catalogue's last."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from urllib.parse import quote

from livedata import books
from livedata.books import BookView
from markets.core.book import Side
from markets.core.units import ONE
from markets.models import Market

WIDE_SPREAD_MICROS = 100_000  # beyond 10 cents the midpoint says little: the last trade is the chance
_IDS_MAX = 1000


@dataclass(frozen=True, slots=True, kw_only=True)
class Quote:
    """Best prices in outcome-0 coordinates; the other outcome's follow from them."""

    bid_micros: int | None
    ask_micros: int | None
    last_micros: int | None
    tick_micros: int

    @property
    def spread_micros(self) -> int | None:
        if self.bid_micros is None or self.ask_micros is None:
            return None
        return self.ask_micros - self.bid_micros

    @property
    def chance_micros(self) -> int | None:
        """The midpoint; the last trade when the spread is wide.

        The venue counts an empty side as 0 or as 1: with nobody selling, a bid of 0.998 means 99.9%,
        whatever was paid a while ago. Without a last trade only two real sides have a midpoint.
        """
        if self.bid_micros is None and self.ask_micros is None:
            return self.last_micros
        bid = self.bid_micros or 0
        spread = (ONE if self.ask_micros is None else self.ask_micros) - bid
        if spread <= WIDE_SPREAD_MICROS or (self.last_micros is None and self.spread_micros is not None):
            return bid + spread // 2
        return self.last_micros

    def bid_of(self, outcome_index: int) -> int | None:
        return self.bid_micros if outcome_index == 0 else _other(self.ask_micros)

    def ask_of(self, outcome_index: int) -> int | None:
        return self.ask_micros if outcome_index == 0 else _other(self.bid_micros)


@dataclass(frozen=True, slots=True, kw_only=True)
class MarketLine:
    """One market as a row, a card or a link."""

    slug: str
    url: str
    condition_id: str
    token_0: str
    question: str
    label: str  # its name inside its event, else the question
    outcome_0: str
    outcome_1: str
    status: int
    ask_0_micros: int | None
    ask_1_micros: int | None
    bid_0_micros: int | None
    spread_micros: int | None
    chance_micros: int | None
    day_change_micros: int | None
    volume_micros: int
    tick_micros: int
    fee_rate_micros: int
    end_ms: int | None
    payout_0_micros: int | None


def _other(price_micros: int | None) -> int | None:
    return None if price_micros is None else ONE - price_micros


def quote_of(market: Market, view: BookView | None) -> Quote:
    last = market.last_trade_micros if market.last_trade_micros is not None else market.price_0_micros
    if view is None:
        return Quote(
            bid_micros=market.best_bid_micros,
            ask_micros=market.best_ask_micros,
            last_micros=last,
            tick_micros=market.tick_micros,
        )
    return Quote(
        bid_micros=view.book.best(Side.BUY),
        ask_micros=view.book.best(Side.SELL),
        last_micros=last,
        tick_micros=view.tick_micros,
    )


def books_of(markets: Iterable[Market]) -> dict[str, BookView]:
    """The newest books of open markets: one read of the bus."""
    wanted = [market.condition_id for market in markets if market.tradable]
    return books.many(wanted[:_IDS_MAX])


def market_lines(markets: Iterable[Market], views: Mapping[str, BookView] | None = None) -> list[MarketLine]:
    rows = list(markets)
    seen = books_of(rows) if views is None else views
    return [market_line(market, seen.get(market.condition_id)) for market in rows]


def market_line(market: Market, view: BookView | None) -> MarketLine:
    quoted = quote_of(market, view)
    return MarketLine(
        slug=market.slug,
        url=market_url(market.slug),
        condition_id=market.condition_id,
        token_0=market.token_0,
        question=market.question,
        label=market.group_label or market.question,
        outcome_0=market.outcome_0,
        outcome_1=market.outcome_1,
        status=market.status,
        ask_0_micros=quoted.ask_of(0),
        ask_1_micros=quoted.ask_of(1),
        bid_0_micros=quoted.bid_micros,
        spread_micros=quoted.spread_micros,
        chance_micros=market.payout_0_micros if market.payout_0_micros is not None else quoted.chance_micros,
        day_change_micros=market.day_change_micros,
        volume_micros=market.volume_micros,
        tick_micros=quoted.tick_micros,
        fee_rate_micros=market.fee_rate_micros,
        end_ms=market.end_ms,
        payout_0_micros=market.payout_0_micros,
    )


def market_url(slug: str) -> str:
    """Slugs come from the venue: whatever one holds, it stays one path segment."""
    return f"/market/{quote(slug, safe='')}"


def event_url(slug: str) -> str:
    return f"/event/{quote(slug, safe='')}"
