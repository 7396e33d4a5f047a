"""The order road, from ticket to postings."""

from dataclasses import replace
from uuid import uuid4

import pytest

from livedata.errors import StaleBook
from livedata.pulse import wall_ms
from markets.core.errors import Conflict, Rejected
from markets.core.units import ONE, from_micros, to_micros
from tests.make import make_ticket
from tests.trading.venue import make_market
from trading.core.rejections import Code
from trading.matcher import Matcher
from trading.models import Fill, Footprint, Order, Portfolio, Position, Posting
from trading.selectors.rules import forget_markets
from trading.services.audit import audit
from trading.services.orders import submit_order
from trading.services.portfolios import change_portfolio, reset_portfolio, save_unless_changed

pytestmark = [pytest.mark.django_db(databases="__all__"), pytest.mark.portable]


def ticket_for(market, side="BUY", order_type="FAK", **fields):
    index = fields.get("outcome_index", 0)
    return make_ticket(
        side,
        order_type,
        **{
            "condition_id": market.condition_id,
            "token_id": market.token_ids[index],
            "client_order_id": str(uuid4()),
            **fields,
        },
    )


def trade(matcher, portfolio, ticket) -> Order:
    order = submit_order(portfolio_id=portfolio.pk, ticket=ticket, now_ms=wall_ms())
    matcher.turn()
    return Order.objects.get(pk=order.pk)


def test_a_buy_becomes_fills_postings_a_position_and_less_cash(market, portfolio, matcher):
    order = trade(matcher, portfolio, ticket_for(market, amount="25.7"))

    portfolio.refresh_from_db()
    position = Position.objects.get(portfolio=portfolio)
    # 30 @ 0.51 = 15.3, fee 0.37485; 20 @ 0.52 = 10.4, fee 0.2496.
    assert (order.status, from_micros(order.matched_micros), from_micros(order.fee_micros)) == (
        "matched",
        "50",
        "0.62445",
    )
    assert from_micros(portfolio.cash_micros) == "9973.67555"
    assert (from_micros(position.size_micros), from_micros(position.cost_micros)) == ("50", "26.32445")
    assert [
        (from_micros(fill.price_micros), from_micros(fill.size_micros), from_micros(fill.fee_micros))
        for fill in Fill.objects.order_by("written")
    ] == [("0.51", "30", "0.37485"), ("0.52", "20", "0.2496")]
    assert sum(p.amount_micros for p in Posting.objects.filter(account="trader", asset="USDC")) == (
        portfolio.cash_micros
    )
    assert audit().clean


def test_asking_twice_places_one_order(market, portfolio, matcher):
    ticket = ticket_for(market, amount="10")

    first = trade(matcher, portfolio, ticket)
    second = trade(matcher, portfolio, ticket)

    assert (first.pk, Order.objects.count(), Fill.objects.count()) == (second.pk, 1, 1)


def test_the_same_client_order_id_with_another_body_is_a_conflict(market, portfolio, matcher):
    ticket = ticket_for(market, amount="10")
    trade(matcher, portfolio, ticket)

    with pytest.raises(Conflict) as conflict:
        submit_order(
            portfolio_id=portfolio.pk, ticket=replace(ticket, amount_micros=11 * ONE), now_ms=wall_ms()
        )

    assert (conflict.value.code, Order.objects.count()) == ("duplicate_client_order_id", 1)


def test_two_orders_in_a_row_meet_their_own_footprint(market, portfolio, matcher, settings):
    settings.IMPACT_HALF_LIFE_S = "inf"
    first = trade(matcher, portfolio, ticket_for(market, size="30"))
    second = trade(matcher, portfolio, ticket_for(market, size="30"))

    prices = [
        list(Fill.objects.filter(order=order).order_by("written").values_list("price_micros", flat=True))
        for order in (first, second)
    ]
    assert prices == [[510_000], [520_000]]
    assert Footprint.objects.count() == 2


def test_a_sale_realises_against_the_average_cost(market, portfolio, matcher):
    trade(matcher, portfolio, ticket_for(market, size="30"))
    order = trade(matcher, portfolio, ticket_for(market, "SELL", size="10"))

    position = Position.objects.get(portfolio=portfolio)
    # Cost 15.3 + 0.37485 for 30; a third, rounded down, is 5.22495. Sold 10 @ 0.49 less fee 0.12495.
    assert from_micros(order.notional_micros) == "4.9"
    assert from_micros(position.realised_pnl_micros) == "-0.4499"
    assert from_micros(position.cost_micros) == "10.4499"
    assert audit().clean


