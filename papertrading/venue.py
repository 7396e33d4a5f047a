"""The venue as a process of our own: the simulator or a replay, started beside the site.

It listens on a free loopback port and ends with us, however we end: its standard input is a pipe
that only we hold, and it exits when that closes. Standard library only: it starts before Django.
"""

import json
import logging
import os
import socket
import subprocess
import sys
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from papertrading import source

ROOT = Path(__file__).resolve().parent.parent
_SECONDS_TO_END = 2
_BACK_OFF_SECONDS = (0.2, 1, 5)

logger = logging.getLogger(__name__)


class VenueProcess:
    """One child, started again on the same port should it ever fail."""

    def __init__(self, command: list[str], *, port: int) -> None:
        self.port = port
        self._command = [*command, "--port", str(port), "--with-parent"]
        self._answers = threading.Event()
        self._ending = threading.Event()
        self._child: subprocess.Popen[str] | None = None
        self._watch = threading.Thread(target=self._run, name="venue", daemon=True)

    def start(self) -> None:
        self._watch.start()

    def wait(self, seconds: float) -> bool:
        """Whether it answers by then."""
        return self._answers.wait(seconds)

    def stop(self) -> None:
        self._ending.set()
        if self._child is not None and self._child.stdin is not None:
            self._child.stdin.close()
            try:
                self._child.wait(_SECONDS_TO_END)
            except subprocess.TimeoutExpired:
                self._child.kill()
        self._watch.join(_SECONDS_TO_END)

    def _run(self) -> None:
        failures = 0
        while not self._ending.is_set():
            self._live_once()
            if not self._ending.wait(_BACK_OFF_SECONDS[min(failures, len(_BACK_OFF_SECONDS) - 1)]):
                failures += 1
                logger.error("venue.restarted", extra={"failures": failures})

    def _live_once(self) -> None:
        # A session of its own: Ctrl-C in the terminal is for the parent, which then ends the child.
        child = subprocess.Popen(
            self._command,
            cwd=ROOT,
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            text=True,
            start_new_session=True,
        )
        self._child = child
        assert child.stdin is not None and child.stdout is not None, "both are pipes"
        if self._ending.is_set():  # stopped while we started
            child.stdin.close()
        with child.stdin, child.stdout:
            for line in child.stdout:  # the first line says that it answers
                if line.startswith("{") and json.loads(line).get("port") == self.port:
                    self._answers.set()
        child.wait()
        self._answers.clear()


def command_for(exchange: str, folder: Path) -> list[str]:
    """The command line of the child that serves `simulator` or `replay:FILE`."""
    kind, _, file = exchange.partition(":")
    speed = os.environ.get("SIMULATOR_SPEED") or "1"
    if kind == source.REPLAY:
        return [sys.executable, "-m", "livedata.replay", str(Path(file).resolve()), "--speed", speed]
    seed = os.environ.get("SIMULATOR_SEED") or "7"
    state = str(folder / "simulator")
    return [sys.executable, "-m", "livedata.simulator", "--seed", seed, "--speed", speed, "--state", state]


@contextmanager
def beside(exchange: str, folder: Path) -> Iterator[VenueProcess | None]:
    """Run the venue that `exchange` names while the block runs, and point the environment at it.

    Nothing is started for the live venue, or when the venue's addresses are given.
    """
    if exchange == source.LIVE or any(os.environ.get(name) for name in source.POLYMARKET):
        yield None
        return
    venue = VenueProcess(command_for(exchange, folder), port=_free_port())
    os.environ |= source.local_urls(venue.port) | {"EXCHANGE": exchange}
    venue.start()
    try:
        yield venue
    finally:
        venue.stop()


def _free_port() -> int:
    with socket.socket() as listener:
        listener.bind(("127.0.0.1", 0))
        return int(listener.getsockname()[1])
