"""A resolved market pays, once."""

from uuid import uuid4

import pytest

from livedata.pulse import wall_ms
from markets.core.errors import Rejected
from markets.core.units import ONE, from_micros
from markets.models import Market
from tests.make import make_ticket
from tests.trading.conftest import ALICE
from tests.trading.venue import make_market
from trading.core.rejections import Code
from trading.models import Order, Portfolio, Position, Posting, Resting, Settlement
from trading.services.audit import audit
from trading.services.orders import submit_order
from trading.services.portfolios import open_portfolio
from trading.services.settlement import redeem, report_reversals, settle_market, settle_resolved

pytestmark = [pytest.mark.django_db(databases="__all__"), pytest.mark.portable]


def buy(market, portfolio, matcher, size, outcome_index=0):
    ticket = make_ticket(
        "BUY",
        condition_id=market.condition_id,
        token_id=market.token_ids[outcome_index],
        outcome_index=outcome_index,
        size=size,
        client_order_id=str(uuid4()),
    )
    submit_order(portfolio_id=portfolio.pk, ticket=ticket, now_ms=wall_ms())
    matcher.turn()


@pytest.mark.parametrize(("payout", "paid"), [(ONE, 10), (0, 20), (ONE // 2, 15)])
def test_each_outcome_is_paid_its_payout(market, portfolio, matcher, payout, paid):
    buy(market, portfolio, matcher, "10")
    buy(market, portfolio, matcher, "20", outcome_index=1)
    before = Portfolio.objects.get(pk=portfolio.pk).cash_micros

    settlement = settle_market(condition_id=market.condition_id, payout_0_micros=payout, now_ms=wall_ms())

    after = Portfolio.objects.get(pk=portfolio.pk)
    assert (after.cash_micros - before, settlement.positions_count) == (paid * ONE, 2)
    assert not Position.objects.filter(size_micros__gt=0).exists()
    assert after.cash_micros == after.initial_balance_micros + after.realised_pnl_micros
    assert audit().clean


def test_settling_again_pays_nothing(market, portfolio, matcher):
    buy(market, portfolio, matcher, "10")
    settle_market(condition_id=market.condition_id, payout_0_micros=ONE, now_ms=wall_ms())
    postings, cash = Posting.objects.count(), Portfolio.objects.get(pk=portfolio.pk).cash_micros

    settle_market(condition_id=market.condition_id, payout_0_micros=ONE, now_ms=wall_ms())

    assert (Posting.objects.count(), Portfolio.objects.get(pk=portfolio.pk).cash_micros) == (postings, cash)


def test_a_payout_that_changes_later_is_reported_not_applied(market, portfolio, matcher):
    buy(market, portfolio, matcher, "10")
    settle_market(condition_id=market.condition_id, payout_0_micros=ONE, now_ms=wall_ms())
    cash = Portfolio.objects.get(pk=portfolio.pk).cash_micros

    settle_market(condition_id=market.condition_id, payout_0_micros=0, now_ms=wall_ms())

    stored = Settlement.objects.get(pk=market.condition_id)
    assert (stored.payout_0_micros, stored.disputed_payout_micros) == (ONE, 0)
    assert Portfolio.objects.get(pk=portfolio.pk).cash_micros == cash


def test_an_order_on_its_way_is_cancelled_by_the_resolution(market, portfolio, matcher):
    ticket = make_ticket("BUY", condition_id=market.condition_id, token_id=market.token_0, size="10")
    order = submit_order(portfolio_id=portfolio.pk, ticket=ticket, now_ms=wall_ms())

    settle_market(condition_id=market.condition_id, payout_0_micros=ONE, now_ms=wall_ms())
    matcher.turn()

    order.refresh_from_db()
    assert (order.status, order.reason_code) == (Order.Status.CANCELLED, "market_resolved")


def resting(market, portfolio, *, size=40, matched=15):
    """An order at rest, as the executor leaves it, and its place in the queue."""
    order = Order.objects.create(
        portfolio=portfolio,
        client_order_id=str(uuid4()),
        body_hash="",
        condition_id=market.condition_id,
        token_id=market.token_0,
        outcome_index=0,
        side="BUY",
        order_type="GTC",
        price_micros=480_000,
        size_micros=size * ONE,
        matched_micros=matched * ONE,
        status=Order.Status.LIVE,
        effective_ms=1,
        rested_ms=1,
        created_ms=1,
        updated_ms=1,
    )
    Resting.objects.create(
        id=order.pk,
        portfolio=portfolio,
        condition_id=market.condition_id,
        world=portfolio.pk.hex,
        book_side="BUY",
        price_micros=480_000,
        number=1,
        rested_ms=1,
        entry_ahead_micros=0,
        ahead_micros=0,
        likely_micros=0,
        applied_ms=1,
        applied_seq=1,
    )
    return order


def test_what_is_open_of_a_resting_order_is_killed_and_its_place_given_up(market, portfolio):
    ended, other = resting(market, portfolio), resting(make_market("other"), portfolio)

    settle_market(condition_id=market.condition_id, payout_0_micros=ONE, now_ms=7)

    ended.refresh_from_db()
    assert (ended.status, ended.reason_code) == (Order.Status.CANCELLED, "market_resolved")
    assert (ended.matched_micros, ended.killed_micros) == (15 * ONE, 25 * ONE)
    assert ended.matched_micros + ended.open_micros + ended.killed_micros == ended.size_micros
    assert list(Resting.objects.values_list("pk", flat=True)) == [other.pk]


def test_a_budget_that_ends_is_killed_in_dollars(market, portfolio):
    ticket = make_ticket("BUY", condition_id=market.condition_id, token_id=market.token_0, amount="10")
    order = submit_order(portfolio_id=portfolio.pk, ticket=ticket, now_ms=wall_ms())

    settle_market(condition_id=market.condition_id, payout_0_micros=ONE, now_ms=wall_ms())

    order.refresh_from_db()
    assert (order.status, order.killed_micros) == (Order.Status.CANCELLED, 10 * ONE)
    assert audit().clean


def test_many_orders_end_in_batches(market, portfolio, monkeypatch):
    monkeypatch.setattr("trading.services.settlement._BATCH", 2)
    for _ in range(5):
        resting(market, portfolio, matched=0)

    settle_market(condition_id=market.condition_id, payout_0_micros=ONE, now_ms=wall_ms())

    assert set(Order.objects.values_list("status", "killed_micros")) == {("cancelled", 40 * ONE)}
    assert audit().clean


def test_nothing_is_paid_while_a_result_is_late_or_disputed(market, portfolio, matcher):
    buy(market, portfolio, matcher, "10")
    rows = Market.objects.filter(pk=market.pk)
    cash = Portfolio.objects.get(pk=portfolio.pk).cash_micros

    rows.update(status=Market.Status.CLOSED, closed=True, end_ms=1, uma_status="proposed")
    assert settle_resolved(now_ms=wall_ms()) == 0
    rows.update(uma_status="disputed")
    assert settle_resolved(now_ms=wall_ms()) == 0
    assert Position.objects.get().size_micros == 10 * ONE
    assert not Settlement.objects.exists()

    rows.update(status=Market.Status.RESOLVED, uma_status="resolved", payout_0_micros=0)
    assert settle_resolved(now_ms=wall_ms()) == 1
    assert Portfolio.objects.get(pk=portfolio.pk).cash_micros == cash
    assert not Position.objects.filter(size_micros__gt=0).exists()


def test_a_reversal_is_found_though_nobody_holds_the_market_any_more(market, portfolio, matcher, caplog):
    buy(market, portfolio, matcher, "10")
    now_ms = wall_ms()
    rows = Market.objects.filter(pk=market.pk)
    rows.update(status=Market.Status.RESOLVED, payout_0_micros=ONE)
    settle_resolved(now_ms=now_ms)
    cash = Portfolio.objects.get(pk=portfolio.pk).cash_micros
    assert report_reversals(now_ms=now_ms) == 0

    rows.update(payout_0_micros=ONE // 2)
    assert (settle_resolved(now_ms=now_ms), report_reversals(now_ms=now_ms)) == (0, 1)
    report_reversals(now_ms=now_ms)

    stored = Settlement.objects.get(pk=market.condition_id)
    assert (stored.payout_0_micros, stored.disputed_payout_micros) == (ONE, ONE // 2)
    assert Portfolio.objects.get(pk=portfolio.pk).cash_micros == cash
    assert [record.levelname for record in caplog.records if record.message == "settlement.changed"] == [
        "ERROR"
    ]
    assert report_reversals(now_ms=now_ms + 31 * 86_400_000) == 0, "a month later nobody looks"


def test_redeeming_pays_one_portfolio_now(market, portfolio, matcher):
    other = open_portfolio(user_id=ALICE, name="Other", now_ms=wall_ms())
    for holder in (portfolio, other):
        buy(market, holder, matcher, "5")
        buy(market, holder, matcher, "3", outcome_index=1)
    with pytest.raises(Rejected) as refusal:
        redeem(portfolio_id=portfolio.pk, condition_id=market.condition_id, now_ms=1)
    assert refusal.value.code is Code.MARKET_NOT_RESOLVED
    Market.objects.filter(pk=market.pk).update(payout_0_micros=ONE, status=Market.Status.RESOLVED)

    paid = redeem(portfolio_id=portfolio.pk, condition_id=market.condition_id, now_ms=2)

    shown = {(row.outcome_index, row.size_micros, row.payout_micros, row.cash_micros) for row in paid}
    assert shown == {(0, 5 * ONE, ONE, 5 * ONE), (1, 3 * ONE, 0, 0)}
    assert Position.objects.filter(portfolio=other, size_micros__gt=0).count() == 2
    assert redeem(portfolio_id=portfolio.pk, now_ms=3) == []
    assert settle_resolved(now_ms=4) == 1
    assert Settlement.objects.get().positions_count == 4
    assert audit().clean


def test_a_payout_that_changed_is_not_redeemed(market, portfolio, matcher):
    settle_market(condition_id=market.condition_id, payout_0_micros=ONE, now_ms=1)
    buy(market, portfolio, matcher, "5")
    Market.objects.filter(pk=market.pk).update(payout_0_micros=0, status=Market.Status.RESOLVED)

    assert redeem(portfolio_id=portfolio.pk, now_ms=2) == []
    assert Settlement.objects.get().disputed_payout_micros == 0


def test_only_resolved_markets_are_settled(market, portfolio, matcher):
    buy(market, portfolio, matcher, "10")
    nothing = settle_resolved(now_ms=wall_ms())
    Market.objects.filter(pk=market.pk).update(payout_0_micros=ONE, status=Market.Status.RESOLVED)

    assert (nothing, settle_resolved(now_ms=wall_ms())) == (0, 1)


def test_many_holders_are_paid_in_batches(market, matcher, feed):
    feed.show(market, "0.49x50", "0.51x100000")
    portfolios = [open_portfolio(user_id=ALICE, name=str(number), now_ms=wall_ms()) for number in range(5)]
    for portfolio in portfolios:
        buy(market, portfolio, matcher, "10")

    settle_market(condition_id=market.condition_id, payout_0_micros=ONE, now_ms=wall_ms())

    results = {from_micros(row.realised_pnl_micros) for row in Portfolio.objects.all()}
    assert results == {"4.77505"}  # 10 - 5.1 - 0.12495
    assert audit().clean
