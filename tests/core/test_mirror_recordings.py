"""The mirror on what the venue really sent: every hash at the end of a batch must be ours."""

import gzip
import json
from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass, field
from hashlib import sha256
from pathlib import Path

import pytest

from livedata.core.bookhash import book_hash, write_last_trade
from livedata.core.mirror import Mirror
from livedata.core.outcomes import Doubt, Dropped
from livedata.core.steps import MarketRef, Step
from livedata.core.wire import (
    Book,
    Event,
    Level,
    PriceChanges,
    Reader,
    read_books,
    read_micros,
    read_order_book,
)
from markets.core.book import OrderBook, Side

BATCHES = ["batch_ask_cancellation_20260911", "batch_crossed_fill_20260911"]
SESSION = "market_14x2assets_20260924_frames001-070"


@dataclass
class Session:
    """A recorded session played into one mirror per market."""

    mirrors: dict[str, Mirror] = field(default_factory=dict)
    steps: list[Step] = field(default_factory=list)
    troubles: list[object] = field(default_factory=list)
    counts: Counter[str] = field(default_factory=Counter)
    now_ms: int = 0

    def play(self, event: Event, recv_ms: int) -> None:
        self.now_ms = recv_ms
        self.counts[type(event).__name__] += 1
        mirror = self.mirrors.get(event.market)
        if mirror is not None:
            self._keep(mirror.apply(event, now_ms=recv_ms))

    def end(self) -> None:
        for mirror in self.mirrors.values():
            self._keep(mirror.tick(self.now_ms + 1_000))

    def _keep(self, outcomes: list[object]) -> None:
        self.steps += [outcome for outcome in outcomes if isinstance(outcome, Step)]
        self.troubles += [outcome for outcome in outcomes if isinstance(outcome, Dropped | Doubt)]


def lines(path: Path) -> Iterator[tuple[int, list[Event]]]:
    """Receive time and events of each recorded frame, whose text is the venue's, byte for byte."""
    reader = Reader()
    for line in path.read_text().splitlines():
        record = json.loads(line)
        raw = record["raw"] if "raw" in record else json.dumps(record["data"])
        if "sha256" in record:
            assert sha256(raw.encode()).hexdigest() == record["sha256"]
        yield record["recv_ms"], list(reader.read(raw.encode()))
    assert not reader.ignored


def play(path: Path, *, check_every_ms: int = 0, repeats: int = 1) -> Session:
    session = Session()
    for recv_ms, events in lines(path):
        for event in events:
            if isinstance(event, Book) and event.market not in session.mirrors:
                follow(session, event, events, check_every_ms)
        for event in events * repeats:
            session.play(event, recv_ms)
    session.end()
    return session


def follow(session: Session, first: Book, events: list[Event], check_every_ms: int) -> None:
    tokens = [event.asset_id for event in events if isinstance(event, Book) and event.market == first.market]
    mirror = Mirror(MarketRef(first.market, *tokens, tick_micros=read_micros(first.tick_size or "0.001")))
    mirror.check_every_ms = check_every_ms
    if first.last_trade_price is None:  # a checkpoint that somebody rebuilt without it: find it out once
        mirror.oracle.last_trade = solved_last_trade(first)
        mirror.oracle.traded(read_micros(mirror.oracle.last_trade))
    mirror.await_snapshot(1)
    session.mirrors[first.market] = mirror


def solved_last_trade(book: Book) -> str:
    levels = read_order_book(book, outcome_index=0)
    for milli in range(1, 1_000):
        last_trade = write_last_trade(1_000 * milli)
        if any(
            hash_of(book, levels, last_trade=last_trade, tick="0.001", neg_risk=neg_risk) == book.hash
            for neg_risk in (False, True)
        ):
            return last_trade
    raise AssertionError("no last trade gives the recorded hash")


def hash_of(book: Book, levels: OrderBook, *, last_trade: str, tick: str, neg_risk: bool) -> str:
    return book_hash(
        condition_id=book.market,
        token_id=book.asset_id,
        outcome_index=0,
        stamp_ms=book.timestamp,
        bids=levels.bids,
        asks=levels.asks,
        tick_micros=read_micros(tick),
        min_size_micros=read_micros(book.min_order_size or "5"),
        neg_risk=neg_risk,
        last_trade=last_trade,
    )


