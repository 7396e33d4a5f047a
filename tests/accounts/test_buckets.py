"""One suite for both keepers of buckets: in this process, and in Redis."""

import threading
from uuid import uuid4

import pytest

from accounts.buckets import Buckets, MemoryBuckets, RedisBuckets

NOON = 1_764_000_000_000


@pytest.fixture(params=["memory", "redis"])
def buckets(request) -> Buckets:
    if request.param == "memory":
        return MemoryBuckets()
    return RedisBuckets(request.getfixturevalue("redis_url"), prefix=f"test:{uuid4()}:")


def hammer(buckets: Buckets, *, limit: int, calls: int, now_ms: int | None) -> int:
    """How many of 8 threads' calls passed, all at the same bucket."""
    passed, started = [], threading.Barrier(8)

    def run() -> None:
        started.wait()
        verdicts = [buckets.take("hot", limit=limit, cost=1, now_ms=now_ms) for _ in range(calls)]
        passed.append(sum(verdict.allowed for verdict in verdicts))

    threads = [threading.Thread(target=run) for _ in range(8)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    return sum(passed)


def test_exactly_the_limit_passes_through_eight_threads(buckets):
    assert hammer(buckets, limit=100, calls=100, now_ms=NOON) == 100
    assert hammer(buckets, limit=100, calls=20, now_ms=NOON) == 0
    assert hammer(buckets, limit=100, calls=20, now_ms=NOON + 30_000) == 50


def test_the_store_has_a_clock_of_its_own(buckets):
    # One a minute: the test would have to last a minute for a second one to pass.
    assert hammer(buckets, limit=1, calls=10, now_ms=None) == 1


def test_keys_do_not_share(buckets):
    first = buckets.take("ada", limit=3, cost=3, now_ms=NOON)
    second = buckets.take("bob", limit=3, cost=1, now_ms=NOON)

    assert (first.allowed, first.remaining) == (True, 0)
    assert (second.allowed, second.remaining) == (True, 2)


def test_a_refusal_takes_nothing_and_says_how_long_to_wait(buckets):
    buckets.take("ada", limit=60, cost=58, now_ms=NOON)

    refused = buckets.take("ada", limit=60, cost=5, now_ms=NOON)
    smaller = buckets.take("ada", limit=60, cost=2, now_ms=NOON)

    assert (refused.allowed, refused.retry_after_s, refused.remaining) == (False, 3, 2)
    assert smaller.allowed


def test_both_keepers_say_the_same(redis_url):
    memory, redis = MemoryBuckets(), RedisBuckets(redis_url)
    steps = [(7, 3, 0), (7, 5, 10), (7, 4, 4_000), (1_000_000, 999_999, 9_000), (3, 2, 9_001), (3, 3, 80_000)]

    for limit, cost, after_ms in steps:
        said = [
            keeper.take("k", limit=limit, cost=cost, now_ms=NOON + after_ms) for keeper in (memory, redis)
        ]
        assert said[0] == said[1]


def test_forgetting_fills_every_bucket(buckets):
    buckets.take("ada", limit=1, cost=1, now_ms=NOON)
    buckets.forget()

    assert buckets.take("ada", limit=1, cost=1, now_ms=NOON).allowed


def test_memory_stays_bounded_under_a_flood_of_addresses(monkeypatch):
    monkeypatch.setattr("accounts.buckets._BUCKETS_MAX", 100)
    buckets = MemoryBuckets()

    for number in range(1_000):
        buckets.take(f"address:{number}", limit=5, cost=1, now_ms=NOON)

    assert len(buckets._kept) <= 100
    assert not buckets.take("address:999", limit=5, cost=5, now_ms=NOON).allowed  # the newest are kept


def test_redis_forgets_an_idle_bucket(redis_url):
    buckets = RedisBuckets(redis_url)
    buckets.take("ada", limit=5, cost=1)

    assert 0 < buckets._redis.pttl("limit:ada") <= 60_000
