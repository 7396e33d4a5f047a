"""The site is killed in the middle of trading: no order, fill or cent is lost or doubled."""

import os
import random
import subprocess
import sys
import threading
import time

import httpx
import pytest

from livedata.simulator.manual import ManualWorld
from livedata.simulator.server import serve
from tests.journeys.trader import Trader, log_in, sign_up, until
from tests.site import ROOT, Site, start_site


@pytest.fixture
def venue():
    """A venue that outlives the site: two markets with deep books, which takers hit all the time."""
    world = ManualWorld()
    with serve(world) as running:
        markets = [world.add_market(slug=slug).condition_id for slug in ("first", "second")]
        for condition_id in markets:
            world.set_book(
                condition_id, bids=[("0.49", "900000")], asks=[("0.51", "900000"), ("0.52", "900000")]
            )
        stop = threading.Event()
        taking = threading.Thread(target=_take, args=(world, markets, stop))
        taking.start()
        yield running
        stop.set()
        taking.join()


def _take(world: ManualWorld, markets: list[str], stop: threading.Event) -> None:
    """Strangers sell below the best bid, so that whoever bids more is filled before them."""
    draw = random.Random(3)
    while not stop.wait(0.03):
        world.trade(draw.choice(markets), "SELL", str(draw.randint(1, 30)), limit="0.49")


def audit(folder, venue) -> str:
    done = subprocess.run(
        [sys.executable, "manage.py", "audit"],
        cwd=ROOT,
        env={"PATH": "/usr/bin:/bin", "DATA_DIR": str(folder), **venue.environment},
        capture_output=True,
        text=True,
        timeout=60,
    )
    assert done.returncode == 0, done.stderr
    return done.stdout


KILLS = int(os.environ.get("KILLS", "5"))  # of the long run; more by hand


@pytest.mark.parametrize("kills", [1, pytest.param(KILLS, marks=pytest.mark.slow, id="many")])
def test_a_site_killed_while_trading_loses_and_doubles_nothing(tmp_path, venue, kills):
    draw = random.Random(11)
    site = _start(tmp_path, venue)
    trader, email = sign_up(site.url)
    until("the market is known", lambda: _known(site))
    asked: dict[str, dict] = {}
    answered: dict[str, dict] = {}

    for _ in range(kills):
        stop = threading.Event()
        askers = [
            threading.Thread(
                target=_trade, args=(trader, random.Random(draw.random()), stop, asked, answered)
            )
            for _ in range(4)
        ]
        for asker in askers:
            asker.start()
        begun = len(answered)
        until("orders flow", lambda begun=begun: len(answered) > begun + 10, seconds=40)
        time.sleep(draw.random() * 0.2)  # a random instant is what is tested
        site.process.kill()
        site.process.wait()
        stop.set()
        for asker in askers:
            asker.join()
        assert "0 drifts" in audit(tmp_path, venue)
        site = _start(tmp_path, venue)
        trader = Trader(log_in(site.url, email), trader.portfolio_id)

    # Whoever got no answer asks again with the same id: the order is the first one, or is made now.
    until("the market is known", lambda: _known(site))
    for key, body in list(asked.items()):
        if key not in answered:
            answer = until("an answer", lambda body=body: _settled(trader, body))
            answered[key] = answer
    until("all cancels took effect", lambda: _cancelled(trader))
    orders = until("nothing is on its way", lambda: _all_ended(trader))
    site.stop()

    assert orders.keys() == asked.keys()
    for key, answer in answered.items():
        assert orders[key]["id"] == answer["id"]
        if answer["status"] in ("matched", "cancelled"):
            assert orders[key] == answer
    assert {"matched", "cancelled"} <= {order["status"] for order in orders.values()}
    assert "0 drifts" in audit(tmp_path, venue)


def _start(folder, venue) -> Site:
    return start_site(folder, EXCHANGE="live", LATENCY_MS="20", LOG_LEVEL="WARNING", **venue.environment)


def _known(site: Site) -> bool:
    answer = httpx.get(f"{site.url}/markets/by-slug/first", timeout=10)
    book = httpx.get(f"{site.url}/markets/by-slug/first/book", timeout=10)
    return answer.status_code == 200 and book.status_code == 200 and book.json().get("fresh") is not False


def _trade(trader: Trader, draw: random.Random, stop: threading.Event, asked: dict, answered: dict) -> None:
    while not stop.is_set():
        body = {
            "market": draw.choice(["first", "second"]),
            "outcome": draw.choice(["Yes", "No"]),
            "side": "BUY",
            "client_order_id": f"{draw.getrandbits(64):x}",
        }
        if draw.random() < 0.5:
            body |= {"amount": str(draw.randint(1, 5))}
        else:
            price = draw.choice(["0.48", "0.50"])
            body |= {"type": "limit", "price": price, "size": str(draw.randint(5, 20))}
        asked[body["client_order_id"]] = body
        try:
            answer = trader.order(**body)
        except httpx.TransportError:
            continue
        if answer.status_code in (200, 201):
            order = answer.json()
            if order["status"] == "live" and draw.random() < 0.5:
                order = _cancel(trader, order)
            answered[body["client_order_id"]] = order
        else:
            assert answer.status_code in (429, 503), answer.text
            time.sleep(0.05)


def _cancel(trader: Trader, order: dict) -> dict:
    """The order as its cancel left it; as it was, when nobody answers."""
    try:
        answer = trader.client.delete(f"/portfolios/{trader.portfolio_id}/orders/{order['id']}")
    except httpx.TransportError:
        return order
    return answer.json() if answer.status_code == 200 else order


def _cancelled(trader: Trader) -> bool:
    answer = trader.client.delete(f"/portfolios/{trader.portfolio_id}/orders")
    assert answer.status_code == 200, answer.text
    return not answer.json()["not_cancelled"] and not answer.json()["cancelled"]


def _settled(trader: Trader, body: dict) -> dict | None:
    answer = trader.order(**body)
    return answer.json() if answer.status_code in (200, 201) else None


def _all_ended(trader: Trader) -> dict | None:
    orders = trader.orders()
    waiting = [order for order in orders.values() if order["status"] in ("accepted", "delayed", "live")]
    return None if waiting else orders
