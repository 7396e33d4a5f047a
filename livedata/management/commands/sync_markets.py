"""Sync the catalogue by hand, with a progress bar."""

import time
from typing import Any

from django.core.management.base import BaseCommand, CommandError, CommandParser
from tqdm import tqdm

from livedata import sync
from livedata.errors import VenueError
from markets.core.errors import Conflict
from markets.models import SyncState


class Command(BaseCommand):
    help = "Sync markets from the venue. A run that was killed goes on where it was."

    def add_arguments(self, parser: CommandParser) -> None:
        which = parser.add_mutually_exclusive_group()
        which.add_argument("--full", action="store_true", help="every open market, then every closed one")
        which.add_argument("--incremental", action="store_true", help="what has changed since the last run")
        parser.add_argument("--active", action="store_true", help="leave the closed ones out")
        parser.add_argument("--limit", type=int, metavar="N", help="stop after about N rows; keeps no place")

    def handle(
        self, *args: Any, full: bool, incremental: bool, active: bool, limit: int | None, **options: Any
    ) -> None:
        if limit is not None and limit < 1:
            raise CommandError("--limit: at least 1")
        began = time.monotonic()
        whole = full or not (incremental or not sync.never_finished("full"))
        with _Bar(disable=None if options["verbosity"] else True) as bar:
            try:
                states = [sync.sync_full(limit=limit, progress=bar)] if whole else []
                if not whole:
                    states.append(sync.sync_incremental(limit=limit, progress=bar))
                elif limit is None and not active:
                    states.append(sync.sync_closed(progress=bar))
            except (VenueError, Conflict) as exc:
                raise CommandError(f"stopped: {exc}. Run it again to go on from there.") from exc
        self.stdout.write("; ".join(_told(state) for state in states) + f"; {time.monotonic() - began:.1f} s")


class _Bar:
    """A bar of rows without an end: the venue does not say how many there are."""

    def __init__(self, *, disable: bool | None) -> None:
        self._bar = tqdm(unit=" rows", disable=disable, mininterval=0.5)
        self._rows: dict[str, int] = {}

    def __enter__(self) -> "_Bar":
        return self

    def __exit__(self, *exc: object) -> None:
        self._bar.close()

    def __call__(self, state: SyncState) -> None:
        self._bar.set_description(f"{state.name}: {state.phase or 'done'}", refresh=False)
        self._bar.update(max(state.rows_count - self._rows.get(state.name, 0), 0))
        self._rows[state.name] = state.rows_count


def _told(state: SyncState) -> str:
    return (
        f"{state.name}: {state.rows_count:,} rows read, {state.written_count:,} written, "
        f"{state.unchanged_count:,} unchanged, {state.bad_count:,} bad"
    )
