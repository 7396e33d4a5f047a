"""`python -m livedata.simulator`: the simulated venue as a process of its own, without Django.

Prints one JSON line, {"port": N}, when it answers.
"""

import argparse
import json
from collections.abc import Sequence
from pathlib import Path

from livedata.simulator.load import PER_SECOND_MAX
from livedata.simulator.server import app, run_process
from livedata.simulator.times import VenueClock, wall_ms
from livedata.simulator.world import World


def parser() -> argparse.ArgumentParser:
    asked = argparse.ArgumentParser(prog="simulator", description=__doc__)
    add_arguments(asked)
    return asked


def load_rate(text: str) -> int:
    """Raises ArgumentTypeError for what is no rate of a load; 0 is none at all."""
    if not text.isdecimal() or int(text) > PER_SECOND_MAX:
        raise argparse.ArgumentTypeError(f"a load is 0 to {PER_SECOND_MAX} messages a second")
    return int(text)


def add_arguments(asked: argparse.ArgumentParser) -> None:
    asked.add_argument("--host", default="127.0.0.1")
    asked.add_argument("--port", type=int, default=0, help="0 takes a free one")
    asked.add_argument("--seed", type=int, default=7)
    asked.add_argument("--speed", type=float, default=1.0, help="simulated seconds a second")
    asked.add_argument(
        "--load",
        type=load_rate,
        default=0,
        metavar="N",
        help=f"N messages a second more, up to {PER_SECOND_MAX}",
    )
    asked.add_argument("--state", type=Path, help="folder that keeps the instant of the first start")
    asked.add_argument("--with-parent", action="store_true", help="end when standard input closes")


def founded(state: Path | None, *, seed: int) -> int:
    """The epoch in ms: when this venue was first started. Kept per seed, so that restarts go on from it."""
    if state is None:
        return wall_ms()
    kept = state / f"simulator-{seed}.json"
    try:
        return int(json.loads(kept.read_text())["epoch_ms"])
    except FileNotFoundError:
        epoch_ms = wall_ms()
        state.mkdir(parents=True, exist_ok=True)
        kept.write_text(json.dumps({"epoch_ms": epoch_ms}))
        return epoch_ms


def run(
    *, host: str, port: int, seed: int, speed: float, load: int, state: Path | None, with_parent: bool
) -> None:
    """Serve until interrupted, or until the parent is gone."""
    epoch_ms = founded(state, seed=seed)
    clock = VenueClock(epoch_ms=epoch_ms, speed=speed)
    world = World(seed=seed, epoch_ms=epoch_ms, start_ms=clock.now_ms(), speed=speed)
    application = app(world, clock=clock.now_ms, seed=seed, load_per_second=load)
    run_process(application, host=host, port=port, with_parent=with_parent)


def main(arguments: Sequence[str] | None = None) -> None:
    asked = parser().parse_args(arguments)
    run(
        host=asked.host,
        port=asked.port,
        seed=asked.seed,
        speed=asked.speed,
        load=asked.load,
        state=asked.state,
        with_parent=asked.with_parent,
    )


if __name__ == "__main__":
    main()
