"""The executor is killed again and again while traders trade: nothing is lost, doubled or held up."""

import json
import os
import random
import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager
from urllib.parse import urlsplit

import pytest
import redis

from tests.journeys.trader import until
from tests.site import ROOT, own_environment

SEEN = "live:matcher:seen:0"  # what an executor writes once a second
KILLS = int(os.environ.get("KILLS", "40"))  # of the long run; more by hand


@contextmanager
def process(*arguments: str, environment: dict[str, str]) -> Iterator[subprocess.Popen[str]]:
    running = subprocess.Popen(
        [sys.executable, *arguments],
        cwd=ROOT,
        env=environment,
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        stderr=subprocess.DEVNULL,
        text=True,
    )
    try:
        yield running
    finally:
        running.kill()
        running.communicate()


@pytest.mark.parametrize("kills", [10, pytest.param(KILLS, marks=pytest.mark.slow, id="many")])
def test_an_executor_killed_at_any_instant_loses_and_doubles_nothing(tmp_path, redis_url, kills):
    server = urlsplit(redis_url)
    environment = own_environment(
        EXCHANGE="live",
        DATA_DIR=str(tmp_path),
        REDIS_HOST=str(server.hostname),
        REDIS_PORT=str(server.port),
        DJANGO_SECRET_KEY="one-of-two-0123456789-abcdefghijklmnop",
        JWT_SECRET_KEY="two-of-two-9876543210-qrstuvwxyzabcdef",
        LATENCY_MS="20",
        LOG_LEVEL="ERROR",
    )
    draw, bus = random.Random(kills), redis.Redis.from_url(redis_url)
    with process("-m", "tests.journeys.busy_market", environment=environment) as market:
        assert market.stdout.readline() == "ready\n"
        for _ in range(kills):
            bus.delete(SEEN)
            with process("manage.py", "matcher", environment=environment):
                until("the executor is at work", lambda: bus.exists(SEEN), seconds=30)
                time.sleep(draw.random() * 0.8)  # a random instant is what is tested
        with process("manage.py", "matcher", environment=environment):
            told, _ = market.communicate(timeout=60)
    bus.close()
    seen = json.loads(told)

    assert seen["orders"] > 2 * kills
    assert seen["makers"] > 0
    slowest_s = seen.pop("slowest_s")
    counts = {name: seen.pop(name) for name in ("orders", "fills", "makers")}
    print(f"{kills} kills: {counts}, slowest answer {slowest_s:.1f} s")
    assert seen == {"lost": [], "differ": [], "open": 0, "overspent": [], "drifts": []}
