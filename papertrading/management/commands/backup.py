from pathlib import Path
from typing import Any

from django.conf import settings
from django.core.management.base import BaseCommand, CommandError, CommandParser

from papertrading.backups import BackupError, back_up


class Command(BaseCommand):
    help = "Copy the embedded databases into a new folder, while the site runs; every copy is checked."

    def add_arguments(self, parser: CommandParser) -> None:
        parser.add_argument("folder", type=Path, metavar="DIR", help="a new or empty folder")

    def handle(self, *args: Any, folder: Path, **options: Any) -> None:
        if settings.DISTRIBUTED:
            raise CommandError("The databases are on MongoDB: back them up with mongodump --oplog.")
        try:
            summary = back_up(settings.DATA_DIR, folder.resolve(), version=settings.VERSION)
        except (BackupError, OSError) as exc:
            raise CommandError(str(exc)) from None
        self.stdout.write(f"Backed up to {folder}: {summary}, each checked.")
