"""The token bucket: never more than the limit, never lost, exact."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from accounts.core.bucket import UNITS, Bucket, take, verdict

TABLE = [
    # limit, cost, milliseconds since the bucket was empty, allowed, wait
    (60, 1, 0, False, 1),
    (60, 1, 999, False, 1),
    (60, 1, 1_000, True, 0),
    (1, 1, 0, False, 60),
    (1, 1, 59_999, False, 1),
    (1, 1, 60_000, True, 0),
    (100, 30, 0, False, 18),
    (100, 30, 17_999, False, 1),
    (100, 30, 18_000, True, 0),
    (10, 11, 60_000, False, 60),
    (10, 0, 0, True, 0),
]


@pytest.mark.parametrize(("limit", "cost", "waited_ms", "allowed", "wait_s"), TABLE)
def test_an_empty_bucket_refills_evenly(limit, cost, waited_ms, allowed, wait_s):
    bucket, taken = take(Bucket(level=0, at_ms=1_000), limit=limit, cost=cost, now_ms=1_000 + waited_ms)
    said = verdict(allowed=taken, level=bucket.level, limit=limit, cost=cost)

    assert (said.allowed, said.retry_after_s) == (allowed, wait_s)


def test_a_clock_that_steps_back_changes_nothing():
    bucket, allowed = take(Bucket(level=UNITS, at_ms=5_000), limit=10, cost=1, now_ms=4_000)

    assert allowed
    assert bucket == Bucket(level=0, at_ms=5_000)


def test_a_lowered_limit_holds_at_once():
    bucket, _ = take(None, limit=100, cost=0, now_ms=0)
    bucket, allowed = take(bucket, limit=5, cost=6, now_ms=1)

    assert not allowed
    assert bucket.level == 5 * UNITS


def test_a_cost_below_zero_is_our_mistake():
    with pytest.raises(AssertionError, match="would fill"):
        take(None, limit=1, cost=-1, now_ms=0)


@given(
    limit=st.integers(1, 1_000_000),
    steps=st.lists(st.tuples(st.integers(0, 50), st.integers(0, 120_000)), max_size=40),
)
def test_no_span_of_time_lets_through_more_than_the_limit_and_what_refilled(limit, steps):
    bucket, now_ms, passed = None, 0, 0

    for cost, pause_ms in steps:
        now_ms += pause_ms
        bucket, allowed = take(bucket, limit=limit, cost=cost, now_ms=now_ms)
        passed += cost if allowed else 0
        assert 0 <= bucket.level <= limit * UNITS

    assert passed * UNITS <= limit * (UNITS + now_ms)


@given(limit=st.integers(1, 1_000_000), cost=st.integers(1, 1_000), level=st.integers(0, 10**9))
def test_waiting_as_long_as_told_is_enough(limit, cost, level):
    start = Bucket(level=min(level, limit * UNITS), at_ms=0)
    bucket, allowed = take(start, limit=limit, cost=cost, now_ms=0)
    wait_s = verdict(allowed=allowed, level=bucket.level, limit=limit, cost=cost).retry_after_s

    _, later = take(bucket, limit=limit, cost=cost, now_ms=wait_s * 1_000)

    assert allowed or later or cost > limit
