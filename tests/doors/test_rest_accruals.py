"""Rebates and rewards over REST: lists by day, and their sums among the figures."""

import pytest

from markets.core.units import ONE
from tests.trading.rows import AFTER_MONDAY, MONDAY, NOON, TUESDAY, both_sides, made
from tests.trading.venue import make_market
from trading.services.rebates import accrue_rebates
from trading.services.rewards import sample_rewards

pytestmark = [pytest.mark.django_db(databases="__all__", transaction=True)]


def test_rebates_are_listed_by_day_and_market(portfolio, ask):
    market = make_market("made", rebate_rate_micros=250_000)
    made(portfolio, market, "400", MONDAY)
    made(portfolio, market, "640", TUESDAY)
    accrue_rebates(now_ms=AFTER_MONDAY)

    page = ask("GET", f"/portfolios/{portfolio.pk}/rebates").json()

    paid_at = page["entries"][0].pop("paid_at")
    assert (page["entries"], page["total"], paid_at) == (
        [
            {
                "day": "2026-11-23",
                "market": "made",
                "condition_id": market.condition_id,
                "fills": 1,
                "size": "400",
                "taker_fees": "5",
                "rebate_rate": "0.25",
                "amount": "1.25",
                "status": "paid",
            }
        ],
        1,
        "2026-11-24T01:00:00.000Z",
    )
    assert [(row["day"], row["amount"], row["status"]) for row in page["open"]] == [
        ("2026-11-24", "2", "open")
    ]
    metrics = ask("GET", f"/portfolios/{portfolio.pk}/metrics").json()
    assert (metrics["rebates_paid"], metrics["rebates_open"]) == ("1.25", "2")
    ledger = ask("GET", f"/portfolios/{portfolio.pk}/ledger").json()["entries"]
    assert {(row["account"], row["amount"]) for row in ledger if row["kind"] == "rebate"} == {
        ("trader", "1.25"),
        ("rebates", "-1.25"),
    }
    assert ask("GET", f"/portfolios/{portfolio.pk}").json()["cash_balance"] == "10001.25"


def test_a_day_under_a_dollar_says_so(portfolio, ask):
    made(portfolio, make_market("made", rebate_rate_micros=250_000), "100", MONDAY)
    accrue_rebates(now_ms=AFTER_MONDAY)

    (row,) = ask("GET", f"/portfolios/{portfolio.pk}/rebates").json()["entries"]

    assert (row["amount"], row["status"], row["paid_at"]) == ("0.3125", "below_minimum", None)


def test_rewards_are_a_range_beside_the_books(portfolio, ask, feed):
    market = make_market(
        "rewarded",
        reward_min_size_micros=50 * ONE,
        reward_max_spread_micros=30_000,
        reward_daily_micros=2_880 * ONE,
    )
    feed.show(market, "0.49x90", "0.51x90")
    both_sides(portfolio, market)
    for minute in range(2):
        sample_rewards(now_ms=NOON + minute * 60_000)

    (row,) = ask("GET", f"/portfolios/{portfolio.pk}/rewards").json()["entries"]

    assert row == {
        "day": "2026-11-24",
        "market": "rewarded",
        "condition_id": market.condition_id,
        "minutes": 2,
        "score": "40",
        "share_low": "0.5",
        "share_high": "0.6",
        "pool": "2880",
        "low": "2",
        "high": "2.4",
    }
    metrics = ask("GET", f"/portfolios/{portfolio.pk}/metrics").json()
    assert (metrics["rewards_low"], metrics["rewards_high"]) == ("2", "2.4")
    assert ask("GET", f"/portfolios/{portfolio.pk}").json()["cash_balance"] == "10000"


@pytest.mark.parametrize("noun", ["rebates", "rewards"])
def test_lists_of_somebody_else_are_not_there(ask, noun):
    assert ask("GET", f"/portfolios/6f9619ff-8b86-4d01-b42d-00cf4fc964ff/{noun}").status_code == 404
