"""Frames of the market socket, read and applied to their book on one core.

Every change is mirrored on both tokens, as the venue sends it; the best prices are kept and compared with
each frame's, and every frame ends a step with its changes. Nothing is sent anywhere.
"""

import json
import time
from collections.abc import Iterator
from random import Random

from livedata.core.mirror import Mirror
from livedata.core.steps import MarketRef
from livedata.core.wire import PRICES, SIZES, Reader
from tests.bench import Figure

_CONDITION = "0xbd31dc8a20211944f6b70f31557f1001557b59905b7738480ca09bd4532f84af"
_TOKENS = (
    "71321045679252212594626385532706912750332728571942532289631379312455583992563",
    "52114319501245915516055106046884209969926127482827954674443846427813813222426",
)
_FRAMES = 40_000
_ROUNDS = 5


def figures() -> Iterator[Figure]:
    # 960 bytes hold 3.3 entries: a change and its mirror image are two. The second figure has 3.3 changes.
    for changes, goal in ((1.65, 200_000.0), (3.3, None)):
        snapshot, frames = history(Random(7), changes)
        size = sum(map(len, frames)) / len(frames)
        entries = sum(frame.count(b'"size"') for frame in frames) / len(frames)
        name = f"book messages of {size:.0f} B with {entries:.1f} level changes"
        yield Figure(figure=f"{name}, applied", value=best_of(snapshot, frames), unit="messages/s", goal=goal)


def best_of(snapshot: bytes, frames: list[bytes]) -> float:
    """Messages a second of processor time in the best of some rounds; numbers are read anew in each."""
    return max(len(frames) / applied_in(snapshot, frames) for _ in range(_ROUNDS))


def applied_in(snapshot: bytes, frames: list[bytes]) -> float:
    PRICES.clear()
    SIZES.clear()
    reader, mirror = Reader(), Mirror(MarketRef(_CONDITION, *_TOKENS, tick_micros=1_000))
    mirror.check_every_ms = 10**12  # hashes here are random
    mirror.await_snapshot(1)
    for event in reader.read(snapshot):
        mirror.apply(event, now_ms=0)
    begun = time.process_time()
    for frame in frames:
        for event in reader.read(frame):
            mirror.apply(event, now_ms=0)
    seconds = time.process_time() - begun
    assert mirror.live and mirror.seq > 0.9 * len(frames), "the frames did not fit their book"
    return seconds


def history(random: Random, changes_mean: float) -> tuple[bytes, list[bytes]]:
    """A snapshot of 400 levels and the frames after it: most changes near the touch, a third cancels."""
    sides = {
        "BUY": {milli: random.randint(1, 500_000) for milli in range(300, 500)},
        "SELL": {milli: random.randint(1, 500_000) for milli in range(501, 701)},
    }
    snapshot = json.dumps([book(sides, random)]).encode()
    frames = []
    stamp_ms = 1_795_500_000_001
    while len(frames) < _FRAMES:
        stamp_ms += random.randint(1, 5)
        count = int(changes_mean) + (random.random() < changes_mean % 1)
        changes = [change(sides, random) for _ in range(count)]
        frames.append(frame(sides, changes, stamp_ms, random))
    return snapshot, frames


def change(sides: dict[str, dict[int, int]], random: Random) -> tuple[str, int, int]:
    """One level's new size: side, price in thousandths, size in hundredths."""
    best_bid, best_ask = max(sides["BUY"]), min(sides["SELL"])
    side = random.choice(("BUY", "SELL"))
    away = int(random.expovariate(0.08)) - (random.random() < 0.1 and best_ask - best_bid > 1)
    milli = max(1, best_bid - away) if side == "BUY" else min(999, best_ask + away)
    kind = random.random()
    if kind < 0.33 and milli in sides[side] and len(sides[side]) > 50:
        return side, milli, sides[side].pop(milli) * 0
    size = 100 * random.choice((5, 10, 20, 50, 100, 500)) if kind < 0.6 else random.randint(1, 9_000_000)
    sides[side][milli] = size
    return side, milli, size


def frame(
    sides: dict[str, dict[int, int]], changes: list[tuple[str, int, int]], stamp_ms: int, random: Random
) -> bytes:
    bid, ask = max(sides["BUY"]), min(sides["SELL"])
    hashes = [f"{random.getrandbits(160):040x}" for _ in _TOKENS]
    entries = []
    for side, milli, size in changes:
        other = "SELL" if side == "BUY" else "BUY"
        rows = ((side, milli, bid, ask), (other, 1_000 - milli, 1_000 - ask, 1_000 - bid))
        pair = [
            {
                "asset_id": token,
                "price": number(price, 1_000),
                "size": number(size, 100),
                "side": seen,
                "hash": hashed,
                "best_bid": number(best_bid, 1_000),
                "best_ask": number(best_ask, 1_000),
            }
            for token, hashed, (seen, price, best_bid, best_ask) in zip(_TOKENS, hashes, rows, strict=True)
        ]
        entries += pair if random.random() < 0.5 else pair[::-1]
    said = {"market": _CONDITION, "price_changes": entries, "timestamp": str(stamp_ms)}
    return json.dumps(said | {"event_type": "price_change"}, separators=(", ", ":")).encode()


def book(sides: dict[str, dict[int, int]], random: Random) -> dict[str, object]:
    levels = {
        name: [
            {"price": number(milli, 1_000), "size": number(size, 100)} for milli, size in sides[side].items()
        ]
        for name, side in (("bids", "BUY"), ("asks", "SELL"))
    }
    said = {"event_type": "book", "market": _CONDITION, "asset_id": _TOKENS[0], "timestamp": "1795500000000"}
    return {**said, **levels}


def number(count: int, scale: int) -> str:
    """The shortest decimal, as the venue writes it."""
    text = f"{count // scale}.{count % scale:0{len(str(scale)) - 1}d}"
    return text.rstrip("0").rstrip(".")
