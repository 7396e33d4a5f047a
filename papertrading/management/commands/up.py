"""The whole site in one process; manage.py has chosen the venue and taken the lock before Django started."""

import asyncio
import sys
import threading
from typing import Any

from django.conf import settings
from django.core.management.base import BaseCommand, CommandParser

from accounts.models import User
from livedata import feed
from livedata.bus import bus
from papertrading.celery import run_beat, run_worker
from papertrading.schema import migrate_all
from papertrading.serve import is_loopback, listen, own_addresses, serve
from papertrading.supervisor import Supervisor
from trading import matcher, settler

_STOP_SECONDS = 1.5
_SOURCES = {
    "live": "live Polymarket",
    "simulator": "a simulated exchange on this machine (the real one: EXCHANGE=live make run)",
    "replay": "a recording",
}


class Command(BaseCommand):
    help = "Run everything: web, feed, matcher, catalogue sync. Ctrl-C stops it."
    requires_system_checks: list[str] = []  # `make check` runs them; here they would cost start-up time

    def add_arguments(self, parser: CommandParser) -> None:
        parser.add_argument("--host", default=settings.HOST)
        parser.add_argument("--port", type=int, default=settings.PORT)

    def handle(self, *args: Any, host: str, port: int, **options: Any) -> None:
        sys.stdout.reconfigure(line_buffering=True)  # into a file or a pipe too, lines come as they are said
        listener = listen(host, port)
        if not is_loopback(host):
            settings.ALLOWED_HOSTS += sorted(own_addresses())
        if behind := migrate_all():
            self.stdout.write(f"Databases brought up to date: {', '.join(behind)}.")
        self._is_new = not User.objects.exists()
        port = listener.getsockname()[1]  # `--port 0` takes any that is free
        services = Supervisor()
        try:
            serve(listener, on_ready=lambda: self._start(services, host, port))
        finally:
            self.stdout.write("\nStopping.")
            for name in services.stop(_STOP_SECONDS):
                self.stderr.write(f"{name} did not stop in time; what it was writing is rolled back.")

    def _start(self, services: Supervisor, host: str, port: int) -> None:
        """The server answers: now what fills it may start."""
        services.start("feed", run_feed)
        services.start("matcher", lambda stop: matcher.run(stop))
        services.start("settler", settler.run)
        services.start("worker", run_worker)
        services.start("beat", run_beat)
        shown = "localhost" if is_loopback(host) or host in {"0.0.0.0", "::"} else host
        self.stdout.write(f"PaperTradingPM {settings.VERSION} is running at http://{shown}:{port}")
        self.stdout.write(f"Market data comes from {_SOURCES[settings.EXCHANGE_KIND]}.")
        if self._is_new:
            self.stdout.write("The first account that registers from this machine becomes the admin.")
        self.stdout.write("Press Ctrl-C to stop.")


def run_feed(stop: threading.Event) -> None:
    """The feed on an event loop of its own, so that a burst of messages never delays a request."""

    async def until_stopped() -> None:
        stopping = asyncio.Event()
        following = asyncio.create_task(
            feed.run(
                stopping,
                bus=bus(),
                ws_url=settings.EXCHANGE_URLS["CLOB_WS_URL"],
                clob_url=settings.EXCHANGE_URLS["CLOB_URL"],
            )
        )
        while not stop.is_set() and not following.done():
            await asyncio.wait([following], timeout=0.2)
        stopping.set()
        await following

    asyncio.run(until_stopped())
