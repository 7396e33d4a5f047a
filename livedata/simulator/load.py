"""Extra traffic for benchmarks: as many messages a second as asked for, over whatever is watched.

Small orders come and go some ticks behind the best prices, so the books stay true and their hashes
verify. Unlike the agents' flow it follows the wall clock and the books: a loaded world is not the same twice.
"""

from collections import deque
from random import Random

from livedata.simulator.live import LiveMarket
from livedata.simulator.venue import Orders, Venue
from markets.core.book import Side
from markets.core.units import ONE

PER_SECOND_MAX = 20_000
_BACKLOG_MAX = 4_000  # frames that the slowest client has not been sent yet; more load would cut it off
_CATCH_UP_S = 0.25  # what could not be told for longer than this is left out
_CHANGES, _CHANGES_MAX = 4, 40  # of one step
_STEPS_PER_SECOND = 100  # of one market, before its steps become larger
_STANDING_MAX = 40  # extra orders in one book
_BEHIND, _REACH = 3, 25  # ticks
_CENTS = ONE // 100
_IDS = 1 << 41  # agents never count so far


class Load:
    """Counts what it has told in `told_count`. Call `push` often, with the venue's lock held."""

    def __init__(self, venue: Venue, *, per_second: int, seed: int = 0) -> None:
        if not 0 < per_second <= PER_SECOND_MAX:
            raise ValueError(f"a load is 1 to {PER_SECOND_MAX} messages a second")
        self.told_count = 0
        self._venue, self._per_second = venue, per_second
        self._random = Random(seed)
        self._standing: dict[str, deque[int]] = {}  # extra orders by market, the oldest first
        self._ids = 0
        self._turn = 0
        self._pushed_s: float | None = None
        self._owed = 0.0

    def push(self, now_s: float, *, backlog: int) -> None:
        """Tell what is due by now. `now_s` is any steady clock."""
        gone_s = now_s - (self._pushed_s if self._pushed_s is not None else now_s)
        self._pushed_s = now_s
        self._owed = min(self._owed + gone_s * self._per_second, _CATCH_UP_S * self._per_second)
        markets = self._venue.watched_markets()
        for condition_id in self._standing.keys() - {live.listing.condition_id for live in markets}:
            del self._standing[condition_id]
        if not markets or backlog > _BACKLOG_MAX:
            return
        wanted = self._per_second // (_STEPS_PER_SECOND * len(markets))
        changes = min(max(_CHANGES, wanted), _CHANGES_MAX)
        # Bounded, for a step whose orders meet each other may change nothing that is shown.
        for _ in range(int(self._owed / changes) + 1):
            if self._owed < changes:
                break
            self._turn = (self._turn + 1) % len(markets)
            told = self._step(markets[self._turn], changes)
            self._owed -= told
            self.told_count += told

    def _step(self, live: LiveMarket, changes: int) -> int:
        """One engine step of so many changed levels; returns how many frames it made for everybody."""
        standing = self._standing.setdefault(live.listing.condition_id, deque())
        cancels = [standing.popleft() for _ in range(min(changes // 2, len(standing) - _STANDING_MAX // 2))]
        places = []
        for _ in range(changes - len(cancels)):
            if order := self._order(live):
                places.append(order)
                standing.append(order[0])
        frames = self._venue.step(live, self._venue.now_ms, Orders(cancels=cancels, places=places))
        return sum(not frame.custom for frame in frames)

    def _order(self, live: LiveMarket) -> tuple[int, Side, int, int] | None:
        """A small order behind the best price of a side; None where there is no room or no price."""
        draw = self._random.random
        side = Side.BUY if draw() < 0.5 else Side.SELL
        best, tick = live.best[side is Side.SELL], live.book.tick_micros
        if best is None:
            return None
        away = (_BEHIND + int(_REACH * draw())) * tick
        price = best - away if side is Side.BUY else best + away
        if not tick <= price <= ONE - tick:
            return None
        self._ids += 1
        return _IDS + 2 * self._ids + int(draw() < 0.5), side, price, (500 + int(9_500 * draw())) * _CENTS
