"""The simulator as a process of its own: no Django, one line, quick, and the same after a restart."""

import json
import subprocess
import sys
import time
from pathlib import Path

import httpx
import pytest

from livedata.simulator.__main__ import founded
from livedata.simulator.times import VenueClock, wall_ms

ROOT = Path(__file__).resolve().parents[3]


def started(*arguments: str) -> tuple[subprocess.Popen, int]:
    process = subprocess.Popen(
        [sys.executable, "-m", "livedata.simulator", "--with-parent", *arguments],
        cwd=ROOT,
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        text=True,
    )
    return process, json.loads(process.stdout.readline())["port"]


def ended(process: subprocess.Popen) -> int:
    process.stdin.close()
    code = process.wait(timeout=10)
    process.stdout.close()
    return code


def listed(port: int) -> list[tuple]:
    params = {"limit": 100, "order": "volume24hr", "ascending": "false"}
    rows = httpx.get(f"http://127.0.0.1:{port}/gamma/markets", params=params, timeout=20).json()
    return sorted(
        (row["conditionId"], row["slug"], row["endDate"]) for row in rows if "updown" not in row["slug"]
    )


def test_it_answers_at_once_and_resumes_after_a_restart(tmp_path: Path):
    begun = time.monotonic()
    process, port = started("--state", str(tmp_path), "--seed", "7")
    assert httpx.get(f"http://127.0.0.1:{port}/clob/ok").json() == "OK"
    took_s = time.monotonic() - begun
    first, epoch = listed(port), founded(tmp_path, seed=7)
    assert ended(process) == 0

    process, port = started("--state", str(tmp_path), "--seed", "7")
    again = listed(port)
    told = httpx.get(f"http://127.0.0.1:{port}/clob/time").json()
    assert ended(process) == 0

    assert len(set(first) & set(again)) >= len(first) - 5  # a few may have moved in or out of the first 100
    assert founded(tmp_path, seed=7) == epoch
    assert abs(told - time.time()) < 5
    assert took_s < 10  # 0.5 s where nothing else runs


def test_speed_scales_the_venues_clock(tmp_path: Path):
    process, port = started("--speed", "1000")
    one = httpx.get(f"http://127.0.0.1:{port}/_clock").json()
    two = httpx.get(f"http://127.0.0.1:{port}/_clock").json()
    ended(process)

    assert one["speed"] == 1000
    assert two["venue_ms"] > one["venue_ms"]
    assert one["venue_ms"] > wall_ms()


def test_it_needs_no_django():
    code = (
        "import sys, livedata.simulator.__main__\n"
        "assert not [m for m in sys.modules if m.split('.')[0] in ('django', 'httpx', 'redis', 'celery')]"
    )
    subprocess.run([sys.executable, "-c", code], cwd=ROOT, check=True)


@pytest.mark.parametrize(("speed", "expected"), [(1.0, 60_000), (10.0, 600_000), (0.5, 30_000)])
def test_simulated_time_runs_on_from_the_epoch(speed: float, expected: int):
    clock = VenueClock(epoch_ms=1_000_000, speed=speed, wall=lambda: 1_060_000)
    assert clock.now_ms() == 1_000_000 + expected
