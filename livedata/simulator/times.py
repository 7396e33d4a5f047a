"""Instants as the venue writes them, and the venue's own clock."""

import time
from collections.abc import Callable
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta

SECOND, MINUTE, HOUR, DAY = 1_000, 60_000, 3_600_000, 86_400_000
_NEW_YORK_OFFSET = timedelta(hours=-5)  # titles say ET; the daylight saving of a simulated venue is left out


def utc(ms: int) -> datetime:
    return datetime.fromtimestamp(ms // 1000, tz=UTC)


def eastern(ms: int) -> datetime:
    return utc(ms) + _NEW_YORK_OFFSET


def iso(ms: int) -> str:
    """2026-11-24T07:22:32Z"""
    return f"{utc(ms):%Y-%m-%dT%H:%M:%SZ}"


def iso_micros(ms: int) -> str:
    """2026-11-24T07:22:32.123456Z: creation stamps carry microseconds."""
    return f"{utc(ms):%Y-%m-%dT%H:%M:%S}.{ms % 1000:03d}{ms * 7919 % 1000:03d}Z"


def seconds_text(ms: int) -> str:
    """2026-11-24 07:22:32: what the venue puts before a short offset."""
    return f"{utc(ms):%Y-%m-%d %H:%M:%S}"


def day(ms: int) -> str:
    return f"{utc(ms):%Y-%m-%d}"


def day_in_words(ms: int) -> str:
    """December 31"""
    moment = eastern(ms)
    return f"{moment:%B} {moment.day}"


def hour_in_words(ms: int) -> str:
    """7:55PM"""
    moment = eastern(ms)
    return f"{moment.hour % 12 or 12}:{moment:%M%p}"


def wall_ms() -> int:
    return time.time_ns() // 1_000_000


@dataclass(frozen=True, slots=True, kw_only=True)
class VenueClock:
    """Simulated time as a function of the wall clock: it runs on while the process is down."""

    epoch_ms: int  # the instant, on both clocks, of the first start
    speed: float = 1.0
    wall: Callable[[], int] = wall_ms

    def now_ms(self) -> int:
        return self.epoch_ms + int((self.wall() - self.epoch_ms) * self.speed)
