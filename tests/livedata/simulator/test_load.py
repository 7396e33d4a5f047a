"""Extra traffic: as much as was asked for, and true."""

import asyncio
import json
import os
import time
from argparse import ArgumentTypeError
from pathlib import Path

import httpx
import pytest
from websockets.asyncio.client import connect

from livedata.simulator.__main__ import load_rate
from livedata.simulator.frames import snapshot
from livedata.simulator.load import Load
from tests.livedata.simulator.make import START_MS, Recorder, open_markets, small_world
from tests.livedata.simulator.oracle import Oracle
from tests.livedata.simulator.test_process import ended, started


def test_it_tells_what_is_due_and_nothing_false():
    world = small_world()
    recorder, listings = Recorder(world), open_markets(world)[:10]
    oracle = Oracle(neg_risk={listing.condition_id: listing.event.neg_risk for listing in listings})
    for listing in listings:
        world.watch(listing)
        live = world.live(listing)
        oracle.read(f"[{snapshot(live, 0)},{snapshot(live, 1)}]\n")
    load = Load(world, per_second=2_000)

    for centisecond in range(201):
        world.advance(START_MS + 10 * centisecond)
        load.push(centisecond / 100, backlog=0)

    assert 3_900 <= load.told_count <= 4_100
    assert len(recorder.texts) >= load.told_count
    for text in recorder.texts:
        oracle.read(text)
    assert oracle.finish().complaints == []
    assert oracle.counts["change hash ok"] > 500


def test_it_waits_for_slow_readers_and_does_not_catch_up_for_ever():
    world = small_world()
    world.watch(open_markets(world)[0])
    load = Load(world, per_second=1_000)
    load.push(0.0, backlog=0)

    load.push(1.0, backlog=10_000)
    assert load.told_count == 0

    load.push(60.0, backlog=0)
    assert 200 <= load.told_count <= 300


def test_nothing_is_told_where_nobody_watches():
    world = small_world()
    world.live(open_markets(world)[0])
    load = Load(world, per_second=1_000)

    load.push(0.0, backlog=0)
    load.push(1.0, backlog=0)

    assert load.told_count == 0


@pytest.mark.parametrize(("text", "expected"), [("0", 0), ("20000", 20_000)])
def test_a_rate_is_read(text, expected):
    assert load_rate(text) == expected


@pytest.mark.parametrize("text", ["-1", "20001", "many", "1e3"])
def test_an_impossible_rate_is_refused(text):
    with pytest.raises(ArgumentTypeError):
        load_rate(text)


async def received_in(port: int, seconds: float) -> int:
    """Messages that a client of the busiest markets gets."""
    params = {"limit": 50, "order": "volume24hr", "ascending": "false", "closed": "false"}
    async with httpx.AsyncClient() as client:
        answer = await client.get(f"http://127.0.0.1:{port}/gamma/markets", params=params, timeout=20)
    tokens = [token for row in answer.json() for token in json.loads(row["clobTokenIds"])]
    url = f"ws://127.0.0.1:{port}/ws/market"
    async with connect(url, max_size=None, compression=None, max_queue=None) as socket:
        await socket.send(json.dumps({"type": "market", "assets_ids": tokens}))
        for _ in range(50):
            await socket.recv(decode=False)
        count, until = 0, time.monotonic() + seconds
        while (left := until - time.monotonic()) > 0:
            try:
                async with asyncio.timeout(left):
                    await socket.recv(decode=False)
            except TimeoutError:
                break
            count += 1
    return count


@pytest.mark.slow
@pytest.mark.skipif(not Path("/proc/self/stat").exists(), reason="needs /proc")
async def test_a_server_process_tells_ten_thousand_a_second():
    """Judged by what its own processor time would carry, so that a loaded machine does not decide."""
    process, port = started("--load", "12000")
    before = processor_s(process.pid)

    count = await received_in(port, 4.0)

    spent = processor_s(process.pid) - before
    assert await asyncio.to_thread(ended, process) == 0
    assert count / min(4.0, max(spent, 0.1)) > 10_000


def processor_s(pid: int) -> float:
    fields = Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()
    return (int(fields[11]) + int(fields[12])) / os.sysconf("SC_CLK_TCK")
