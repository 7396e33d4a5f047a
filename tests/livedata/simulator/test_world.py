"""The living world: deterministic, lively, and quiet where nobody looks."""

import json

import pytest

from livedata.simulator.listings import HALF, Listing, Phase
from livedata.simulator.times import DAY, HOUR, MINUTE
from livedata.simulator.world import World
from markets.core.book import Side
from tests.livedata.simulator.make import (
    START_MS,
    Recorder,
    event_of,
    open_markets,
    small_world,
    world_of,
)


def told(world: World, *, seconds: int, step_ms: int) -> list[str]:
    recorder = Recorder(world)
    for listing in open_markets(world)[:8]:
        world.watch(listing)
    for now_ms in range(START_MS, START_MS + seconds * 1_000 + 1, step_ms):
        world.advance(now_ms)
    return recorder.texts


def test_the_same_seed_and_start_tell_the_same_at_any_pace():
    slowly = told(small_world(), seconds=60, step_ms=50)
    quickly = told(small_world(speed=60), seconds=60, step_ms=15_000)

    assert len(slowly) > 100
    assert slowly == quickly
    assert slowly != told(small_world(seed=8), seconds=60, step_ms=15_000)


def test_watching_other_markets_changes_nothing_about_one():
    alone, together = small_world(), small_world()
    listing = open_markets(alone)[0]
    one = Recorder(alone)
    alone.watch(listing)
    alone.advance(START_MS + MINUTE)
    for other in open_markets(together):
        together.watch(other)
    both = Recorder(together)
    together.advance(START_MS + MINUTE)

    def own(texts: list[str]) -> list[str]:
        return [text for text in texts if text.startswith(f'{{"market":"{listing.condition_id}"')]

    assert len(own(one.texts)) > 20
    assert own(one.texts) == own(both.texts)


def submitted(world: World, listing: Listing, *, stranger: bool) -> list:
    """What reaches one market's engine in two minutes, with or without a stranger who empties its asks."""
    world.watch(listing)
    seen, step = [], world.step
    world.step = lambda live, stamp_ms, orders: (seen.append(orders), step(live, stamp_ms, orders))[1]
    for second in range(120):
        if stranger and second % 20 == 5:
            world.live(listing).book.take(Side.BUY, 990_000, 10**15)
        world.advance(START_MS + 1_000 * second)
    return seen


def test_what_agents_submit_does_not_depend_on_the_book():
    alone, disturbed = small_world(), small_world()
    listing = open_markets(alone)[0]

    calm = submitted(alone, listing, stranger=False)

    assert len(calm) > 100
    assert submitted(disturbed, listing, stranger=True) == calm


def test_a_watched_busy_market_moves_and_trades():
    world = small_world()
    recorder = Recorder(world)
    world.watch(open_markets(world)[0])

    world.advance(START_MS + 2 * MINUTE)

    assert len(recorder.of("price_change")) > 60
    assert len(recorder.of("last_trade_price")) > 5
    stamps = [int(json.loads(text)["timestamp"]) for text in recorder.of("price_change")]
    assert stamps == sorted(stamps)
    assert stamps[0] > START_MS and stamps[-1] <= START_MS + 2 * MINUTE + 5_000


def test_nothing_is_said_about_markets_that_nobody_watches():
    world = small_world()
    recorder = Recorder(world)
    listing = open_markets(world)[0]
    world.live(listing)
    world.watch(listing)
    world.unwatch(listing)

    world.advance(START_MS + MINUTE)

    assert recorder.of("price_change") == []


def test_an_unwatched_book_stands_in_time_when_asked_for():
    world = small_world()
    listing = open_markets(world, "single")[0]
    first = world.live(listing).face(0)
    assert world.live(listing).face(0) == first

    world.advance(START_MS + 5_000)
    soon = world.live(listing)
    assert soon.clock_ms == START_MS + 5_000

    world.advance(START_MS + HOUR)
    later = world.live(listing)
    assert later is not soon
    assert START_MS + HOUR - MINUTE < later.stamp_ms <= START_MS + HOUR


def test_books_surround_the_fair_value():
    world = small_world()
    for listing in open_markets(world):
        live, fair = world.live(listing), world.fair(listing)
        bid, ask = live.best
        assert bid is None or bid / 1e6 < fair + 0.08
        assert ask is None or ask / 1e6 > fair - 0.08
        assert bid is not None or ask is not None
        tick = live.book.tick_micros
        for side in Side:
            assert all(price % tick == 0 for price in live.shown[side]), listing.question


def test_a_game_starts_with_an_empty_book():
    event = event_of(world_of("match"), "match")
    world = world_of("match", start_ms=event.start_ms - MINUTE, epoch_ms=START_MS)
    listing = world.market(slug=event.markets[0].slug)
    recorder = Recorder(world)
    world.watch(listing)
    standing = sum(len(world.live(listing).shown[side]) for side in Side)

    world.advance(event.start_ms + 5_000)

    cleared = [
        json.loads(t)
        for t in recorder.of("price_change")
        if int(json.loads(t)["timestamp"]) == event.start_ms
    ]
    assert len(cleared) >= standing // 2
    assert all(entry["size"] == "0" for frame in cleared for entry in frame["price_changes"])


