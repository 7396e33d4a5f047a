"""Orders that rest, through the executor: placed, filled by steps, cancelled, expired, taken up again."""

from uuid import uuid4

import pytest

from livedata.pulse import wall_ms
from markets.core.errors import Conflict, Rejected
from markets.core.units import ONE, from_micros
from tests.trading.test_orders import ticket_for
from tests.trading.venue import make_market
from trading.core.rejections import Code
from trading.matcher import Matcher
from trading.models import Fill, Lens, Order, Portfolio, Position
from trading.models import Resting as RestingRow
from trading.services.audit import audit
from trading.services.cancels import cancel_order, cancel_orders
from trading.services.orders import submit_order
from trading.services.portfolios import open_portfolio

pytestmark = [pytest.mark.django_db(databases="__all__"), pytest.mark.portable]

ASKS = "0.51x30 0.52x70"


def later(ms: int = 50) -> int:
    """A venue instant after all that has been asked by now."""
    return wall_ms() + ms


def rest(matcher, portfolio, market, side="BUY", price="0.49", size="20", **fields) -> Order:
    ticket = ticket_for(market, side, fields.pop("order_type", "GTC"), price=price, size=size, **fields)
    order = submit_order(portfolio_id=portfolio.pk, ticket=ticket, now_ms=wall_ms())
    matcher.turn()
    order.refresh_from_db()
    return order


def state(order) -> tuple[str, str, str, str]:
    order.refresh_from_db()
    amounts = (order.matched_micros, order.open_micros, order.killed_micros)
    return order.status, *map(from_micros, amounts)


def test_a_limit_order_below_the_market_comes_to_rest(market, portfolio, matcher):
    order = rest(matcher, portfolio, market)

    row = RestingRow.objects.get(pk=order.pk)
    assert state(order) == ("live", "0", "20", "0")
    assert (row.book_side, row.price_micros, row.ahead_micros) == ("BUY", 490_000, 50 * ONE)
    assert order.rested_ms == row.rested_ms
    portfolio.refresh_from_db()
    assert portfolio.cash_micros == 10_000 * ONE


def test_a_marketable_limit_takes_first_and_rests_the_remainder(market, portfolio, matcher):
    order = rest(matcher, portfolio, market, price="0.51", size="50")

    assert state(order) == ("live", "30", "20", "0")
    row = RestingRow.objects.get(pk=order.pk)
    assert (row.price_micros, row.ahead_micros) == (510_000, 0)
    assert row.state["risk_averse"] == [20 * ONE, 0, {"510000": 30 * ONE}]


def test_prints_fill_it_when_the_queue_is_used_up(market, portfolio, matcher, feed):
    order = rest(matcher, portfolio, market)

    feed.show(market, "0.48x100", ASKS, prints="SELL 0.49x50", stamp_ms=later(10))
    matcher.turn()
    assert state(order) == ("live", "0", "20", "0")
    feed.show(market, "0.48x92", ASKS, prints="SELL 0.48x8", stamp_ms=later(20))
    matcher.turn()

    assert state(order) == ("live", "8", "12", "0")
    fill = Fill.objects.get(order=order)
    assert (fill.role, fill.grade, from_micros(fill.price_micros), fill.fee_micros) == (
        "maker",
        "C",
        "0.49",
        0,
    )
    assert fill.evidence["queue"] == {
        "at_entry": "50",
        "before": "0",
        "printed": "50",
        "uncertain_ms": 0,
    }
    assert [print_["size"] for print_ in fill.evidence["prints"]] == ["8"]
    position, portfolio = Position.objects.get(), Portfolio.objects.get()
    assert (from_micros(position.size_micros), from_micros(position.cost_micros)) == ("8", "3.92")
    assert from_micros(portfolio.cash_micros) == "9996.08"
    assert audit().clean


def test_a_sell_of_the_other_outcome_rests_as_a_bid(market, portfolio, matcher, feed):
    submit_order(
        portfolio_id=portfolio.pk,
        ticket=ticket_for(market, outcome_index=1, size="20", order_type="FAK"),
        now_ms=wall_ms(),
    )
    matcher.turn()
    order = rest(matcher, portfolio, market, "SELL", price="0.55", size="10", outcome_index=1)

    row = RestingRow.objects.get(pk=order.pk)
    assert (row.book_side, row.price_micros, row.ahead_micros) == ("BUY", 450_000, 0)
    feed.show(market, "0.44x95", ASKS, prints="SELL 0.44x5", stamp_ms=later())
    matcher.turn()
    assert state(order) == ("live", "5", "5", "0")
    assert from_micros(Fill.objects.get(role="maker").notional_micros) == "2.75"
    assert audit().clean


