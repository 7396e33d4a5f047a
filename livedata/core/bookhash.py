"""The venue's hash of a book: the oracle that proves a rebuilt book level by level.

SHA-1 of compact JSON in a fixed key order, with numbers as the venue writes them; verified against
recorded books of REST and of the socket. Frames do not carry all of its fields: the oracle remembers
them, and only the last trade's price is ever uncertain.
"""

from collections.abc import Iterable
from functools import lru_cache
from hashlib import sha1

from livedata.core.steps import MarketRef
from livedata.core.wire import Book, read_micros
from markets.core.units import ONE, from_micros

_LAST_TRADES = 18  # candidates remembered: of the last three prints at least

_text = lru_cache(maxsize=20_000)(from_micros)


class Oracle:
    """Knows of one market what a book's hash covers besides its levels."""

    def __init__(self, ref: MarketRef) -> None:
        self.tick_micros = ref.tick_micros
        self.min_size_micros = ref.min_size_micros
        self.last_trade: str | None = None  # of the newest print, or as the newest proved book named it
        self._ref = ref
        self._neg_risk = ref.neg_risk
        self._last_trades: list[str] = []  # candidates, newest first

    def learn(self, book: Book) -> None:
        """Take the fields that a whole book carries; after a trade it carries none. Raises ValueError."""
        if book.tick_size:
            self.tick_micros = read_micros(book.tick_size)
        if book.min_order_size:
            self.min_size_micros = read_micros(book.min_order_size)
        if book.neg_risk is not None:
            self._neg_risk = book.neg_risk
        if book.last_trade_price is not None:
            self.last_trade = book.last_trade_price
            self._note(book.last_trade_price)

    def traded(self, price_micros: int) -> None:
        """Note a print. Which of a trade's two prices the venue's books name, recordings do not say."""
        for price in (ONE - price_micros, price_micros):
            for text in _ways_to_write(price):
                self._note(text)
        self.last_trade = write_last_trade(price_micros)

    def _note(self, last_trade: str) -> None:
        others = [text for text in self._last_trades if text != last_trade]
        self._last_trades = [last_trade, *others][:_LAST_TRADES]

    def proves(
        self, hashes: tuple[str, str], *, stamp_ms: int, bids: dict[int, int], asks: dict[int, int]
    ) -> bool | None:
        """Whether this book has the venue's hash of token 0, or of token 1 when that is all there is.

        None when it cannot be told: no hash, or nothing known of the last trade.
        """
        outcome_index = 0 if hashes[0] else 1
        wanted = hashes[outcome_index]
        if not wanted:
            return None
        levels = _levels_json(
            condition_id=self._ref.condition_id,
            token_id=self._ref.token_1 if outcome_index else self._ref.token_0,
            outcome_index=outcome_index,
            stamp_ms=stamp_ms,
            bids=bids,
            asks=asks,
        )
        begun = sha1(levels.encode(), usedforsecurity=False)
        for neg_risk in (self._neg_risk, not self._neg_risk):
            for last_trade in self._last_trades or [""]:
                whole = begun.copy()
                whole.update(self._rules_json(neg_risk, last_trade).encode())
                if whole.hexdigest() == wanted:
                    self._neg_risk, self.last_trade = neg_risk, last_trade
                    return True
        return False if self._last_trades else None

    def _rules_json(self, neg_risk: bool, last_trade: str) -> str:
        return _rules_json(
            tick_micros=self.tick_micros,
            min_size_micros=self.min_size_micros,
            neg_risk=neg_risk,
            last_trade=last_trade,
        )


def book_hash(
    *,
    condition_id: str,
    token_id: str,
    outcome_index: int,
    stamp_ms: int,
    bids: dict[int, int],
    asks: dict[int, int],
    tick_micros: int,
    min_size_micros: int,
    neg_risk: bool,
    last_trade: str,
) -> str:
    """The hash of one token's book. `bids` and `asks` are outcome 0's, whichever token it is of.

    `last_trade` is as the venue writes it: "0.500", or "" before the first trade.
    Source: recorded books (2026); the keys also in "Order book" of docs.polymarket.com.
    """
    levels = _levels_json(
        condition_id=condition_id,
        token_id=token_id,
        outcome_index=outcome_index,
        stamp_ms=stamp_ms,
        bids=bids,
        asks=asks,
    )
    rules = _rules_json(
        tick_micros=tick_micros, min_size_micros=min_size_micros, neg_risk=neg_risk, last_trade=last_trade
    )
    return sha1((levels + rules).encode(), usedforsecurity=False).hexdigest()


def write_last_trade(price_micros: int) -> str:
    """A price as the venue writes the last trade's: at least three decimals, "0.600"."""
    whole, _, part = from_micros(price_micros).partition(".")
    return f"{whole}.{part.ljust(3, '0')}"


def _ways_to_write(price_micros: int) -> list[str]:
    """A price finer than a thousandth may come in full, or rounded to three decimals either way."""
    down = price_micros // 1_000 * 1_000
    ways = [down] if down == price_micros else [down, down + 1_000, price_micros]
    return [write_last_trade(price) for price in ways]


def _levels_json(
    *,
    condition_id: str,
    token_id: str,
    outcome_index: int,
    stamp_ms: int,
    bids: dict[int, int],
    asks: dict[int, int],
) -> str:
    if outcome_index:
        bids, asks = _mirrored(asks), _mirrored(bids)
    return (
        f'{{"market":"{condition_id}","asset_id":"{token_id}","timestamp":"{stamp_ms}","hash":"",'
        f'"bids":[{_side_json(sorted(bids), bids)}],"asks":[{_side_json(sorted(asks, reverse=True), asks)}],'
    )


def _side_json(prices: Iterable[int], sizes: dict[int, int]) -> str:
    return ",".join(f'{{"price":"{_text(price)}","size":"{_text(sizes[price])}"}}' for price in prices)


def _rules_json(*, tick_micros: int, min_size_micros: int, neg_risk: bool, last_trade: str) -> str:
    return (
        f'"min_order_size":"{_text(min_size_micros)}","tick_size":"{_text(tick_micros)}",'
        f'"neg_risk":{"true" if neg_risk else "false"},"last_trade_price":"{last_trade}"}}'
    )


def _mirrored(sizes: dict[int, int]) -> dict[int, int]:
    return {ONE - price: size for price, size in sizes.items()}
