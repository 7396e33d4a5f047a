"""`manage.py matcher --shard i/n`: execute the orders of one shard of markets, until stopped."""

import signal
import threading
from typing import Any

from django.core.management.base import BaseCommand, CommandError, CommandParser

from trading.matcher import run


class Command(BaseCommand):
    help = "Execute the orders of one shard of markets, until stopped."

    def add_arguments(self, parser: CommandParser) -> None:
        parser.add_argument("--shard", default="0/1", help="i/n: this one is number i (from 0) of n")

    def handle(self, *args: Any, **options: Any) -> None:
        shard = read_shard(options["shard"])
        stop = threading.Event()
        for name in (signal.SIGINT, signal.SIGTERM):
            signal.signal(name, lambda *_: stop.set())
        run(stop, shard=shard)
        self.stdout.write(f"matcher {options['shard']}: stopped")


def read_shard(text: str) -> tuple[int, int]:
    """ "0/2" is the first of two. Raises CommandError."""
    number, slash, of = text.partition("/")
    if not (slash and number.isdecimal() and of.isdecimal() and int(number) < int(of)):
        raise CommandError(f"--shard {text}: give i/n with i from 0 to n - 1")
    return int(number), int(of)
