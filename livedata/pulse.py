"""What the feed says about itself, many times a second: which connections live and how far they are.

Books say which connection feeds them; whether that connection is alive stands here alone. So one small
write makes every book of a lost socket stale at once, and a feed that was killed goes stale by silence.
"""

import time

import msgspec

from livedata.bus import Bus

KEY = "feed:pulse"
SILENCE_MS_MAX = 3_000  # a feed that has written nothing for so long is dead


class Heartbeat(msgspec.Struct, frozen=True, array_like=True):
    """One live connection."""

    heard_ms: int  # our clock: the last frame or PONG
    passed_ms: int  # the venue's clock: every event stamped up to here has been seen and logged


class Pulse(msgspec.Struct, frozen=True, array_like=True):
    written_ms: int  # our clock
    connections: dict[int, Heartbeat]
    delay_ms: int = 0  # how long after its stamp a frame is here, at worst; in the venue's clock
    paused: bool = False


NO_PULSE = Pulse(written_ms=0, connections={})
_decoder = msgspec.msgpack.Decoder(Pulse)
_encoder = msgspec.msgpack.Encoder()


def write_pulse(pulse: Pulse) -> bytes:
    return _encoder.encode(pulse)


def read_pulse(raw: bytes | None, *, now_ms: int) -> Pulse:
    """The feed's last word; a feed that is silent for too long has no live connection."""
    if raw is None:
        return NO_PULSE
    pulse = _decoder.decode(raw)
    if now_ms - pulse.written_ms > SILENCE_MS_MAX:
        return Pulse(written_ms=pulse.written_ms, connections={}, delay_ms=pulse.delay_ms)
    return pulse


def newest_pulse(bus: Bus) -> Pulse:
    return read_pulse(bus.get(KEY), now_ms=wall_ms())


def wall_ms() -> int:
    return time.time_ns() // 1_000_000
