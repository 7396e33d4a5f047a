"""The rhythm of the venue: how many slots there are of each kind of event, and how long theirs last."""

from collections.abc import Iterator
from dataclasses import dataclass

from livedata.simulator.draw import mix, unit
from livedata.simulator.series import SERIES, Windows
from livedata.simulator.times import DAY, HOUR, MINUTE

_BEFORE_MS = DAY  # series windows reach this far back before the first start


@dataclass(frozen=True, slots=True, kw_only=True)
class Kind:
    """So many slots of one template, and how many days their events last."""

    name: str
    slots: int
    days: tuple[float, float]


DEFAULT = (
    Kind(name="single", slots=330, days=(20, 95)),
    Kind(name="group", slots=64, days=(30, 140)),
    Kind(name="ladder", slots=60, days=(8, 60)),
    Kind(name="strikes", slots=10, days=(1.5, 8)),
    Kind(name="temperature", slots=24, days=(1.5, 3)),
    Kind(name="match", slots=116, days=(2, 4)),
    Kind(name="football", slots=78, days=(3, 7)),
    Kind(name="duel", slots=34, days=(1, 2)),
)
SMALL = tuple(
    Kind(name=kind.name, slots=2 if kind.name in ("single", "match") else 1, days=kind.days)
    for kind in DEFAULT
)


@dataclass(frozen=True, slots=True, kw_only=True)
class Slot:
    number: int
    kind: str
    period_ms: int
    first_ms: int  # opening of generation 0
    weight: float
    windows: Windows | None = None


def slots_of(seed: int, epoch_ms: int, kinds: tuple[Kind, ...]) -> Iterator[Slot]:
    """Every slot with its rhythm, and the weight of its flow: a heavy tail, like the venue's."""
    total = sum(kind.slots for kind in kinds)
    ranks = sorted(range(total), key=lambda index: mix(seed, 0x5107, index))
    slot = 0
    for kind in kinds:
        low, high = kind.days
        for _ in range(kind.slots):
            days = low * (high / low) ** unit(seed, 0xDA75, slot)
            period_ms = max(int(days * 24), 12) * HOUR
            running_ms = int(period_ms * unit(seed, 0x0FF5E7, slot)) // MINUTE * MINUTE
            first_ms = epoch_ms // MINUTE * MINUTE - running_ms - period_ms
            weight = (1 + ranks[slot] / 4) ** -0.95
            yield Slot(number=slot, kind=kind.name, period_ms=period_ms, first_ms=first_ms, weight=weight)
            slot += 1
    for windows in SERIES:
        first_ms = (epoch_ms - _BEFORE_MS) // windows.length_ms * windows.length_ms
        weight = 0.9 if windows.asset == "BTC" else 0.5
        yield Slot(
            number=slot,
            kind="updown",
            period_ms=windows.length_ms,
            first_ms=first_ms,
            weight=weight,
            windows=windows,
        )
        slot += 1
