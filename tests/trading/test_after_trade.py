"""What follows real trades of the executor: a maker's rebate and score, sets beside open orders, the end."""

import pytest

from livedata.pulse import wall_ms
from markets.core.units import ONE, from_micros, to_micros
from markets.models import Market
from tests.trading.test_orders import ticket_for
from tests.trading.test_resting import ASKS, later, rest, state
from trading.core.rebates import DAY_MS, day_of
from trading.models import Fill, Portfolio, Position, Rebate, Resting, RewardScore
from trading.services.audit import audit
from trading.services.orders import submit_order
from trading.services.rebates import GRACE_MS, accrue_rebates
from trading.services.rewards import sample_rewards
from trading.services.sets import merge_positions, split_position
from trading.services.settlement import settle_market

pytestmark = [pytest.mark.django_db(databases="__all__"), pytest.mark.portable]


def sets(act, portfolio, market, size):
    return act(
        portfolio_id=portfolio.pk,
        condition_id=market.condition_id,
        size_micros=to_micros(size),
        now_ms=wall_ms(),
    )


def test_a_resting_order_ends_with_its_market(market, portfolio, matcher, feed):
    order = rest(matcher, portfolio, market)
    feed.show(market, "0.48x100", ASKS, prints="SELL 0.49x50", stamp_ms=later(10))
    feed.show(market, "0.48x92", ASKS, prints="SELL 0.48x8", stamp_ms=later(20))
    matcher.turn()
    assert state(order) == ("live", "8", "12", "0")

    settle_market(condition_id=market.condition_id, payout_0_micros=ONE, now_ms=wall_ms())
    feed.show(market, "0.47x100", ASKS, prints="SELL 0.48x92", stamp_ms=later(30))
    matcher.turn()

    assert state(order) == ("cancelled", "8", "0", "12")
    assert not Resting.objects.exists()
    assert from_micros(Portfolio.objects.get().realised_pnl_micros) == "4.08"  # 8 x (1 - 0.49)
    assert audit().drifts == ()


def test_an_order_that_was_being_placed_ends_with_its_market(market, portfolio, matcher):
    ticket = ticket_for(market, "BUY", "GTC", price="0.49", size="20")
    order = submit_order(portfolio_id=portfolio.pk, ticket=ticket, now_ms=wall_ms())

    settle_market(condition_id=market.condition_id, payout_0_micros=ONE, now_ms=wall_ms())
    matcher.turn()

    assert state(order) == ("cancelled", "0", "0", "20")
    assert not Resting.objects.exists()


def test_a_maker_gets_a_part_of_the_takers_fee(market, portfolio, matcher, feed):
    Market.objects.filter(pk=market.pk).update(rebate_rate_micros=250_000)
    order = rest(matcher, portfolio, market, size="400")
    feed.show(market, "0.48x100", ASKS, prints="SELL 0.49x450", stamp_ms=later(10))
    matcher.turn()
    assert state(order)[1] == "400"
    before = Portfolio.objects.get().cash_micros

    accrue_rebates(now_ms=day_of(wall_ms()) + 2 * DAY_MS + GRACE_MS)

    row = Rebate.objects.get()
    # 400 x 0.05 x 0.49 x 0.51, a quarter of it
    assert (from_micros(row.equivalent_micros), from_micros(row.amount_micros)) == ("4.998", "1.2495")
    assert Portfolio.objects.get().cash_micros - before == row.amount_micros
    assert Fill.objects.get().role == "maker"
    assert audit().drifts == ()


def test_an_order_at_rest_scores_where_a_programme_runs(market, portfolio, matcher):
    Market.objects.filter(pk=market.pk).update(
        reward_min_size_micros=10 * ONE, reward_max_spread_micros=30_000, reward_daily_micros=1_440 * ONE
    )
    rest(matcher, portfolio, market)

    assert sample_rewards(now_ms=wall_ms()) == 0, "it has not rested for long enough"
    assert sample_rewards(now_ms=wall_ms() + 4_000) == 1

    # 20 shares 0.01 off score 4/9 of that, a third of it as one side alone
    assert from_micros(RewardScore.objects.get().score_micros) == "2.962962"


def test_shares_that_were_merged_away_back_no_order(market, portfolio, matcher, feed):
    sets(split_position, portfolio, market, "20")
    order = rest(matcher, portfolio, market, side="SELL", price="0.51", size="20")
    sets(merge_positions, portfolio, market, "15")

    feed.show(market, "0.49x50", "0.52x70", prints="BUY 0.51x60", stamp_ms=later(10))
    matcher.turn()

    order.refresh_from_db()
    assert (order.status, order.reason_code, order.matched_micros) == ("cancelled", "backing_gone", 0)
    held = Position.objects.filter(size_micros__gt=0).values_list("size_micros", flat=True)
    assert list(held) == [5 * ONE] * 2
    assert audit().drifts == ()


def test_a_split_backs_an_order_to_sell(market, portfolio, matcher, feed):
    sets(split_position, portfolio, market, "20")
    order = rest(matcher, portfolio, market, side="SELL", price="0.51", size="20")

    feed.show(market, "0.49x50", "0.52x70", prints="BUY 0.51x60", stamp_ms=later(10))
    matcher.turn()

    assert state(order)[:2] == ("matched", "20")
    assert from_micros(Fill.objects.get().realised_pnl_micros) == "0.2"  # sold at 0.51, split at 0.50
    assert audit().drifts == ()
