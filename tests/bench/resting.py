"""Orders that rest: placed and cancelled a second, from the feed's event to the fill, and a settlement."""

import statistics
import threading
import time
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from uuid import uuid4

import msgspec

from livedata.bus import bus
from livedata.pulse import wall_ms
from markets.core.units import ONE, from_micros
from markets.models import Market
from tests.bench import Figure
from tests.make import make_ticket
from tests.trading.venue import Feed, make_market
from trading.core.tickets import Ticket
from trading.matcher import Matcher
from trading.models import Fill, Order, Portfolio, Position
from trading.services.audit import audit
from trading.services.cancels import cancel_order
from trading.services.orders import submit_order
from trading.services.portfolios import open_portfolio
from trading.services.results import EXECUTED, Result, wait
from trading.services.settlement import settle_market

ORDERS, THREADS, PORTFOLIOS, MARKETS = 1_000, 32, 8, 8
EVENTS, HOLDERS = 300, 10_000


def figures() -> Iterator[Figure]:
    feed = Feed()
    markets = [make_market(f"resting-{number}") for number in range(MARKETS)]
    for market in markets:
        feed.show(market, "0.49x500 0.48x500", "0.51x500 0.52x500")
    portfolios = [
        open_portfolio(user_id=uuid4(), name=str(n), now_ms=wall_ms(), initial_balance_micros=900_000 * ONE)
        for n in range(PORTFOLIOS)
    ]
    with executing(feed):
        yield from _placed_and_cancelled(portfolios, markets)
        yield from _feed_to_fill(feed, portfolios, markets)
    assert audit().clean
    yield _settlement(markets[0])


@contextmanager
def executing(feed: Feed) -> Iterator[None]:
    """The executor in a thread, and a feed that lives."""
    stop = threading.Event()

    def beat() -> None:
        while not stop.wait(0.2):
            feed.beat()

    threads = [threading.Thread(target=Matcher().run, args=(stop,)), threading.Thread(target=beat)]
    for thread in threads:
        thread.start()
    try:
        yield
    finally:
        stop.set()
        for thread in threads:
            thread.join()


def _placed_and_cancelled(portfolios: list[Portfolio], markets: list[Market]) -> Iterator[Figure]:
    def place_and_cancel(number: int) -> None:
        portfolio = portfolios[number % PORTFOLIOS]
        ticket = _ticket(markets[number % MARKETS], number, price="0.48")
        order = wait(submit_order(portfolio_id=portfolio.pk, ticket=ticket, now_ms=wall_ms()))
        assert order.status == Order.Status.LIVE, order.reason
        order = wait(cancel_order(portfolio_id=portfolio.pk, order_id=order.pk, now_ms=wall_ms()))
        assert order.status == Order.Status.CANCELLED, order.reason

    started = time.perf_counter()
    with ThreadPoolExecutor(THREADS) as pool:
        list(pool.map(place_and_cancel, range(ORDERS)))
    seconds = time.perf_counter() - started
    yield Figure(figure="orders placed at rest and cancelled", value=ORDERS / seconds, unit="orders/s")


def _feed_to_fill(feed: Feed, portfolios: list[Portfolio], markets: list[Market]) -> Iterator[Figure]:
    """A print goes into the log; how long until the fill is committed and its notice is heard?"""
    orders = [
        wait(
            submit_order(
                portfolio_id=portfolios[number % PORTFOLIOS].pk,
                ticket=_ticket(markets[number % MARKETS], 1_000_000 + number, price="0.50", size="9000"),
                now_ms=wall_ms(),
            )
        )
        for number in range(4 * MARKETS)
    ]
    assert {order.status for order in orders} == {"live"}
    taken_ms = []
    with bus().listen(EXECUTED) as notices:
        for number in range(EVENTS):
            market = markets[number % MARKETS]
            time.sleep(0.005)  # the feed rests between events: what is measured is latency, not a backlog
            started = time.perf_counter()
            feed.show(
                market,
                f"0.49x{500 + number} 0.48x500",
                "0.51x500 0.52x500",
                stamp_ms=wall_ms() + 1,
                prints="SELL 0.49x10",
            )
            heard = notices.get(timeout_s=5.0)
            assert heard is not None, "the fill never came"
            taken_ms.append(1000 * (time.perf_counter() - started))
            assert msgspec.msgpack.decode(heard[1], type=Result).matched_micros > 0
            while notices.get(timeout_s=0.0) is not None:
                pass
    assert Fill.objects.filter(role="maker").count() >= EVENTS
    taken_ms.sort()
    yield Figure(
        figure="feed to fill, p50", value=statistics.median(taken_ms), unit="ms", goal=10, at_most=True
    )
    yield Figure(
        figure="feed to fill, p99", value=taken_ms[int(EVENTS * 0.99)], unit="ms", goal=50, at_most=True
    )


def _settlement(market: Market) -> Figure:
    now_ms = wall_ms()
    holders = [
        Portfolio(
            user_id=uuid4(),
            name="holder",
            initial_balance_micros=ONE,
            latency_ms=0,
            queue_model="risk_averse",
            created_ms=now_ms,
        )
        for _ in range(HOLDERS)
    ]
    Portfolio.objects.bulk_create(holders, batch_size=1_000)
    Position.objects.bulk_create(
        [
            Position(
                id=f"{portfolio.pk.hex}:{market.token_0}",
                portfolio=portfolio,
                condition_id=market.condition_id,
                token_id=market.token_0,
                outcome_index=0,
                size_micros=10 * ONE,
                cost_micros=5 * ONE,
                opened_ms=now_ms,
                updated_ms=now_ms,
            )
            for portfolio in holders
        ],
        batch_size=1_000,
    )
    started = time.perf_counter()
    settle_market(condition_id=market.condition_id, payout_0_micros=ONE, now_ms=now_ms)
    seconds = time.perf_counter() - started
    paid = Portfolio.objects.filter(name="holder", cash_micros=10 * ONE).count()
    assert paid == HOLDERS, f"{paid} of {HOLDERS} holders were paid {from_micros(10 * ONE)}"
    return Figure(
        figure=f"settlement of a market with {HOLDERS:,} holders",
        value=seconds,
        unit="s",
        goal=10,
        at_most=True,
    )


def _ticket(market: Market, number: int, *, price: str, size: str = "10") -> Ticket:
    return make_ticket(
        "BUY",
        "GTC",
        condition_id=market.condition_id,
        token_id=market.token_0,
        price=price,
        size=size,
        client_order_id=str(number),
    )
