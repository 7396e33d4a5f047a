import sys
from typing import Any

from django.core.management.base import BaseCommand

from papertrading.production import findings


class Command(BaseCommand):
    help = "Say what still stands between this configuration and a site for strangers."
    requires_system_checks: list[str] = []  # asked one by one below

    def handle(self, *args: Any, **options: Any) -> None:
        problems = 0
        for finding in findings():
            problems += not finding.ok
            cure = "" if finding.ok or not finding.cure else f" ({finding.cure})"
            self.stdout.write(f"{'ok     ' if finding.ok else 'PROBLEM'}  {finding.what}{cure}")
        self.stdout.write(f"{problems} problems." if problems else "Ready for production.")
        if problems:
            sys.exit(1)
