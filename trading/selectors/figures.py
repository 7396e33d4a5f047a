"""Figures of one portfolio's present run, since its last reset. A match with itself counts as no trade."""

from collections.abc import Iterable
from dataclasses import dataclass

from django.db.models import Count, Sum

from markets.core.units import ONE
from trading.models import EquityPoint, Fill, Portfolio
from trading.selectors.lenses import Lenses, lenses_of
from trading.selectors.portfolios import PortfolioSummary, position_lines, summary_of
from trading.selectors.rebates import RebateSums, rebate_sums
from trading.selectors.rewards import RewardRange, reward_range


@dataclass(frozen=True, slots=True, kw_only=True)
class Figures:
    summary: PortfolioSummary
    trades_count: int
    volume_micros: int
    markets_count: int
    rebates: RebateSums
    rewards: RewardRange  # an estimate: in no balance
    lenses: Lenses | None
    max_drawdown_micros: int | None  # the deepest fall from a peak, as a fraction of the peak, in millionths


def portfolio_figures(portfolio: Portfolio) -> Figures:
    fills = Fill.objects.filter(portfolio_id=portfolio.pk, epoch=portfolio.epoch, self_match__in=[False])
    sums = fills.aggregate(count=Count("pk"), volume=Sum("notional_micros"))
    worths = (
        EquityPoint.objects.filter(portfolio_id=portfolio.pk, epoch=portfolio.epoch)
        .order_by("at_ms")
        .values_list("equity_micros", flat=True)
    )
    summary = summary_of(portfolio, position_lines(portfolio_id=portfolio.pk))
    result = summary.equity_micros - portfolio.initial_balance_micros
    return Figures(
        summary=summary,
        lenses=lenses_of(portfolio, result_micros=result),
        trades_count=sums["count"],
        volume_micros=sums["volume"] or 0,
        rebates=rebate_sums(portfolio),
        rewards=reward_range(portfolio),
        markets_count=fills.values("condition_id").distinct().count(),
        max_drawdown_micros=max_drawdown_micros(worths),
    )


def max_drawdown_micros(worths: Iterable[int]) -> int | None:
    """The deepest fall from a peak as a fraction of it, in millionths, rounded up; None without points."""
    peak, deepest = None, None
    for worth in worths:
        peak = worth if peak is None else max(peak, worth)
        fall = -((worth - peak) * ONE // peak) if peak > 0 else 0
        deepest = fall if deepest is None else max(deepest, fall)
    return deepest
