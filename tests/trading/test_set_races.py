"""Many threads change sets and trade in the same portfolios, while a market is settled: nothing is lost."""

import random
from concurrent.futures import ThreadPoolExecutor
from uuid import uuid4

import pytest
from django.db import connections

from livedata.pulse import wall_ms
from markets.core.errors import Rejected
from markets.core.units import ONE
from tests.make import make_ticket
from tests.trading.conftest import ALICE
from tests.trading.venue import make_market
from trading.models import Portfolio, Position, SetChange
from trading.services.audit import audit
from trading.services.orders import submit_order
from trading.services.portfolios import open_portfolio
from trading.services.results import wait
from trading.services.sets import merge_positions, split_position
from trading.services.settlement import settle_market

pytestmark = [pytest.mark.django_db(databases="__all__", transaction=True), pytest.mark.portable]

THREADS, ACTS = 8, 120


def test_threads_changing_sets_lose_and_double_nothing(feed, running_matcher):
    markets = [make_market(f"raced-{number}") for number in range(3)]
    for market in markets:
        feed.show(market, "0.49x100000", "0.51x100000")
    portfolios = [
        open_portfolio(user_id=ALICE, name=str(number), now_ms=wall_ms(), initial_balance_micros=500 * ONE)
        for number in range(3)
    ]
    draw = random.Random(11)
    acts = [
        (draw.choice(portfolios).pk, draw.choice(markets), draw.choice(["split", "split", "merge", "buy"]))
        for _ in range(ACTS)
    ]
    asked = [(number, *act) for number, act in enumerate(acts)]
    asked += draw.sample(asked, ACTS // 6)  # some requests are sent twice

    def run(item):
        number, portfolio_id, market, kind = item
        feed.beat()
        try:
            if number == ACTS // 2:
                return settle_market(
                    condition_id=markets[0].condition_id, payout_0_micros=ONE, now_ms=wall_ms()
                )
            return _act(number, portfolio_id, market, kind)
        except Rejected:
            return None
        finally:
            connections.close_all()

    with ThreadPoolExecutor(THREADS) as pool:
        list(pool.map(run, asked))

    settle_market(condition_id=markets[0].condition_id, payout_0_micros=ONE, now_ms=wall_ms())
    assert SetChange.objects.count() > ACTS // 4
    keys = list(SetChange.objects.values_list("portfolio_id", "client_id"))
    assert len(keys) == len(set(keys))
    assert min(Portfolio.objects.values_list("cash_micros", flat=True)) >= 0
    assert not Position.objects.filter(condition_id=markets[0].condition_id, size_micros__gt=0).exists()
    assert audit().drifts == ()


def _act(number, portfolio_id, market, kind):
    if kind == "buy":
        ticket = make_ticket(
            condition_id=market.condition_id, token_id=market.token_0, size="7", client_order_id=str(uuid4())
        )
        return wait(submit_order(portfolio_id=portfolio_id, ticket=ticket, now_ms=wall_ms()))
    act = split_position if kind == "split" else merge_positions
    return act(
        portfolio_id=portfolio_id,
        condition_id=market.condition_id,
        size_micros=(1 + number % 9) * ONE,
        now_ms=wall_ms(),
        client_id=f"act-{number}",
    )