def test_a_fok_at_its_edge(market, portfolio, matcher):
    whole = trade(matcher, portfolio, ticket_for(market, "BUY", "FOK", size="100"))
    more = trade(matcher, portfolio, ticket_for(market, "BUY", "FOK", size="1000"))

    assert (whole.status, more.status, more.reason_code) == ("matched", "killed", "not_filled_whole")
    assert from_micros(more.killed_micros) == "1000"


def test_a_fak_that_finds_nothing_is_killed_and_recorded(market, portfolio, matcher):
    order = trade(matcher, portfolio, ticket_for(market, price="0.4", size="10"))

    assert (order.status, order.reason_code, Fill.objects.count()) == ("killed", "no_match", 0)


def test_a_quarter_cent_tick_comes_from_the_book(market, portfolio, matcher, feed):
    feed.show(market, "0.0025x500", "0.005x1000", tick="0.0025")

    order = trade(matcher, portfolio, ticket_for(market, price="0.0075", size="400"))

    assert (order.status, from_micros(order.notional_micros)) == ("matched", "2")
    with pytest.raises(Rejected) as refusal:
        trade(matcher, portfolio, ticket_for(market, price="0.006", size="400"))
    assert refusal.value.code is Code.PRICE_OFF_TICK


REFUSED = [
    ({"amount": "10000.01"}, Code.INSUFFICIENT_BALANCE),
    ({"side": "SELL", "size": "1"}, Code.INSUFFICIENT_SHARES),
    ({"price": "0.515", "size": "10"}, Code.PRICE_OFF_TICK),
    ({"amount": "0.5"}, Code.AMOUNT_BELOW_MINIMUM),
]


@pytest.mark.parametrize(("fields", "code"), REFUSED)
def test_a_refused_ticket_writes_nothing(market, portfolio, matcher, fields, code):
    before = Posting.objects.count()

    with pytest.raises(Rejected) as refusal:
        submit_order(portfolio_id=portfolio.pk, ticket=ticket_for(market, **fields), now_ms=wall_ms())

    assert refusal.value.code is code
    assert (Order.objects.count(), Fill.objects.count(), Posting.objects.count()) == (0, 0, before)


def test_an_unknown_market_is_refused(portfolio):
    with pytest.raises(Rejected) as refusal:
        submit_order(
            portfolio_id=portfolio.pk, ticket=make_ticket(condition_id="0x" + "00" * 32, size="9"), now_ms=1
        )

    assert refusal.value.code is Code.MARKET_NOT_FOUND


def test_a_closed_market_is_refused_before_its_missing_book(portfolio):
    closed = make_market("over", status=2, accepting_orders=False)

    with pytest.raises(Rejected) as refusal:
        submit_order(portfolio_id=portfolio.pk, ticket=ticket_for(closed, size="9"), now_ms=wall_ms())

    assert refusal.value.code is Code.MARKET_CLOSED


def test_a_dead_connection_makes_the_book_stale_at_once(market, portfolio, feed):
    feed.beat(alive=False)

    with pytest.raises(StaleBook):
        submit_order(portfolio_id=portfolio.pk, ticket=ticket_for(market, size="9"), now_ms=wall_ms())

    assert Order.objects.count() == 0


def test_an_order_whose_book_goes_stale_ends_without_a_fill(market, portfolio, feed, matcher):
    order = submit_order(portfolio_id=portfolio.pk, ticket=ticket_for(market, size="9"), now_ms=wall_ms())
    feed.beat(alive=False)

    assert matcher.turn() == 0  # it waits for a fresh book first
    Order.objects.filter(pk=order.pk).update(effective_ms=order.effective_ms - 5_000)

    assert Matcher().turn() == 1

    order.refresh_from_db()
    assert (order.status, order.reason_code, Fill.objects.count()) == ("cancelled", "stale_book", 0)


