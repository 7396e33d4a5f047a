"""Resting orders on the simulated venue's own frames: its socket, the real feed, the executor.

The venue's book: bids 0.49 x 50 and 0.48 x 100, asks 0.51 x 30 and 0.52 x 70. Strangers trade; the paper
order is nowhere in that book.
"""

import pytest

from livedata.clock import venue_now_ms
from livedata.simulator.manual import ManualWorld
from livedata.simulator.server import serve
from livedata.subscriptions import lease
from markets.core.units import from_micros
from tests.livedata.conftest import memory_bus  # noqa: F401 -- a fixture
from tests.livedata.feeding import feeding, fresh_view, quoted_market, ref_of, until
from tests.trading.test_orders import ticket_for
from tests.trading.venue import make_market
from trading.matcher import Matcher
from trading.models import Fill, Order
from trading.models import Resting as RestingRow
from trading.services.audit import audit
from trading.services.orders import submit_order

pytestmark = [pytest.mark.django_db(databases="__all__")]


class Scene:
    """A market on the venue, and its paper twin."""

    def __init__(self, world: ManualWorld, portfolio) -> None:
        self.world, self.portfolio = world, portfolio
        self.listing = quoted_market(world)
        self.market = make_market(
            "on-a-venue",
            condition_id=self.listing.condition_id,
            token_0=self.listing.token_ids[0],
            token_1=self.listing.token_ids[1],
        )
        self.matcher = Matcher()
        lease("test", [ref_of(self.listing)], seconds=60)
        fresh_view(self.listing.condition_id)

    def rest(self, side: str, price: str, size: str, *, outcome_index: int = 0) -> Order:
        ticket = ticket_for(self.market, side, "GTC", price=price, size=size, outcome_index=outcome_index)
        order = submit_order(portfolio_id=self.portfolio.pk, ticket=ticket, now_ms=venue_now_ms())
        self.until(order, lambda: order.status == "live")
        return order

    def until(self, order: Order, claim) -> None:
        def turned() -> bool:
            self.matcher.turn(block_ms=20)
            order.refresh_from_db()
            return claim()

        until(turned)

    def filled(self, order: Order, shares: str) -> None:
        self.until(order, lambda: from_micros(order.matched_micros) == shares)

    def trade(self, side: str, size: str, *, outcome_index: int = 0) -> None:
        self.world.trade(self.listing.condition_id, side, size, outcome_index=outcome_index)


@pytest.fixture
def scene(memory_bus, portfolio):  # noqa: F811
    world = ManualWorld()
    with serve(world) as venue, feeding(memory_bus, venue):
        yield Scene(world, portfolio)


def test_sellers_use_up_the_queue_then_fill_us(scene):
    order = scene.rest("BUY", "0.49", "20")

    scene.trade("SELL", "58")  # 50 stood ahead at 0.49, then 8 went to 0.48: we would have met them first

    scene.filled(order, "8")
    (fill,) = Fill.objects.all()
    assert (fill.grade, fill.evidence["queue"]["at_entry"]) == ("A", "50")
    assert audit().clean


def test_a_buyer_of_the_other_outcome_is_a_seller_to_us(scene):
    """BUY NO at 0.51 hits the YES bids at 0.49: the venue prints it on the other token."""
    order = scene.rest("BUY", "0.50", "20")

    scene.trade("BUY", "12", outcome_index=1)

    scene.filled(order, "12")


def test_a_bid_for_the_other_outcome_is_filled_by_buyers_of_this_one(scene):
    order = scene.rest("BUY", "0.50", "20", outcome_index=1)

    scene.trade("BUY", "7")

    scene.filled(order, "7")
    assert from_micros(Fill.objects.get().price_micros) == "0.5"


def test_cancels_ahead_bound_the_queue(scene):
    order = scene.rest("BUY", "0.49", "20")

    scene.world.set_level(scene.listing.condition_id, "BUY", "0.49", "15")
    scene.world.set_level(scene.listing.condition_id, "BUY", "0.49", "80")
    scene.trade("SELL", "18")

    scene.filled(order, "3")
    assert RestingRow.objects.get().state["risk_averse"][1] == 0


def test_a_newcomer_below_our_bid_fills_us(scene):
    order = scene.rest("BUY", "0.50", "20")

    scene.world.set_level(scene.listing.condition_id, "SELL", "0.50", "6")

    scene.filled(order, "6")
    assert Fill.objects.get().evidence["crossing"] == {"price": "0.5", "size": "6"}