def test_the_last_share_ends_the_order_and_its_row(market, portfolio, matcher, feed):
    order = rest(matcher, portfolio, market)

    feed.show(market, "0.48x100", ASKS, prints="SELL 0.49x80", stamp_ms=later())
    matcher.turn()

    assert state(order) == ("matched", "20", "0", "0")
    assert not RestingRow.objects.exists()


def test_the_other_models_are_written_beside(market, portfolio, matcher, feed):
    order = rest(matcher, portfolio, market)

    feed.show(market, "0.49x25 0.48x100", ASKS, stamp_ms=later(10))
    feed.show(market, "0.49x15 0.48x100", ASKS, prints="SELL 0.49x10", stamp_ms=later(20))
    feed.show(market, "0.48x100", ASKS, prints="SELL 0.49x15", stamp_ms=later(30))
    matcher.turn()

    assert state(order)[1] == "0"
    lenses = {row.model: from_micros(row.size_micros) for row in Lens.objects.all()}
    assert lenses == {"touch": "20"}

    feed.show(market, "0.49x10 0.48x100", ASKS, stamp_ms=later(40))
    feed.show(market, "0.48x96", ASKS, prints="SELL 0.48x4", stamp_ms=later(50))
    matcher.turn()
    lenses = {row.model: from_micros(row.size_micros) for row in Lens.objects.all()}
    assert lenses == {"touch": "20", "proportional": "4"}
    assert state(order)[1] == "4"


def test_a_step_that_comes_again_fills_nothing_twice(market, portfolio, matcher, feed):
    order = rest(matcher, portfolio, market)
    feed.show(market, "0.48x100", ASKS, prints="SELL 0.49x60", stamp_ms=later())
    matcher.turn()
    assert state(order) == ("live", "10", "10", "0")

    again = Matcher()
    again.turn()
    again.turn()

    assert state(order) == ("live", "10", "10", "0")
    assert Fill.objects.count() == 1


def test_a_restarted_matcher_catches_up_from_the_log(market, portfolio, matcher, feed):
    order = rest(matcher, portfolio, market)
    feed.show(market, "0.49x20 0.48x100", ASKS, prints="SELL 0.49x30", stamp_ms=later(10))
    matcher.turn()
    matcher._desks.save()
    feed.show(market, "0.48x100", ASKS, prints="SELL 0.49x25", stamp_ms=later(20))

    Matcher().turn()

    assert state(order) == ("live", "5", "15", "0")
    assert RestingRow.objects.get().uncertain_ms == 0


def test_what_came_before_the_first_save_is_made_up_from_the_log(market, portfolio, matcher, feed):
    order = rest(matcher, portfolio, market)
    feed.show(market, "0.49x20 0.48x100", ASKS, prints="SELL 0.49x30", stamp_ms=later(10))
    feed.show(market, "0.48x100", ASKS, prints="SELL 0.49x25", stamp_ms=later(20))

    Matcher().turn()

    assert state(order) == ("live", "5", "15", "0")


def test_across_a_gap_nothing_is_inferred(market, portfolio, matcher, feed):
    began_ms, gap_ms = wall_ms(), later(2_000)
    order = rest(matcher, portfolio, market)
    matcher.turn()

    feed.show(market, "0.49x10 0.48x100", "0.50x5", stamp_ms=gap_ms, snapshot=True)
    matcher.turn()
    matcher._desks.save()

    row = RestingRow.objects.get(pk=order.pk)
    assert (row.ahead_micros, state(order)) == (10 * ONE, ("live", "0", "20", "0"))
    assert 1_000 < row.uncertain_ms <= gap_ms - began_ms


def test_a_cancel_kills_what_is_open(market, portfolio, matcher):
    order = rest(matcher, portfolio, market, price="0.51", size="50")

    cancel_order(portfolio_id=portfolio.pk, order_id=order.pk, now_ms=wall_ms())
    matcher.turn()

    assert state(order) == ("cancelled", "30", "0", "20")
    assert order.reason_code == "cancelled_by_trader"
    assert not RestingRow.objects.exists()
    with pytest.raises(Conflict):
        cancel_order(portfolio_id=portfolio.pk, order_id=order.pk, now_ms=wall_ms())


