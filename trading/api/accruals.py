"""/portfolios/{id}/rebates and /rewards: what makers got back, and what quoting may have earned."""

from collections.abc import Sequence
from typing import Any
from uuid import UUID

from drf_spectacular.utils import extend_schema
from rest_framework import serializers
from rest_framework.request import Request
from rest_framework.response import Response

from markets.core.units import from_micros
from markets.models import Market
from markets.selectors import markets_by_condition
from trading.api.paging import PARAMETERS, PERIOD, in_period, page_json
from trading.api.portfolios import PortfolioApi
from trading.api.schemas import Decimal, page_of
from trading.core.rebates import day_name
from trading.models import Rebate, RewardScore
from trading.payloads import iso
from trading.selectors.rebates import MarketDay, open_days


class RebateDay(serializers.Serializer):
    day = serializers.DateField(help_text="UTC, on the venue's clock")
    market = serializers.CharField(allow_null=True)
    condition_id = serializers.CharField()
    fills = serializers.IntegerField(help_text="maker fills; those that met an own order are left out")
    size = Decimal()
    taker_fees = Decimal(help_text="the fees of the takers of these fills, rounded down")
    rebate_rate = Decimal()
    amount = Decimal()
    status = serializers.ChoiceField(
        ["open", "paid", "below_minimum"],
        help_text="a portfolio's day is paid from 1 USDC, and not carried over",
    )
    paid_at = serializers.DateTimeField(allow_null=True)


class RewardDay(serializers.Serializer):
    day = serializers.DateField(help_text="UTC, on the venue's clock")
    market = serializers.CharField(allow_null=True)
    condition_id = serializers.CharField()
    minutes = serializers.IntegerField(help_text="in which something scored")
    score = Decimal(help_text="the average of these minutes, in shares")
    share_low = Decimal(help_text="… of the pool, if everybody displayed is a two-sided rival")
    share_high = Decimal(help_text="… if each of them quotes one side only")
    pool = Decimal(help_text="USDC of the whole day, for all makers")
    low = Decimal(help_text="USDC so far; an estimate that no balance and no rank contains")
    high = Decimal()


_RebatePage = page_of("RebatePage", "entries", RebateDay)
RewardPage = page_of("RewardPage", "entries", RewardDay)


class RebatePage(_RebatePage):  # type: ignore[misc, valid-type]
    open = RebateDay(many=True, help_text="days that have not been reckoned yet")


class RebatesView(PortfolioApi):
    @extend_schema(
        summary="Maker rebates by day and market, newest first",
        parameters=[*PARAMETERS, *PERIOD],
        responses=RebatePage,
    )
    def get(self, request: Request, portfolio_id: UUID) -> Response:
        portfolio = self.portfolio(request, portfolio_id)
        rows = in_period(request, Rebate.objects.filter(portfolio_id=portfolio_id), "day_ms")
        page = page_json(request, rows, noun="entries", time_field="day_ms", write=_rebates_json)
        return Response({**page, "open": _open_json(open_days(portfolio))})


class RewardsView(PortfolioApi):
    @extend_schema(
        summary="What resting orders scored for liquidity rewards, by day and market, newest first",
        parameters=[*PARAMETERS, *PERIOD],
        responses=RewardPage,
    )
    def get(self, request: Request, portfolio_id: UUID) -> Response:
        self.portfolio(request, portfolio_id)
        rows = in_period(request, RewardScore.objects.filter(portfolio_id=portfolio_id), "day_ms")
        return Response(page_json(request, rows, noun="entries", time_field="day_ms", write=_rewards_json))


def _rebates_json(rows: Sequence[Rebate]) -> list[dict[str, Any]]:
    markets = markets_by_condition(row.condition_id for row in rows)
    return [
        _rebate_json(
            row,
            markets.get(row.condition_id),
            status="below_minimum" if row.paid_ms is None else "paid",
            paid_ms=row.paid_ms,
        )
        for row in rows
    ]


def _open_json(days: Sequence[MarketDay]) -> list[dict[str, Any]]:
    markets = markets_by_condition(day.condition_id for day in days)
    return [_rebate_json(day, markets.get(day.condition_id), status="open", paid_ms=None) for day in days]


def _rebate_json(
    row: Rebate | MarketDay, market: Market | None, *, status: str, paid_ms: int | None
) -> dict[str, Any]:
    return {
        "day": day_name(row.day_ms),
        "market": market.slug if market else None,
        "condition_id": row.condition_id,
        "fills": row.fills_count,
        "size": from_micros(row.size_micros),
        "taker_fees": from_micros(row.equivalent_micros),
        "rebate_rate": from_micros(row.rate_micros),
        "amount": from_micros(row.amount_micros),
        "status": status,
        "paid_at": iso(paid_ms),
    }


def _rewards_json(rows: Sequence[RewardScore]) -> list[dict[str, Any]]:
    markets = markets_by_condition(row.condition_id for row in rows)
    return [
        {
            "day": day_name(row.day_ms),
            "market": market.slug if (market := markets.get(row.condition_id)) else None,
            "condition_id": row.condition_id,
            "minutes": row.minutes_count,
            "score": from_micros(row.score_micros // row.minutes_count),
            "share_low": from_micros(row.low_share_micros // row.minutes_count),
            "share_high": from_micros(row.high_share_micros // row.minutes_count),
            "pool": from_micros(row.pool_micros),
            "low": from_micros(row.low_micros),
            "high": from_micros(row.high_micros),
        }
        for row in rows
    ]
