"""The handmade venue: it moves when told, and only then."""

import pytest

from livedata.simulator.listings import Phase
from livedata.simulator.manual import ManualWorld
from markets.core.book import Side
from tests.livedata.simulator.make import START_MS, Recorder


@pytest.fixture
def world() -> ManualWorld:
    return ManualWorld(clock=lambda: START_MS)


def shown(world: ManualWorld, condition_id: str) -> tuple[dict, dict]:
    live = world.live(world.market(condition_id=condition_id))
    return tuple(
        {f"{price / 1e6:g}": f"{size / 1e6:g}" for price, size in live.shown[side].items()} for side in Side
    )


def test_a_book_is_set_level_by_level(world):
    condition_id = world.add_market().condition_id
    world.set_book(condition_id, bids=[("0.48", "100"), ("0.47", "20.5")], asks=[("0.5", "30")])
    assert shown(world, condition_id) == ({"0.48": "100", "0.47": "20.5"}, {"0.5": "30"})

    world.set_level(condition_id, "SELL", "0.5", "0")
    world.set_level(condition_id, "BUY", "0.47", "7")
    assert shown(world, condition_id) == ({"0.48": "100", "0.47": "7"}, {})

    world.set_book(condition_id)
    assert shown(world, condition_id) == ({}, {})


def test_a_book_that_would_trade_is_refused(world):
    condition_id = world.add_market().condition_id
    with pytest.raises(ValueError, match="would trade"):
        world.set_book(condition_id, bids=[("0.5", "1")], asks=[("0.5", "1")])


def test_a_trade_walks_the_levels(world):
    condition_id = world.add_market().condition_id
    world.set_book(condition_id, asks=[("0.5", "30"), ("0.51", "30"), ("0.6", "30")])

    prints = world.trade(condition_id, "BUY", "100", limit="0.55")

    assert [(p.price_micros, p.size_micros, p.side) for p in prints] == [
        (500_000, 30_000_000, "BUY"),
        (510_000, 30_000_000, "BUY"),
    ]
    assert shown(world, condition_id) == ({}, {"0.6": "30"})
    assert world.trade(condition_id, "BUY", "1", limit="0.55") == []


def test_a_sweep_may_be_printed_once():
    world = ManualWorld(one_print_per_sweep=True)
    condition_id = world.add_market().condition_id
    world.set_book(condition_id, asks=[("0.5", "30"), ("0.51", "30")])

    (made,) = world.trade(condition_id, "BUY", "40")

    assert (made.price_micros, made.size_micros) == (510_000, 40_000_000)


def test_the_rest_of_a_trade_may_stand(world):
    condition_id = world.add_market().condition_id
    world.set_book(condition_id, asks=[("0.37", "91")])

    world.trade(condition_id, "BUY", "100", limit="0.37", rest=True)

    assert shown(world, condition_id) == ({"0.37": "9"}, {})


def test_every_step_has_a_stamp_of_its_own(world):
    listing = world.add_market()
    stamps = []
    for size in range(1, 6):
        world.set_level(listing.condition_id, "BUY", "0.4", str(size))
        stamps.append(world.live(listing).stamp_ms)
    assert len(set(stamps)) == 5 and stamps == sorted(stamps)


def test_markets_are_in_review_and_then_closed(world):
    listing = world.add_market()
    assert world.phase(listing) is Phase.OPEN

    world.propose(listing.condition_id)
    assert world.phase(listing) is Phase.REVIEW
    assert world.live(listing) is not None

    world.resolve(listing.condition_id, (0, 1))
    assert world.phase(listing) is Phase.CLOSED
    assert world.live(listing) is None
    assert world.payout(listing) == (0, 1_000_000)


def test_an_event_of_several_markets(world):
    markets = world.add_event(
        slug="who-wins",
        title="Who wins?",
        questions=[("ann", "Ann?"), ("bob", "Bob?")],
        neg_risk=True,
        tick="0.001",
    )
    event = markets[0].event
    assert event.neg_risk and event.neg_risk_id.endswith("00")
    assert [m.group_title for m in markets] == ["Ann?", "Bob?"]
    assert world.event(slug="who-wins") is event
    assert world.market(token_id=markets[1].token_ids[0]) is markets[1]


def test_nothing_moves_by_itself(world):
    recorder = Recorder(world)
    listing = world.add_market()
    world.watch(listing)
    recorder.frames.clear()

    world.advance(START_MS + 10**9)

    assert recorder.frames == []
