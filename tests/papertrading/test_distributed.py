"""The system as docker-compose.yml runs it: every part a process, MongoDB's wire and Redis between them."""

import json
import os
import random
import signal
import socket
import subprocess
import sys
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import ExitStack
from urllib.parse import urlsplit

import httpx
import pytest

from papertrading.source import local_urls
from tests.site import ROOT, own_environment

pytestmark = pytest.mark.slow

PARTS = {
    "web": ["manage.py", "serve", "--port", "{port}"],
    "feed": ["manage.py", "feed"],
    "matcher-0": ["manage.py", "matcher", "--shard", "0/2"],
    "matcher-1": ["manage.py", "matcher", "--shard", "1/2"],
    "settler": ["manage.py", "settler"],
    "worker": ["-m", "celery", "-A", "papertrading", "worker", "--pool", "threads", "--concurrency", "4"],
    "beat": ["-m", "celery", "-A", "papertrading", "beat", "--scheduler", "celery.beat.Scheduler"],
}


def eventually(claim: Callable[[], bool], what: str, seconds: float = 120) -> None:
    deadline = time.monotonic() + seconds
    while time.monotonic() < deadline:
        if claim():
            return
        time.sleep(0.25)
    raise AssertionError(f"not within {seconds:.0f} s: {what}")


class System:
    """All parts, on ports of their own."""

    def __init__(self, folder, redis_url: str, stack: ExitStack) -> None:
        self._folder, self._stack = folder, stack
        self.processes: dict[str, subprocess.Popen[str]] = {}
        with socket.create_server(("127.0.0.1", 0)) as free:
            self.port = free.getsockname()[1]
        mongo = self._start("mongo", ["-m", "tests.mongodb_wire"], own_environment())
        simulator_state = ["--state", str(folder / "simulator"), "--with-parent"]
        simulator = self._start(
            "simulator", ["-m", "livedata.simulator", *simulator_state], own_environment()
        )
        redis = urlsplit(redis_url)
        self.environment = own_environment(
            DATA_DIR=str(folder),
            MONGO_URI=mongo.stdout.readline().strip(),
            REDIS_HOST=str(redis.hostname),
            REDIS_PORT=str(redis.port),
            DJANGO_SECRET_KEY="one-of-two-0123456789-abcdefghijklmnop",
            JWT_SECRET_KEY="two-of-two-9876543210-qrstuvwxyzabcdef",
            LATENCY_MS="0",
            **local_urls(json.loads(simulator.stdout.readline())["port"]),
        )
        subprocess.run(
            [sys.executable, "manage.py", "migrate_all"], cwd=ROOT, env=self.environment, check=True
        )
        for name in PARTS:
            self.start(name)

    def start(self, name: str) -> None:
        self._start(name, [part.format(port=self.port) for part in PARTS[name]], self.environment)

    def _start(self, name: str, arguments: list[str], environment: dict[str, str]) -> subprocess.Popen[str]:
        log = self._stack.enter_context((self._folder / f"{name}.log").open("a"))
        says_where = name in {"mongo", "simulator"}
        process = subprocess.Popen(
            [sys.executable, *arguments],
            cwd=ROOT,
            env=environment,
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE if says_where else log,
            stderr=log,
            text=True,
        )
        self._stack.callback(process.wait, 20)
        self._stack.callback(process.kill)
        self._stack.enter_context(process.stdin)
        if process.stdout is not None:
            self._stack.enter_context(process.stdout)
        self.processes[name] = process
        return process

    def health(self) -> dict:
        try:
            return httpx.get(f"http://127.0.0.1:{self.port}/health", timeout=5).json()
        except httpx.HTTPError:
            return {"status": "silent", "checks": {}}

    def is_well(self, part: str) -> bool:
        return bool(self.health()["checks"].get(part, {}).get("ok"))

    def log(self, name: str) -> str:
        return (self._folder / f"{name}.log").read_text()


@pytest.fixture
def system(tmp_path, redis_url: str) -> Iterator[System]:
    with ExitStack() as stack:
        yield System(tmp_path, redis_url, stack)


def test_many_processes_trade_heal_and_end(system):
    eventually(lambda: system.health()["status"] == "healthy", "all parts are well")
    with httpx.Client(base_url=f"http://127.0.0.1:{system.port}", timeout=30) as client:
        register(client)
        trade_on_every_shard(client)
    assert_audit_is_clean(system)
    assert_feed_heals(system)
    assert_every_part_ends(system)


KILLS = int(os.environ.get("KILLS", "6"))  # more by hand


