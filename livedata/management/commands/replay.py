"""`manage.py replay FILE`: a recording served as the venue, by hand. EXCHANGE=replay:FILE is for the site."""

from argparse import ArgumentParser
from typing import Any

from django.core.management.base import BaseCommand, CommandError

from livedata.replay.__main__ import add_arguments, run


class Command(BaseCommand):
    help = "Serve a recording as the venue; prints its port."
    requires_system_checks = ()

    def add_arguments(self, parser: ArgumentParser) -> None:
        add_arguments(parser)

    def handle(self, *args: Any, **options: Any) -> None:
        try:
            run(**{name: options[name] for name in ("file", "host", "port", "speed", "with_parent")})
        except (ValueError, OSError) as exc:
            raise CommandError(str(exc)) from None
