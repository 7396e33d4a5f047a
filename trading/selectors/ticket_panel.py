"""What the ticket knows before anything is asked: whose money, what is held, best prices, fee and latency."""

from collections import Counter
from dataclasses import dataclass
from uuid import UUID, uuid4

from livedata.books import BookView
from livedata.clock import venue_now_ms
from markets.core.book import Side
from markets.core.units import ONE
from markets.models import Market
from trading.core.fees import taker_fee_micros
from trading.core.tickets import EXPIRATION_MIN_MS
from trading.models import Order, Portfolio, Position
from trading.selectors.holdings import OPEN, backing_micros
from trading.selectors.quotes import market_url, quote_of
from trading.selectors.rules import market_rules

PORTFOLIOS_MAX = 100


@dataclass(frozen=True, slots=True, kw_only=True)
class PortfolioChoice:
    id: UUID
    name: str
    cash_micros: int
    free_micros: int  # cash that no open BUY of this market backs


@dataclass(frozen=True, slots=True, kw_only=True)
class TicketOutcome:
    """One outcome's half of the ticket."""

    index: int
    label: str
    token_id: str
    ask_micros: int | None
    bid_micros: int | None
    held_micros: int
    free_micros: int  # of them, not for sale already
    fee_a_share_micros: int  # of a BUY at the best ask
    asks_end_micros: int | None  # the book's last price on either side, and all the shares up to it
    asks_size_micros: int
    bids_end_micros: int | None
    bids_size_micros: int


@dataclass(frozen=True, slots=True, kw_only=True)
class TicketPanel:
    """`refusal` says why no order can be placed now; "" when one can."""

    slug: str
    title: str
    action: str
    condition_id: str
    outcomes: tuple[TicketOutcome, TicketOutcome]
    portfolios: tuple[PortfolioChoice, ...]
    portfolio: PortfolioChoice | None
    latency_ms: int
    delay_s: int
    tick_micros: int
    min_size_micros: int  # of an order that may rest
    now_ms: int  # the venue's clock
    closes_ms: int | None  # when the market ends, if an order may still expire then
    fee_rate_micros: int
    fee_exponent_micros: int
    fee_assumed: bool
    trading: bool
    seen: bool  # whether a book has been seen: before that nothing is known of its end
    refusal: str
    key: str  # a new ticket's client_order_id


def ticket_panel(
    market: Market,
    view: BookView | None,
    *,
    user_id: UUID | None,
    portfolio_id: UUID | None = None,
    title: str = "Paper order",
) -> TicketPanel:
    """For one reader: three queries. A portfolio that is not the reader's is passed over."""
    owned = _portfolios(user_id)
    chosen = next((row for row in owned if row.pk == portfolio_id), owned[0] if owned else None)
    held, backed = _held(chosen, market), _backed(chosen, market)
    rules = market_rules(market, view)
    return TicketPanel(
        slug=market.slug,
        title=title,
        action=f"{market_url(market.slug)}#ticket",
        condition_id=market.condition_id,
        outcomes=(_outcome(market, view, 0, held, backed), _outcome(market, view, 1, held, backed)),
        portfolios=tuple(_choice(row) for row in owned),
        portfolio=_choice(chosen, backed_micros=backed[_CASH]) if chosen else None,
        latency_ms=(chosen.latency_ms if chosen else 0) + rules.taker_delay_ms,
        delay_s=rules.seconds_delay,
        tick_micros=rules.tick_micros,
        min_size_micros=rules.min_size_micros,
        now_ms=venue_now_ms(),
        closes_ms=_closes_ms(market),
        fee_rate_micros=rules.fees.rate_micros,
        fee_exponent_micros=rules.fees.exponent_micros,
        fee_assumed=rules.fees.source == Market.FeeSource.ASSUMED,
        trading=market.tradable,
        seen=view is not None,
        refusal=_refusal(market, view),
        key=uuid4().hex,
    )


def _portfolios(user_id: UUID | None) -> list[Portfolio]:
    if user_id is None:
        return []
    mine = Portfolio.objects.filter(user_id=user_id, is_active__in=[True])
    return list(mine.order_by("created_ms", "id")[:PORTFOLIOS_MAX])


def _choice(row: Portfolio, *, backed_micros: int = 0) -> PortfolioChoice:
    free = max(0, row.cash_micros - backed_micros)
    return PortfolioChoice(id=row.pk, name=row.name, cash_micros=row.cash_micros, free_micros=free)


def _held(portfolio: Portfolio | None, market: Market) -> dict[str, int]:
    if portfolio is None:
        return {}
    rows = Position.objects.filter(portfolio_id=portfolio.pk, token_id__in=list(market.token_ids))
    return dict(rows.values_list("token_id", "size_micros"))


_CASH = "cash"


def _backed(portfolio: Portfolio | None, market: Market) -> Counter[str]:
    """What open orders here back: USDC under _CASH, shares under their token's id."""
    backed: Counter[str] = Counter()
    if portfolio is not None:
        rows = Order.objects.filter(
            portfolio_id=portfolio.pk, condition_id=market.condition_id, status__in=OPEN, amount_micros=None
        ).exclude(price_micros=None)
        for row in rows:
            backed[row.token_id if row.side == Side.SELL else _CASH] += backing_micros(row)
    return backed


def _closes_ms(market: Market) -> int | None:
    if market.end_ms is None or market.end_ms < venue_now_ms() + EXPIRATION_MIN_MS:
        return None
    return market.end_ms


def _outcome(
    market: Market, view: BookView | None, index: int, held: dict[str, int], backed: Counter[str]
) -> TicketOutcome:
    token_id = market.token_ids[index]
    quoted = quote_of(market, view)
    ask = quoted.ask_of(index)
    fees = market_rules(market, view).fees
    asks = view.book.levels(Side.SELL, index) if view else []
    bids = view.book.levels(Side.BUY, index) if view else []
    return TicketOutcome(
        index=index,
        label=market.outcome_label(index),
        token_id=token_id,
        ask_micros=ask,
        bid_micros=quoted.bid_of(index),
        held_micros=held.get(token_id, 0),
        free_micros=max(0, held.get(token_id, 0) - backed[token_id]),
        fee_a_share_micros=taker_fee_micros(fees, price_micros=ask, size_micros=ONE) if ask else 0,
        asks_end_micros=asks[-1].price_micros if asks else None,
        asks_size_micros=sum(level.size_micros for level in asks),
        bids_end_micros=bids[-1].price_micros if bids else None,
        bids_size_micros=sum(level.size_micros for level in bids),
    )


def _refusal(market: Market, view: BookView | None) -> str:
    if not market.tradable:
        return "Trading has ended here." if market.status >= Market.Status.CLOSED else "No orders are taken."
    if view is None:
        return ""  # nobody watched it: the order takes a lease and waits for its book
    return "" if view.fresh else f"The newest book is {view.age_ms // 1000} s old; an order now is refused."