def test_the_recorded_session_verifies_at_every_batch_end(recordings: Path):
    session = play(recordings / f"ws/{SESSION}.jsonl")

    assert session.counts == {"Book": 28, "PriceChanges": 31, "BestBidAsk": 38}
    assert session.troubles == []
    assert len(session.mirrors) == 14
    assert all(mirror.live and not mirror.open for mirror in session.mirrors.values())
    # Each subscribe snapshot of each token, and each batch: all of them, none refuted.
    batches = batch_ends(recordings / f"ws/{SESSION}.jsonl")
    assert sum(mirror.verified_count for mirror in session.mirrors.values()) == 28 + len(batches)
    assert sum(mirror.refuted_count for mirror in session.mirrors.values()) == 0
    assert {(step.condition_id, step.stamp_ms) for step in session.steps if not step.snapshot} <= set(batches)


def batch_ends(path: Path) -> dict[tuple[str, int], str]:
    """The venue's hash of token 0 after each batch, by market and instant."""
    ends: dict[tuple[str, int], str] = {}
    for _, events in lines(path):
        for event in events:
            if isinstance(event, PriceChanges):
                ends[event.market, event.timestamp] = event.price_changes[-1].hash
    return ends


@pytest.mark.parametrize("check_every_ms", [0, 10**9])
@pytest.mark.parametrize("name", BATCHES)
def test_recorded_bursts_end_in_the_venues_book(recordings: Path, name: str, check_every_ms: int):
    session = play(recordings / f"ws/{name}.jsonl", check_every_ms=check_every_ms)

    assert session.troubles == []
    (mirror,) = session.mirrors.values()
    assert mirror.live and not mirror.open
    assert mirror._proved() is True


def test_a_recorded_burst_of_cancels_with_a_repeat_is_one_step(recordings: Path):
    session = play(recordings / f"ws/{BATCHES[0]}.jsonl")

    changed = [
        [(change.side, change.price_micros, change.after_micros) for change in step.changes]
        for step in session.steps
        if not step.snapshot
    ]
    assert changed == [
        [(Side.SELL, 644_000, 0), (Side.SELL, 637_000, 0), (Side.SELL, 659_000, 0)],
        [(Side.SELL, 660_000, 209_440_000)],
    ]


def test_a_recorded_fill_is_never_shown_crossed(recordings: Path):
    session = play(recordings / f"ws/{BATCHES[1]}.jsonl", check_every_ms=10**9)

    (fill,) = [step for step in session.steps if not step.snapshot]
    assert {(change.side, change.price_micros, change.after_micros) for change in fill.changes} == {
        (Side.BUY, 630_000, 0),
        (Side.SELL, 630_000, 9_000_000),
    }


@pytest.mark.parametrize("name", [SESSION, *BATCHES])
def test_a_session_that_says_everything_three_times_gives_the_same_books(recordings: Path, name: str):
    once = play(recordings / f"ws/{name}.jsonl")
    thrice = play(recordings / f"ws/{name}.jsonl", repeats=3)

    assert thrice.troubles == []
    for condition_id, mirror in once.mirrors.items():
        assert thrice.mirrors[condition_id].book == mirror.book
    assert [step.changes for step in thrice.steps] == [step.changes for step in once.steps]


def recorded_rest_books(recordings: Path) -> list[list[Book]]:
    """Answers of POST /books, and of one event's books."""
    with gzip.open(recordings / "clob/books_20tokens_20260311T214149Z.jsonl.gz", "rt") as file:
        answers = [json.loads(line) for line in file]
    bodies = [answer["books"] for answer in answers]
    bodies.append(_books_in(json.loads((recordings / "clob/books_negrisk_fed_june2026.json").read_text())))
    bodies.append([json.loads((recordings / "clob/book_hugompt_202606.json").read_text())])
    return [read_books(json.dumps(body).encode()) for body in bodies]


