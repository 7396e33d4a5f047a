"""The whole site as a process of its own, as `make run` starts it: for journeys, browsers and benchmarks."""

import os
import re
import signal
import subprocess
import sys
import threading
import time
import urllib.request
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent
_SAYS_WHERE = re.compile(r"running at (http://\S+)")
_FROM_THE_TESTS = {
    *("MONGO_URI", "REDIS_HOST", "REDIS_PORT", "GAMMA_URL", "CLOB_URL", "DATA_URL", "CLOB_WS_URL"),
    *("DJANGO_SECRET_KEY", "JWT_SECRET_KEY", "CLOB_AUTO_REGISTER"),
}


@dataclass
class Site:
    url: str
    process: subprocess.Popen[str]
    started_s: float  # how long until it said where it runs
    lines: list[str]  # what it printed

    def get(self, path: str, *, seconds: float = 10) -> str:
        with urllib.request.urlopen(f"{self.url}{path}", timeout=seconds) as answer:
            return str(answer.read().decode())

    def stop(self, with_signal: signal.Signals = signal.SIGTERM) -> tuple[int, float]:
        """Its exit code, and how long it took to go."""
        asked = time.monotonic()
        self.process.send_signal(with_signal)
        code = self.process.wait(timeout=20)
        return code, time.monotonic() - asked

    def worked_s(self) -> float:
        """The processor's time that it and its children have taken so far: what no other work adds to."""
        ticks = 0
        for process_id in (self.process.pid, *self.children()):
            user, system = Path(f"/proc/{process_id}/stat").read_text().rpartition(")")[2].split()[11:13]
            ticks += int(user) + int(system)
        return ticks / os.sysconf("SC_CLK_TCK")

    def children(self) -> list[int]:
        found = subprocess.run(
            ["pgrep", "-P", str(self.process.pid)], capture_output=True, text=True, check=False
        )
        return [int(line) for line in found.stdout.split()]


def own_environment(**changes: str) -> dict[str, str]:
    """The environment of somebody who has set nothing, but for `changes` and the simulator as the venue."""
    inherited = {name: value for name, value in os.environ.items() if name not in _FROM_THE_TESTS}
    return inherited | {"EXCHANGE": "simulator"} | changes


def start_site(folder: Path, *, seconds: float = 60, **environment: str) -> Site:
    """Start on `folder` as DATA_DIR and any free port. Raises AssertionError, with what it printed."""
    env = own_environment(DATA_DIR=str(folder), PYTHONUNBUFFERED="1", **environment)
    began = time.monotonic()
    process = subprocess.Popen(
        [sys.executable, "manage.py", "up", "--port", "0"],
        cwd=ROOT,
        env=env,
        stdin=subprocess.DEVNULL,
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
    )
    lines: list[str] = []
    said, where = threading.Event(), []

    def read() -> None:
        assert process.stdout is not None, "its output is a pipe"
        with process.stdout:
            for line in process.stdout:
                lines.append(line)
                if found := _SAYS_WHERE.search(line):
                    where.append(found.group(1))
                    said.set()
        said.set()

    threading.Thread(target=read, daemon=True).start()
    if not said.wait(seconds) or not where:
        process.kill()
        process.wait()
        raise AssertionError("the site did not start:\n" + "".join(lines))
    return Site(where[0], process, time.monotonic() - began, lines)


@contextmanager
def running_site(folder: Path, **environment: str) -> Iterator[Site]:
    site = start_site(folder, **environment)
    try:
        yield site
    finally:
        if site.process.poll() is None:
            site.stop()
