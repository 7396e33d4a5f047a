"""`manage.py simulator`: the simulated venue by hand; the product starts it by itself when it needs it."""

from argparse import ArgumentParser
from typing import Any

from django.conf import settings
from django.core.management.base import BaseCommand

from livedata.simulator.__main__ import add_arguments, run


class Command(BaseCommand):
    help = "Serve the simulated venue; prints its port."
    requires_system_checks = ()

    def add_arguments(self, parser: ArgumentParser) -> None:
        add_arguments(parser)

    def handle(self, *args: Any, **options: Any) -> None:
        run(
            host=options["host"],
            port=options["port"],
            seed=options["seed"],
            speed=options["speed"],
            load=options["load"],
            state=options["state"] or settings.DATA_DIR / "simulator",  # as the site's own
            with_parent=options["with_parent"],
        )
