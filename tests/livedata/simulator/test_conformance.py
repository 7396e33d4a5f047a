"""The same judge over recorded frames and over the simulator's."""

import gzip
import json
from pathlib import Path

import pytest

from livedata.simulator.clob import book_text
from livedata.simulator.frames import snapshot
from livedata.simulator.listings import HALF
from livedata.simulator.manual import ManualWorld
from tests.livedata.simulator.make import (
    START_MS,
    Recorder,
    open_markets,
    small_world,
    world_of,
)
from tests.livedata.simulator.oracle import Oracle, book_hash, raw_frames

RECORDED = ["market_14x2assets_*", "batch_ask_cancellation_*", "batch_crossed_fill_*"]


@pytest.mark.parametrize("pattern", RECORDED)
def test_the_judge_finds_nothing_wrong_with_recorded_frames(recordings: Path, pattern: str):
    for path in recordings.glob(f"ws/{pattern}.jsonl"):
        oracle = Oracle()
        for text in raw_frames(path.read_text().splitlines()):
            oracle.read(text)
        oracle.finish()

        assert oracle.complaints == []
        assert oracle.counts["change hash ok"] >= 2


def test_recorded_rest_books_verify(recordings: Path):
    path = next(recordings.glob("clob/books_20tokens_*.jsonl.gz"))
    with gzip.open(path, "rt") as lines:
        books = [book for line in lines for book in json.loads(line)["books"]]

    assert len(books) == 60
    assert all(_rest_hash(book) == book["hash"] for book in books)


def _rest_hash(book: dict) -> str:
    return book_hash(
        market=book["market"],
        asset=book["asset_id"],
        stamp=book["timestamp"],
        bids=book["bids"],
        asks=book["asks"],
        tick=book["tick_size"],
        neg_risk=book["neg_risk"],
        last=book["last_trade_price"],
    )


def judged(world, listings, seconds: int, *, step_ms: int = 1_000) -> tuple[Oracle, Recorder]:
    """Watch markets for a while and judge every frame, as one client of both tokens would see them."""
    recorder = Recorder(world)
    oracle = Oracle(neg_risk={m.condition_id: m.event.neg_risk for m in listings})
    for listing in listings:
        world.watch(listing)
        live = world.live(listing)
        oracle.read(f"[{snapshot(live, 0)},{snapshot(live, 1)}]\n")
    for now_ms in range(world.now_ms, world.now_ms + seconds * 1_000 + 1, step_ms):
        world.advance(now_ms)
    for text in recorder.texts:
        oracle.read(text)
    return oracle.finish(), recorder


@pytest.mark.parametrize("prints_last", [False, True])
@pytest.mark.parametrize("seed", [1, 2])
def test_the_judge_finds_nothing_wrong_with_the_simulator(seed: int, prints_last: bool):
    world = small_world(seed=seed, prints_last=prints_last, one_print_per_sweep=prints_last)

    oracle, recorder = judged(world, open_markets(world), 90)

    if not prints_last:  # else hashes follow a print that the judge has not heard yet
        assert oracle.complaints == []
    assert oracle.counts["best prices BAD"] == oracle.counts["best_bid_ask BAD"] == 0
    assert oracle.counts["tokens mirror BAD"] == 0
    assert oracle.counts["change hash ok"] > 200
    assert oracle.counts["book equals the rebuilt one ok"] > 20
    assert recorder.of("last_trade_price") and recorder.of("best_bid_ask")


def test_rest_says_what_the_socket_said():
    world = small_world()
    listings = open_markets(world)[:6]

    oracle, _ = judged(world, listings, 45)

    for listing in listings:
        for index, token_id in enumerate(listing.token_ids):
            told = json.loads(book_text(world.live(listing), index))
            book = oracle.books[token_id]
            assert told["bids"] == book.bids.listed(falling=False)
            assert told["asks"] == book.asks.listed(falling=True)
            assert _rest_hash(told) == told["hash"]
            assert list(told) == REST_KEYS


REST_KEYS = [
    "market",
    "asset_id",
    "timestamp",
    "hash",
    "bids",
    "asks",
    "min_order_size",
    "tick_size",
    "neg_risk",
    "last_trade_price",
]


