"""The flow of one market of a given profile, drawn once and for all from a seed.

Nothing in it depends on a book, so the same submissions may be carried out as often as one likes, with
a stranger's order among them or without.
"""

from collections.abc import Iterator
from heapq import heappop, heappush
from math import exp, log
from typing import NamedTuple

from livedata.simulator.agents import CELL_MS, QUOTE, Act, Trader, acts, news_ms_of
from livedata.simulator.draw import Bridge, gauss, mix, unit, wobble
from livedata.simulator.listings import EventListing, Listing
from livedata.simulator.profiles import Profile, crew
from livedata.simulator.times import DAY, HOUR, MINUTE
from livedata.simulator.venue import Orders

APART_MS = 4  # between two submissions: a stranger's order finds an instant of its own between them
_FARTHEST = 2.2  # of log-odds: prices keep away from where ticks become finer
_GRAIN_MS = 250  # as fine as agents look
_WOBBLES = ((20 * MINUTE, 0.25), (2 * MINUTE, 0.12), (20_000, 0.06))  # against the volatility


class Submission(NamedTuple):
    """What reaches the engine at one instant. Stamps rise, at least `APART_MS` apart."""

    stamp_ms: int
    orders: Orders


def news(profile: Profile, *, seed: int, start_ms: int, end_ms: int) -> tuple[tuple[float, float], ...]:
    """News as an event's (share of its life, size), for an event that opened a day before `start_ms`."""
    if profile.news_every_ms is None:
        return ()
    open_ms, told, at_ms = start_ms - DAY, list[tuple[float, float]](), start_ms
    while True:
        # Never two within the same burst of takers.
        at_ms += MINUTE // 2 - int(profile.news_every_ms * log(1 - unit(seed, 0x2E5, len(told))))
        if at_ms >= end_ms:
            return tuple(told)
        size = profile.news_size * (0.4 + 1.2 * unit(seed, 0x2E6, len(told)))
        told.append(((at_ms - open_ms) / (end_ms - open_ms), size))


class Wander:
    """A fair value for a market without an end: Brownian motion in log-odds, with jumps at news."""

    def __init__(
        self, profile: Profile, event: EventListing, *, seed: int, start_ms: int, end_ms: int
    ) -> None:
        self._profile, self._seed = profile, seed
        self._start_ms, self._span_ms = start_ms, end_ms - start_ms
        self._bridge = Bridge(mix(seed, 0xFA), depth=max((self._span_ms // 4_000).bit_length(), 8))
        self._jumps = [
            (news_ms_of(event, when), size * (1 if mix(seed, 0xFB, number) & 1 else -1))
            for number, (when, size) in enumerate(event.news)
        ]
        self._begins = 2.4 * unit(seed, 0xFC) - 1.2

    def __call__(self, at_ms: int) -> float:
        at_ms -= at_ms % _GRAIN_MS
        profile, hours = self._profile, self._span_ms / HOUR
        gone = min(max((at_ms - self._start_ms) / self._span_ms, 0.0), 1.0)
        odds = self._begins + profile.drift * hours * gone
        path = self._bridge.at(gone) + gone * gauss(self._seed, 0xFD)
        odds += profile.volatility * hours**0.5 * path
        for period, size in _WOBBLES:
            odds += profile.volatility * size * wobble(self._seed ^ period, at_ms / period)
        odds += sum(size for news_ms, size in self._jumps if news_ms <= at_ms)
        return 1 / (1 + exp(-_folded(odds)))


def _folded(odds: float) -> float:
    """Odds that leave the range come back into it, as a ray comes back from a mirror."""
    turn = (odds + _FARTHEST) % (4 * _FARTHEST)
    return turn - _FARTHEST if turn <= 2 * _FARTHEST else 3 * _FARTHEST - turn


def drawn(
    listing: Listing, profile: Profile, fair: Wander, *, start_ms: int, end_ms: int
) -> list[Submission]:
    """Everything that is submitted from an empty book on, by time."""
    return list(_spaced(_orders(listing, profile, fair, start_ms, end_ms)))


def _orders(
    listing: Listing, profile: Profile, fair: Wander, start_ms: int, end_ms: int
) -> Iterator[tuple[int, Orders]]:
    pending: list[Act] = []
    trader = Trader(listing, pending, crew(listing, profile))
    tick_micros = listing.tick_micros
    yield start_ms, trader.background(fair(start_ms), tick_micros)
    for maker in trader.crew.makers:
        quoted: Act = (start_ms, QUOTE, maker.number, 0.0, 0.0, 0.0, 0.0)
        yield start_ms, trader.orders(quoted, fair, tick_micros)
    for cell in range(start_ms // CELL_MS, -(-end_ms // CELL_MS)):
        for act in acts(listing, trader.crew, cell):
            if act[0] > start_ms:
                heappush(pending, act)
        while pending and pending[0][0] < min((cell + 1) * CELL_MS, end_ms):
            act = heappop(pending)
            yield act[0], trader.orders(act, fair, tick_micros)


def _spaced(submitted: Iterator[tuple[int, Orders]]) -> Iterator[Submission]:
    stamp_ms = 0
    for at_ms, orders in submitted:
        if orders.cancels or orders.places or orders.takers:
            stamp_ms = max(at_ms, stamp_ms + APART_MS)
            yield Submission(stamp_ms, orders)
