"""What ends an order at rest, and what it meets: backing, resets, ticks, closings, own orders."""

import pytest

from livedata.pulse import wall_ms
from markets.core.errors import Conflict, Rejected
from markets.core.units import ONE, from_micros, to_micros
from tests.make import make_ticket
from tests.trading.test_orders import ticket_for
from tests.trading.test_resting import ASKS, later, rest, state
from tests.trading.venue import make_market
from trading.core.rejections import Code
from trading.models import Fill, Order, Position
from trading.models import Resting as RestingRow
from trading.services.audit import audit
from trading.services.cancels import cancel_order
from trading.services.orders import submit_order
from trading.services.portfolios import reset_portfolio, save_unless_changed

pytestmark = [pytest.mark.django_db(databases="__all__"), pytest.mark.portable]


def test_open_buys_share_the_cash_of_one_market_and_not_of_others(market, portfolio, matcher, feed):
    other = make_market("other-market")
    feed.show(other, "0.49x50", "0.51x30")
    rest(matcher, portfolio, market, price="0.40", size="20000")

    with pytest.raises(Rejected) as refusal:
        rest(matcher, portfolio, market, price="0.40", size="5001")
    assert refusal.value.code == Code.INSUFFICIENT_BALANCE
    assert "of which 8000 behind open orders here" in str(refusal.value)
    assert state(rest(matcher, portfolio, market, price="0.40", size="5000"))[0] == "live"
    assert state(rest(matcher, portfolio, other, price="0.40", size="25000"))[0] == "live"


def test_open_sells_share_the_shares(market, portfolio, matcher):
    submit_order(
        portfolio_id=portfolio.pk, ticket=ticket_for(market, size="30", order_type="FAK"), now_ms=wall_ms()
    )
    matcher.turn()
    rest(matcher, portfolio, market, "SELL", price="0.60", size="20")

    with pytest.raises(Rejected) as refusal:
        rest(matcher, portfolio, market, "SELL", price="0.60", size="11")
    assert refusal.value.code == Code.INSUFFICIENT_SHARES


def test_a_fill_that_is_not_covered_any_more_cancels_the_order(market, portfolio, matcher, feed):
    order = rest(matcher, portfolio, market)
    portfolio.refresh_from_db()
    save_unless_changed(portfolio, cash_micros=ONE)

    feed.show(market, "0.48x100", ASKS, prints="SELL 0.49x80", stamp_ms=later())
    matcher.turn()

    assert (state(order), order.reason_code) == (("cancelled", "0", "0", "20"), "backing_gone")
    assert not RestingRow.objects.exists()


def test_a_reset_ends_what_rests(market, portfolio, matcher, feed):
    order = rest(matcher, portfolio, market)

    reset_portfolio(portfolio_id=portfolio.pk, now_ms=wall_ms())
    feed.show(market, "0.48x100", ASKS, prints="SELL 0.49x80", stamp_ms=later())
    matcher.turn()

    assert (state(order), order.reason_code) == (("cancelled", "0", "0", "20"), "portfolio_reset")
    assert not RestingRow.objects.exists()
    assert audit().clean


def test_a_tick_change_ends_what_is_off_the_grid(market, portfolio, matcher, feed):
    feed.show(market, "0.495x50", "0.51x30", tick="0.005", stamp_ms=later(5))
    matcher.turn()
    on, off = (rest(matcher, portfolio, market, price=price) for price in ("0.48", "0.485"))

    feed.show(market, "0.49x50", "0.51x30", tick="0.01", stamp_ms=later(20), snapshot=True)
    matcher.turn()
    matcher._scanned = 0.0
    matcher.turn()

    assert state(on)[0] == "live"
    assert (state(off)[0], off.reason_code) == ("cancelled", "off_tick")


def test_a_closed_market_ends_what_rests(market, portfolio, matcher):
    order = rest(matcher, portfolio, market)
    market.status, market.closed = market.Status.CLOSED, True
    market.save()

    matcher._scanned, matcher._desks._asked_s = 0.0, 0.0
    matcher.turn()

    assert (state(order)[0], order.reason_code) == ("cancelled", "market_closed")


def test_the_start_of_a_game_clears_the_book(portfolio, matcher, feed, monkeypatch):
    start_ms = wall_ms() + 60_000
    game = make_market("a-game", clear_book_on_start=True, game_start_ms=start_ms)
    feed.show(game, "0.49x50", ASKS)
    order = rest(matcher, portfolio, game)

    monkeypatch.setattr("trading.matcher.venue_now_ms", lambda: start_ms)
    matcher.turn()

    assert (state(order)[0], order.reason_code) == ("cancelled", "book_cleared")


