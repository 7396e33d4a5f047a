"""Rebuilds books from market-channel frames, and counts what agrees with what the frames claim.

Written from the venue's description alone, so that it can judge recordings and the simulator alike: it
shares no code with the product.
"""

import hashlib
import json
from collections import Counter
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field
from decimal import Decimal

LAST_TRADES = ["", *(f"{i / 1000:.3f}" for i in range(1, 1000))]


def book_hash(
    *, market: str, asset: str, stamp: str, bids: list, asks: list, tick: str, neg_risk: bool, last: str
) -> str:
    told = {
        "market": market,
        "asset_id": asset,
        "timestamp": stamp,
        "hash": "",
        "bids": bids,
        "asks": asks,
        "min_order_size": "5",
        "tick_size": tick,
        "neg_risk": neg_risk,
        "last_trade_price": last,
    }
    return hashlib.sha1(json.dumps(told, separators=(",", ":")).encode()).hexdigest()


@dataclass
class Side:
    levels: dict[str, str] = field(default_factory=dict)

    def listed(self, *, falling: bool) -> list[dict[str, str]]:
        ordered = sorted(self.levels.items(), key=lambda pair: Decimal(pair[0]), reverse=falling)
        return [{"price": price, "size": size} for price, size in ordered]


@dataclass
class Book:
    """One token's book. What frames do not carry is learnt from the first hash that it explains."""

    market: str = ""
    bids: Side = field(default_factory=Side)
    asks: Side = field(default_factory=Side)
    tick: str | None = None
    neg_risk: bool | None = None
    last: str | None = None

    def best(self) -> tuple[Decimal, Decimal]:
        bids, asks = map(Decimal, self.bids.levels), map(Decimal, self.asks.levels)
        return max(bids, default=Decimal(0)), min(asks, default=Decimal(1))

    def explains(self, wanted: str, *, asset: str, stamp: str) -> bool:
        for neg_risk in [False, True] if self.neg_risk is None else [self.neg_risk]:
            for tick in ["0.01", "0.001", "0.0025"] if self.tick is None else [self.tick]:
                for last in LAST_TRADES if self.last is None else [self.last]:
                    made = book_hash(
                        market=self.market,
                        asset=asset,
                        stamp=stamp,
                        bids=self.bids.listed(falling=False),
                        asks=self.asks.listed(falling=True),
                        tick=tick,
                        neg_risk=neg_risk,
                        last=last,
                    )
                    if made == wanted:
                        self.neg_risk, self.tick, self.last = neg_risk, tick, last
                        return True
        return False


@dataclass
class _Batch:
    stamp: int
    claims: dict[str, dict[str, str]] = field(default_factory=dict)  # asset → its newest change
    tops: dict[str, tuple[Decimal, Decimal]] = field(default_factory=dict)


