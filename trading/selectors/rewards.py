"""Who scores for liquidity rewards now, and what the scores so far may have brought."""

from collections import defaultdict
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from uuid import UUID

from livedata.books import many
from markets.core.book import Side, mirror
from markets.models import Market
from markets.selectors import markets_by_condition
from trading.core.rewards import PAID_FROM_MICROS, RESTED_MIN_MS, Quote, RewardRules, Sample, sample
from trading.models import Order, Portfolio, RewardScore


@dataclass(frozen=True, slots=True, kw_only=True)
class RewardRange:
    """What rewards may have come to since the last reset. Days under a dollar count for nothing."""

    low_micros: int
    high_micros: int


def scoring_now(*, now_ms: int) -> Iterator[tuple[Portfolio, str, Sample, RewardRules]]:
    """(portfolio, market, score, rules) wherever resting orders score: a bounded number of queries.

    Only where a programme runs and the book is fresh: what nobody sees is not scored.
    """
    rested = Order.objects.filter(status=Order.Status.LIVE, rested_ms__lte=now_ms - RESTED_MIN_MS)
    orders: dict[tuple[str, UUID], list[Order]] = defaultdict(list)
    for order in rested:
        orders[order.condition_id, order.portfolio_id].append(order)
    markets = markets_by_condition(condition_id for condition_id, _ in orders)
    programmes = {key: rules_of(market) for key, market in markets.items()}
    paying = {key: rules for key, rules in programmes.items() if rules.pays}
    views = many(paying) if paying else {}
    portfolios = Portfolio.objects.in_bulk({portfolio_id for _, portfolio_id in orders})
    for (condition_id, portfolio_id), own in sorted(orders.items(), key=lambda item: item[0]):
        view, portfolio = views.get(condition_id), portfolios[portfolio_id]
        if view is None or not view.fresh or not portfolio.is_active:
            continue
        rules = paying[condition_id]
        if (found := sample(_quotes(own, portfolio), view.book, rules)) is not None:
            yield portfolio, condition_id, found, rules


def reward_range(portfolio: Portfolio) -> RewardRange:
    """Both ends of the estimate, each of the days that come to a dollar."""
    days: dict[int, list[int]] = defaultdict(lambda: [0, 0])
    rows = RewardScore.objects.filter(portfolio_id=portfolio.pk, epoch=portfolio.epoch)
    for day_ms, low, high in rows.values_list("day_ms", "low_micros", "high_micros"):
        days[day_ms][0] += low
        days[day_ms][1] += high
    return RewardRange(
        low_micros=_paid(low for low, _ in days.values()),
        high_micros=_paid(high for _, high in days.values()),
    )


def rules_of(market: Market) -> RewardRules:
    """The market's programme; `pays` is false where there is none."""
    return RewardRules(
        min_size_micros=market.reward_min_size_micros,
        max_spread_micros=market.reward_max_spread_micros,
        daily_micros=market.reward_daily_micros,
    )


def _paid(days_micros: Iterable[int]) -> int:
    return sum(amount for amount in days_micros if amount >= PAID_FROM_MICROS)


def _quotes(orders: Iterable[Order], portfolio: Portfolio) -> list[Quote]:
    quotes = []
    for order in orders:
        if order.epoch != portfolio.epoch or order.price_micros is None:
            continue
        side, price = mirror(Side(order.side), order.price_micros, order.outcome_index)
        quotes.append(Quote(side=side, price_micros=price, size_micros=order.open_micros))
    return quotes
