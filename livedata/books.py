"""The newest book of each followed market, for everybody but the feed, which writes them.

A reader either gets a book that its connection still feeds, or is told that it is stale: `fresh` raises,
`newest` says so in the view. All in outcome-0 coordinates.
"""

from collections.abc import Iterable
from dataclasses import dataclass

import msgspec
from django.conf import settings

from livedata.bus import bus
from livedata.core.steps import Print
from livedata.errors import StaleBook
from livedata.pulse import KEY as PULSE
from livedata.pulse import Pulse, read_pulse, wall_ms
from markets.core.book import OrderBook

CHANGED = "books"  # the channel; its messages are condition ids
TAPE_LENGTH = 50
NO_CONNECTION = 0  # a dropped book, or one that only REST has given


class BookRecord(msgspec.Struct, frozen=True, array_like=True):
    """A book as the feed stores it; sides are size by price, in micros."""

    condition_id: str
    connection: int
    seq: int
    stamp_ms: int
    received_ms: int
    hash: str
    tick_micros: int
    min_size_micros: int
    last_trade: str | None
    bids: dict[int, int]
    asks: dict[int, int]


class Tape(msgspec.Struct, frozen=True, array_like=True):
    """The newest public trades, newest last, as the venue printed them; `total` counts all so far."""

    total: int
    prints: list[Print]


@dataclass(frozen=True, slots=True, kw_only=True)
class BookView:
    condition_id: str
    book: OrderBook
    seq: int  # of the last step
    stamp_ms: int  # the venue's clock, when the book last changed
    hash: str  # the venue's own, of token 0's book; "" when it sent none
    tick_micros: int
    min_size_micros: int
    last_trade: str | None  # as the venue writes it: "0.530", "" before the first, None while unknown
    connection: int
    fresh: bool
    age_ms: int  # how long ago this was known to be the venue's book; of a stale one, at most


_records = msgspec.msgpack.Decoder(BookRecord)
_tapes = msgspec.msgpack.Decoder(Tape)


def book_key(condition_id: str) -> str:
    return f"book:{condition_id}"


def tape_key(condition_id: str) -> str:
    return f"prints:{condition_id}"


def newest(condition_id: str) -> BookView | None:
    """The newest book, stale or not; None when the feed never had one."""
    return many([condition_id]).get(condition_id)


def fresh(condition_id: str) -> BookView:
    """A book to trade on. Raises StaleBook when there is none."""
    view = newest(condition_id)
    if view is None:
        raise StaleBook(f"no book of {condition_id} yet")
    if not view.fresh:
        raise StaleBook(f"the book of {condition_id} is {view.age_ms} ms old")
    return view


def many(condition_ids: Iterable[str]) -> dict[str, BookView]:
    """The newest book of each market that has one, in one trip to the bus."""
    keys = [book_key(condition_id) for condition_id in condition_ids]
    pulse_raw, *raws = bus().get_many([PULSE, *keys])
    now_ms = wall_ms()
    pulse = read_pulse(pulse_raw, now_ms=now_ms)
    views = (_view(read_record(raw), pulse, now_ms) for raw in raws if raw is not None)
    return {view.condition_id: view for view in views}


def prints(condition_id: str) -> list[Print]:
    """The newest public trades, newest first."""
    return tape(condition_id).prints[::-1]


def tape(condition_id: str) -> Tape:
    raw = bus().get(tape_key(condition_id))
    return read_tape(raw)


def read_record(raw: bytes) -> BookRecord:
    return _records.decode(raw)


def read_tape(raw: bytes | None) -> Tape:
    return Tape(total=0, prints=[]) if raw is None else _tapes.decode(raw)


def _view(record: BookRecord, pulse: Pulse, now_ms: int) -> BookView:
    heartbeat = pulse.connections.get(record.connection)
    heard_ms = record.received_ms if heartbeat is None else max(heartbeat.heard_ms, record.received_ms)
    age_ms = max(0, now_ms - heard_ms)
    return BookView(
        condition_id=record.condition_id,
        book=OrderBook.of(record.bids, record.asks),
        seq=record.seq,
        stamp_ms=record.stamp_ms,
        hash=record.hash,
        tick_micros=record.tick_micros,
        min_size_micros=record.min_size_micros,
        last_trade=record.last_trade,
        connection=record.connection,
        fresh=heartbeat is not None and age_ms <= 1_000 * settings.FEED_STALE_SECONDS,
        age_ms=age_ms,
    )