def test_parts_killed_at_random_lose_and_double_nothing(system):
    """Web, feed and matchers, killed -9 one after the other while a trader rests, takes and cancels."""
    eventually(lambda: system.health()["status"] == "healthy", "all parts are well")
    draw, stop = random.Random(KILLS), threading.Event()
    with httpx.Client(base_url=f"http://127.0.0.1:{system.port}", timeout=30) as client:
        register(client)
        portfolio = client.post("/portfolios", json={"name": "Survivor"}).json()["id"]
        query = {"sort_by": "volume_24h", "sort_desc": "true", "closed": "false", "page_size": 6}
        eventually(lambda: client.get("/markets", params=query).json()["total"] >= 500, "markets are synced")
        markets = client.get("/markets", params=query).json()["markets"]
        asked: dict[str, dict] = {}
        token = client.headers["Authorization"]
        trading = threading.Thread(
            target=trade_on, args=(system.port, token, portfolio, markets, stop, asked)
        )
        trading.start()
        for _ in range(KILLS):
            name = draw.choice(["web", "feed", "matcher-0", "matcher-1"])
            time.sleep(0.5 + draw.random())
            system.processes[name].kill()
            system.processes[name].wait()
            system.start(name)
        stop.set()
        trading.join()
        eventually(lambda: system.health()["status"] == "healthy", "all parts are well again")
        path = f"/portfolios/{portfolio}/orders"
        eventually(lambda: not client.delete(path).json()["cancelled"], "everything is cancelled")
        eventually(
            lambda: client.get(path, params={"status": "accepted,delayed,live"}).json()["total"] == 0,
            "nothing is open",
        )
        total = client.get(path).json()["total"]
        for body in asked.values():  # asked again with the same id: the first order, never a second
            assert client.post(path, json=body).status_code in (200, 201, 422)
        assert total <= client.get(path).json()["total"] <= len(asked)
    assert len(asked) > KILLS
    assert_audit_is_clean(system)


def trade_on(
    port: int, token: str, portfolio: str, markets: list, stop: threading.Event, asked: dict
) -> None:
    draw = random.Random(5)
    headers = {"Authorization": token}
    with httpx.Client(base_url=f"http://127.0.0.1:{port}", timeout=15, headers=headers) as client:
        while not stop.wait(0.05):
            market = draw.choice(markets)
            body = {
                "market": market["slug"],
                "outcome": draw.randint(0, 1),
                "side": "BUY",
                "client_order_id": f"{draw.getrandbits(64):x}",
            }
            if draw.random() < 0.5:
                body |= {"type": "market", "amount": "5"}
            else:
                bid = (market["best_bid"] if body["outcome"] == 0 else None) or market["tick_size"]
                body |= {"type": "limit", "price": bid, "size": "10"}
            asked[body["client_order_id"]] = body
            try:
                client.post(f"/portfolios/{portfolio}/orders", json=body)
                if draw.random() < 0.2:
                    client.delete(f"/portfolios/{portfolio}/orders")
            except httpx.TransportError:
                continue  # the part that was asked is gone


def register(client: httpx.Client) -> None:
    words = {"email": "ada@example.org", "password": "correct horse battery"}
    registered = client.post("/auth/register", json=words | {"password_confirm": words["password"]})
    assert registered.status_code == 201, registered.text
    token = client.post("/auth/login", json=words).json()["access_token"]
    client.headers["Authorization"] = f"Bearer {token}"


def trade_on_every_shard(client: httpx.Client) -> None:
    portfolio = client.post("/portfolios", json={"name": "Far away"}).json()
    query = {"sort_by": "volume_24h", "sort_desc": "true", "closed": "false", "page_size": 8}
    eventually(lambda: client.get("/markets", params=query).json()["total"] >= 500, "markets are synced")
    orders = []
    for market in client.get("/markets", params=query).json()["markets"]:
        order = {"market": market["slug"], "outcome": 0, "side": "BUY", "type": "market", "amount": "5"}
        answer = client.post(f"/portfolios/{portfolio['id']}/orders", json=order)
        assert answer.status_code == 201, answer.text
        orders.append(answer.json())

    assert {order["status"] for order in orders} <= {"matched", "killed", "delayed"}
    matched = {order["condition_id"] for order in orders if order["status"] == "matched"}
    assert len(matched) >= 4, [(order["status"], order["reason"]) for order in orders]
    positions = client.get(f"/portfolios/{portfolio['id']}/positions").json()["positions"]
    assert {position["condition_id"] for position in positions} >= matched


def assert_audit_is_clean(system: System) -> None:
    command = [sys.executable, "manage.py", "audit"]
    audited = subprocess.run(command, cwd=ROOT, env=system.environment, capture_output=True, text=True)
    assert audited.returncode == 0, audited.stdout + audited.stderr


def assert_feed_heals(system: System) -> None:
    system.processes["feed"].kill()
    eventually(lambda: not system.is_well("feed"), "the feed's silence is noticed")
    assert system.health()["status"] == "degraded"

    system.start("feed")

    eventually(lambda: system.is_well("feed"), "the feed is back")


def assert_every_part_ends(system: System) -> None:
    for name in PARTS:
        system.processes[name].send_signal(signal.SIGTERM)
    codes = {name: system.processes[name].wait(60) for name in PARTS}  # a worker ends its task first
    assert codes == dict.fromkeys(PARTS, os.EX_OK), {name: system.log(name)[-500:] for name in PARTS}
