"""A resolved market pays, once."""

from uuid import uuid4

import pytest

from livedata.pulse import wall_ms
from markets.core.units import ONE, from_micros
from markets.models import Market
from tests.make import make_ticket
from tests.trading.conftest import ALICE
from trading.models import Order, Portfolio, Position, Posting, Settlement
from trading.services.audit import audit
from trading.services.orders import submit_order
from trading.services.portfolios import open_portfolio
from trading.services.settlement import settle_market, settle_resolved

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
