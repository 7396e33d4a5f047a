"""The venue's clock, and how far the feed has come on it.

Live, the venue's clock is ours but for an offset; a simulator at speed 10 puts ten of its milliseconds
into one of ours. The feed measures both and writes them to the bus.
"""

import msgspec

from livedata.bus import Bus, bus
from livedata.pulse import newest_pulse, wall_ms

KEY = "venue:clock"


class VenueClock(msgspec.Struct, frozen=True, array_like=True):
    """At `wall_ms` of our clock the venue's showed `venue_ms`; it runs `speed` times as fast."""

    wall_ms: int
    venue_ms: int
    speed: float = 1.0

    def at(self, wall_ms: int) -> int:
        """What the venue's clock shows when ours shows `wall_ms`."""
        return self.venue_ms + round((wall_ms - self.wall_ms) * self.speed)


SAME_CLOCK = VenueClock(wall_ms=0, venue_ms=0)
_decoder = msgspec.msgpack.Decoder(VenueClock)
_encoder = msgspec.msgpack.Encoder()


def venue_now_ms() -> int:
    """The venue's clock, in milliseconds since 1970; ours while the feed has measured nothing."""
    return venue_clock(bus()).at(wall_ms())


def venue_clock(source: Bus) -> VenueClock:
    raw = source.get(KEY)
    return SAME_CLOCK if raw is None else _decoder.decode(raw)


def set_venue_clock(target: Bus, clock: VenueClock) -> None:
    target.put(KEY, _encoder.encode(clock))


def passed(connection: int, stamp_ms: int) -> bool:
    """Whether the feed has logged every venue event stamped up to `stamp_ms` on that connection.

    A later event tells; on a quiet connection, the venue's clock beyond the stamp by the feed's delay.
    False also when the connection is gone: what it has not seen by then it never will.
    """
    heartbeat = newest_pulse(bus()).connections.get(connection)
    return heartbeat is not None and heartbeat.passed_ms >= stamp_ms
