"""Runs the fidelity benchmark: `python -m tests.fidelity [--json] [--short] [--seed S] [--by where …]`."""

import argparse
import json
import sys
import time
from collections.abc import Iterator
from concurrent.futures import ProcessPoolExecutor

from livedata.simulator.draw import mix
from livedata.simulator.profiles import BUSY, CALM, CANCEL_HEAVY, FAST, NEWS, ONE_SIDED, THIN
from livedata.simulator.times import MINUTE
from tests.fidelity.session import Plan, run
from tests.fidelity.table import SPLITS, lines, verdict
from tests.fidelity.tally import Tally, together

# The longest first, so that two processes end together.
PROFILES = (FAST, CANCEL_HEAVY, BUSY, ONE_SIDED, NEWS, CALM, THIN)
TICKS = (1_000, 10_000)
PROBES, SHORT_PROBES = 700, 60  # a session
_SPAN_MS, _LONGEST_MS = 180 * MINUTE, 60 * MINUTE
_SHORT_SPAN_MS, _SHORT_LONGEST_MS = 28 * MINUTE, 8 * MINUTE


def plans(seed: int, *, short: bool) -> Iterator[Plan]:
    """Every profile on both ticks, with sweeps printed once and per level."""
    for profile in PROFILES:
        for tick_micros in TICKS:
            for one_print in (False, True):
                if short and one_print != (tick_micros == TICKS[0]):
                    continue
                number = sum(profile.name.encode()) * 10 + TICKS.index(tick_micros) * 2 + one_print
                yield Plan(
                    profile=profile.name,
                    tick_micros=tick_micros,
                    one_print_per_sweep=one_print,
                    seed=mix(seed, number) >> 32,
                    probes=SHORT_PROBES if short else PROBES,
                    span_ms=_SHORT_SPAN_MS if short else _SPAN_MS,
                    longest_ms=_SHORT_LONGEST_MS if short else _LONGEST_MS,
                )


def measured(seed: int, *, short: bool, processes: int) -> Tally:
    with ProcessPoolExecutor(processes) as pool:
        return together(pool.map(run, plans(seed, short=short)))


def main() -> int:
    parser = argparse.ArgumentParser(prog="python -m tests.fidelity", description=__doc__)
    parser.add_argument("--json", action="store_true", help="one JSON object a line")
    parser.add_argument("--short", action="store_true", help="a small part of it, in half a minute")
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument("--processes", type=int, default=2)
    parser.add_argument("--by", nargs="+", default=["profile"], choices=SPLITS, help="tables to print")
    asked = parser.parse_args()
    begun = time.monotonic()

    tally = measured(asked.seed, short=asked.short, processes=asked.processes)

    judged = list(tally.judged())
    if asked.json:
        for figure in judged:
            fields = ("figure", "value", "unit", "goal", "ok")
            print(json.dumps({field: getattr(figure, field) for field in fields}))
        return 0
    probes = len(tally.makers) + len(tally.takers)
    print(f"{probes:,} probes on {len(tally.profiles)} profiles, seed {asked.seed}, ", end="")
    print(f"{time.monotonic() - begun:.0f} s")
    for plan in plans(asked.seed, short=asked.short):
        prints = "one print a sweep" if plan.one_print_per_sweep else "a print a level"
        print(f"  {plan.profile:<14}tick {plan.tick_micros / 1_000_000:<7g}{prints:<19}seed {plan.seed}")
    for line in lines(tally, asked.by):
        print(line)
    print("\nGoals")
    for figure in judged:
        print(verdict(figure))
    print(f"\n{sum(not figure.ok for figure in judged)} goal(s) missed")
    return 0


if __name__ == "__main__":
    sys.exit(main())
