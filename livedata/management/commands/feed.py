"""`manage.py feed`: the feed as a process of its own. Exactly one may run: it is the only writer of books."""

import asyncio
import signal
from typing import Any

from django.conf import settings
from django.core.management.base import BaseCommand

from livedata import feed
from livedata.bus import bus


class Command(BaseCommand):
    help = "Follow the venue's market socket and publish books until stopped."
    requires_system_checks = ()

    def handle(self, *args: Any, **options: Any) -> None:
        asyncio.run(self._follow())
        self.stdout.write("The feed has stopped.")

    async def _follow(self) -> None:
        stop = asyncio.Event()
        for number in (signal.SIGINT, signal.SIGTERM):
            asyncio.get_running_loop().add_signal_handler(number, stop.set)
        urls = settings.EXCHANGE_URLS
        await feed.run(stop, bus=bus(), ws_url=urls["CLOB_WS_URL"], clob_url=urls["CLOB_URL"])
