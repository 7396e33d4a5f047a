"""A token bucket in whole numbers: it holds a minute's limit and refills evenly.

One token is 60,000 units, so that a limit of n a minute refills exactly n units a millisecond:
nothing is rounded, in Python or in the doubles of Redis's Lua.
"""

from dataclasses import dataclass

UNITS = 60_000  # of one token; also the milliseconds in which an empty bucket fills up


@dataclass(frozen=True, slots=True, kw_only=True)
class Verdict:
    allowed: bool
    retry_after_s: int  # whole seconds until the same cost would be allowed; 0 when it was
    remaining: int  # whole tokens left


@dataclass(frozen=True, slots=True, kw_only=True)
class Bucket:
    level: int  # units left
    at_ms: int  # when that was


def take(bucket: Bucket | None, *, limit: int, cost: int, now_ms: int) -> tuple[Bucket, bool]:
    """The bucket afterwards, and whether `cost` tokens could be taken. No bucket yet is a full one."""
    assert limit > 0, "a limit of nothing needs no bucket"
    assert cost >= 0, f"a cost of {cost} would fill the bucket"
    full = limit * UNITS
    if bucket is None:
        bucket = Bucket(level=full, at_ms=now_ms)
    # A clock that steps back refills nothing, and takes nothing away.
    waited_ms = max(0, now_ms - bucket.at_ms)
    level = min(full, bucket.level + waited_ms * limit)
    allowed = level >= cost * UNITS
    left = level - cost * UNITS if allowed else level
    return Bucket(level=left, at_ms=max(now_ms, bucket.at_ms)), allowed


def verdict(*, allowed: bool, level: int, limit: int, cost: int) -> Verdict:
    """What to tell the caller. A cost above the limit never passes; it hears a minute."""
    if allowed:
        return Verdict(allowed=True, retry_after_s=0, remaining=level // UNITS)
    if cost > limit:
        return Verdict(allowed=False, retry_after_s=60, remaining=max(0, level // UNITS))
    missing_ms = -(-(cost * UNITS - level) // limit)
    return Verdict(allowed=False, retry_after_s=max(1, -(-missing_ms // 1000)), remaining=level // UNITS)
