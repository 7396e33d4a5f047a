"""Runs the benchmarks: `python -m tests.bench [--json] [NAME …]`; NAME is a module of tests/bench."""

import argparse
import json
import os
import platform
import shutil
import subprocess
import sys
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from importlib import import_module
from pathlib import Path

from tests.bench import Figure


def modules() -> list[str]:
    return sorted(path.stem for path in Path(__file__).parent.glob("*.py") if not path.stem.startswith("_"))


def machine() -> str:
    """What the figures were measured on: processor, cores, Python."""
    try:
        lines = Path("/proc/cpuinfo").read_text().splitlines()
    except OSError:
        lines = []
    named = (line.partition(":")[2].strip() for line in lines if line.startswith("model name"))
    processor = next(named, platform.processor() or platform.machine())
    return f"{processor}, {os.cpu_count()} cores, Python {platform.python_version()}"


@contextmanager
def own_site() -> Iterator[None]:
    """Django on fresh SQLite databases in a folder of our own."""
    folder = tempfile.mkdtemp(prefix="papertrading-bench-")
    os.environ |= {
        "DATA_DIR": folder,
        "EXCHANGE": "simulator",
        "LATENCY_MS": "0",
        "LOG_LEVEL": "WARNING",
        "DJANGO_SETTINGS_MODULE": "papertrading.settings",
    }
    for name in ("MONGO_URI", "REDIS_HOST"):
        os.environ.pop(name, None)
    import django
    from django.core.management import call_command
    from django.db import connections

    try:
        django.setup()
        for alias in connections:
            call_command("migrate", database=alias, verbosity=0)
        yield
    finally:
        shutil.rmtree(folder, ignore_errors=True)


def measured_apart(name: str, *, as_json: bool) -> int:
    """Each benchmark in its own process: databases, caches and threads of one would weigh on the next."""
    command = [sys.executable, "-m", "tests.bench", "--apart", *(["--json"] if as_json else []), name]
    return subprocess.run(command).returncode


def main() -> int:
    parser = argparse.ArgumentParser(prog="python -m tests.bench", description=__doc__)
    parser.add_argument("--json", action="store_true", help="one JSON object a line")
    parser.add_argument("--apart", action="store_true", help=argparse.SUPPRESS)
    parser.add_argument("names", nargs="*", metavar="NAME", help=f"of {', '.join(modules())}")
    asked = parser.parse_args()
    if unknown := set(asked.names) - set(modules()):
        parser.error(f"no benchmark named {', '.join(sorted(unknown))}")

    if not asked.json and not asked.apart:
        print(f"Measured on {machine()}\n", flush=True)
    names = asked.names or modules()
    if len(names) > 1:
        return max(measured_apart(name, as_json=asked.json) for name in names)
    missed = 0
    with own_site():
        for figure in import_module(f"tests.bench.{names[0]}").figures():
            missed += not figure.ok
            print(as_json(figure) if asked.json else as_line(names[0], figure), flush=True)
    if missed:
        print(f"{names[0]}: {missed} goal(s) missed", file=sys.stderr)
    return 0


def as_json(figure: Figure) -> str:
    fields = ("figure", "value", "unit", "goal", "ok")
    return json.dumps({field: getattr(figure, field) for field in fields})


def as_line(name: str, figure: Figure) -> str:
    bound = "" if figure.goal is None else f"goal {'<=' if figure.at_most else '>='} {figure.goal:,.5g}"
    verdict = "" if figure.goal is None else ("kept" if figure.ok else "MISSED")
    return f"{name:<12} {figure.figure:<52} {figure.value:>12,.5g} {figure.unit:<11} {bound:<18} {verdict}"


if __name__ == "__main__":
    sys.exit(main())
