from typing import Any

from django.core.management.base import BaseCommand

from papertrading.schema import migrate_all


class Command(BaseCommand):
    help = "Bring all four databases up to date; `up` does so by itself."

    def handle(self, *args: Any, **options: Any) -> None:
        behind = migrate_all()
        self.stdout.write(f"Migrated {', '.join(behind)}." if behind else "All databases are up to date.")
