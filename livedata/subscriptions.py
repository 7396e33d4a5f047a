"""Who wants which markets followed, and until when.

A lease is a hash field in the bus: an owner (a process's hub, the matcher, the scheduler), its markets
and its end. Owners renew what they need; the feed follows the union, so nothing has to be released.
"""

from collections.abc import Iterable

import msgspec

from livedata.bus import Bus, bus
from livedata.core.steps import MarketRef
from livedata.pulse import wall_ms

LEASES = "leases"  # the hash, and the channel that tells of a change


class _Lease(msgspec.Struct, frozen=True, array_like=True):
    until_ms: int
    refs: list[MarketRef]


_decoder = msgspec.msgpack.Decoder(_Lease)
_encoder = msgspec.msgpack.Encoder()


def lease(owner: str, refs: Iterable[MarketRef], *, seconds: int) -> None:
    """Ask for these markets, and no others for this owner, for so many seconds from now."""
    renewed = _Lease(until_ms=wall_ms() + 1_000 * seconds, refs=list(refs))
    with bus().batch() as batch:
        batch.hset(LEASES, owner, _encoder.encode(renewed))
        batch.publish(LEASES, owner.encode())


def release(owner: str) -> None:
    """Give the owner's markets up at once."""
    with bus().batch() as batch:
        batch.hdel(LEASES, owner)
        batch.publish(LEASES, owner.encode())


def held(owner: str) -> list[MarketRef]:
    """The owner's markets, while its lease lasts."""
    raw = bus().hgetall(LEASES).get(owner)
    found = None if raw is None else _decoder.decode(raw)
    return [] if found is None or found.until_ms <= wall_ms() else found.refs


def wanted(source: Bus | None = None) -> dict[str, MarketRef]:
    """Every market under a lease that has not ended, by condition id. Forgets leases that have."""
    source = source or bus()
    now_ms = wall_ms()
    found: dict[str, MarketRef] = {}
    ended: list[str] = []
    for owner, raw in source.hgetall(LEASES).items():
        held = _decoder.decode(raw)
        if held.until_ms <= now_ms:
            ended.append(owner)
        else:
            found.update((ref.condition_id, ref) for ref in held.refs)
    source.hdel(LEASES, *ended)
    return found
