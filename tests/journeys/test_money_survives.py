"""The site is killed in the middle of trading: no order, fill or cent is lost or doubled."""

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
    """A venue that outlives the site: two markets with deep books."""
    world = ManualWorld()
    with serve(world) as running:
        for slug in ("first", "second"):
            market = world.add_market(slug=slug)
            world.set_book(
                market.condition_id, bids=[("0.49", "900000")], asks=[("0.51", "900000"), ("0.52", "900000")]
            )
        yield running


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


@pytest.mark.parametrize("kills", [1, pytest.param(5, marks=pytest.mark.slow)])
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
        until("orders flow", lambda begun=begun: len(answered) > begun + 10)
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
    orders = until("nothing is on its way", lambda: _all_ended(trader))
    site.stop()

    assert orders.keys() == asked.keys()
    for key, answer in answered.items():
        assert orders[key]["id"] == answer["id"]
        if answer["status"] == "matched":
            assert orders[key] == answer
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
            "amount": str(draw.randint(1, 5)),
            "client_order_id": f"{draw.getrandbits(64):x}",
        }
        asked[body["client_order_id"]] = body
        try:
            answer = trader.order(**body)
        except httpx.TransportError:
            continue
        if answer.status_code in (200, 201):
            answered[body["client_order_id"]] = answer.json()
        else:
            assert answer.status_code in (429, 503), answer.text
            time.sleep(0.05)


def _settled(trader: Trader, body: dict) -> dict | None:
    answer = trader.order(**body)
    return answer.json() if answer.status_code in (200, 201) else None


def _all_ended(trader: Trader) -> dict | None:
    orders = trader.orders()
    waiting = [order for order in orders.values() if order["status"] in ("accepted", "delayed")]
    return None if waiting else orders