def test_a_resolution_is_told_and_the_book_is_gone():
    world = small_world()
    listing = next(m for m in open_markets(world, "updown") if m.event.start_ms <= START_MS)
    recorder = Recorder(world)
    world.watch(listing)

    world.advance(listing.event.resolve_ms)

    (told_event,) = [json.loads(t) for t in recorder.of("market_resolved") if listing.condition_id in t]
    winner = 0 if listing.payout[0] else 1
    assert told_event["winning_outcome"] == ("Up", "Down")[winner]
    assert told_event["winning_asset_id"] == listing.token_ids[winner]
    assert told_event["timestamp"] == str(listing.event.resolve_ms)
    assert world.live(listing) is None
    assert world.phase(listing) is Phase.CLOSED
    world.advance(listing.event.resolve_ms + MINUTE)


def test_a_new_window_is_told_to_everybody():
    world = small_world()
    recorder = Recorder(world)

    world.advance(START_MS + 6 * MINUTE)

    told_events = [json.loads(text) for text in recorder.of("new_market")]
    assert {"btc-updown-5m", "eth-updown-5m"} <= {event["slug"].rpartition("-")[0] for event in told_events}
    for event in told_events:
        listing = world.market(slug=event["slug"])
        assert event["assets_ids"] == event["clob_token_ids"] == list(listing.token_ids)
        assert event["fee_schedule"] == {"exponent": 1, "rate": 0.07, "takerOnly": True, "rebateRate": 0.2}
        assert all(frame.custom and not frame.token_id for frame in recorder.frames)


def test_fifty_fifty_markets_go_to_the_middle():
    world = world_of("single", slots=80)
    voids = [m for e in world.events() for m in e.markets if m.payout == HALF]

    assert voids
    assert all(world.fair(m, m.event.end_ms - 1_000) == 0.5 for m in voids)


def test_volumes_only_grow():
    world = small_world()
    before = {m.condition_id: world.volumes(m) for m in open_markets(world)}

    world.advance(START_MS + 2 * HOUR)

    for condition_id, then in before.items():
        now = world.volumes(world.market(condition_id=condition_id))
        assert now.total >= then.total
        assert 0 <= now.day <= now.week <= now.month <= now.year <= now.total + 1e-6


def test_the_tape_reaches_back_before_the_start():
    world = small_world()
    listing = open_markets(world, "single")[0]

    prints = world.prints(listing, 60)

    assert len(prints) == 60
    stamps = [made.stamp_ms for made in prints]
    assert stamps == sorted(stamps, reverse=True)
    assert stamps[-1] < START_MS - MINUTE
    assert len({made.transaction_hash for made in prints}) > 40
    assert all(0 < made.price_micros < 1_000_000 and made.size_micros > 0 for made in prints)


def test_the_tape_carries_the_hashes_that_the_socket_told():
    world = small_world()
    listing = open_markets(world)[0]
    recorder = Recorder(world)
    world.watch(listing)
    world.advance(START_MS + MINUTE)

    told_hashes = [json.loads(text)["transaction_hash"] for text in recorder.of("last_trade_price")]
    kept = [made.transaction_hash for made in world.prints(listing, len(told_hashes))]

    assert told_hashes == kept[::-1]


@pytest.mark.parametrize("days", [0.01, 30, 365])
def test_it_runs_on_after_any_while(days: float):
    world = small_world(start_ms=START_MS + int(days * DAY), epoch_ms=START_MS)
    for listing in open_markets(world):
        world.watch(listing)
    world.advance(world.now_ms + MINUTE)
    assert len(open_markets(world)) > 30


def test_those_who_wait_for_an_opening_get_the_first_books():
    event = max((e for e in small_world().events() if not e.series), key=lambda event: event.open_ms)
    world = small_world(start_ms=event.open_ms - 30_000, epoch_ms=START_MS)
    listing = world.market(slug=event.markets[0].slug)
    assert world.live(listing) is None
    recorder = Recorder(world)
    world.watch(listing)

    world.advance(event.open_ms + 5 * MINUTE)

    own = [text for text in recorder.texts if text.startswith(f'{{"market":"{listing.condition_id}"')]
    first, second = (json.loads(text) for text in own[:2])
    assert [first["event_type"], second["event_type"]] == ["book", "book"]
    assert [first["asset_id"], second["asset_id"]] == list(listing.token_ids)


def test_coming_and_going_does_not_double_the_flow():
    steady, restless = small_world(), small_world()
    listing = open_markets(steady)[0]
    steady.watch(listing)
    for _ in range(5):
        restless.watch(listing)
        restless.unwatch(listing)
    restless.watch(listing)
    one, other = Recorder(steady), Recorder(restless)

    steady.advance(START_MS + MINUTE)
    restless.advance(START_MS + MINUTE)

    assert one.texts == other.texts


def test_after_a_sleep_books_begin_anew():
    world = small_world()
    listing = open_markets(world, "single")[0]
    world.watch(listing)
    recorder = Recorder(world)

    world.skip_to(START_MS + 8 * HOUR)

    assert recorder.of("price_change") == []
    assert world.live(listing).stamp_ms > START_MS + 8 * HOUR - MINUTE
