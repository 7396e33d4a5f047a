"""Many threads, few portfolios: no order lost or doubled, cash never negative, the ledger clean."""

import random
import threading
import time
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
from trading.models import Fill, Order, Portfolio
from trading.services.acts import ON_THEIR_WAY as OPEN
from trading.services.audit import audit
from trading.services.orders import submit_order
from trading.services.portfolios import open_portfolio
from trading.services.results import wait

pytestmark = [pytest.mark.django_db(databases="__all__", transaction=True), pytest.mark.portable]

THREADS, PORTFOLIOS = 16, 8


@pytest.mark.parametrize("orders_count", [pytest.param(2_000, marks=pytest.mark.slow), 240])
def test_threads_placing_orders_lose_and_double_nothing(feed, running_matcher, orders_count):
    markets = [make_market(f"market-{number}") for number in range(4)]
    for market in markets:
        feed.show(market, "0.49x100000 0.48x100000", "0.51x100000 0.52x100000")
    portfolios = [
        open_portfolio(user_id=ALICE, name=str(number), now_ms=wall_ms(), initial_balance_micros=200 * ONE)
        for number in range(PORTFOLIOS)
    ]
    draw = random.Random(7)
    tickets = [_ticket(draw, draw.choice(markets)) for _ in range(orders_count)]
    asked = [(draw.choice(portfolios).pk, ticket) for ticket in tickets]
    asked += draw.sample(asked, orders_count // 10)  # some requests are sent twice
    refused = []
    lock = threading.Lock()

    def place(item):
        portfolio_id, ticket = item
        feed.beat()
        try:
            return wait(submit_order(portfolio_id=portfolio_id, ticket=ticket, now_ms=wall_ms()))
        except Rejected:
            with lock:
                refused.append(ticket.client_order_id)
            return None
        finally:
            connections.close_all()

    with ThreadPoolExecutor(THREADS) as pool:
        came = [order for order in pool.map(place, asked) if order is not None]

    _until_all_ended()
    ended = {"matched", "killed", "cancelled"}
    assert set(Order.objects.values_list("status", flat=True)) <= ended
    assert len({order.pk for order in came}) == Order.objects.count()
    placed = set(Order.objects.values_list("client_order_id", flat=True))
    assert placed | set(refused) == {ticket.client_order_id for ticket in tickets}
    assert Fill.objects.count() > 0
    assert min(Portfolio.objects.values_list("cash_micros", flat=True)) >= 0
    assert audit().clean


def _until_all_ended() -> None:
    """A door waits some seconds for an answer; a slow database may take longer for the last of many."""
    deadline = time.monotonic() + 60
    while Order.objects.filter(status__in=OPEN).exists():
        assert time.monotonic() < deadline, "orders were left on their way"
        time.sleep(0.1)


def _ticket(draw, market):
    side = draw.choice(["BUY", "BUY", "SELL"])
    return make_ticket(
        side,
        draw.choice(["FAK", "FOK"]),
        condition_id=market.condition_id,
        token_id=market.token_0,
        size=str(draw.randint(3, 40)),
        client_order_id=str(uuid4()),
    )
