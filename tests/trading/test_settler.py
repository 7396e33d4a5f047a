"""The venue's socket announces a result and its market is paid: by the real feed, on a simulated venue."""

from collections.abc import Callable, Iterator

import msgspec
import pytest

from livedata.bus import Bus
from livedata.core.steps import Resolution
from livedata.publisher import RESOLUTIONS
from livedata.pulse import wall_ms
from livedata.simulator.listings import Listing
from livedata.simulator.manual import ManualWorld
from livedata.simulator.server import serve
from livedata.subscriptions import lease
from markets.models import Market
from tests.livedata.conftest import hasty, memory_bus  # noqa: F401 -- fixtures
from tests.livedata.feeding import feeding, fresh_view, quoted_market, ref_of, until
from tests.make import make_ticket
from tests.trading.venue import make_market
from trading.matcher import Matcher
from trading.models import Order, Portfolio, Posting, Settlement
from trading.services.audit import audit
from trading.services.orders import submit_order
from trading.settler import Settler
from trading.tasks import settle_resolved

pytestmark = [pytest.mark.django_db(databases="__all__"), pytest.mark.portable]


@pytest.fixture
def world(memory_bus: Bus, settings) -> Iterator[ManualWorld]:  # noqa: F811
    """Followed by a feed, and asked when we ask the venue."""
    world = ManualWorld()
    with serve(world) as venue:
        settings.EXCHANGE_URLS = venue.environment
        with feeding(memory_bus, venue):
            yield world


def known(listing: Listing) -> Market:
    """The listing as the catalogue has it; the feed follows it."""
    lease(listing.slug, [ref_of(listing)], seconds=60)
    fresh_view(listing.condition_id)
    return make_market(
        listing.slug,
        id=str(listing.number),
        condition_id=listing.condition_id,
        token_0=listing.token_ids[0],
        token_1=listing.token_ids[1],
        rules_ms=1,
    )


@pytest.fixture
def buy(portfolio: Portfolio) -> Callable[..., Order]:
    """Ten shares, from the real book."""
    matcher = Matcher()

    def buy(market: Market, outcome_index: int = 0) -> Order:
        ticket = make_ticket(
            condition_id=market.condition_id,
            token_id=market.token_ids[outcome_index],
            outcome_index=outcome_index,
            size="10",
            client_order_id=f"{market.slug}-{outcome_index}",
        )
        order = submit_order(portfolio_id=portfolio.pk, ticket=ticket, now_ms=wall_ms())

        def matched() -> bool:
            matcher.turn()
            order.refresh_from_db()
            return order.status == Order.Status.MATCHED

        until(matched)
        return order

    return buy


def results(portfolio: Portfolio) -> tuple[int, int]:
    portfolio.refresh_from_db()
    return portfolio.realised_pnl_micros, Posting.objects.filter(kind="settlement").count()


@pytest.mark.parametrize(("payout", "won_micros"), [((1, 0), 4_775_050), ((0, 1), -5_224_950)])
def test_a_result_on_the_socket_is_paid_at_once_and_once(world, portfolio, buy, payout, won_micros):
    market = known(quoted_market(world))
    buy(market)
    settler = Settler()

    world.resolve(market.condition_id, payout)
    assert until(settler.turn) == 1

    market.refresh_from_db()
    assert (market.status, market.payout_0_micros) == (Market.Status.RESOLVED, 1_000_000 * payout[0])
    after = results(portfolio)
    assert after[0] == won_micros
    assert audit().clean
    # Another settler begins with the same news, beat comes by: nothing is paid again.
    assert (Settler().turn(), settle_resolved(), results(portfolio)) == (0, 0, after)


def test_a_result_without_a_winner_is_asked_of_the_venue(world, portfolio, buy):
    market = known(quoted_market(world))
    buy(market)

    world.resolve(market.condition_id, (1, 1))
    assert until(Settler().turn) == 1

    market.refresh_from_db()
    assert market.payout_0_micros == 500_000
    assert results(portfolio)[0] == -224_950


def test_what_the_venue_does_not_tell_is_left_to_beat(world, portfolio, buy, hasty, settings):  # noqa: F811
    first, second = known(quoted_market(world)), known(quoted_market(world))
    buy(first)
    buy(second)
    reachable = settings.EXCHANGE_URLS
    settings.EXCHANGE_URLS = dict.fromkeys(reachable, "http://127.0.0.1:9")
    settler = Settler()

    world.resolve(first.condition_id, (1, 1))
    world.resolve(second.condition_id, (1, 0))
    assert until(settler.turn) == 1, "the second: its result needs no question"

    settings.EXCHANGE_URLS = reachable
    Market.objects.filter(pk=first.pk).update(end_ms=1)
    assert settle_resolved() == 1
    assert results(portfolio)[0] == -224_950 + 4_775_050


def test_a_market_in_which_nobody_has_a_stake_is_recorded_and_not_paid(world, portfolio):
    market, unknown = known(quoted_market(world)), quoted_market(world)
    settler = Settler()

    world.resolve(unknown.condition_id, (1, 0))
    world.resolve(market.condition_id, (0, 1))

    def resolved() -> bool:
        assert settler.turn() == 0
        market.refresh_from_db()
        return market.status == Market.Status.RESOLVED

    until(resolved)
    assert (market.payout_0_micros, Settlement.objects.count()) == (0, 0)
    assert not Market.objects.filter(condition_id=unknown.condition_id).exists()


def test_an_order_on_its_way_counts_as_a_stake(world, portfolio):
    market = known(quoted_market(world))
    ticket = make_ticket(condition_id=market.condition_id, token_id=market.token_0, size="10")
    order = submit_order(portfolio_id=portfolio.pk, ticket=ticket, now_ms=wall_ms())

    world.resolve(market.condition_id, (1, 0))
    assert until(Settler().turn) == 1

    order.refresh_from_db()
    assert (order.status, order.reason_code) == (Order.Status.CANCELLED, "market_resolved")


def test_a_failure_of_ours_does_not_hold_up_what_comes_behind_it(world, portfolio, buy, memory_bus):  # noqa: F811
    market = known(quoted_market(world))
    buy(market)
    settler = Settler()
    memory_bus.append(RESOLUTIONS, b"no resolution")
    memory_bus.append(RESOLUTIONS, msgspec.msgpack.encode(Resolution(market.condition_id, market.token_0)))

    with pytest.raises(msgspec.DecodeError):
        settler.turn()

    assert settler.turn() == 1
