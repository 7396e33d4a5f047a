"""Recordings: written from a live stream, and served again as the venue that they came from."""

import asyncio
import gzip
import json
import subprocess
import sys
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from queue import Queue

import httpx
import pytest

from livedata import books
from livedata.core.wire import read_book, read_order_book
from livedata.exchange.clob import ClobClient
from livedata.exchange.gamma import GammaClient
from livedata.exchange.http import open_client
from livedata.recorder import record
from livedata.recording import Line, Recording, Writer
from livedata.replay.server import ReplayApp
from livedata.replay.stage import Stage
from livedata.simulator.manual import ManualWorld
from livedata.simulator.server import serve, uvicorn_server
from livedata.subscriptions import lease
from tests.core.test_mirror_recordings import BATCHES, SESSION, play
from tests.livedata.feeding import feeding, fresh_view, quoted_market, truth, until

SECONDS = 10.0


class Replaying:
    """A replay served in this process."""

    def __init__(self, stage: Stage, port: int) -> None:
        self.stage = stage
        self.environment = {
            "GAMMA_URL": f"http://127.0.0.1:{port}/gamma",
            "CLOB_URL": f"http://127.0.0.1:{port}/clob",
            "DATA_URL": f"http://127.0.0.1:{port}/data",
            "CLOB_WS_URL": f"ws://127.0.0.1:{port}",
        }


@contextmanager
def replaying(path: Path, *, speed: float = 1.0) -> Iterator[Replaying]:
    stage = Stage(Recording(path), speed=speed)
    ports: Queue[int] = Queue()
    server = uvicorn_server(ReplayApp(stage), host="127.0.0.1", port=0, started=ports.put)
    thread = threading.Thread(target=server.run)
    thread.start()
    try:
        yield Replaying(stage, ports.get(timeout=SECONDS))
    finally:
        server.should_exit = True
        thread.join(SECONDS)


def recorded(world: ManualWorld, path: Path, moves: Callable[[], None]) -> int:
    """Record the world's markets while `moves` moves them; returns how many frames came."""

    async def main(urls: dict[str, str]) -> int:
        stop, begun = asyncio.Event(), asyncio.Event()

        def progress(count: int) -> None:
            if count:
                begun.set()

        async def move() -> None:
            await begun.wait()
            await asyncio.to_thread(moves)
            await asyncio.sleep(0.2)  # the last frames are on their way
            stop.set()

        moving = asyncio.create_task(move())
        count = await record(
            path, urls=urls, markets_count=10, slugs=[], stop=stop, dead_s=5, progress=progress
        )
        await moving
        return count

    with serve(world) as venue:
        return asyncio.run(main(venue.environment))


@pytest.fixture
def tape(tmp_path: Path) -> tuple[ManualWorld, list, Path]:
    """Two markets that traded while they were recorded."""
    world = ManualWorld()
    listings = [quoted_market(world, slug="rain"), quoted_market(world, slug="snow")]
    path = tmp_path / "tape.jsonl.gz"

    def moves() -> None:
        for cents in range(40, 48):
            world.set_level(listings[0].condition_id, "BUY", f"0.{cents}", "12.5")
        world.trade(listings[1].condition_id, "BUY", "40")

    assert recorded(world, path, moves) >= 9
    return world, listings, path


def test_a_recording_replayed_ends_in_the_books_that_were_recorded(tape, memory_bus):
    world, listings, path = tape
    with replaying(path, speed=50) as venue, feeding(memory_bus, venue):
        lease("test", venue.stage.refs.values(), seconds=60)
        for listing in listings:
            until(lambda listing=listing: fresh_view(listing.condition_id).book == truth(world, listing))
        assert venue.stage.ended


def test_a_replay_answers_the_real_clients(tape):
    world, listings, path = tape

    async def ask(venue: Replaying) -> None:
        until(lambda: venue.stage.ended)
        urls = venue.environment
        async with open_client(urls["GAMMA_URL"]) as gamma, open_client(urls["CLOB_URL"]) as clob:
            page = await GammaClient(gamma).markets_page(closed=False)
            assert {market.slug for market in page.reading.markets} == {"rain", "snow"}
            assert not page.reading.bad and page.next_cursor == ""
            assert (await GammaClient(gamma).markets_page(closed=True)).rows_count == 0
            by_slug = await GammaClient(gamma).market_by_slug("rain")
            assert by_slug.markets[0].condition_id == listings[0].condition_id
            token_id = listings[1].token_ids[1]
            by_token = await GammaClient(gamma).market_by_token(token_id)
            assert by_token.markets[0].slug == "snow"
            assert (await GammaClient(gamma).event_by_slug("rain")).events
            assert (await GammaClient(gamma).events_page(closed=False)).rows_count == 2
            assert (await GammaClient(gamma).search("snow")).markets

            client = ClobClient(clob)
            assert abs(1_000 * await client.time() - venue.stage.now_ms) < 120_000
            book = await client.book(token_id)
            assert read_order_book(book, outcome_index=1) == truth(world, listings[1])
            assert len(await client.books([*listings[0].token_ids, "123"])) == 2
            assert await client.prices_history(token_id, fidelity=60, start_s=1, end_s=2) == []
            assert (await client.market_rules(listings[0].condition_id)) is not None

    with replaying(path, speed=50) as venue:
        asyncio.run(ask(venue))


