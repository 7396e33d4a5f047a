"""What is listed: the same for ever, varied, and found by every name."""

from collections import Counter

import pytest

from livedata.simulator.catalogue import Catalogue
from livedata.simulator.fair import Fair
from livedata.simulator.listings import HALF, NO, YES, Phase
from livedata.simulator.slots import SMALL
from livedata.simulator.times import DAY, HOUR, MINUTE
from livedata.simulator.world import World
from tests.livedata.simulator.make import START_MS, open_markets, small_world, world_of


@pytest.fixture(scope="module")
def world() -> World:
    """The venue that a newcomer meets."""
    return World(seed=7, start_ms=START_MS)


def facts(world: World) -> list[tuple]:
    return [
        (event.number, event.slug, event.title, event.open_ms, event.end_ms, event.resolve_ms)
        for event in world.events()
    ] + [
        (m.condition_id, m.token_ids, m.slug, m.question, m.payout)
        for event in world.events()
        for m in event.markets
    ]


def test_it_lists_two_thousand_open_markets_in_some_seven_hundred_events(world: World):
    listings = open_markets(world)
    events = {listing.event.number for listing in listings}

    assert len(listings) >= 2_000
    assert 600 <= len(events) <= 800


def test_every_kind_of_market_is_there(world: World):
    listings = [listing for event in world.events() for listing in event.markets]
    phases = Counter(world.phase(listing) for listing in listings)
    closed = [listing for listing in listings if world.phase(listing) is Phase.CLOSED]
    opened = open_markets(world)

    assert {listing.tick_micros for listing in opened} == {10_000, 1_000, 2_500}
    assert {listing.payout for listing in closed} == {YES, NO, HALF}
    assert phases[Phase.REVIEW] >= 10
    assert {event.kind for event in world.events()} == {
        "single",
        "group",
        "ladder",
        "strikes",
        "temperature",
        "match",
        "football",
        "duel",
        "updown",
    }
    assert {len(m.event.markets) for m in opened if m.event.kind == "group"} >= set(range(4, 18))
    assert {m.event.fees.name if m.event.fees else "" for m in opened} >= {
        "",
        "crypto_fees_v2",
        "sports_fees_v3",
        "politics_fees",
        "economics_fees",
        "culture_fees",
        "tech_fees",
        "weather_fees",
        "finance_prices_fees",
        "mentions_fees",
    }
    assert any(m.event.seconds_delay and m.event.clear_on_start for m in opened)
    assert any(m.outcomes not in (("Yes", "No"), ("Up", "Down"), ("Over", "Under")) for m in opened)
    assert any(not m.question.isascii() for m in opened)
    assert max(len(m.question) for m in opened) > 75
    assert any(event.disputed for event in world.events())


def test_names_are_unique(world: World):
    listings = [listing for event in world.events() for listing in event.markets]
    for names in (
        [event.slug for event in world.events()],
        [listing.slug for listing in listings],
        [listing.number for listing in listings],
        [listing.condition_id for listing in listings],
        [token_id for listing in listings for token_id in listing.token_ids],
    ):
        assert len(set(names)) == len(names)


def test_few_markets_take_most_of_the_flow(world: World):
    days = sorted((world.volumes(listing).day for listing in open_markets(world)), reverse=True)

    assert sum(days[:230]) > 0.7 * sum(days)


def test_rules_are_a_few_paragraphs_that_name_the_question(world: World):
    for event in world.events()[::15]:
        for listing in event.markets:
            text = event.rules(event, listing)
            assert text.count("\n") >= 2 and len(text) > 250
            assert "None" not in text


def test_a_restart_lists_the_same():
    first = small_world()
    first.advance(START_MS + 3 * HOUR)
    again = small_world(start_ms=START_MS + 3 * HOUR, epoch_ms=START_MS)

    assert facts(first) == facts(again)


def test_another_seed_lists_something_else():
    assert facts(small_world(seed=7)) != facts(small_world(seed=8))


def test_a_market_is_found_by_every_name_also_long_after_it_closed():
    world = small_world()
    known = [listing for event in world.events() for listing in event.markets]

    world = small_world(start_ms=START_MS + 400 * DAY, epoch_ms=START_MS)

    listed = {listing.condition_id for event in world.events() for listing in event.markets}
    assert not listed & {listing.condition_id for listing in known}
    for listing in known:
        for name in (
            {"condition_id": listing.condition_id},
            {"token_id": listing.token_ids[0]},
            {"token_id": listing.token_ids[1]},
            {"slug": listing.slug},
            {"number": listing.number},
        ):
            found = world.market(**name)
            assert found is not None, name
            assert (found.condition_id, found.payout) == (listing.condition_id, listing.payout)
            assert world.phase(found) is Phase.CLOSED
        assert world.event(slug=listing.event.slug).number == listing.event.number
        assert world.event(number=listing.event.number).slug == listing.event.slug


@pytest.mark.parametrize(
    "name",
    [
        {"slug": "no-such-market"},
        {"slug": "no-such-market-1003"},
        {"slug": "btc-updown-5m-1795500001"},
        {"number": 12},
        {"number": 10**15},
        {"condition_id": "0x" + "ab" * 32},
        {"token_id": "1234"},
        {"token_id": "0x12"},
    ],
)
def test_other_names_find_nothing(name):
    assert small_world().market(**name) is None


def test_nobody_finds_what_is_not_announced_yet():
    world = small_world()
    later = small_world(start_ms=START_MS + 100 * DAY, epoch_ms=START_MS)
    for listing in open_markets(later):
        if listing.event.created_ms > START_MS:
            assert world.market(condition_id=listing.condition_id) is None
            assert world.market(slug=listing.slug) is None


def test_windows_open_run_and_resolve_for_ever():
    for hours in (0, 1, 1_000, 20_000):
        world = small_world(start_ms=START_MS + hours * HOUR, epoch_ms=START_MS)
        phases = Counter(world.phase(m) for e in world.events() if e.kind == "updown" for m in e.markets)
        assert phases[Phase.OPEN] >= 20
        assert phases[Phase.CLOSED] >= 180


def test_every_market_lives_announced_open_review_closed():
    world = world_of("match")
    event = next(e for e in world.events() if e.open_ms > START_MS - DAY)
    seen = []
    for at_ms in (
        event.created_ms,
        event.open_ms - 1,
        event.open_ms,
        event.end_ms - 1,
        event.end_ms,
        event.resolve_ms - 1,
        event.resolve_ms,
    ):
        then = world_of("match", start_ms=at_ms, epoch_ms=START_MS)
        seen.append(then.phase(event.markets[0]))
    assert seen == [
        Phase.ANNOUNCED,
        Phase.ANNOUNCED,
        Phase.OPEN,
        Phase.OPEN,
        Phase.REVIEW,
        Phase.REVIEW,
        Phase.CLOSED,
    ]


def test_times_are_in_order():
    world = small_world()
    for event in world.events():
        assert event.created_ms <= event.open_ms < event.end_ms < event.resolve_ms
        if event.start_ms is not None:
            assert event.open_ms < event.start_ms < event.end_ms


def test_the_lists_are_refreshed_when_something_changes():
    catalogue = Catalogue(seed=7, epoch_ms=START_MS, fair=Fair(7, START_MS), kinds=SMALL)
    catalogue.refresh(START_MS)
    now_ms = START_MS
    for _ in range(40):
        assert now_ms < catalogue.next_ms <= now_ms + 6 * MINUTE
        now_ms = catalogue.next_ms
        catalogue.refresh(now_ms)
