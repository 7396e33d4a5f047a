"""Runs the benchmarks: `python -m tests.bench [--json] [NAME …]`; NAME is a module of tests/bench."""

import argparse
import json
import os
import platform
import shutil
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


def measure(names: list[str]) -> Iterator[tuple[str, Figure]]:
    for name in names:
        for figure in import_module(f"tests.bench.{name}").figures():
            yield name, figure


def main() -> int:
    parser = argparse.ArgumentParser(prog="python -m tests.bench", description=__doc__)
    parser.add_argument("--json", action="store_true", help="one JSON object a line")
    parser.add_argument("names", nargs="*", metavar="NAME", help=f"of {', '.join(modules())}")
    asked = parser.parse_args()
    if unknown := set(asked.names) - set(modules()):
        parser.error(f"no benchmark named {', '.join(sorted(unknown))}")

    missed = 0
    if not asked.json:
        print(f"Measured on {machine()}\n")
    with own_site():
        for name, figure in measure(asked.names or modules()):
            missed += not figure.ok
            print(as_json(figure) if asked.json else as_line(name, figure), flush=True)
    if missed:
        print(f"{missed} goal(s) missed", file=sys.stderr)
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
