"""The frames of one timestamp, while more of them may come."""

from livedata.core.prints import Shrinkage
from livedata.core.steps import Change, Print
from livedata.core.wire import BESTS, PriceChange
from markets.core.book import OrderBook, Side
from markets.core.units import ONE


class OpenStep:
    """What one step of the venue has done to a book so far.

    Closing it says what is new; a later frame of the same timestamp opens it again. The defaults stand
    on the class because a step is made for nearly every frame.
    """

    open = False  # it holds frames that no close has said
    whole = False  # a whole book came with it
    suspect = False  # a frame came that may be a repeat: only the hash can say whether the book is right
    said: PriceChange | None = None  # the newest entry of token 0: best prices and hash
    said_1: PriceChange | None = None
    hash_0 = hash_1 = ""  # the venue's hash of either token's book after the step
    prints: tuple[Print, ...] = ()  # not laid yet
    closed_changes: tuple[Change, ...] = ()  # what earlier closes have said
    closed_before: tuple[dict[int, int], ...] = ()  # `bids_before` and `asks_before` of earlier closes
    _shrinkage: Shrinkage | None = None

    def __init__(self, stamp_ms: int, *, after: "OpenStep | None" = None) -> None:
        """`after` is the step before, when this one begins with a trade: the book is still that one's."""
        self.stamp_ms = self.book_stamp_ms = stamp_ms
        self.bids_before: dict[int, int] = {}  # changed since the last close, and what stood there
        self.asks_before: dict[int, int] = {}
        if after is not None:
            self.book_stamp_ms = after.book_stamp_ms
            self.hash_0, self.hash_1 = after.hash_0, after.hash_1

    def move_book(self) -> None:
        """From here on the step is more than trades."""
        if self.book_stamp_ms != self.stamp_ms:
            self.book_stamp_ms = self.stamp_ms
            self.hash_0 = self.hash_1 = ""

    def touches(self, side: Side, price_micros: int) -> bool:
        """Whether the step has changed this level already."""
        is_ask = int(side is Side.SELL)
        both = (*self.closed_before, self.bids_before, self.asks_before)
        return any(price_micros in before for before in both[is_ask::2])

    def agrees(self, *, best_bid_micros: int, best_ask_micros: int) -> bool:
        """Whether these are the best prices that the newest frame names; 0 and ONE for empty sides.

        Raises ValueError when it names no prices.
        """
        if (said := self.said) is not None:
            if said.best_bid is None or said.best_ask is None:
                return True
            bid, ask = BESTS[said.best_bid], BESTS[said.best_ask]
            return (bid or 0) == best_bid_micros and (ask or ONE) == best_ask_micros
        if (said := self.said_1) is not None:
            if said.best_bid is None or said.best_ask is None:
                return True
            bid, ask = BESTS[said.best_bid], BESTS[said.best_ask]
            return ONE - (ask or ONE) == best_bid_micros and ONE - (bid or 0) == best_ask_micros
        return True

    def close(self, book: OrderBook) -> tuple[tuple[Change, ...], tuple[Print, ...]]:
        """What is new since the last close: levels that differ, and prints laid over those that shrank."""
        self.open = False
        changes = self._changes(book)
        prints: tuple[Print, ...] = ()  # not laid yet
        if self.prints or self._shrinkage is not None:
            if self._shrinkage is None:
                self._shrinkage = Shrinkage()
                self._shrinkage.add(self.closed_changes)
            self._shrinkage.add(changes)
            prints, self.prints = self._shrinkage.lay(self.prints)
        self.closed_changes += changes
        self.closed_before += (self.bids_before, self.asks_before)
        self.bids_before, self.asks_before = {}, {}
        return changes, prints

    def _changes(self, book: OrderBook) -> tuple[Change, ...]:
        changes = []
        for side, before_by_price, sizes in (
            (Side.BUY, self.bids_before, book.bids),
            (Side.SELL, self.asks_before, book.asks),
        ):
            for price, before in before_by_price.items():
                after = sizes.get(price, 0)
                if after != before:
                    changes.append(Change(side, price, before, after))
        return tuple(changes)
