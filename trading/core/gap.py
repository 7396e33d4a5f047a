"""What happened while nobody could see a market: prints learnt afterwards, for orders that rested by then.

Nothing is inferred unless one answer holds the last print before the gap and the first one after it, by
their transactions (docs/fill-model.md, "Resting", the row on gaps).
"""

from collections.abc import Sequence
from dataclasses import dataclass, field, replace

from livedata.core.steps import Print, Step
from markets.core.book import OrderBook
from trading.core.queue import MarketQueue
from trading.core.resting import MakerFill, Resting

KNOWN_MAX_MS = 60_000  # later than that nothing is made up
RESTED_MS_MIN = 2_000  # the venue's list of trades counts whole seconds


@dataclass(slots=True, kw_only=True)
class Gap:
    """A market's queues as they stood before a gap, and how to tell what is missing."""

    at_ms: int  # the venue's clock, of the book that ended it
    book: OrderBook  # before it
    before: dict[str, Resting]
    shown: dict[str, int]  # at each order's price, by the book that ended it
    last_hash: str  # transaction of the last print before it
    first_hash: str = ""  # … of the first after it, once there is one
    asked_ms: int = field(default=0)

    def due(self, now_ms: int, *, every_ms: int) -> bool:
        """Whether it is time to ask (again) for the prints in between."""
        return bool(self.first_hash) and now_ms - self.asked_ms >= every_ms

    def over(self, now_ms: int) -> bool:
        return now_ms - self.at_ms > KNOWN_MAX_MS


def open_gap(queue: MarketQueue, book_after: OrderBook, *, last_hash: str, at_ms: int) -> Gap:
    """Keep what is about to be bounded by the book that ends a gap."""
    return Gap(
        at_ms=at_ms,
        book=queue.book.copy(),
        before={resting.order_id: resting.less(0) for resting in queue},
        shown={
            resting.order_id: book_after.sizes(resting.side).get(resting.price_micros, 0) for resting in queue
        },
        last_hash=last_hash,
    )


def unseen(prints: Sequence[Print], gap: Gap) -> list[Print] | None:
    """Of the venue's newest prints, oldest first, those between the two we saw; None when one is missing."""
    hashes = [trade.transaction_hash for trade in prints]
    if gap.last_hash not in hashes or gap.first_hash not in hashes:
        return None
    start = len(hashes) - hashes[::-1].index(gap.last_hash)
    end = hashes.index(gap.first_hash)
    return list(prints[start:end])


def make_up(queue: MarketQueue, gap: Gap, prints: Sequence[Print], condition_id: str) -> list[MakerFill]:
    """Apply the missed prints to the queues as they were, and carry what differs over to today's.

    Prints come first and the bound last: a queue that the new book had bounded further stays there.
    """
    then = MarketQueue(gap.book.copy())
    for resting in gap.before.values():
        then.put(resting.less(0))
    moved = {resting.order_id: resting for resting in then}
    fills: list[MakerFill] = []
    for trade in prints:
        step = Step(condition_id, 0, trade.stamp_ms, trade.stamp_ms, 0, False, (), (trade,))
        fills += then.missed(step, rested_before_ms=trade.stamp_ms - RESTED_MS_MIN)
    done: list[MakerFill] = []
    for fill in fills:
        today = queue.get(fill.order_id)
        if today is None:
            continue
        place = today.place(fill.model)
        size = min(fill.size_micros, place.open_micros)
        if size:
            place.open_micros -= size
            done.append(replace(fill, resting=today, size_micros=size))
    for order_id, was in gap.before.items():
        today = queue.get(order_id)
        if today is not None:
            _carry_over(today, was, moved[order_id], shown_micros=gap.shown[order_id])
            queue.touched.add(today)
            if today.done:
                queue.remove(order_id)
    return done


def _carry_over(today: Resting, was: Resting, then: Resting, *, shown_micros: int) -> None:
    for now, before, after in zip(today.places, was.places, then.places, strict=True):
        passed = min(before.ahead_micros, shown_micros) - min(after.ahead_micros, shown_micros)
        now.ahead_micros = max(0, now.ahead_micros - passed)
