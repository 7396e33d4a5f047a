"""From a first look to a payout, on the whole site, over REST."""

import pytest

from livedata.simulator.manual import ManualWorld
from livedata.simulator.server import serve
from tests.journeys.trader import sign_up, until
from tests.site import running_site


@pytest.mark.parametrize(
    ("payout", "won"),
    [
        ((1, 0), "4.77505"),
        pytest.param((0, 1), "-5.22495", marks=pytest.mark.slow),
        pytest.param((1, 1), "-0.22495", marks=pytest.mark.slow),
    ],
)
def test_a_bought_market_resolves_and_pays_without_being_asked(tmp_path, payout, won):
    world = ManualWorld()
    with serve(world) as venue:
        market = world.add_market(slug="will-it-rain", end_ms=world.now_ms + 1)
        world.set_book(market.condition_id, bids=[("0.49", "50")], asks=[("0.51", "30")])
        with running_site(tmp_path, EXCHANGE="live", LATENCY_MS="0", **venue.environment) as site:
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
            world.resolve(market.condition_id, payout)

            after = until("the payout", lambda: _flat(trader), seconds=60)

    assert after["realised_pnl"] == won
    assert after["cash_balance"] == after["equity"]


def _flat(trader):
    now = trader.portfolio()
    return now if not now["positions"] else None
