"""What a command needs before Django reads its settings: the choice of venue, the lock, the venue's process.

Standard library only. `up` holds its DATA_DIR and starts the venue for as long as it runs; a command
that asks the venue borrows the running one, or starts its own for as long as it takes.
"""

import json
import os
import sys
from collections.abc import Callable, Iterator
from contextlib import contextmanager

from papertrading import running, source, venue

_ASK_THE_VENUE = {"sync_markets", "feed", "record"}
_SECONDS_TO_ANSWER = 30


@contextmanager
def prepared(arguments: list[str]) -> Iterator[None]:
    """Around one command. Raises SystemExit, in words for people, when it cannot run."""
    command = arguments[0] if arguments else ""
    if {"-h", "--help"} & set(arguments):
        yield
    elif command == "up":
        with _site():
            yield
    elif command in _ASK_THE_VENUE and source.running_port() is None:
        with _borrowed_venue():
            yield
    else:
        yield


@contextmanager
def _site() -> Iterator[None]:
    folder = source.data_dir()
    try:
        lock = running.hold(folder)
    except running.AlreadyRunning as exc:
        sys.exit(f"{exc} Stop it first, or give another folder: DATA_DIR=./other make run")
    exchange = _exchange(source.decide)
    note, code = folder / "venue.json", 0
    try:
        with lock, venue.beside(exchange, folder) as child:
            if child:
                note.write_text(json.dumps({"port": child.port}))
            yield
    except KeyboardInterrupt:
        code = 130
    except SystemExit as exc:
        if isinstance(exc.code, str):
            print(exc.code, file=sys.stderr)
        code = exc.code if isinstance(exc.code, int) else bool(exc.code)
    finally:
        note.unlink(missing_ok=True)
    _leave(code)


@contextmanager
def _borrowed_venue() -> Iterator[None]:
    exchange = _exchange(source.chosen)
    with venue.beside(exchange, source.data_dir()) as child:
        if child and not child.wait(_SECONDS_TO_ANSWER):
            sys.exit(f"The venue ({exchange}) does not start: see the lines above.")
        yield


def _leave(code: int) -> None:
    """End now. A task in Celery's pool would keep the process alive; its transaction rolls back instead."""
    sys.stdout.flush()
    sys.stderr.flush()
    os._exit(code)


def _exchange(ask: Callable[[], str]) -> str:
    try:
        return ask()
    except ValueError as exc:
        sys.exit(str(exc))