def test_all_frames_of_a_step_carry_the_state_after_the_step():
    world = ManualWorld(clock=lambda: START_MS)  # of 250 steps one is told twice: not these
    listing = world.add_market()
    world.watch(listing)
    world.set_book(listing.condition_id, bids=[("0.40", "10"), ("0.39", "7")], asks=[("0.60", "10")])

    frames = world.set_book(listing.condition_id, bids=[("0.45", "1")], asks=[("0.55", "2"), ("0.6", "10")])

    changes = [json.loads(frame.text) for frame in frames if "price_changes" in frame.text]
    assert len(changes) == 4  # 0.40 and 0.39 go, 0.45 and 0.55 come; 0.6 is as it was
    assert len({frame["timestamp"] for frame in changes}) == 1
    for entries in zip(*(frame_entries(frame) for frame in changes), strict=True):
        assert len({(e["hash"], e["best_bid"], e["best_ask"]) for e in entries}) == 1


def frame_entries(frame: dict) -> list[dict]:
    return sorted(frame["price_changes"], key=lambda entry: entry["asset_id"])


def test_frames_look_like_the_recorded_ones(recordings: Path):
    """Key for key, and where the spaces are."""
    recorded = {}
    for pattern in RECORDED:
        for path in recordings.glob(f"ws/{pattern}.jsonl"):
            for text in raw_frames(path.read_text().splitlines()):
                shape = _shape(text)
                if shape and shape[0] not in recorded:
                    recorded[shape[0]] = shape
    for path in recordings.glob("ws/last_trade_price_*.jsonl"):
        text = next(raw_frames(path.read_text().splitlines()))
        recorded["last_trade_price"] = _shape(text)
    world = small_world()

    _, recorder = judged(world, open_markets(world), 45)

    made = {}
    for text in recorder.texts:
        shape = _shape(text)
        if shape:
            made.setdefault(shape[0], shape)
    for kind in ("price_change", "best_bid_ask", "last_trade_price", "book"):
        assert made[kind] == recorded[kind]


def _shape(text: str) -> tuple | None:
    told = json.loads(text)
    if isinstance(told, list):
        return None
    inner = [list(entry) for entry in told.get("price_changes", [])[:1]]
    return told["event_type"], list(told), inner, ", " in text, '": ' in text


def test_the_first_array_looks_like_the_recorded_one(recordings: Path):
    path = next(recordings.glob("ws/market_14x2assets_*.jsonl"))
    recorded = next(raw_frames(path.read_text().splitlines()))
    world = small_world()
    live = world.live(open_markets(world)[0])

    made = f"[{snapshot(live, 0)},{snapshot(live, 1)}]\n"

    assert list(json.loads(made)[0]) == list(json.loads(recorded)[0])
    assert made.endswith("]\n") and recorded.endswith("]\n")
    assert " " not in made


def test_a_tick_that_becomes_finer_is_told_and_the_books_follow():
    world = ManualWorld()
    listing = world.add_market()
    recorder = Recorder(world)
    world.watch(listing)
    world.set_book(listing.condition_id, bids=[("0.95", "10")], asks=[("0.96", "10")])
    assert not recorder.of("tick_size_change")

    world.set_book(listing.condition_id, bids=[("0.97", "10")], asks=[("0.98", "10")])

    told = [json.loads(text) for text in recorder.of("tick_size_change")]
    assert [event["asset_id"] for event in told] == list(listing.token_ids)
    assert {(event["old_tick_size"], event["new_tick_size"]) for event in told} == {("0.01", "0.001")}
    kinds = [json.loads(text)["event_type"] for text in recorder.texts[-4:]]
    assert kinds == ["tick_size_change"] * 2 + ["book"] * 2
    assert json.loads(recorder.texts[-1])["hash"] == world.live(listing).face(1).hash


def test_ticks_become_finer_in_the_living_world_too():
    world = world_of("match")
    listing = next(
        m
        for m in open_markets(world, "match")
        if m.tick_micros == 10_000 and 0.1 < world.fair(m, m.event.start_ms) < 0.9 and m.payout != HALF
    )
    event = listing.event
    minutes = range(event.start_ms, event.end_ms, 60_000)
    crossing_ms = next(at_ms for at_ms in minutes if not 0.03 < world.fair(listing, at_ms) < 0.97)
    world = world_of("match", start_ms=crossing_ms - 120_000, epoch_ms=START_MS)

    oracle, recorder = judged(world, [world.market(slug=listing.slug)], 240)

    assert oracle.complaints == []
    assert recorder.of("tick_size_change")
    assert world.tick_micros(listing) == 1_000
