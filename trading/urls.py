"""Pages for people, at the root: the host swapped in a polymarket.com link gives its paper twin."""

from django.urls import path

from trading import set_pages, views

urlpatterns = [
    path("", views.home, name="home"),
    path("event/<str:slug>", views.event, name="event"),
    path("event/<str:event_slug>/<str:slug>", views.market, name="event-market"),
    path("market/<str:slug>", views.market, name="market"),
    path("portfolio", views.portfolio, name="portfolio"),
    path("portfolio/new", views.new_portfolio, name="new-portfolio"),
    path("portfolio/<uuid:portfolio_id>/reset", views.reset, name="reset-portfolio"),
    path("portfolio/<uuid:portfolio_id>", views.portfolio, name="one-portfolio"),
    path("portfolio/<uuid:portfolio_id>/cancel", views.cancel, name="cancel"),
    path("portfolio/<uuid:portfolio_id>/open-orders", views.open_orders_part, name="open-orders"),
    path("portfolio/<uuid:portfolio_id>/sets/<str:slug>", set_pages.sets, name="sets"),
    path("portfolio/<uuid:portfolio_id>/trade/<uuid:trade_id>", views.trade, name="trade"),
    path("how-fills-work", views.how_fills_work, name="how-fills-work"),
]
