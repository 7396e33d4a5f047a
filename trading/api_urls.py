"""/portfolios of the REST API."""

from django.urls import path

from trading.api.accruals import RebatesView, RewardsView
from trading.api.awaiting import awaiting
from trading.api.orders import OrdersView, OrderView, PreviewView, TradesView, TradeView
from trading.api.portfolios import (
    EquityView,
    ExportView,
    LedgerView,
    MetricsView,
    PortfoliosView,
    PortfolioView,
    PositionsView,
    ResetView,
)
from trading.api.sets import ConvertView, MergeView, RedeemView, SplitView

_ONE = "portfolios/<uuid:portfolio_id>"
urlpatterns = [
    path("portfolios", PortfoliosView.as_view()),
    path(_ONE, PortfolioView.as_view()),
    path(f"{_ONE}/reset", ResetView.as_view()),
    path(f"{_ONE}/orders", awaiting(OrdersView.as_view())),
    path(f"{_ONE}/orders/preview", awaiting(PreviewView.as_view())),
    path(f"{_ONE}/orders/<str:order_id>", awaiting(OrderView.as_view())),
    path(f"{_ONE}/trades", awaiting(TradesView.as_view())),
    path(f"{_ONE}/trades/<uuid:trade_id>", TradeView.as_view()),
    path(f"{_ONE}/split", SplitView.as_view()),
    path(f"{_ONE}/merge", MergeView.as_view()),
    path(f"{_ONE}/convert", ConvertView.as_view()),
    path(f"{_ONE}/redeem", RedeemView.as_view()),
    path(f"{_ONE}/positions", PositionsView.as_view()),
    path(f"{_ONE}/ledger", LedgerView.as_view()),
    path(f"{_ONE}/rebates", RebatesView.as_view()),
    path(f"{_ONE}/rewards", RewardsView.as_view()),
    path(f"{_ONE}/equity", EquityView.as_view()),
    path(f"{_ONE}/metrics", MetricsView.as_view()),
    path(f"{_ONE}/export", ExportView.as_view()),
]
