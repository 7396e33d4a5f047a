"""Where token buckets are kept: in this process, or in Redis for many. Both take atomically."""

import threading
import time
from typing import Protocol

import redis

from accounts.core.bucket import UNITS, Bucket, Verdict, take, verdict

_BUCKETS_MAX = 50_000
_REDIS_TIMEOUT_S = 1.0


class Buckets(Protocol):
    def take(self, key: str, *, limit: int, cost: int, now_ms: int | None = None) -> Verdict:
        """Takes `cost` tokens of the bucket `key`, or none. `now_ms`: for tests; else the store's clock."""

    def forget(self) -> None:
        """Fills every bucket."""


class MemoryBuckets:
    """One lock, one dict, oldest use first; a bucket unused for a minute is full and may be forgotten."""

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._kept: dict[str, Bucket] = {}

    def take(self, key: str, *, limit: int, cost: int, now_ms: int | None = None) -> Verdict:
        now = time.monotonic_ns() // 1_000_000 if now_ms is None else now_ms
        with self._lock:
            bucket, allowed = take(self._kept.pop(key, None), limit=limit, cost=cost, now_ms=now)
            self._kept[key] = bucket
            if len(self._kept) > _BUCKETS_MAX:
                self._prune(now)
        return verdict(allowed=allowed, level=bucket.level, limit=limit, cost=cost)

    def forget(self) -> None:
        with self._lock:
            self._kept.clear()

    def _prune(self, now_ms: int) -> None:
        # At least a tenth goes, so that a flood of new addresses does not prune at every call.
        excess = len(self._kept) - _BUCKETS_MAX * 9 // 10
        for index, (key, bucket) in enumerate(list(self._kept.items())):
            if index >= excess and now_ms - bucket.at_ms < UNITS:
                break
            del self._kept[key]


# core/bucket.py's `take`, word for word, where all processes meet. TIME is Redis's own clock: the
# processes' clocks differ.
_TAKE = """
local limit, cost, now = tonumber(ARGV[1]), tonumber(ARGV[2]), tonumber(ARGV[3])
if not now then
  local time = redis.call('TIME')
  now = time[1] * 1000 + math.floor(time[2] / 1000)
end
local full = limit * 60000
local kept = redis.call('HMGET', KEYS[1], 'level', 'at_ms')
local level, at = tonumber(kept[1]) or full, tonumber(kept[2]) or now
level = math.min(full, level + math.max(0, now - at) * limit)
local allowed = level >= cost * 60000
if allowed then level = level - cost * 60000 end
at = math.max(now, at)
redis.call('HSET', KEYS[1], 'level', string.format('%.0f', level), 'at_ms', string.format('%.0f', at))
redis.call('PEXPIRE', KEYS[1], 60000)
return {allowed and 1 or 0, level}
"""


class RedisBuckets:
    """One Lua script, one round trip. Raises redis.RedisError when Redis is away."""

    def __init__(self, url: str, *, prefix: str = "limit:") -> None:
        self._redis = redis.Redis.from_url(
            url, socket_timeout=_REDIS_TIMEOUT_S, socket_connect_timeout=_REDIS_TIMEOUT_S
        )
        self._prefix = prefix
        self._take = self._redis.register_script(_TAKE)

    def take(self, key: str, *, limit: int, cost: int, now_ms: int | None = None) -> Verdict:
        now = "" if now_ms is None else now_ms
        allowed, level = self._take(keys=[self._prefix + key], args=[limit, cost, now])
        return verdict(allowed=bool(allowed), level=int(level), limit=limit, cost=cost)

    def forget(self) -> None:
        for key in self._redis.scan_iter(match=f"{self._prefix}*", count=1000):
            self._redis.delete(key)
