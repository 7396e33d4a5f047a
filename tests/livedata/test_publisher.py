import asyncio

import msgspec
import pytest

from livedata import books
from livedata.bus import START
from livedata.bus.redis import RedisBus
from livedata.core.mirror import Mirror
from livedata.core.outcomes import Reason
from livedata.core.steps import MarketRef, Resolution, Step
from livedata.core.wire import Reader
from livedata.progress import Progress
from livedata.publisher import RESOLUTIONS, STATUS, STEPS, Publisher
from livedata.pulse import newest_pulse, wall_ms
from tests.core.reference_venue import CONDITION, TOKENS, ReferenceVenue

REF = MarketRef(CONDITION, *TOKENS)


class Feeding:
    """A publisher with one market, whose frames are played by hand."""

    def __init__(self, bus) -> None:
        self.venue = ReferenceVenue()
        self.venue.step([("BUY", "0.49", "50"), ("SELL", "0.51", "30")])
        self.mirrors: dict[str, Mirror] = {}
        self.connections = {1: wall_ms()}
        self.publisher = Publisher(bus, Progress(), self.mirrors, lambda: self.connections)
        self.mirrors[CONDITION] = self.publisher.begin(REF)
        self.mirrors[CONDITION].await_snapshot(1)

    def play(self, *frames: bytes) -> None:
        for frame in frames:
            for event in Reader().read(frame):
                for outcome in self.mirrors[CONDITION].apply(event, now_ms=wall_ms()):
                    if isinstance(outcome, Step):
                        self.publisher.step(outcome)


def bids() -> dict[int, int]:
    return books.newest(CONDITION).book.bids


async def test_what_mirrors_say_reaches_the_bus_a_moment_later_in_one_batch(memory_bus):
    feeding = Feeding(memory_bus)
    with memory_bus.listen(books.CHANGED) as notices:
        feeding.play(feeding.venue.snapshot())
        feeding.play(*feeding.venue.step([("BUY", "0.48", "7")]))
        assert books.newest(CONDITION) is None
        await asyncio.sleep(0.02)

        assert bids() == {490_000: 50_000_000, 480_000: 7_000_000}
        assert len(memory_bus.read({STEPS: START}, count=9, block_ms=0)) == 2
        assert notices.get(0) == (books.CHANGED, CONDITION.encode())
        assert notices.get(0) is None  # one notice for both


async def test_a_book_in_the_middle_of_a_step_is_shown_to_nobody(memory_bus):
    feeding = Feeding(memory_bus)
    feeding.play(feeding.venue.snapshot())
    feeding.publisher.flush()
    taken, rested = feeding.venue.step([("BUY", "0.51", "9"), ("SELL", "0.51", "0")], frames=2)

    feeding.play(taken)
    feeding.publisher.changed(CONDITION)
    feeding.publisher.flush()
    assert bids() == {490_000: 50_000_000}
    feeding.play(rested)
    feeding.publisher.flush()

    assert bids() == {490_000: 50_000_000, 510_000: 9_000_000}


async def test_a_dropped_book_is_stale_and_readable(memory_bus):
    feeding = Feeding(memory_bus)
    feeding.play(feeding.venue.snapshot())
    feeding.publisher.flush()
    assert books.fresh(CONDITION)

    feeding.mirrors[CONDITION].drop(Reason.GAP)
    feeding.publisher.changed(CONDITION)
    feeding.publisher.flush()

    assert not books.newest(CONDITION).fresh
    assert bids() == {490_000: 50_000_000}


async def test_steps_wait_for_a_bus_that_is_away(memory_bus, monkeypatch):
    feeding = Feeding(memory_bus)
    away = RedisBus("redis://127.0.0.1:1")
    monkeypatch.setattr(feeding.publisher, "_bus", away)
    feeding.play(feeding.venue.snapshot())
    feeding.publisher.flush()
    monkeypatch.setattr(feeding.publisher, "_bus", memory_bus)
    assert books.newest(CONDITION) is None

    feeding.publisher.flush()

    assert books.fresh(CONDITION).seq == 1
    assert len(memory_bus.read({STEPS: START}, count=9, block_ms=0)) == 1


async def test_a_result_told_on_every_connection_is_logged_once_and_waits_for_the_bus(
    memory_bus, monkeypatch
):
    feeding = Feeding(memory_bus)
    monkeypatch.setattr(feeding.publisher, "_bus", RedisBus("redis://127.0.0.1:1"))
    for _ in range(3):
        feeding.publisher.resolved(Resolution(CONDITION, TOKENS[0]))
    feeding.publisher.flush()
    monkeypatch.setattr(feeding.publisher, "_bus", memory_bus)

    feeding.publisher.flush()
    feeding.publisher.flush()

    logged = [entry for _, _, entry in memory_bus.read({RESOLUTIONS: START}, count=9, block_ms=0)]
    assert logged == [msgspec.msgpack.encode(Resolution(CONDITION, TOKENS[0]))]


async def test_a_publisher_that_ends_leaves_no_live_connection(memory_bus):
    feeding = Feeding(memory_bus)
    feeding.publisher.flush()
    assert newest_pulse(memory_bus).connections.keys() == {1}

    feeding.publisher.last()

    assert newest_pulse(memory_bus).connections == {}


@pytest.mark.parametrize("count", [1, 3])
async def test_the_status_names_what_it_counts(memory_bus, count):
    feeding = Feeding(memory_bus)
    feeding.play(*[feeding.venue.snapshot()] * count)
    feeding.publisher.status(ignored_count=count)

    facts = {name: int(value) for name, value in memory_bus.hgetall(STATUS).items()}
    assert (facts["markets"], facts["live"], facts["steps_total"], facts["ignored_total"]) == (1, 1, 1, count)
