"""/markets of the REST API."""

from django.urls import path

from livedata import api
from livedata.waiting import with_fresh_book

_ONE = "markets/by-slug/<str:slug>"
urlpatterns = [
    path("markets", api.MarketsView.as_view()),
    path("markets/top", api.TopMarketsView.as_view()),
    path("markets/sync-stats", api.SyncStatsView.as_view()),
    path("markets/by-condition/<str:condition_id>", api.MarketByConditionView.as_view()),
    path(_ONE, api.MarketBySlugView.as_view()),
    path(f"{_ONE}/prices", api.PricesView.as_view()),
    path(f"{_ONE}/book", with_fresh_book(api.BookView.as_view())),
    path(f"{_ONE}/open-interest", api.OpenInterestView.as_view()),
    path(f"{_ONE}/trades", api.TradesView.as_view()),
]
