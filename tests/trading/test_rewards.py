"""Resting orders are scored once a minute, and what they may have earned is shown and never money."""

import pytest

from livedata.pulse import wall_ms
from markets.core.units import ONE, from_micros
from markets.models import Market
from tests.trading.rows import NOON, both_sides
from tests.trading.venue import make_market
from trading.core.rebates import DAY_MS, day_of
from trading.models import Order, Portfolio, Posting, RewardScore
from trading.selectors.rewards import reward_range, scoring_now
from trading.services.portfolios import change_portfolio, reset_portfolio
from trading.services.rewards import sample_rewards

pytestmark = [pytest.mark.django_db(databases="__all__"), pytest.mark.portable]

MINUTE = 60_000


@pytest.fixture
def market(db, feed):
    """1,440 USDC a day for at least 50 shares within 3 cents; nobody else is near the midpoint of 0.50."""
    market = make_market(
        "rewarded",
        reward_min_size_micros=50 * ONE,
        reward_max_spread_micros=30_000,
        reward_daily_micros=1_440 * ONE,
    )
    feed.show(market, "0.45x500", "0.55x500")
    return market


def figures():
    row = RewardScore.objects.get()
    return row.minutes_count, *(
        from_micros(micros) for micros in (row.score_micros, row.low_micros, row.high_micros)
    )


def test_a_minute_on_both_sides_alone_brings_a_minute_of_the_pool(market, portfolio):
    both_sides(portfolio, market)

    assert sample_rewards(now_ms=NOON) == 1

    assert figures() == (1, "40", "1", "1")
    assert RewardScore.objects.get().day_ms == day_of(NOON)


def test_a_minute_is_sampled_once(market, portfolio):
    both_sides(portfolio, market)

    for moment in (NOON, NOON + MINUTE - 1, NOON + MINUTE, NOON + 5 * MINUTE):
        sample_rewards(now_ms=moment)

    assert figures() == (3, "120", "3", "3")


def test_each_day_has_its_own_row(market, portfolio):
    both_sides(portfolio, market)

    sample_rewards(now_ms=NOON)
    sample_rewards(now_ms=NOON + DAY_MS)

    assert [row.minutes_count for row in RewardScore.objects.all()] == [1, 1]


def test_rivals_make_it_a_range(market, portfolio, feed):
    feed.show(market, "0.49x90", "0.51x90")
    both_sides(portfolio, market)

    sample_rewards(now_ms=NOON)

    assert figures() == (1, "40", "0.5", "0.6")


@pytest.mark.parametrize(
    "fields",
    [
        {"rested_ms": NOON - 3_499},
        {"status": Order.Status.ACCEPTED},
        {"status": Order.Status.CANCELLED},
        {"matched_micros": 41 * ONE},  # less than the minimum is left of it
        {"size": "49"},
        {"epoch_of": "before a reset"},
    ],
)
def test_what_does_not_score(market, portfolio, fields):
    if fields.pop("epoch_of", None):
        both_sides(portfolio, market)
        Portfolio.objects.update(epoch=1)
    else:
        both_sides(portfolio, market, **fields)

    assert sample_rewards(now_ms=NOON) == 0
    assert not RewardScore.objects.exists()


@pytest.mark.parametrize("change", [{"reward_daily_micros": 0}, {"reward_max_spread_micros": 0}])
def test_a_market_without_a_programme_is_not_scored(market, portfolio, change):
    Market.objects.filter(pk=market.pk).update(**change)
    both_sides(portfolio, market)

    assert sample_rewards(now_ms=NOON) == 0


def test_nothing_is_scored_on_a_stale_book_nor_for_a_closed_portfolio(market, portfolio, feed):
    both_sides(portfolio, market)
    feed.beat(alive=False)
    assert sample_rewards(now_ms=NOON) == 0

    feed.beat()
    change_portfolio(portfolio_id=portfolio.pk, is_active=False)
    assert sample_rewards(now_ms=NOON) == 0


def test_rewards_are_never_money(market, portfolio):
    both_sides(portfolio, market)
    before = Portfolio.objects.get(pk=portfolio.pk), Posting.objects.count()

    sample_rewards(now_ms=NOON)

    after = Portfolio.objects.get(pk=portfolio.pk)
    assert (after.cash_micros, after.version, Posting.objects.count()) == (
        before[0].cash_micros,
        before[0].version,
        before[1],
    )


def test_the_range_leaves_out_days_under_a_dollar(market, portfolio, feed):
    feed.show(market, "0.49x90", "0.51x90")
    both_sides(portfolio, market)
    for minute in range(2):
        sample_rewards(now_ms=NOON + minute * MINUTE)  # 0.5 to 0.6 each: 1 to 1.2
    sample_rewards(now_ms=NOON + DAY_MS)

    came = reward_range(portfolio)

    assert (from_micros(came.low_micros), from_micros(came.high_micros)) == ("1", "1.2")
    reset_portfolio(portfolio_id=portfolio.pk, now_ms=wall_ms())
    portfolio.refresh_from_db()
    assert reward_range(portfolio).high_micros == 0


def test_many_orders_and_markets_take_the_same_number_of_queries(
    market, portfolio, feed, django_assert_num_queries
):
    def scoring():
        with (
            django_assert_num_queries(2, using="trading_db"),  # orders, portfolios
            django_assert_num_queries(1, using="markets_db"),
        ):
            return len(list(scoring_now(now_ms=NOON)))

    both_sides(portfolio, market)
    assert scoring() == 1
    for number in range(3):
        other = make_market(f"rewarded-{number}", reward_daily_micros=ONE, reward_max_spread_micros=30_000)
        feed.show(other, "0.45x500", "0.55x500")
        both_sides(portfolio, other)
    assert scoring() == 4
