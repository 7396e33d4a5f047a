"""The venue's market-socket frames and order books, read into typed values. Nothing else reads that JSON.

Text stays text until somebody needs the number: a frame carries every change twice, so half of its
numbers are never looked at. The tables below turn text into micros, strictly: corrupt data is worse than
no data, so what is no plain number in range raises ValueError and costs the market its book.

Source: docs.polymarket.com, "Market channel" and "Order book" (2026-08), and recorded frames.
"""

from collections import Counter
from collections.abc import Callable, Sequence
from typing import Annotated, TypeVar

import msgspec

from markets.core.book import OrderBook, Side
from markets.core.units import MICROS_MAX, ONE

Stamp = Annotated[int, msgspec.Meta(ge=0, lt=10**14)]  # milliseconds since 1970, sent as text
_WHOLE_DIGITS_MAX = 10
_SCALES: tuple[int, ...] = (
    10**6,
    10**5,
    10**4,
    1_000,
    100,
    10,
    1,
)  # what makes a number of so many decimals micros


class Level(msgspec.Struct, gc=False):
    price: str
    size: str


class Book(msgspec.Struct, gc=False, tag_field="event_type", tag="book"):
    """A whole book: of REST, on subscribing, or after a trade (then without the last four fields).

    Bids ascend and asks descend, the best is last: {"market": "0x…", "asset_id": "7132…", "timestamp":
    "1795500000123", "hash": "4db2…", "bids": [{"price": "0.3", "size": "100"}], "asks": […], …}
    """

    market: str
    asset_id: str
    timestamp: Stamp  # of the last change, maybe minutes ago
    bids: list[Level]
    asks: list[Level]
    hash: str = ""
    min_order_size: str | None = None
    tick_size: str | None = None
    neg_risk: bool | None = None
    last_trade_price: str | None = None  # "0.500"; "" when the market never traded


class PriceChange(msgspec.Struct, gc=False):
    """One level's new whole size, and the state of its token's book after the venue's whole step."""

    asset_id: str
    price: str
    size: str
    side: Side
    hash: str = ""
    best_bid: str | None = None
    best_ask: str | None = None


class PriceChanges(msgspec.Struct, gc=False, tag_field="event_type", tag="price_change"):
    market: str
    timestamp: Stamp
    price_changes: list[PriceChange]


class LastTradePrice(msgspec.Struct, gc=False, tag_field="event_type", tag="last_trade_price"):
    """A print; `side` is the taker's, on this token."""

    market: str
    asset_id: str
    price: str
    size: str
    side: Side
    timestamp: Stamp
    transaction_hash: str | None = None


class TickSizeChange(msgspec.Struct, gc=False, tag_field="event_type", tag="tick_size_change"):
    market: str
    asset_id: str
    new_tick_size: str
    timestamp: Stamp


class BestBidAsk(msgspec.Struct, gc=False, tag_field="event_type", tag="best_bid_ask"):
    """Comes before the change that explains it, sometimes stamped 1 ms later; good for nothing here."""

    market: str
    timestamp: Stamp
    asset_id: str = ""


class NewMarket(msgspec.Struct, gc=False, tag_field="event_type", tag="new_market"):
    market: str
    slug: str = ""


class MarketResolved(msgspec.Struct, gc=False, tag_field="event_type", tag="market_resolved"):
    market: str
    winning_asset_id: str | None = None


class Bad(msgspec.Struct, gc=False):
    """An event that moves books and cannot be read; `market` is "" when not even that can be told."""

    market: str
    reason: str


Event = Book | PriceChanges | LastTradePrice | TickSizeChange | BestBidAsk | NewMarket | MarketResolved
_MOVES_BOOKS = {"book", "price_change", "last_trade_price", "tick_size_change"}
_NO_JSON = {b"INVALID OPERATION", b"PONG"}  # the venue's few frames of plain text


class _Peek(msgspec.Struct, gc=False):
    event_type: object = None
    market: object = None


# Not strict: an integer may stand in quotes. What is declared as text must still be text.
_events = msgspec.json.Decoder(Event | list[Event], strict=False)
_event = msgspec.json.Decoder(Event, strict=False)
_peek = msgspec.json.Decoder(_Peek)
_pieces = msgspec.json.Decoder(list[msgspec.Raw])
_book = msgspec.json.Decoder(Book, strict=False)
_books = msgspec.json.Decoder(list[Book], strict=False)


