"""One suite for both sides of the bus."""

import asyncio
import threading
import time
from collections.abc import Iterator

import pytest
from hypothesis import given
from hypothesis import strategies as st

from livedata.bus import NEW_ONLY, START, Bus
from livedata.bus.memory import MemoryBus
from livedata.bus.redis import RedisBus
from livedata.errors import BusDown

pytestmark = pytest.mark.portable


@pytest.fixture(params=["memory", "redis"])
def bus(request: pytest.FixtureRequest) -> Iterator[Bus]:
    if request.param == "memory":
        yield MemoryBus()
    else:
        yield RedisBus(request.getfixturevalue("redis_url"), prefix="test:")


def until(claim, seconds: float = 5) -> None:
    deadline = time.monotonic() + seconds
    while not claim():
        assert time.monotonic() < deadline, "it never came true"
        time.sleep(0.002)


def test_a_key_holds_its_newest_value(bus):
    bus.put("book", b"old")
    bus.put("book", b"new")
    bus.put("other", b"")

    assert bus.get("book") == b"new"
    assert bus.get_many(["other", "nothing", "book"]) == [b"", None, b"new"]

    bus.delete("book")
    assert bus.get("book") is None
    assert bus.get_many([]) == []


def test_a_value_with_a_time_to_live_ends(bus):
    bus.put("alive", b"1", ttl_ms=40)
    assert bus.get("alive") == b"1"

    until(lambda: bus.get("alive") is None)


def test_putting_again_without_a_time_to_live_makes_it_last(bus):
    bus.put("alive", b"1", ttl_ms=30)
    bus.put("alive", b"2")
    bus.put("witness", b"1", ttl_ms=60)

    until(lambda: bus.get("witness") is None)
    assert bus.get("alive") == b"2"


def test_a_hash_holds_fields(bus):
    bus.hset("leases", "page", b"1")
    bus.hset("leases", "matcher", b"2")
    bus.hset("leases", "page", b"3")
    assert bus.hgetall("leases") == {"page": b"3", "matcher": b"2"}

    bus.hdel("leases", "page", "nobody")
    bus.hdel("leases")
    assert bus.hgetall("leases") == {"matcher": b"2"}
    assert bus.hgetall("empty") == {}


def test_a_listener_hears_its_channels_in_order(bus):
    bus.publish("books", b"too early")

    with bus.listen("books", "leases") as subscription:
        bus.publish("books", b"1")
        bus.publish("elsewhere", b"2")
        bus.publish("leases", b"3")

        assert subscription.get(2) == ("books", b"1")
        assert subscription.get(2) == ("leases", b"3")
        assert subscription.get(0.01) is None
        assert subscription.get(0) is None


def test_every_listener_hears_and_none_after_it_left(bus):
    with bus.listen("books") as first:
        with bus.listen("books") as second:
            bus.publish("books", b"1")
            assert second.get(2) == ("books", b"1")
        bus.publish("books", b"2")

        assert first.get(2) == ("books", b"1")
        assert first.get(2) == ("books", b"2")


def test_a_listening_thread_wakes_when_another_publishes(bus):
    heard: list[object] = []

    def reader() -> None:
        with bus.listen("books") as subscription:
            ready.set()
            heard.append(subscription.get(5))

    ready = threading.Event()
    thread = threading.Thread(target=reader)
    thread.start()
    assert ready.wait(5)
    bus.publish("books", b"1")
    thread.join(5)

    assert heard == [("books", b"1")]


async def test_a_coroutine_hears_what_a_thread_publishes(bus):
    async with bus.alisten("books") as subscription:
        await asyncio.to_thread(bus.publish, "books", b"1")
        bus.publish("books", b"2")

        async with asyncio.timeout(5):
            assert [await anext(subscription) for _ in range(2)] == [("books", b"1"), ("books", b"2")]
    assert subscription.lost == 0


async def test_a_coroutine_joins_and_leaves_channels_as_it_goes(bus):
    async with bus.alisten("books") as subscription, asyncio.timeout(10):
        await subscription.subscribe("user:1", "user:2")
        await subscription.unsubscribe("user:1", "books")
        bus.publish("user:2", b"mine")
        assert await anext(subscription) == ("user:2", b"mine")

        bus.publish("user:1", b"not mine")
        bus.publish("books", b"no more")
        bus.publish("user:2", b"mine again")
        assert await anext(subscription) == ("user:2", b"mine again")


async def test_a_coroutine_may_start_with_no_channel(bus):
    async with bus.alisten() as subscription, asyncio.timeout(10):
        await subscription.subscribe("books")
        bus.publish("books", b"1")
        assert await anext(subscription) == ("books", b"1")


