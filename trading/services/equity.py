"""Equity points: what each portfolio was worth, at a fixed cadence."""

from collections.abc import Iterable

from django.db.models import Exists, OuterRef

from trading.atomic import run_atomic
from trading.models import EquityPoint, Portfolio, Position
from trading.selectors.portfolios import portfolio_summaries

_BATCH = 100


def snapshot_equity(*, now_ms: int) -> int:
    """Write one point for every active portfolio that holds something. Returns how many."""
    holds = Position.objects.filter(portfolio_id=OuterRef("pk"), size_micros__gt=0)
    portfolios = list(Portfolio.objects.filter(Exists(holds), is_active__in=[True]).order_by("id"))
    for start in range(0, len(portfolios), _BATCH):
        write_points(portfolios[start : start + _BATCH], now_ms=now_ms)
    return len(portfolios)


def write_points(portfolios: Iterable[Portfolio], *, now_ms: int) -> None:
    """One point each; a second one of the same instant is left out."""
    points = [
        EquityPoint(
            id=f"{summary.portfolio.pk.hex}:{now_ms}",
            portfolio=summary.portfolio,
            at_ms=now_ms,
            cash_micros=summary.portfolio.cash_micros,
            equity_micros=summary.equity_micros,
            if_sold_micros=summary.equity_if_sold_micros,
            epoch=summary.portfolio.epoch,
        )
        for summary in portfolio_summaries(list(portfolios))
    ]

    def unit() -> None:
        known = set(
            EquityPoint.objects.filter(pk__in=[point.pk for point in points]).values_list("pk", flat=True)
        )
        EquityPoint.objects.bulk_create([point for point in points if point.pk not in known])

    run_atomic(unit)