def test_a_cancel_loses_to_a_trade_that_was_earlier_and_says_by_how_much(market, matcher, feed):
    slow = open_portfolio(user_id=uuid4(), name="Slow", now_ms=wall_ms(), latency_ms=100)
    ticket = ticket_for(market, "BUY", "GTC", price="0.49", size="20")
    order = submit_order(portfolio_id=slow.pk, ticket=ticket, now_ms=wall_ms() - 200)
    matcher.turn()
    asked_ms = wall_ms()
    cancel_order(portfolio_id=slow.pk, order_id=order.pk, now_ms=asked_ms)

    feed.show(market, "0.48x100", ASKS, prints="SELL 0.49x80", stamp_ms=asked_ms + 60)
    matcher.turn()

    assert state(order) == ("matched", "20", "0", "0")
    assert (order.reason_code, order.reason) == ("cancel_too_late", "the cancel came 40 ms too late")


def test_a_trade_after_the_cancel_does_not_fill(market, portfolio, matcher, feed):
    order = rest(matcher, portfolio, market)
    asked_ms = wall_ms()
    cancel_order(portfolio_id=portfolio.pk, order_id=order.pk, now_ms=asked_ms)
    feed.show(market, "0.48x100", ASKS, prints="SELL 0.49x80", stamp_ms=asked_ms + 1)

    matcher.turn()
    matcher.turn()

    assert state(order) == ("cancelled", "0", "0", "20")


def test_cancelling_all_names_what_cannot_be_cancelled(market, portfolio, matcher):
    other = make_market("other-market")
    orders = [rest(matcher, portfolio, market, price=price) for price in ("0.47", "0.48")]
    done = cancel_orders(portfolio_id=portfolio.pk, now_ms=wall_ms(), condition_id=market.condition_id)
    nothing = cancel_orders(portfolio_id=portfolio.pk, now_ms=wall_ms(), condition_id=other.condition_id)
    matcher.turn()

    assert [order.pk for order in done.asked] == [order.pk for order in orders]
    assert nothing.asked == ()
    assert {state(order)[0] for order in orders} == {"cancelled"}
    again = cancel_orders(portfolio_id=portfolio.pk, now_ms=wall_ms(), order_ids=[orders[0].pk])
    assert again.refused == {orders[0].pk: "the order is cancelled already"}


def test_a_gtd_order_ends_sixty_seconds_early(market, portfolio, matcher, monkeypatch):
    expires_ms = wall_ms() + 200_000
    order = rest(matcher, portfolio, market, order_type="GTD", expires_ms=expires_ms)
    assert state(order)[0] == "live"

    monkeypatch.setattr("trading.matcher.venue_now_ms", lambda: expires_ms - 60_001)
    matcher.turn()
    assert state(order)[0] == "live"
    monkeypatch.setattr("trading.matcher.venue_now_ms", lambda: expires_ms - 60_000)
    matcher.turn()

    assert (state(order)[0], order.reason_code) == ("cancelled", "expired")


def test_a_post_only_order_at_the_touch_is_refused(market, portfolio, matcher):
    with pytest.raises(Rejected) as refusal:
        rest(matcher, portfolio, market, price="0.51", post_only=True)
    assert refusal.value.code == Code.POST_ONLY_WOULD_CROSS

    assert state(rest(matcher, portfolio, market, price="0.50", post_only=True))[0] == "live"


def test_a_post_only_order_that_the_market_meets_on_its_way_is_cancelled(market, portfolio, matcher, feed):
    ticket = ticket_for(market, "BUY", "GTC", price="0.50", size="20", post_only=True)
    order = submit_order(portfolio_id=portfolio.pk, ticket=ticket, now_ms=wall_ms())
    feed.show(market, "0.49x50", "0.50x10", stamp_ms=order.effective_ms)

    matcher.turn()

    assert (state(order)[0], order.reason_code) == ("cancelled", Code.POST_ONLY_WOULD_CROSS)


def test_all_fills_of_one_step_count_in_a_lens(market, portfolio, matcher, feed):
    order = rest(matcher, portfolio, market, price="0.50")

    feed.show(market, "0.49x45 0.48x100", "0.50x6", prints="SELL 0.49x5", stamp_ms=later())
    matcher.turn()

    assert state(order)[1] == "11"
    assert from_micros(Lens.objects.get(model="proportional").size_micros) == "11"