async def test_a_slow_coroutine_loses_the_oldest_and_counts_them(bus):
    async with bus.alisten("books", size=3) as subscription, asyncio.timeout(10):
        for number in range(10):
            bus.publish("books", b"%d" % number)
        await asyncio.to_thread(until, lambda: subscription.lost == 7)

        assert [(await anext(subscription))[1] for _ in range(3)] == [b"7", b"8", b"9"]


def test_a_log_is_read_from_where_the_reader_stopped(bus):
    assert bus.last_id("steps") == START
    ids = [bus.append("steps", b"%d" % number) for number in range(5)]

    assert bus.last_id("steps") == ids[-1]
    assert bus.read({"steps": START}, count=3, block_ms=0) == [("steps", ids[n], b"%d" % n) for n in range(3)]
    assert bus.read({"steps": ids[2]}, count=9, block_ms=0) == [("steps", ids[n], b"%d" % n) for n in (3, 4)]
    assert bus.read({"steps": ids[4]}, count=9, block_ms=0) == []


def test_several_logs_are_read_at_once(bus):
    step = bus.append("steps", b"step")
    command = bus.append("commands", b"command")

    entries = bus.read({"steps": START, "commands": START, "none": START}, count=9, block_ms=10)

    assert sorted(entries) == [("commands", command, b"command"), ("steps", step, b"step")]


def test_a_waiting_reader_wakes_on_any_of_its_logs(bus):
    bus.append("steps", b"old")
    found: list[object] = []
    thread = threading.Thread(
        target=lambda: found.extend(
            bus.read({"steps": bus.last_id("steps"), "commands": NEW_ONLY}, count=9, block_ms=5_000)
        )
    )
    started = time.monotonic()
    thread.start()
    while thread.is_alive() and time.monotonic() < started + 5:
        bus.append("commands", b"new")
        thread.join(0.01)
    thread.join(5)

    assert found[0][0] == "commands"
    assert found[0][2] == b"new"
    assert time.monotonic() - started < 3


def test_waiting_in_vain_ends_in_time(bus):
    started = time.monotonic()

    assert bus.read({"steps": NEW_ONLY}, count=1, block_ms=30) == []
    assert 0.025 < time.monotonic() - started < 2


def test_a_log_forgets_its_oldest_entries(bus):
    for number in range(1_000):
        newest = bus.append("steps", b"%d" % number, keep=10)

    kept = bus.read({"steps": START}, count=10_000, block_ms=0)
    assert 10 <= len(kept) <= 300  # Redis trims by whole nodes
    assert kept[-1] == ("steps", newest, b"999")


def test_a_batch_arrives_whole_and_in_order(bus):
    with bus.listen("books") as subscription:
        with bus.batch() as batch:
            batch.put("book", b"1")
            batch.hset("status", "field", b"2")
            batch.append("steps", b"3")
            batch.append("steps", b"4", keep=5)
            batch.publish("books", b"5")
        assert subscription.get(2) == ("books", b"5")

    assert bus.get("book") == b"1"
    assert bus.hgetall("status") == {"field": b"2"}
    assert [entry for _, _, entry in bus.read({"steps": START}, count=9, block_ms=0)] == [b"3", b"4"]


def test_eight_threads_lose_nothing(bus):
    threads = [
        threading.Thread(target=lambda me=me: [bus.append("steps", b"%d-%d" % (me, n)) for n in range(50)])
        for me in range(8)
    ]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()

    entries = bus.read({"steps": START}, count=1_000, block_ms=0)
    assert len({entry for _, _, entry in entries}) == 400
    assert len({entry_id for _, entry_id, _ in entries}) == 400
    for me in range(8):
        mine = [entry for _, _, entry in entries if entry.startswith(b"%d-" % me)]
        assert mine == [b"%d-%d" % (me, n) for n in range(50)]


@given(sizes=st.lists(st.integers(1, 40), min_size=1, max_size=8))
def test_reading_in_any_portions_sees_every_entry_once(sizes):
    bus = MemoryBus()
    written = [bus.append("steps", b"x") for _ in range(100)]

    position, seen = START, []
    for size in [*sizes, 100]:
        seen += [entry_id for _, entry_id, _ in bus.read({"steps": position}, count=size, block_ms=0)]
        position = seen[-1]

    assert seen == written


def test_a_redis_that_is_not_there_is_unavailable_not_a_crash():
    bus = RedisBus("redis://127.0.0.1:1", prefix="test:")

    with pytest.raises(BusDown):
        bus.put("book", b"1")
    with pytest.raises(BusDown), bus.batch() as batch:
        batch.put("book", b"1")
