"""`manage.py settler`: pay markets as soon as their result is announced, until stopped."""

import signal
import threading
from typing import Any

from django.core.management.base import BaseCommand

from trading.settler import run


class Command(BaseCommand):
    help = "Pay markets as soon as the venue's socket announces their result, until stopped."

    def handle(self, *args: Any, **options: Any) -> None:
        stop = threading.Event()
        for name in (signal.SIGINT, signal.SIGTERM):
            signal.signal(name, lambda *_: stop.set())
        run(stop)
        self.stdout.write("The settler has stopped.")
