from pathlib import Path
from typing import Any

from django.conf import settings
from django.core.management.base import BaseCommand, CommandError, CommandParser
from django.db import connections

from papertrading.backups import BackupError, restore
from papertrading.running import AlreadyRunning, hold


class Command(BaseCommand):
    help = "Put a backup in the place of the embedded databases; what was there is moved aside."

    def add_arguments(self, parser: CommandParser) -> None:
        parser.add_argument("folder", type=Path, metavar="DIR", help="a folder that `backup` has made")

    def handle(self, *args: Any, folder: Path, **options: Any) -> None:
        if settings.DISTRIBUTED:
            raise CommandError("The databases are on MongoDB: bring them back with mongorestore.")
        connections.close_all()
        try:
            with hold(settings.DATA_DIR):
                summary, aside = restore(folder.resolve(), settings.DATA_DIR)
        except AlreadyRunning as exc:
            raise CommandError(f"{exc} Stop it first.") from None
        except (BackupError, OSError) as exc:
            raise CommandError(str(exc)) from None
        kept = f" What was there is in {aside}." if aside else ""
        self.stdout.write(f"Restored from {folder}: {summary}.{kept}")