def test_no_event_after_an_orders_time_touches_it(market, portfolio, feed, matcher):
    """The ask of 0.51 leaves after the order took effect: the order still meets it, though we act later."""
    portfolio.latency_ms = 200
    portfolio.save()
    start_ms = wall_ms() - 1_000
    feed.beat(passed_ms=start_ms)
    order = submit_order(portfolio_id=portfolio.pk, ticket=ticket_for(market, size="10"), now_ms=start_ms)
    assert matcher.turn() == 0  # the feed has not passed its time yet
    feed.show(market, "0.49x50", "0.51x4", stamp_ms=start_ms + 150)
    feed.show(market, "0.49x50", "0.60x70", stamp_ms=start_ms + 201)

    assert matcher.turn() == 1

    order.refresh_from_db()
    fills = list(Fill.objects.filter(order=order).values_list("price_micros", "size_micros"))
    assert (order.status, fills) == ("matched", [(510_000, 4 * ONE)])


def test_a_restarted_matcher_takes_up_what_was_accepted(market, portfolio):
    order = submit_order(portfolio_id=portfolio.pk, ticket=ticket_for(market, size="10"), now_ms=wall_ms())

    first, second = Matcher(), Matcher()

    assert (first.turn(), second.turn()) == (1, 0)
    order.refresh_from_db()
    assert (order.status, Fill.objects.count()) == ("matched", 1)


def test_orders_of_one_group_share_the_cash(market, portfolio, matcher):
    poor = Portfolio.objects.get(pk=portfolio.pk)
    save_unless_changed(poor, cash_micros=to_micros("12"))
    orders = [
        submit_order(portfolio_id=poor.pk, ticket=ticket_for(market, amount="8"), now_ms=wall_ms())
        for _ in range(2)
    ]

    matcher.turn()

    for order in orders:
        order.refresh_from_db()
    assert [(order.status, order.reason_code) for order in orders] == [
        ("matched", ""),
        ("cancelled", "insufficient_balance"),
    ]


def test_the_venues_delay_answers_delayed(portfolio, matcher, feed):
    live = make_market("a-game", seconds_delay=3)
    feed.show(live, "0.49x50", "0.51x30")

    order = trade(matcher, portfolio, ticket_for(live, size="9"))

    assert (order.status, order.effective_ms - order.created_ms) == ("delayed", 3_000)


def test_a_closed_portfolio_takes_no_orders(market, portfolio):
    change_portfolio(portfolio_id=portfolio.pk, is_active=False)

    with pytest.raises(Rejected) as refusal:
        submit_order(portfolio_id=portfolio.pk, ticket=ticket_for(market, size="9"), now_ms=wall_ms())

    assert refusal.value.code is Code.PORTFOLIO_INACTIVE


def test_a_reset_begins_anew_and_keeps_the_history(market, portfolio, matcher):
    trade(matcher, portfolio, ticket_for(market, size="30"))

    fresh = reset_portfolio(portfolio_id=portfolio.pk, now_ms=wall_ms(), initial_balance_micros=500 * ONE)

    assert (fresh.cash_micros, fresh.reset_count, Position.objects.count()) == (500 * ONE, 1, 0)
    assert (Order.objects.count(), Fill.objects.count()) == (1, 1)
    assert audit().clean
    trade(matcher, fresh, ticket_for(market, size="20"))
    assert audit().clean


def test_a_stale_portfolio_is_not_overwritten(portfolio):
    same_row = Portfolio.objects.get(pk=portfolio.pk)
    save_unless_changed(portfolio, cash_micros=1)

    with pytest.raises(Conflict):
        save_unless_changed(same_row, cash_micros=2)

    portfolio.refresh_from_db()
    assert portfolio.cash_micros == 1


def test_audit_sees_a_cent_that_went_missing(market, portfolio, matcher):
    trade(matcher, portfolio, ticket_for(market, size="30"))
    Portfolio.objects.filter(pk=portfolio.pk).update(cash_micros=1)

    report = audit()

    assert [drift.what for drift in report.drifts] == ["cash"]


def test_an_order_whose_market_left_the_catalogue_ends_and_holds_up_nobody(market, portfolio, feed):
    other = make_market("stays")
    feed.show(other, "0.49x50", "0.51x30")
    lost, kept = (
        submit_order(portfolio_id=portfolio.pk, ticket=ticket_for(on, size="9"), now_ms=wall_ms())
        for on in (market, other)
    )
    market.delete()
    forget_markets()

    assert Matcher().turn() == 2

    lost.refresh_from_db()
    kept.refresh_from_db()
    assert (lost.status, lost.reason_code, kept.status) == ("cancelled", "market_not_found", "matched")
