"""The prints of a gap: learnt from the venue's list of trades, if it covers the gap, and never guessed."""

import pytest

from livedata.core.steps import Print
from livedata.pulse import wall_ms
from livedata.simulator.manual import ManualWorld
from livedata.simulator.server import serve
from markets.core.book import Side
from markets.core.units import ONE, from_micros, to_micros
from tests.journeys.trader import until
from tests.trading.test_orders import ticket_for
from tests.trading.venue import make_market
from trading.models import Fill, Order
from trading.services.audit import audit
from trading.services.orders import submit_order

pytestmark = [pytest.mark.django_db(databases="__all__"), pytest.mark.portable]

ASKS = "0.51x30 0.52x70"


@pytest.fixture
def world(settings):
    """A venue whose clock we set; the site asks it for trades."""
    clock = [wall_ms()]
    world = ManualWorld(clock=lambda: clock[0])
    world.ticking = clock
    with serve(world) as running:
        settings.EXCHANGE_URLS = {**settings.EXCHANGE_URLS, **running.environment}
        yield world


@pytest.fixture
def gap(world, portfolio, matcher, feed):
    """An order at rest behind 50, a print seen, one that nobody saw, a new book, a print seen again."""
    listing = world.add_market(slug="gappy")
    world.set_book(listing.condition_id, bids=[("0.49", "500")], asks=[("0.51", "500")])
    market = make_market(
        "gappy",
        condition_id=listing.condition_id,
        token_0=listing.token_ids[0],
        token_1=listing.token_ids[1],
    )
    feed.show(market, "0.49x50 0.48x100", ASKS)
    ticket = ticket_for(market, "BUY", "GTC", price="0.49", size="20")
    order = submit_order(portfolio_id=portfolio.pk, ticket=ticket, now_ms=wall_ms() - 10_000)
    matcher.turn()

    def trade(size: str, *, at_ms: int) -> Print:
        world.ticking[0] = at_ms
        (made,) = world.trade(listing.condition_id, "SELL", size)
        return Print(Side.SELL, to_micros("0.49"), to_micros(size), at_ms, made.transaction_hash)

    now_ms = wall_ms()

    def happen(*, show_first: bool = True) -> Order:
        if show_first:
            feed.show(
                market,
                "0.49x40 0.48x100",
                ASKS,
                prints=[trade("10", at_ms=now_ms + 100)],
                stamp_ms=now_ms + 100,
            )
        matcher.turn()
        trade("45", at_ms=now_ms + 9_000)
        feed.show(market, "0.48x100", ASKS, snapshot=True, stamp_ms=now_ms + 9_500)
        seen = trade("1", at_ms=now_ms + 9_600)
        feed.show(market, "0.48x99", ASKS, prints=[seen], stamp_ms=now_ms + 9_600)
        return order

    return happen


def mend(matcher, monkeypatch, order) -> Order:
    """Let the executor look again and again until the venue's answer has come."""

    def looked() -> bool:
        matcher._scanned = 0.0
        matcher.turn()
        return not any(desk.gap for desk in matcher._desks._desks.values())

    monkeypatch.setattr("trading.desks.venue_now_ms", lambda: wall_ms() + 9_700)
    until("the gap is mended", looked)
    order.refresh_from_db()
    return order


def test_a_print_that_nobody_saw_fills_with_grade_c(gap, matcher, monkeypatch):
    order = mend(matcher, monkeypatch, gap())

    # 10 and 45 of the 50 ahead and of us: 5 fill by the missed print, 1 by the one after.
    fills = {from_micros(fill.size_micros): fill.grade for fill in Fill.objects.filter(order=order)}
    assert fills == {"5": "C", "1": "C"}
    assert order.matched_micros == 6 * ONE
    assert audit().clean


def test_without_a_print_before_the_gap_nothing_is_made_up(gap, matcher, monkeypatch):
    order = gap(show_first=False)
    matcher.turn()

    order.refresh_from_db()
    assert matcher._desks.get(order.condition_id).gap is None
    assert order.matched_micros == ONE  # by the print that was seen, alone at its price by then


def test_a_gap_is_given_up_after_a_minute(gap, matcher, monkeypatch):
    order = gap()
    matcher.turn()
    monkeypatch.setattr("trading.desks.venue_now_ms", lambda: wall_ms() + 80_000)
    matcher._scanned = 0.0
    matcher.turn()

    assert matcher._desks.get(order.condition_id).gap is None
    order.refresh_from_db()
    assert order.matched_micros == ONE