def test_a_start_that_was_moved_leaves_orders_alive(portfolio, matcher, feed, monkeypatch):
    start_ms = wall_ms() + 60_000
    game = make_market("a-game", clear_book_on_start=True, game_start_ms=start_ms)
    feed.show(game, "0.49x50", ASKS)
    order = rest(matcher, portfolio, game)
    game.game_start_ms = start_ms + 60_000
    game.save()
    monkeypatch.setattr("trading.selectors.rules._KNOWN_S", 0.0)

    monkeypatch.setattr("trading.matcher.venue_now_ms", lambda: start_ms)
    matcher.turn()
    assert state(order)[0] == "live"
    monkeypatch.setattr("trading.matcher.venue_now_ms", lambda: start_ms + 60_000)
    matcher.turn()
    assert state(order)[0] == "cancelled"


def test_a_delayed_order_that_the_book_walks_away_from_rests(portfolio, matcher, feed, monkeypatch):
    game = make_market("a-game", seconds_delay=3)
    feed.show(game, "0.49x50", ASKS)
    order = rest(matcher, portfolio, game, price="0.51")
    assert state(order)[0] == "delayed"
    with pytest.raises(Conflict):
        cancel_order(portfolio_id=portfolio.pk, order_id=order.pk, now_ms=wall_ms())

    feed.show(game, "0.49x50", "0.52x70", stamp_ms=order.effective_ms - 1)
    monkeypatch.setattr("trading.matcher.venue_now_ms", lambda: order.effective_ms)
    matcher.turn()

    assert state(order) == ("live", "0", "20", "0")


def test_a_resting_order_does_not_wait_for_the_venues_delay(portfolio, matcher, feed):
    game = make_market("a-game", seconds_delay=3)
    feed.show(game, "0.49x50", ASKS)

    assert state(rest(matcher, portfolio, game))[0] == "live"


def test_a_marketable_buy_under_a_dollar_is_refused(market, portfolio, matcher, feed):
    feed.show(market, "0.05x50", "0.10x100")

    with pytest.raises(Rejected) as refusal:
        rest(matcher, portfolio, market, price="0.10", size="9")
    assert refusal.value.code == Code.AMOUNT_BELOW_MINIMUM
    assert state(rest(matcher, portfolio, market, price="0.09", size="9"))[0] == "live"


def test_asking_twice_rests_one_order(market, portfolio, matcher):
    ticket = make_ticket(
        "BUY",
        "GTC",
        price="0.49",
        size="20",
        condition_id=market.condition_id,
        token_id=market.token_0,
        client_order_id="once",
    )
    first, second = (
        submit_order(portfolio_id=portfolio.pk, ticket=ticket, now_ms=wall_ms()) for _ in range(2)
    )
    matcher.turn()

    assert first.pk == second.pk
    assert RestingRow.objects.count() == 1
    assert to_micros("20") == 20 * ONE


def test_a_taker_meets_its_own_order_in_its_turn(market, portfolio, matcher, settings):
    """0.52 shows 70, and the own SELL of 20 stands behind them."""
    settings.IMPACT_HALF_LIFE_S = "inf"
    trade_now(matcher, portfolio, market, "BUY", size="30", price="0.51")
    resting = rest(matcher, portfolio, market, "SELL", price="0.52", size="20")
    order = trade_now(matcher, portfolio, market, "BUY", size="80", price="0.52")

    # The 30 at 0.51 are taken already; of the 70 at 0.52, all stand before our 20.
    assert state(order) == ("matched", "80", "0", "0")
    assert state(resting) == ("live", "10", "10", "0")
    maker, taker = (Fill.objects.get(role=role, self_match__in=[True]) for role in ("maker", "taker"))
    assert (from_micros(maker.size_micros), maker.fee_micros, maker.side) == ("10", 0, "SELL")
    assert (from_micros(taker.size_micros), taker.side) == ("10", "BUY")
    assert taker.fee_micros > 0
    assert RestingRow.objects.get().state["risk_averse"][0] == 10 * ONE
    assert audit().clean


def test_a_mint_with_oneself_makes_a_pair(market, portfolio, matcher):
    """A resting BUY of NO at 0.50 is an ask of YES at 0.50: a BUY of YES at 0.50 meets it."""
    resting = rest(matcher, portfolio, market, "BUY", price="0.50", size="20", outcome_index=1)
    order = trade_now(matcher, portfolio, market, "BUY", size="8", price="0.50")

    assert state(order)[:2] == ("matched", "8")
    assert state(resting) == ("live", "8", "12", "0")
    sizes = {row.outcome_index: from_micros(row.size_micros) for row in Position.objects.all()}
    assert sizes == {0: "8", 1: "8"}
    assert audit().clean


def test_a_post_only_order_that_would_meet_an_own_order_is_refused(market, portfolio, matcher):
    rest(matcher, portfolio, market, "BUY", price="0.50", size="20", outcome_index=1)

    with pytest.raises(Rejected) as refusal:
        rest(matcher, portfolio, market, "BUY", price="0.50", size="20", post_only=True)

    assert refusal.value.code == Code.POST_ONLY_WOULD_CROSS


def trade_now(matcher, portfolio, market, side, **fields) -> Order:
    ticket = ticket_for(market, side, "FAK", **fields)
    order = submit_order(portfolio_id=portfolio.pk, ticket=ticket, now_ms=wall_ms())
    matcher.turn()
    order.refresh_from_db()
    return order
