"""A recording while it plays: the clock that it shows, and the books as they stood at that instant."""

import time
from dataclasses import dataclass
from typing import Any

from livedata.core.bookhash import book_hash
from livedata.core.mirror import Mirror
from livedata.core.steps import MarketRef
from livedata.core.wire import (
    Bad,
    BestBidAsk,
    Book,
    LastTradePrice,
    MarketResolved,
    NewMarket,
    Reader,
    TickSizeChange,
    split,
)
from livedata.recording import Recording
from markets.core.book import Side
from markets.core.units import from_micros

_NAMES_TOKEN = (Book, LastTradePrice, TickSizeChange, BestBidAsk)
_CUSTOM = (BestBidAsk, NewMarket, MarketResolved)


@dataclass(frozen=True, slots=True, kw_only=True)
class Piece:
    """One recorded event as it goes out again."""

    condition_id: str
    token_id: str  # "": it concerns both
    custom: bool  # only for clients that asked for custom features
    text: str


class Stage:
    """Belongs to one event loop."""

    def __init__(self, recording: Recording, *, speed: float = 1.0) -> None:
        self.recording = recording
        self.speed = speed
        self.refs: dict[str, MarketRef] = recording.refs
        self.ended = False
        self._begun_s = time.monotonic()
        self._reader = Reader()
        self._mirrors = {condition_id: Mirror(ref) for condition_id, ref in self.refs.items()}
        self._by_token = {token: ref for ref in self.refs.values() for token in (ref.token_0, ref.token_1)}

    def begin(self) -> None:
        """Let the clock run from here."""
        self._begun_s = time.monotonic()

    @property
    def now_ms(self) -> int:
        """The recorder's clock."""
        return self.recording.begun_ms + round((time.monotonic() - self._begun_s) * 1_000 * self.speed)

    def seconds_until(self, recv_ms: int) -> float:
        return max(0.0, (recv_ms - self.now_ms) / 1_000 / self.speed)

    def play(self, frame: bytes, recv_ms: int) -> list[Piece]:
        """Bring the books up to this frame; returns its events. What cannot be read goes out as it is."""
        pieces = []
        try:
            parts = split(frame)
        except ValueError:
            return []
        for part in parts:
            for event in self._reader.read(part):
                mirror = self._mirrors.get(event.market)
                if mirror is not None and not isinstance(event, Bad):
                    mirror.apply(event, now_ms=recv_ms)
                pieces.append(
                    Piece(
                        condition_id=event.market,
                        token_id=event.asset_id if isinstance(event, _NAMES_TOKEN) else "",
                        custom=isinstance(event, _CUSTOM),
                        text=part.decode(errors="replace"),
                    )
                )
        return pieces

    def ref_of(self, token_id: str) -> MarketRef | None:
        return self._by_token.get(token_id)

    def best(self, condition_id: str) -> tuple[int | None, int | None]:
        """Best bid and ask of outcome 0, in micros."""
        book = self._mirrors[condition_id].book
        return book.best(Side.BUY), book.best(Side.SELL)

    def book(self, token_id: str) -> dict[str, Any] | None:
        """GET /book as the venue answers it; None before the token's first recorded book, and after a gap."""
        ref = self._by_token.get(token_id)
        mirror = None if ref is None else self._mirrors[ref.condition_id]
        if ref is None or mirror is None or not mirror.live:
            return None
        outcome_index, oracle = ref.outcome_index(token_id), mirror.oracle
        last_trade = oracle.last_trade or ""
        hashed = book_hash(
            condition_id=ref.condition_id,
            token_id=token_id,
            outcome_index=outcome_index,
            stamp_ms=mirror.stamp_ms,
            bids=mirror.book.bids,
            asks=mirror.book.asks,
            tick_micros=oracle.tick_micros,
            min_size_micros=oracle.min_size_micros,
            neg_risk=ref.neg_risk,
            last_trade=last_trade,
        )
        sides = {
            name: [
                {"price": from_micros(level.price_micros), "size": from_micros(level.size_micros)}
                for level in reversed(mirror.book.levels(side, outcome_index))
            ]
            for name, side in (("bids", Side.BUY), ("asks", Side.SELL))
        }
        return {
            "market": ref.condition_id,
            "asset_id": token_id,
            "timestamp": str(mirror.stamp_ms),
            "hash": hashed,
            **sides,
            "min_order_size": from_micros(oracle.min_size_micros),
            "tick_size": from_micros(oracle.tick_micros),
            "neg_risk": ref.neg_risk,
            "last_trade_price": last_trade,
        }