class Reader:
    """Reads the frames of one socket and counts what it left out."""

    def __init__(self) -> None:
        self.ignored: Counter[str] = Counter()  # by event type

    def read(self, frame: bytes) -> Sequence[Event | Bad]:
        """The events of a frame: one object or an array of them, with or without spaces.

        Unknown types are left out and counted. An event that moves books but cannot be read comes as
        `Bad`, in its place; so do frames in a shape that the venue has given up.
        """
        try:
            events = _events.decode(frame)
        except ValueError:
            return self._piecemeal(frame)
        return events if isinstance(events, list) else (events,)

    def _piecemeal(self, frame: bytes) -> list[Event | Bad]:
        if frame.strip() in _NO_JSON:
            self.ignored["text"] += 1
            return []
        try:
            pieces = _pieces.decode(frame) if frame.lstrip()[:1] == b"[" else [frame]
        except ValueError as exc:
            return [Bad("", str(exc))]
        return [event for piece in pieces if (event := self._read_one(piece)) is not None]

    def _read_one(self, piece: bytes | msgspec.Raw) -> Event | Bad | None:
        try:
            peek = _peek.decode(piece)
        except ValueError as exc:
            return Bad("", str(exc))
        try:
            event: Event = _event.decode(piece)
            return event
        except ValueError as exc:
            if isinstance(peek.event_type, str) and peek.event_type not in _MOVES_BOOKS:
                self.ignored[peek.event_type] += 1
                return None
            return Bad(peek.market if isinstance(peek.market, str) else "", str(exc))


def split(frame: bytes) -> list[bytes]:
    """The events of a frame, each as it was sent. Raises ValueError."""
    return [bytes(piece) for piece in _pieces.decode(frame)] if frame.lstrip()[:1] == b"[" else [frame]


def read_book(body: bytes) -> Book:
    """The answer of GET /book. Raises ValueError."""
    return _book.decode(body)


def read_books(body: bytes) -> list[Book]:
    """The answer of POST /books; unknown ids are missing from it. Raises ValueError."""
    return _books.decode(body)


def read_micros(text: str) -> int:
    """A plain decimal of at most six places, in micros: "0.53" is 530_000. Raises ValueError."""
    whole, point, part = text.partition(".")
    digits = whole + part
    if not (
        digits.isdigit()
        and digits.isascii()
        and 0 < len(whole) <= _WHOLE_DIGITS_MAX
        and len(part) < len(_SCALES)
        and bool(part) == bool(point)
    ):
        raise ValueError(f"not a number: {text[:40]!r}")
    micros = int(digits) * _SCALES[len(part)]
    if micros > MICROS_MAX:
        raise ValueError(f"out of range: {text[:40]!r}")
    return micros


def read_price(text: str) -> int:
    """A price strictly between 0 and 1, in micros. Raises ValueError."""
    micros = read_micros(text)
    if not 0 < micros < ONE:
        raise ValueError(f"no price: {text[:40]!r}")
    return micros


def read_best(text: str) -> int | None:
    """The best price of a side; an empty side is written "", "0" or "1". Raises ValueError."""
    micros = read_micros(text) if text else 0
    return None if micros in (0, ONE) else read_price(text)


N = TypeVar("N")


class _Table(dict[str, N]):
    """Answers remembered by text: a feed repeats its numbers, and one look-up beats reading digits."""

    def __init__(self, read: Callable[[str], N], *, size_max: int) -> None:
        super().__init__()
        self._read = read
        self._size_max = size_max

    def __missing__(self, text: str) -> N:
        value = self._read(text)
        if len(self) >= self._size_max:
            self.clear()
        self[text] = value
        return value


PRICES = _Table(read_price, size_max=20_000)
SIZES = _Table(read_micros, size_max=50_000)
BESTS = _Table(read_best, size_max=20_000)


def read_levels(levels: Sequence[Level]) -> dict[int, int]:
    """Size by price. Raises ValueError, also when a price comes twice."""
    sizes = {PRICES[level.price]: SIZES[level.size] for level in levels}
    if len(sizes) != len(levels):
        raise ValueError("a price comes twice")
    if not all(sizes.values()):  # a level of no size is none
        return {price: size for price, size in sizes.items() if size}
    return sizes


def read_order_book(book: Book, *, outcome_index: int) -> OrderBook:
    """The book of either token, in outcome-0 coordinates. Raises ValueError."""
    bids, asks = read_levels(book.bids), read_levels(book.asks)
    if outcome_index == 0:
        return OrderBook.of(bids, asks)
    return OrderBook.of(
        {ONE - price: size for price, size in asks.items()},
        {ONE - price: size for price, size in bids.items()},
    )
