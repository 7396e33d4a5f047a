"""One market while it trades: its book, what the book shows, its last trade and its newest prints."""

from collections import deque
from dataclasses import dataclass
from functools import lru_cache
from hashlib import sha1

from livedata.simulator.engine import Book, Fill
from livedata.simulator.listings import Listing
from markets.core.book import Side
from markets.core.units import ONE, from_micros

PRINTS_KEPT = 200

price_text = lru_cache(maxsize=8_192)(from_micros)


@dataclass(frozen=True, slots=True, kw_only=True)
class Taker:
    """An order that wants to trade now, in outcome 0's coordinates, and the token it is placed on."""

    side: Side
    limit_micros: int
    size_micros: int
    outcome_index: int = 0
    order_id: int = 0  # when it may rest; 0 kills the remainder
    wallet: int = 0


@dataclass(frozen=True, slots=True, kw_only=True)
class Print:
    """A public trade as the venue tells it: in the coordinates of the taker's own token."""

    token_id: str
    outcome_index: int
    side: Side
    price_micros: int
    size_micros: int
    stamp_ms: int
    transaction_hash: str
    wallet: int


@dataclass(frozen=True, slots=True, kw_only=True)
class Change:
    """A displayed level's new size, in outcome 0's coordinates; 0 when it is gone."""

    side: Side
    price_micros: int
    size_micros: int


@dataclass(frozen=True, slots=True)
class Face:
    """One token's view of the book as JSON text, and the hash that stands for it."""

    bids: str
    asks: str
    hash: str


@lru_cache(maxsize=16_384)
def _level(price_micros: int, size_micros: int) -> str:
    return f'{{"price":"{from_micros(price_micros)}","size":"{from_micros(size_micros)}"}}'


class LiveMarket:
    """A listing with a book."""

    __slots__ = ("_faces", "best", "book", "clock_ms", "last_trade", "listing", "prints", "shown", "stamp_ms")

    def __init__(self, listing: Listing, *, tick_micros: int, stamp_ms: int) -> None:
        self.listing = listing
        self.book = Book(tick_micros)
        self.shown: dict[Side, dict[int, int]] = {Side.BUY: {}, Side.SELL: {}}
        self.best: tuple[int | None, int | None] = (None, None)
        self.stamp_ms = stamp_ms  # of the last change of the book
        self.clock_ms = stamp_ms  # how far its flow has been drawn
        self.last_trade = ""
        self.prints: deque[Print] = deque(maxlen=PRINTS_KEPT)
        self._faces: tuple[Face, Face] | None = None

    @property
    def midpoint(self) -> int | None:
        bid, ask = self.best
        return None if bid is None or ask is None else (bid + ask) // 2

    def best_of(self, outcome_index: int) -> tuple[int | None, int | None]:
        """Best bid and ask in that outcome's own coordinates."""
        bid, ask = self.best
        if outcome_index == 0:
            return bid, ask
        return None if ask is None else ONE - ask, None if bid is None else ONE - bid

    def close_step(self, stamp_ms: int) -> list[Change]:
        """Show what the engine did since the last step, stamped with this instant."""
        changes = []
        for side, price in self.book.drain():
            size, levels = self.book.shown(side, price), self.shown[side]
            if size == levels.get(price, 0):
                continue
            if size:
                levels[price] = size
            else:
                del levels[price]
            changes.append(Change(side=side, price_micros=price, size_micros=size))
        if changes:
            self.stamp_ms = stamp_ms
            self.best = (max(self.shown[Side.BUY], default=None), min(self.shown[Side.SELL], default=None))
            self._faces = None
        return changes

    def record(self, made: Print) -> None:
        self.prints.append(made)
        # Three decimals, the same number on both tokens: recordings, 79 of 79 pairs.
        self.last_trade = f"{made.price_micros / ONE:.3f}"
        self._faces = None

    def restamp(self, stamp_ms: int) -> None:
        self.stamp_ms = stamp_ms
        self._faces = None

    def set_tick(self, tick_micros: int) -> None:
        self.book.tick_micros = tick_micros
        self._faces = None

    def face(self, outcome_index: int) -> Face:
        """What one token's subscribers see."""
        if self._faces is None:
            bids = sorted(self.shown[Side.BUY].items())
            asks = sorted(self.shown[Side.SELL].items(), reverse=True)
            self._faces = (self._face(0, bids, asks), self._face(1, asks, bids))
        return self._faces[outcome_index]

    def _face(self, outcome_index: int, bids: list[tuple[int, int]], asks: list[tuple[int, int]]) -> Face:
        """`bids` rise and `asks` fall in outcome 0's prices; swapped, they are outcome 1's."""
        if outcome_index:
            texts = [",".join([_level(ONE - price, size) for price, size in side]) for side in (bids, asks)]
        else:
            texts = [",".join([_level(price, size) for price, size in side]) for side in (bids, asks)]
        listing = self.listing
        told = (
            f'{{"market":"{listing.condition_id}","asset_id":"{listing.token_ids[outcome_index]}",'
            f'"timestamp":"{self.stamp_ms}","hash":"","bids":[{texts[0]}],"asks":[{texts[1]}],{self.tail()}}}'
        )
        return Face(texts[0], texts[1], sha1(told.encode(), usedforsecurity=False).hexdigest())

    def tail(self) -> str:
        """The fields of a REST book after its levels."""
        neg_risk = "true" if self.listing.event.neg_risk else "false"
        return (
            f'"min_order_size":"{self.listing.min_size}","tick_size":"{price_text(self.book.tick_micros)}",'
            f'"neg_risk":{neg_risk},"last_trade_price":"{self.last_trade}"'
        )


def fee_micros(listing: Listing, fill: Fill) -> int:
    """What the taker pays on one fill: shares x rate x p x (1 - p), to 0.00001 USDC."""
    fees = listing.event.fees
    if fees is None:
        return 0
    price = fill.price_micros / ONE
    return round(fill.size_micros / ONE * fees.rate * price * (1 - price) * 100_000) * 10