def test_a_recorded_book_has_a_hash_that_verifies(tape):
    _, listings, path = tape
    with replaying(path, speed=50) as venue:
        until(lambda: venue.stage.ended)
        body = httpx.get(
            f"{venue.environment['CLOB_URL']}/book", params={"token_id": listings[0].token_ids[0]}
        )
        book = read_book(body.content)
        assert book.hash == venue.stage.book(book.asset_id)["hash"]
        refused = httpx.get(f"{venue.environment['CLOB_URL']}/book", params={"token_id": "5"})
        assert (refused.status_code, refused.json()) == (
            404,
            {"error": "No orderbook exists for the requested token id"},
        )


@pytest.mark.parametrize("name", [SESSION, *BATCHES])
def test_what_others_recorded_is_served_too(recordings: Path, memory_bus, name: str):
    path = recordings / f"ws/{name}.jsonl"
    expected = play(path)
    with replaying(path, speed=200) as venue, feeding(memory_bus, venue):
        lease("test", venue.stage.refs.values(), seconds=60)
        for condition_id, mirror in expected.mirrors.items():
            until(lambda condition_id=condition_id, mirror=mirror: _shows(condition_id, mirror.book))


def _shows(condition_id: str, book) -> bool:
    view = books.newest(condition_id)
    return view is not None and view.fresh and view.book == book


def test_a_replay_runs_at_its_own_pace(tmp_path: Path):
    path = tmp_path / "two.jsonl"
    path.write_text(
        "".join(
            json.dumps({"recv_ms": ms, "raw": "[]"}) + "\n" for ms in (1_795_500_000_000, 1_795_500_010_000)
        )
    )
    stage = Stage(Recording(path), speed=10.0)

    assert stage.seconds_until(1_795_500_010_000) == pytest.approx(1.0, abs=0.05)
    assert stage.now_ms == pytest.approx(1_795_500_000_000, abs=500)


def test_a_recording_is_never_overwritten(tmp_path: Path):
    path = tmp_path / "tape.jsonl"
    Writer(path).close()

    with pytest.raises(FileExistsError):
        Writer(path)


@pytest.mark.parametrize("suffix", ["jsonl", "jsonl.gz"])
def test_a_recording_whose_recorder_was_killed_plays_up_to_there(tmp_path: Path, suffix: str):
    path = tmp_path / f"tape.{suffix}"
    writer = Writer(path)
    for number in range(50):
        writer.write(Line(recv_ms=1_000 + number, raw="[]"))
    writer.close()
    if suffix == "jsonl":
        path.write_bytes(path.read_bytes()[:-10])
    else:
        path.write_bytes(gzip.compress(gzip.decompress(path.read_bytes()))[:-12])

    assert 1 <= Recording(path).frames_count <= 50


@pytest.mark.parametrize("content", ["", "not json\n", '{"kind":"event","raw":"{}"}\n'])
def test_what_is_no_recording_is_refused_in_words(tmp_path: Path, content: str):
    path = tmp_path / "tape.jsonl"
    path.write_text(content)

    command = [sys.executable, "-m", "livedata.replay", str(path)]
    done = subprocess.run(command, capture_output=True, text=True, timeout=30, check=False)

    assert done.returncode == 1
    assert done.stderr.startswith("replay: ") and "Traceback" not in done.stderr


def test_the_replay_process_says_its_port_and_ends_with_its_parent(tmp_path: Path):
    path = tmp_path / "tape.jsonl"
    path.write_text('{"recv_ms":1795500000000,"raw":"[]"}\n')
    command = [sys.executable, "-m", "livedata.replay", str(path), "--with-parent", "--speed", "2"]
    with subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True) as process:
        assert process.stdout is not None and process.stdin is not None
        port = json.loads(process.stdout.readline())["port"]
        clock = httpx.get(f"http://127.0.0.1:{port}/_clock").json()
        process.stdin.close()
        assert process.wait(SECONDS) == 0

    assert clock["speed"] == 2.0
    assert abs(clock["venue_ms"] - 1_795_500_000_000) < 60_000
