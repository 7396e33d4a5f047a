"""Which shrinking of a level belongs to which print, when they did not come in one step.

A trade must never advance a queue by twice its size, and never by nothing: a print and a level that
shrinks within the window, in either order, are one trade (docs/fill-model.md, "Steps").
"""

from collections import deque
from dataclasses import dataclass, field

from markets.core.book import Side
from trading.core.resting import Place, Resting
from trading.core.volume import Printed


@dataclass(slots=True)
class Shrunk:
    """A level that shrank without a print; one that comes later may be the reason."""

    stamp_ms: int
    side: Side
    price_micros: int
    left_micros: int  # not explained yet
    advanced: dict[Place, int] = field(default_factory=dict)  # by how much it moved each queue


@dataclass(slots=True)
class _Alone:
    """A print whose level has not shrunk yet."""

    stamp_ms: int
    side: Side  # the maker's
    price_micros: int
    left_micros: int


class Unexplained:
    """One market's, as long as the window lasts."""

    def __init__(self, window_ms: int) -> None:
        self._window_ms = window_ms
        self._shrunk: deque[Shrunk] = deque()
        self._alone: deque[_Alone] = deque()

    def clear(self) -> None:
        self._shrunk.clear()
        self._alone.clear()

    def keep(self, entry: Shrunk) -> None:
        self._shrunk.append(entry)

    def explain(self, printed: Printed, *, stamp_ms: int) -> list[tuple[Shrunk, int]]:
        """Which earlier shrinking these lone prints are the reason of, and how much of it."""
        self._prune(stamp_ms)
        explained = []
        for price, size in printed.sizes.items():
            left = size
            for entry in self._shrunk:
                if left and entry.price_micros == price and entry.side is printed.maker_side:
                    part = min(left, entry.left_micros)
                    entry.left_micros -= part
                    left -= part
                    explained.append((entry, part))
            if left:
                self._alone.append(_Alone(stamp_ms, printed.maker_side, price, left))
        return explained

    def account(self, side: Side, price_micros: int, size_micros: int, *, stamp_ms: int) -> int:
        """How much of a level's shrinking no earlier print within the window is the reason of."""
        self._prune(stamp_ms)
        for alone in self._alone:
            if size_micros > 0 and alone.price_micros == price_micros and alone.side is side:
                part = min(size_micros, alone.left_micros)
                alone.left_micros -= part
                size_micros -= part
        return max(0, size_micros)

    def _prune(self, stamp_ms: int) -> None:
        oldest_ms = stamp_ms - self._window_ms
        while self._shrunk and self._shrunk[0].stamp_ms < oldest_ms:
            self._shrunk.popleft()
        while self._alone and self._alone[0].stamp_ms < oldest_ms:
            self._alone.popleft()


def known_micros(
    explained: list[tuple[Shrunk, int]], resting: Resting, place: Place, price_micros: int
) -> int:
    """How much of a lone print at a price has moved this queue before, as a level that shrank."""
    known = 0
    for entry, part in explained:
        if entry.price_micros != price_micros:
            continue
        if resting.since_ms >= entry.stamp_ms:
            known += part  # who came to rest after the level shrank stood behind that trade
        elif place in entry.advanced:
            moved = min(part, entry.advanced[place])
            entry.advanced[place] -= moved
            known += moved
    return known