def _books_in(value: object) -> list[object]:
    if isinstance(value, dict):
        if {"bids", "asks", "hash"} <= value.keys():
            return [value]
        value = list(value.values())
    return [book for part in value for book in _books_in(part)] if isinstance(value, list) else []


def test_every_recorded_rest_book_has_the_hash_that_we_compute(recordings: Path):
    books = [book for answer in recorded_rest_books(recordings) for book in answer]

    assert len(books) >= 71
    for book in books:
        levels = read_order_book(book, outcome_index=0)
        ours = hash_of(
            book,
            levels,
            last_trade=book.last_trade_price or "",
            tick=book.tick_size or "",
            neg_risk=bool(book.neg_risk),
        )
        assert ours == book.hash


def test_recorded_books_of_both_tokens_are_one_book(recordings: Path):
    pairs = 0
    for answer in recorded_rest_books(recordings):
        by_market: dict[str, list[Book]] = {}
        for book in answer:
            by_market.setdefault(book.market, []).append(book)
        for books in by_market.values():
            if len(books) == 2 and books[0].timestamp == books[1].timestamp:
                pairs += 1
                assert read_order_book(books[0], outcome_index=0) == read_order_book(
                    books[1], outcome_index=1
                )
    assert pairs >= 30


def test_a_mirror_proves_either_tokens_rest_book(recordings: Path):
    for answer in recorded_rest_books(recordings):
        by_market: dict[str, list[Book]] = {}
        for book in answer:
            by_market.setdefault(book.market, []).append(book)
        for condition_id, books in by_market.items():
            tokens = [book.asset_id for book in books]
            for book in books:
                mirror = Mirror(MarketRef(condition_id, tokens[0], tokens[-1] if len(tokens) > 1 else "-"))
                mirror.await_snapshot(1)
                mirror.apply(book, now_ms=10_000)
                assert (mirror.verified_count, mirror.refuted_count) == (1, 0)


def recorded_depth(recordings: Path) -> list[Book]:
    """Normalised rows, one token at one instant each, as the socket would send them but for the hash."""
    with gzip.open(recordings / "clob/l2_books_btc15m_20260928.jsonl.gz", "rt") as file:
        return [depth_book(json.loads(line)) for line in file]


def depth_book(row: dict[str, list[float]]) -> Book:
    def levels(side: str) -> list[Level]:
        pairs = zip(row[f"{side}_px"], row[f"{side}_sz"], strict=True)
        return [Level(f"{price:.4f}", f"{size:.4f}") for price, size in pairs]

    return Book(
        market=str(row["market_id"]),
        asset_id=str(row["side"]),
        timestamp=int(row["ts"]),
        bids=levels("bid"),
        asks=levels("ask"),
    )


def test_recorded_depth_of_both_tokens_is_one_book(recordings: Path):
    at: dict[tuple[str, int], list[Book]] = {}
    for book in recorded_depth(recordings):
        at.setdefault((book.market, book.timestamp), []).append(book)
    pairs = [sorted(books, key=lambda book: book.asset_id) for books in at.values() if len(books) == 2]

    same = sum(
        read_order_book(down, outcome_index=1) == read_order_book(up, outcome_index=0) for down, up in pairs
    )

    # Seven pairs differ in a level or two: the recorder keeps one row a second of either token.
    assert (same, len(pairs)) == (12_557, 12_564)


def test_recorded_depth_played_as_whole_books_is_followed_row_by_row(recordings: Path):
    mirrors: dict[str, Mirror] = {}
    followed = refused = 0
    for book in recorded_depth(recordings):
        mirror = mirrors.setdefault(book.market, Mirror(MarketRef(book.market, "UP", "DOWN")))
        mirror.apply(book, now_ms=book.timestamp)
        expected = read_order_book(book, outcome_index=int(book.asset_id == "DOWN"))
        if expected.crossed():
            refused += 1
            assert not mirror.live
        else:
            followed += 1
            assert mirror.book == expected

    assert (followed + refused, refused) == (25_640, 22)
