"""Public trades of one market: each counted once, and laid over the levels that it took.

The venue may print a sweep once or once per level, prints a mint on both tokens, and repeats itself
after a reconnect (docs/fill-model.md, "Steps").
"""

from collections import OrderedDict
from collections.abc import Hashable, Iterable, Sequence

from livedata.core.steps import Change, Print
from markets.core.book import Side

_REMEMBERED = 1_000


class Seen:
    """The newest prints of a market, to tell a repeat from a new one."""

    def __init__(self) -> None:
        self._keys: OrderedDict[Hashable, None] = OrderedDict()

    def is_new(self, trade: Print) -> bool:
        """False for a repeat: the same transaction or the same instant, at one price and size.

        A transaction alone is not enough: one sweep is one transaction, and may be printed per level.
        The taker's side is not looked at: a mint is printed as a buy of both tokens.
        """
        where = (trade.price_micros, trade.size_micros)
        keys: list[Hashable] = [(trade.stamp_ms, where)]
        if trade.transaction_hash:
            keys.append((trade.transaction_hash, where))
        known = any(key in self._keys for key in keys)
        for key in keys:
            self._keys[key] = None
        while len(self._keys) > _REMEMBERED:
            self._keys.popitem(last=False)
        return not known


class Shrinkage:
    """By how much each level has shrunk within one step, less what prints have explained so far."""

    def __init__(self) -> None:
        self._left: dict[Side, dict[int, int]] = {Side.BUY: {}, Side.SELL: {}}
        self._any_change = False
        self._takers: dict[Side, Side] = {}  # by the side that prints name: the side it was found to be

    def add(self, changes: Iterable[Change]) -> None:
        for change in changes:
            self._any_change = True
            shrunk = change.before_micros - change.after_micros
            if shrunk > 0:
                sizes = self._left[change.side]
                sizes[change.price_micros] = sizes.get(change.price_micros, 0) + shrunk

    def lay(self, prints: Sequence[Print]) -> tuple[tuple[Print, ...], tuple[Print, ...]]:
        """The printed volume where it was taken: over the levels that shrank, best first. And what is left.

        That side is the makers'. Where prints and shrinking disagree, the smaller volume counts; but a step
        may go on after it has looked whole, and levels that shrink then take what is left. In a step that
        changed no level a print counts as it stands.
        """
        if not self._any_change:
            return tuple(prints), ()
        laid: list[Print] = []
        left: list[Print] = []
        for taker in Side:
            self._lay_one_side([trade for trade in prints if trade.taker_side is taker], laid, left)
        return tuple(laid), tuple(left)

    def _lay_one_side(self, prints: Sequence[Print], laid: list[Print], left: list[Print]) -> None:
        if not prints:
            return
        said = prints[0].taker_side
        taker = self._takers.get(said, said)
        if said not in self._takers and not self._left[taker.opposite] and self._left[taker]:
            taker = taker.opposite  # only the other side shrank: that is where the makers were
        sizes = self._left[taker.opposite]
        for trade in prints:
            open_micros = trade.size_micros
            for price in sorted(sizes, reverse=taker is Side.SELL):
                taken = min(open_micros, sizes[price])
                open_micros -= taken
                sizes[price] -= taken
                if not sizes[price]:
                    del sizes[price]
                if taken:
                    self._takers[said] = taker
                    laid.append(Print(taker, price, taken, trade.stamp_ms, trade.transaction_hash))
                if not open_micros:
                    break
            if open_micros:
                left.append(
                    Print(said, trade.price_micros, open_micros, trade.stamp_ms, trade.transaction_hash)
                )
