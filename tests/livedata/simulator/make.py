"""Builders for the simulator's tests."""

from livedata.simulator.listings import EventListing, Listing, Phase
from livedata.simulator.slots import SMALL, Kind
from livedata.simulator.world import World

START_MS = 1_795_500_000_000  # 2026-11-24T07:20:00Z


def small_world(**facts) -> World:
    facts = {"seed": 7, "start_ms": START_MS, "kinds": SMALL} | facts
    return World(**facts)


def open_markets(world: World, kind: str = "") -> list[Listing]:
    """Open markets, the busiest first."""
    found = [
        listing
        for event in world.events()
        for listing in event.markets
        if world.phase(listing) is Phase.OPEN and kind in ("", event.kind)
    ]
    return sorted(found, key=lambda listing: -listing.weight)


def event_of(world: World, kind: str) -> EventListing:
    """An open event of a kind."""
    return open_markets(world, kind)[0].event


def world_of(kind: str, slots: int = 4, **facts) -> World:
    """A world of one kind of event."""
    days = {"match": (1, 1.01), "football": (1, 1.01), "duel": (1, 1.01), "temperature": (1.5, 1.51)}
    return small_world(kinds=(Kind(name=kind, slots=slots, days=days.get(kind, (20, 21))),), **facts)


class Recorder:
    """Keeps what a venue says."""

    def __init__(self, world) -> None:
        self.frames = []
        world.on_frames = self._keep

    def _keep(self, _listing, frames) -> None:
        self.frames += frames

    @property
    def texts(self) -> list[str]:
        return [frame.text for frame in self.frames]

    def of(self, kind: str) -> list[str]:
        return [text for text in self.texts if f'"event_type":"{kind}"' in text]
