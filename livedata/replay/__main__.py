"""`python -m livedata.replay FILE`: a recording served as the venue, as a process of its own, without Django.

Prints one JSON line, {"port": N}, when it answers.
"""

import argparse
import sys
from collections.abc import Sequence
from pathlib import Path

from livedata.recording import Recording
from livedata.replay.server import ReplayApp
from livedata.replay.stage import Stage
from livedata.simulator.server import run_process


def add_arguments(asked: argparse.ArgumentParser) -> None:
    asked.add_argument("file", type=Path, metavar="FILE")
    asked.add_argument("--host", default="127.0.0.1")
    asked.add_argument("--port", type=int, default=0, help="0 takes a free one")
    asked.add_argument("--speed", type=float, default=1.0, help="recorded seconds a second")
    asked.add_argument("--with-parent", action="store_true", help="end when standard input closes")


def run(*, file: Path, host: str, port: int, speed: float, with_parent: bool) -> None:
    """Serve until interrupted, or until the parent is gone. Raises ValueError and OSError for a bad FILE."""
    if speed <= 0:
        raise ValueError(f"--speed {speed}: more than 0")
    app = ReplayApp(Stage(Recording(file), speed=speed))
    run_process(app, host=host, port=port, with_parent=with_parent)


def main(arguments: Sequence[str] | None = None) -> None:
    parser = argparse.ArgumentParser(prog="replay", description=__doc__)
    add_arguments(parser)
    try:
        run(**vars(parser.parse_args(arguments)))
    except (ValueError, OSError) as exc:
        sys.exit(f"replay: {exc}")


if __name__ == "__main__":
    main()
