"""Orders a second through submit and executor in one process, each durable with all that it wrote."""

import statistics
import threading
import time
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from uuid import uuid4

from livedata.pulse import wall_ms
from markets.core.units import ONE
from tests.bench import Figure
from tests.make import make_ticket
from tests.trading.venue import Feed, make_market
from trading.core.tickets import Ticket
from trading.matcher import Matcher
from trading.models import Fill, Order
from trading.services.audit import audit
from trading.services.orders import submit_order
from trading.services.portfolios import open_portfolio
from trading.services.results import wait

ORDERS, THREADS, PORTFOLIOS, MARKETS = 4_000, 32, 8, 4


def figures() -> Iterator[Figure]:
    feed = Feed()
    markets = [make_market(f"bench-{number}") for number in range(MARKETS)]
    for market in markets:
        feed.show(market, "0.49x9000000 0.48x9000000", "0.51x9000000 0.52x9000000")
    portfolios = [
        open_portfolio(user_id=uuid4(), name=str(n), now_ms=wall_ms(), initial_balance_micros=900_000 * ONE)
        for n in range(PORTFOLIOS)
    ]
    stop, alive = threading.Event(), threading.Event()
    executor = threading.Thread(target=Matcher().run, args=(stop,))
    beating = threading.Thread(target=_beat, args=(feed, alive))
    executor.start()
    beating.start()
    try:
        asked = [
            (portfolios[number % PORTFOLIOS].pk, _ticket(markets[number % MARKETS].condition_id, number))
            for number in range(ORDERS)
        ]
        times_ms: list[float] = []
        started = time.perf_counter()
        with ThreadPoolExecutor(THREADS) as pool:
            times_ms = list(pool.map(_place, asked))
        seconds = time.perf_counter() - started
    finally:
        stop.set()
        alive.set()
        executor.join()
        beating.join()
    assert Order.objects.filter(status="matched").count() == ORDERS
    assert Fill.objects.count() == ORDERS
    assert audit().clean
    times_ms.sort()
    yield Figure(figure="orders, submitted and executed", value=ORDERS / seconds, unit="orders/s", goal=600)
    yield Figure(figure="order, in process, p50", value=statistics.median(times_ms), unit="ms")
    yield Figure(figure="order, in process, p99", value=times_ms[int(ORDERS * 0.99)], unit="ms")


def _place(asked: tuple[object, Ticket]) -> float:
    portfolio_id, ticket = asked
    started = time.perf_counter()
    order = wait(submit_order(portfolio_id=portfolio_id, ticket=ticket, now_ms=wall_ms()))  # type: ignore[arg-type]
    assert order.status == Order.Status.MATCHED, order.reason
    return (time.perf_counter() - started) * 1000


def _beat(feed: Feed, alive: threading.Event) -> None:
    while not alive.wait(0.2):
        feed.beat()


def _ticket(condition_id: str, number: int) -> Ticket:
    digest = condition_id.removeprefix("0x")
    return make_ticket(
        "BUY",
        condition_id=condition_id,
        token_id=str(int(digest, 16)),
        size="10",
        client_order_id=str(number),
    )
