"""A market as the feed and the catalogue would have it, for tests that need neither.

Books and steps are written to the bus just as the feed writes them; `Feed` is its pen.
"""

import hashlib
from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import Any

import msgspec

from livedata.books import BookRecord, book_key
from livedata.bus import bus
from livedata.core.steps import Change, Print, Step
from livedata.pulse import KEY, Heartbeat, Pulse, wall_ms, write_pulse
from markets.core.book import OrderBook, Side
from markets.core.units import ONE, to_micros
from markets.models import Market
from tests.make import levels


def make_market(slug: str = "will-it-rain", *, fee_rate: str = "0.05", **fields: Any) -> Market:
    """A row of the catalogue; ids follow from the slug."""
    digest = hashlib.sha256(slug.encode()).hexdigest()
    rate = to_micros(fee_rate)
    given = {
        "id": str(int(digest[:8], 16)),
        "condition_id": f"0x{digest}",
        "slug": slug,
        "question": slug.replace("-", " ").capitalize() + "?",
        "outcomes": ["Yes", "No"],
        "outcome_0": "Yes",
        "outcome_1": "No",
        "token_0": str(int(digest, 16)),
        "token_1": str(int(digest, 16) + 1),
        "fee_rate_micros": rate,
        "fee_source": "schedule" if rate else "none",
        **fields,
    }
    return Market.objects.create(**given)


@dataclass(slots=True)
class Feed:
    """Writes books and steps to the bus as the feed does."""

    connection: int = 1
    _books: dict[str, OrderBook] = field(default_factory=dict)
    _seqs: dict[str, int] = field(default_factory=dict)

    def show(
        self,
        market: Market,
        bids: str,
        asks: str,
        *,
        stamp_ms: int | None = None,
        tick: str = "0.01",
        prints: str | Sequence[Print] = "",
        snapshot: bool = False,
    ) -> None:
        """The market's book is now this one; levels as "0.49x50 0.48x100", prints as "SELL 0.49x20"."""
        now_ms = wall_ms()
        book, before = (
            OrderBook(levels(bids), levels(asks)),
            self._books.get(market.condition_id, OrderBook()),
        )
        seq = self._seqs[market.condition_id] = self._seqs.get(market.condition_id, 0) + 1
        self._books[market.condition_id] = book
        record = BookRecord(
            condition_id=market.condition_id,
            connection=self.connection,
            seq=seq,
            stamp_ms=now_ms if stamp_ms is None else stamp_ms,
            received_ms=now_ms,
            hash=f"hash-{seq}",
            tick_micros=to_micros(tick),
            min_size_micros=5 * ONE,
            last_trade="",
            bids=dict(book.bids),
            asks=dict(book.asks),
        )
        step = Step(
            condition_id=market.condition_id,
            seq=seq,
            stamp_ms=record.stamp_ms,
            received_ms=now_ms,
            connection=self.connection,
            snapshot=snapshot or seq == 1,
            changes=tuple(_changes(OrderBook() if snapshot else before, book)),
            prints=tuple(_prints(prints, record.stamp_ms, seq) if isinstance(prints, str) else prints),
            hash=record.hash,
        )
        bus().put(book_key(market.condition_id), msgspec.msgpack.encode(record))
        bus().append("steps", msgspec.msgpack.encode(step))
        self.beat()

    def beat(self, *, passed_ms: int | None = None, alive: bool = True) -> None:
        """The connection lives, and has passed every event up to `passed_ms` (default: far ahead)."""
        now_ms = wall_ms()
        heart = Heartbeat(heard_ms=now_ms, passed_ms=now_ms + 10_000_000 if passed_ms is None else passed_ms)
        # Written ahead: a test may take longer than a feed may be silent.
        pulse = Pulse(written_ms=now_ms + 600_000, connections={self.connection: heart} if alive else {})
        bus().put(KEY, write_pulse(pulse))


def _prints(text: str, stamp_ms: int, seq: int) -> list[Print]:
    words = text.split()
    return [
        Print(Side(side), level.price_micros, level.size_micros, stamp_ms, f"0x{seq}{number}")
        for number, (side, size) in enumerate(zip(words[::2], words[1::2], strict=True))
        for level in levels(size)
    ]


def _changes(before: OrderBook, after: OrderBook) -> list[Change]:
    return [
        Change(side, price, before.sizes(side).get(price, 0), after.sizes(side).get(price, 0))
        for side in Side
        for price in sorted({*before.sizes(side), *after.sizes(side)})
        if before.sizes(side).get(price, 0) != after.sizes(side).get(price, 0)
    ]
