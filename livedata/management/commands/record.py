"""`manage.py record FILE`: the venue's live stream into a file that `replay` serves."""

import asyncio
import signal
import time
from argparse import ArgumentParser
from pathlib import Path
from typing import Any

from django.conf import settings
from django.core.management.base import BaseCommand, CommandError

from livedata.errors import VenueError
from livedata.recorder import record


class Command(BaseCommand):
    help = "Record the busiest markets, or those named, until stopped."
    requires_system_checks = ()

    def add_arguments(self, parser: ArgumentParser) -> None:
        parser.add_argument("file", type=Path, metavar="FILE", help="gzipped when it ends in .gz")
        parser.add_argument("--markets", type=int, default=50, metavar="N", help="the N busiest (50)")
        parser.add_argument("--slug", action="append", default=[], help="this market; may be repeated")
        parser.add_argument("--seconds", type=float, help="stop after so long")

    def handle(self, *args: Any, file: Path, **options: Any) -> None:
        if not 1 <= options["markets"] <= 100:
            raise CommandError("--markets: 1 to 100")
        begun = time.monotonic()
        try:
            frames = asyncio.run(self._record(file, options))
        except VenueError as exc:
            raise CommandError(f"the venue does not say what to record: {exc}") from None
        except OSError as exc:
            raise CommandError(f"{file} cannot be written: {exc.strerror}") from None
        took = time.monotonic() - begun
        self.stdout.write(f"\n{file}: {frames:,} frames in {took:.0f} s, {file.stat().st_size:,} bytes")

    async def _record(self, file: Path, options: dict[str, Any]) -> int:
        stop, loop = asyncio.Event(), asyncio.get_running_loop()
        for number in (signal.SIGINT, signal.SIGTERM):
            loop.add_signal_handler(number, stop.set)
        if options["seconds"]:
            loop.call_later(options["seconds"], stop.set)

        def progress(frames_count: int) -> None:
            self.stdout.write(f"\r{frames_count:,} frames", ending="")
            self.stdout.flush()

        return await record(
            file,
            urls=settings.EXCHANGE_URLS,
            markets_count=options["markets"],
            slugs=options["slug"],
            stop=stop,
            dead_s=settings.FEED_STALE_SECONDS,
            progress=progress,
        )
