"""From a first look to a payout, on the whole site, over REST."""

from typing import Any

import pytest

from livedata.simulator.listings import Listing
from livedata.simulator.manual import ManualWorld
from livedata.simulator.server import serve
from tests.journeys.trader import Trader, sign_up, until
from tests.site import Site, running_site


@pytest.mark.parametrize(
    ("payout", "won"),
    [
        ((1, 0), "4.77505"),
        pytest.param((0, 1), "-5.22495", marks=pytest.mark.slow),
        pytest.param((1, 1), "-0.22495", marks=pytest.mark.slow),
    ],
)
def test_a_bought_market_resolves_and_pays_without_being_asked(tmp_path, payout, won):
    """Weeks before its end: only the socket tells."""
    world = ManualWorld()
    with serve(world) as venue:
        market = _rain(world)
        with running_site(tmp_path, EXCHANGE="live", LATENCY_MS="0", **venue.environment) as site:
            trader = _bought(site)
            world.resolve(market.condition_id, payout)

            after = until("the payout", lambda: _flat(trader), seconds=20)

    assert after["realised_pnl"] == won
    assert after["cash_balance"] == after["equity"]


@pytest.mark.slow
def test_what_the_socket_does_not_tell_is_paid_all_the_same(tmp_path):
    world = ManualWorld()
    with serve(world) as venue:
        market = _rain(world, end_ms=world.now_ms + 1)
        with running_site(tmp_path, EXCHANGE="live", LATENCY_MS="0", **venue.environment) as site:
            trader = _bought(site)
            venue.faults.add(name="drop")
            world.resolve(market.condition_id, (1, 0))

            after = until("the payout", lambda: _flat(trader), seconds=60)

    assert after["realised_pnl"] == "4.77505"


def _rain(world: ManualWorld, **facts: Any) -> Listing:
    market = world.add_market(slug="will-it-rain", **facts)
    world.set_book(market.condition_id, bids=[("0.49", "50")], asks=[("0.51", "30")])
    return market


def _bought(site: Site) -> Trader:
    trader, _ = sign_up(site.url)
    bought = trader.order(
        market="will-it-rain",
        outcome="Yes",
        side="BUY",
        type="limit",
        price="0.51",
        size="10",
        time_in_force="FAK",
    )
    assert (bought.status_code, bought.json()["status"]) == (201, "matched"), bought.text
    return trader


def _flat(trader: Trader) -> dict[str, Any] | None:
    now = trader.portfolio()
    return now if not now["positions"] else None