class Oracle:
    """`counts` has "<check> ok" and "<check> BAD". With `neg_risk` it knows all that hashes need."""

    def __init__(self, *, neg_risk: dict[str, bool] | None = None) -> None:
        self.books: dict[str, Book] = {}
        self.counts: Counter[str] = Counter()
        self.complaints: list[str] = []
        self._neg_risk = neg_risk
        self._markets: dict[str, set[str]] = {}
        self._batches: dict[str, _Batch] = {}

    @property
    def strict(self) -> bool:
        return self._neg_risk is not None

    def check(self, name: str, good: bool, about: object = "") -> None:
        self.counts[f"{name} {'ok' if good else 'BAD'}"] += 1
        if not good:
            self.complaints.append(f"{name}: {about}")

    def read(self, text: str) -> None:
        """One text frame, an event or an array of events."""
        told = json.loads(text)
        for event in told if isinstance(told, list) else [told]:
            self._event(event)

    def finish(self) -> "Oracle":
        for market in list(self._batches):
            self._close(market)
        for market, assets in self._markets.items():
            if len(assets) == 2:
                self._check_mirror(market, *sorted(assets))
        return self

    def _event(self, event: dict) -> None:
        kind, market = event["event_type"], event["market"]
        batch = self._batches.get(market)
        if batch and abs(int(event["timestamp"]) - batch.stamp) > 1:
            self._close(market)
        match kind:
            case "book":
                self._close(market)
                self._book(event)
            case "price_change":
                self._price_change(event)
            case "best_bid_ask":
                batch = self._batches.setdefault(market, _Batch(int(event["timestamp"])))
                batch.tops[event["asset_id"]] = (Decimal(event["best_bid"]), Decimal(event["best_ask"]))
            case "last_trade_price":
                for asset in self._markets.get(market, ()):
                    price = f"{float(event['price']):.3f}"
                    self.books[asset].last = price if self.strict else None
            case "tick_size_change":
                self._close(market)
                self.books[event["asset_id"]].tick = event["new_tick_size"]

    def _book(self, event: dict) -> None:
        asset, bids, asks = event["asset_id"], event["bids"], event["asks"]
        self._markets.setdefault(event["market"], set()).add(asset)
        known = asset in self.books
        book = self.books.setdefault(asset, Book(event["market"]))
        fresh = ({row["price"]: row["size"] for row in bids}, {row["price"]: row["size"] for row in asks})
        if known and "tick_size" not in event:
            self.check(
                "book equals the rebuilt one", (book.bids.levels, book.asks.levels) == fresh, event["market"]
            )
        book.bids, book.asks = Side(fresh[0]), Side(fresh[1])
        book.tick = event.get("tick_size", book.tick)
        book.last = event.get("last_trade_price", book.last)
        if self._neg_risk is not None:
            book.neg_risk = self._neg_risk[event["market"]]
        ordered = bids == book.bids.listed(falling=False) and asks == book.asks.listed(falling=True)
        self.check("bids rise, asks fall", ordered, asset)
        good = book.explains(event["hash"], asset=asset, stamp=event["timestamp"])
        self.check("book hash", good, (asset, event["timestamp"]))

    def _price_change(self, event: dict) -> None:
        batch = self._batches.setdefault(event["market"], _Batch(int(event["timestamp"])))
        batch.stamp = int(event["timestamp"])
        for change in event["price_changes"]:
            book = self.books[change["asset_id"]]
            side = book.bids if change["side"] == "BUY" else book.asks
            if Decimal(change["size"]):
                side.levels[change["price"]] = change["size"]
            else:
                side.levels.pop(change["price"], None)
            batch.claims[change["asset_id"]] = change | {"timestamp": event["timestamp"]}

    def _close(self, market: str) -> None:
        batch = self._batches.pop(market, None)
        if batch is None:
            return
        for asset, claim in batch.claims.items():
            book = self.books[asset]
            told = (Decimal(claim["best_bid"]), Decimal(claim["best_ask"]))
            self.check("best prices", book.best() == told, (asset, book.best(), told))
            self.check("uncrossed", book.best()[0] < book.best()[1], (asset, book.best()))
            good = book.explains(claim["hash"], asset=asset, stamp=claim["timestamp"])
            self.check("change hash", good, (asset, claim["timestamp"]))
        for asset, told in batch.tops.items():
            self.check("best_bid_ask", self.books[asset].best() == told, (asset, told))

    def _check_mirror(self, market: str, one: str, two: str) -> None:
        first, second = self.books[one], self.books[two]
        flipped = {(1 - Decimal(p), Decimal(s)) for p, s in first.bids.levels.items()}
        asks = {(Decimal(p), Decimal(s)) for p, s in second.asks.levels.items()}
        self.check("tokens mirror", flipped == asks, market)
        if None not in (first.last, second.last):
            self.check("tokens share the last trade", first.last == second.last, market)


def raw_frames(lines: Iterable[str]) -> Iterator[str]:
    """The frames of a recording: raw text, or a checkpoint that its collector rebuilt."""
    for line in lines:
        row = json.loads(line)
        yield row["raw"] if "raw" in row else json.dumps(row["data"])
