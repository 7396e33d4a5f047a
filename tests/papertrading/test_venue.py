"""The venue's process answers, is started again when it fails, and never outlives us."""

import os
import signal
import socket
import subprocess
import sys
import time
import urllib.request
from collections.abc import Callable
from pathlib import Path

import pytest

from papertrading import source, venue
from papertrading.venue import VenueProcess, beside, command_for

# Speaks as `python -m livedata.simulator` does: says its port, ends when its standard input does.
CHILD = """
import json, os, sys, threading
from http.server import BaseHTTPRequestHandler, HTTPServer

class Answer(BaseHTTPRequestHandler):
    def do_GET(self):
        self.send_response(200)
        self.end_headers()
        self.wfile.write(str(os.getpid()).encode())
    def log_message(self, *args):
        pass

port = int(sys.argv[sys.argv.index("--port") + 1])
assert "--with-parent" in sys.argv
server = HTTPServer(("127.0.0.1", port), Answer)
threading.Thread(target=server.serve_forever, daemon=True).start()
print(json.dumps({"port": port}), flush=True)
sys.stdin.read()
os._exit(0)
"""


@pytest.fixture
def child(tmp_path):
    path = tmp_path / "child.py"
    path.write_text(CHILD)
    return [sys.executable, str(path)]


def free_port() -> int:
    with socket.create_server(("127.0.0.1", 0)) as listener:
        return int(listener.getsockname()[1])


def child_id(port: int) -> int | None:
    try:
        with urllib.request.urlopen(f"http://127.0.0.1:{port}", timeout=2) as answer:
            return int(answer.read())
    except (OSError, ValueError):  # nobody there, or gone in the middle of the answer
        return None


def eventually(claim: Callable[[], object], seconds: float = 10) -> bool:
    deadline = time.monotonic() + seconds
    while time.monotonic() < deadline:
        if claim():
            return True
        time.sleep(0.02)
    return False


def is_alive(process_id: int) -> bool:
    try:
        os.kill(process_id, 0)
    except ProcessLookupError:
        return False
    return True


def test_it_answers_and_is_gone_when_stopped(child):
    process = VenueProcess(child, port=free_port())
    process.start()
    assert process.wait(10)
    running = child_id(process.port)

    process.stop()

    assert running is not None
    assert not is_alive(running)
    assert child_id(process.port) is None


def test_a_venue_that_dies_is_started_again_at_the_same_address(child, monkeypatch):
    monkeypatch.setattr(venue, "_BACK_OFF_SECONDS", (0.01,))
    process = VenueProcess(child, port=free_port())
    process.start()
    assert process.wait(10)
    first = child_id(process.port)

    os.kill(first, signal.SIGKILL)

    assert eventually(lambda: child_id(process.port) not in {None, first})
    process.stop()


def test_a_parent_that_is_killed_leaves_no_child(child, tmp_path):
    port = free_port()
    parent_code = (
        "import sys, time; from papertrading.venue import VenueProcess; "
        f"p = VenueProcess({child!r}, port={port}); p.start(); assert p.wait(10); print('up', flush=True); "
        "time.sleep(60)"
    )
    parent = subprocess.Popen(
        [sys.executable, "-c", parent_code], stdout=subprocess.PIPE, text=True, cwd=venue.ROOT
    )
    with parent.stdout:
        assert parent.stdout.readline() == "up\n"
    running = child_id(port)
    assert is_alive(running)

    parent.kill()
    parent.wait()

    assert eventually(lambda: child_id(port) is None)


def test_the_environment_points_at_it(child, monkeypatch, tmp_path):
    before = dict(os.environ)
    monkeypatch.setattr(venue, "command_for", lambda *_: child)
    try:
        with beside("simulator", tmp_path) as process:
            assert process.wait(10)
            assert {name: os.environ[name] for name in source.POLYMARKET} == source.local_urls(process.port)
            assert os.environ["EXCHANGE"] == "simulator"
        assert child_id(process.port) is None
    finally:
        os.environ.clear()
        os.environ.update(before)


@pytest.mark.parametrize("exchange", ["live", "simulator"])
def test_nothing_is_started_for_a_venue_that_is_elsewhere(monkeypatch, tmp_path, exchange):
    monkeypatch.setenv("CLOB_URL", "http://127.0.0.1:1")

    with beside(exchange, tmp_path) as process:
        assert process is None


def test_the_commands_of_simulator_and_replay(monkeypatch, tmp_path):
    monkeypatch.setenv("SIMULATOR_SEED", "11")
    monkeypatch.setenv("SIMULATOR_SPEED", "10")

    simulator = command_for("simulator", tmp_path)[1:]
    replay = command_for("replay:file.bin", tmp_path)[1:]

    state = str(tmp_path / "simulator")
    assert simulator == ["-m", "livedata.simulator", "--seed", "11", "--speed", "10", "--state", state]
    assert replay == ["-m", "livedata.replay", str(Path("file.bin").resolve()), "--speed", "10"]
