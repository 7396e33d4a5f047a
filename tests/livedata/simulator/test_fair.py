"""Fair values: closed forms that agree with themselves, sum to one, and end at the payout."""

from itertools import pairwise

import pytest

from livedata.simulator.draw import Bridge
from livedata.simulator.fair import Fair, Prices, phi, quantile
from livedata.simulator.listings import HALF, YES
from livedata.simulator.times import DAY, HOUR
from tests.livedata.simulator.make import START_MS, open_markets, small_world, world_of


def lives(world, kind: str):
    return {listing.event.number: listing.event for listing in open_markets(world, kind)}.values()


def moments(event, count: int = 12) -> list[int]:
    return [event.open_ms + (event.end_ms - event.open_ms) * step // count for step in range(count + 1)]


def test_a_bridge_gives_the_same_path_in_any_order():
    forward, backward = Bridge(5, depth=20), Bridge(5, depth=20)
    points = [index / 97 for index in range(97)]

    there = [forward.at(x) for x in points]
    back = [backward.at(x) for x in reversed(points)]

    assert there == back[::-1]
    assert there[0] == 0


def test_an_instant_has_one_fair_value_however_it_is_reached():
    world = small_world()
    fresh = Fair(7, START_MS)
    for listing in open_markets(world):
        asked = [fresh.chance(listing, at_ms, keep=True) for at_ms in moments(listing.event)]
        again = [fresh.chance(listing, at_ms) for at_ms in reversed(moments(listing.event))]
        assert asked == again[::-1]


def test_the_chances_of_a_group_sum_to_one():
    world = world_of("group", slots=6)
    fair = Fair(7, START_MS)
    for event in lives(world, "group"):
        assert 3 <= len(event.markets) <= 20
        assert sum(listing.payout == YES for listing in event.markets) == 1
        assert len([m for m in event.markets if m.neg_risk_other]) <= 1
        for at_ms in moments(event)[:-1]:
            assert sum(fair.group(event, at_ms)) == pytest.approx(1)


def test_the_winner_of_a_group_shows_towards_the_end():
    world = world_of("group", slots=6)
    for event in lives(world, "group"):
        late_ms = event.end_ms - (event.end_ms - event.open_ms) // 500
        chances = [world.fair(listing, late_ms) for listing in event.markets]
        assert max(chances) > 0.9
        assert event.markets[chances.index(max(chances))].payout == YES


def test_a_higher_rung_is_never_likelier():
    world = world_of("ladder", slots=6)
    for event in lives(world, "ladder"):
        for at_ms in moments(event):
            chances = [world.fair(listing, at_ms) for listing in event.markets]
            assert all(low >= high for low, high in pairwise(chances))


def test_every_path_ends_at_its_payout():
    world = small_world()
    for listing in open_markets(world):
        event = listing.event
        last = world.fair(listing, event.end_ms)
        paid = listing.payout[0] / 1_000_000
        assert last == pytest.approx(paid, abs=0.002)
        if event.kind == "single" and listing.payout != HALF:
            near = world.fair(listing, event.end_ms - (event.end_ms - event.open_ms) // 5_000)
            assert (near > 0.5) == (paid == 1)


def test_chances_mean_what_they_say():
    """Of the markets at a chance of p in the middle of their lives, p come true: fair values are fair."""
    world = world_of("single", slots=900)
    middle = [
        (world.fair(m, (m.event.open_ms + m.event.end_ms) // 2), m.payout == YES)
        for event in world.events()
        for m in event.markets
        if m.payout != HALF
    ]
    assert sum(p for p, _ in middle) == pytest.approx(sum(won for _, won in middle), rel=0.12)
    likely = [won for p, won in middle if p > 0.7]
    unlikely = [won for p, won in middle if p < 0.3]
    assert sum(likely) / len(likely) > 0.75
    assert sum(unlikely) / len(unlikely) < 0.25


def test_news_hit_related_markets_together():
    world = world_of("ladder", slots=8)
    moved = 0
    for event in lives(world, "ladder"):
        for when, _ in event.news:
            at_ms = event.open_ms + int(when * (event.end_ms - event.open_ms))
            for listing in event.markets:
                jump = abs(world.fair(listing, at_ms + 50) - world.fair(listing, at_ms - 50))
                calm = abs(world.fair(listing, at_ms - 150) - world.fair(listing, at_ms - 50))
                moved += jump > 20 * calm + 0.002
    assert moved > 20


def test_prices_start_at_the_epoch_and_have_a_past():
    prices = Prices(7, START_MS)
    assert prices.price("BTC", START_MS) == pytest.approx(96_400)
    assert prices.price("ETH", START_MS) == pytest.approx(3_310)
    assert prices.price("BTC", START_MS - 90 * DAY) == Prices(7, START_MS).price("BTC", START_MS - 90 * DAY)
    assert 20_000 < prices.price("BTC", START_MS + 60 * DAY) < 400_000


def test_an_up_or_down_window_follows_the_price():
    world = small_world()
    for listing in open_markets(world, "updown"):
        event = listing.event
        prices = Prices(7, START_MS)
        rose = prices.price(event.asset, event.end_ms) >= prices.price(event.asset, event.start_ms)
        assert (listing.payout == YES) == rose
        assert world.fair(listing, event.start_ms - HOUR) == 0.5


@pytest.mark.parametrize("chance", [0.004, 0.3, 0.5, 0.97])
def test_phi_undoes_quantile(chance):
    assert phi(quantile(chance)) == pytest.approx(chance)
