"""A venue of one market that says everything the slow way: Decimals in, frames of JSON text out.

It shares no code with the mirror, so that the two can only agree by both being right.
"""

import hashlib
import json
from collections.abc import Iterable, Sequence
from decimal import Decimal

CONDITION = "0x" + "ab" * 32
TOKENS = (
    "71321045679252212594626385532706912750332728571942532289631379312455583992563",
    "52114319501245915516",
)

Change = tuple[str, str, str]  # side, price and new size, of outcome 0


class ReferenceVenue:
    def __init__(self, *, tick: str = "0.01", neg_risk: bool = False) -> None:
        self.sides: dict[str, dict[Decimal, Decimal]] = {"BUY": {}, "SELL": {}}
        self.stamp = 1_795_500_000_000
        self.last_trade = ""
        self.tick = tick
        self.neg_risk = neg_risk

    def side(self, token: int, side: str) -> dict[Decimal, Decimal]:
        """Sizes by price as that token sees them."""
        if token == 0:
            return self.sides[side]
        return {1 - price: size for price, size in self.sides[_other(side)].items()}

    def best(self, token: int) -> tuple[str, str]:
        bids, asks = self.side(token, "BUY"), self.side(token, "SELL")
        return (text(max(bids)) if bids else "0", text(min(asks)) if asks else "1")

    def levels(self, token: int) -> dict[str, list[dict[str, str]]]:
        def write(side: str) -> list[dict[str, str]]:
            sizes = sorted(self.side(token, side).items(), reverse=side == "SELL")
            return [{"price": text(price), "size": text(size)} for price, size in sizes]

        return {"bids": write("BUY"), "asks": write("SELL")}

    def rest_book(self, token: int) -> dict[str, object]:
        book = {
            "market": CONDITION,
            "asset_id": TOKENS[token],
            "timestamp": str(self.stamp),
            "hash": "",
            **self.levels(token),
            "min_order_size": "5",
            "tick_size": self.tick,
            "neg_risk": self.neg_risk,
            "last_trade_price": self.last_trade,
        }
        return book | {"hash": hashlib.sha1(json.dumps(book, separators=(",", ":")).encode()).hexdigest()}

    def snapshot(self, tokens: Sequence[int] = (0, 1)) -> bytes:
        """What subscribing gives: an array without spaces, ending in a newline."""
        books = []
        for token in tokens:
            book = self.rest_book(token) | {"event_type": "book"}
            del book["min_order_size"], book["neg_risk"]
            books.append(book)
        return json.dumps(books, separators=(",", ":")).encode() + b"\n"

    def book_after_trade(self, token: int) -> bytes:
        book = {**self.rest_book(token), "event_type": "book"}
        for name in ("min_order_size", "tick_size", "neg_risk", "last_trade_price"):
            del book[name]
        return spaced(book)

    def step(
        self, changes: Iterable[Change], *, frames: int = 1, swap: bool = False, ms: int = 1
    ) -> list[bytes]:
        """One step of the engine: it changes these levels at one instant, and says so in some frames."""
        changes = list(changes)
        self.stamp += ms
        for side, price, size in changes:
            self.sides[side].pop(Decimal(price), None)
            if Decimal(size):
                self.sides[side][Decimal(price)] = Decimal(size)
        portion = -(-len(changes) // frames)
        return [
            self.price_changes(changes[start : start + portion], swap=swap)
            for start in range(0, len(changes), portion)
        ]

    def price_changes(self, changes: Iterable[Change], *, swap: bool = False, tokens=(0, 1)) -> bytes:
        entries = []
        hashes = [self.rest_book(token)["hash"] for token in (0, 1)]
        for side, price, size in changes:
            pair = []
            for token in tokens:
                bid, ask = self.best(token)
                pair.append(
                    {
                        "asset_id": TOKENS[token],
                        "price": text(1 - Decimal(price) if token else Decimal(price)),
                        "size": size,
                        "side": _other(side) if token else side,
                        "hash": hashes[token],
                        "best_bid": bid,
                        "best_ask": ask,
                    }
                )
            entries += pair[::-1] if swap else pair
        return spaced(
            {
                "market": CONDITION,
                "price_changes": entries,
                "timestamp": str(self.stamp),
                "event_type": "price_change",
            }
        )

    def trade(self, side: str, price: str, size: str, *, token: int = 0, transaction: str = "0x1") -> bytes:
        """A print, in the coordinates of its own token, at the instant of the newest step."""
        self.last_trade = f"{Decimal(price):.3f}"
        return spaced(
            {
                "market": CONDITION,
                "asset_id": TOKENS[token],
                "price": price,
                "size": size,
                "fee_rate_bps": "0",
                "side": side,
                "timestamp": str(self.stamp),
                "event_type": "last_trade_price",
                "transaction_hash": transaction,
            }
        )

    def tick_size_change(self, token: int, new: str) -> bytes:
        old, self.tick = self.tick, new
        return spaced(
            {
                "event_type": "tick_size_change",
                "market": CONDITION,
                "asset_id": TOKENS[token],
                "old_tick_size": old,
                "new_tick_size": new,
                "timestamp": str(self.stamp),
            }
        )


def spaced(value: object) -> bytes:
    """JSON as the venue writes later frames: spaces after commas, none after colons."""
    return json.dumps(value, separators=(", ", ":")).encode()


def text(number: Decimal) -> str:
    return f"{number:f}".rstrip("0").rstrip(".") if "." in f"{number:f}" else f"{number:f}"


def _other(side: str) -> str:
    return "SELL" if side == "BUY" else "BUY"
