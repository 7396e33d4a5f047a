"""Portfolios and their ledger in the admin: to read, never to edit."""

from typing import Any

from django.contrib import admin

from livedata.admin import ReadOnly
from markets.core.units import from_micros
from trading.models import (
    Fill,
    Order,
    Portfolio,
    Position,
    Posting,
    Rebate,
    RewardScore,
    SetChange,
    Settlement,
)


def _amount(field: str, title: str) -> Any:
    @admin.display(description=title, ordering=field)
    def shown(row: Any) -> str:
        value = getattr(row, field)
        return "" if value is None else from_micros(value)

    return shown


@admin.register(Portfolio)
class PortfolioAdmin(ReadOnly):
    list_display = (
        "name",
        "user_id",
        _amount("cash_micros", "cash"),
        _amount("realised_pnl_micros", "realised"),
        _amount("fees_micros", "fees"),
        "reset_count",
        "is_active",
    )
    list_filter = ("is_active", "queue_model")
    search_fields = ("name",)


@admin.register(Order)
class OrderAdmin(ReadOnly):
    list_display = (
        "id",
        "side",
        "order_type",
        _amount("price_micros", "price"),
        _amount("matched_micros", "matched"),
        _amount("notional_micros", "notional"),
        "status",
        "reason_code",
    )
    list_filter = ("status", "side", "order_type")
    search_fields = ("condition_id", "client_order_id")


@admin.register(Fill)
class FillAdmin(ReadOnly):
    list_display = (
        "id",
        "side",
        _amount("price_micros", "price"),
        _amount("size_micros", "size"),
        _amount("notional_micros", "notional"),
        _amount("fee_micros", "fee"),
        "role",
    )
    search_fields = ("condition_id",)


@admin.register(Posting)
class PostingAdmin(ReadOnly):
    list_display = ("transaction_id", "account", "asset", _amount("amount_micros", "amount"), "kind")
    list_filter = ("account", "kind")
    search_fields = ("transaction_id",)


@admin.register(Position)
class PositionAdmin(ReadOnly):
    list_display = (
        "portfolio",
        "token_id",
        _amount("size_micros", "size"),
        _amount("cost_micros", "cost"),
        _amount("realised_pnl_micros", "realised"),
    )
    search_fields = ("condition_id", "token_id")
    list_select_related = ("portfolio",)


@admin.register(Settlement)
class SettlementAdmin(ReadOnly):
    list_display = (
        "condition_id",
        _amount("payout_0_micros", "payout of outcome 0"),
        "positions_count",
        "finished",
        _amount("disputed_payout_micros", "later, different payout"),
    )


@admin.register(SetChange)
class SetChangeAdmin(ReadOnly):
    list_display = (
        "id",
        "kind",
        _amount("size_micros", "sets"),
        _amount("cash_micros", "cash"),
        _amount("realised_pnl_micros", "realised"),
    )
    list_filter = ("kind",)
    search_fields = ("condition_id", "client_id")


@admin.register(Rebate)
class RebateAdmin(ReadOnly):
    list_display = (
        "id",
        "fills_count",
        _amount("equivalent_micros", "takers' fees"),
        _amount("rate_micros", "rate"),
        _amount("amount_micros", "rebate"),
    )
    search_fields = ("condition_id",)


@admin.register(RewardScore)
class RewardScoreAdmin(ReadOnly):
    list_display = (
        "id",
        "minutes_count",
        _amount("low_micros", "at least"),
        _amount("high_micros", "at most"),
        _amount("pool_micros", "pool of the day"),
    )
    search_fields = ("condition_id",)
