from typing import Any

from django.conf import settings
from django.core.management.base import BaseCommand, CommandError, CommandParser

from papertrading.serve import listen, serve


class Command(BaseCommand):
    help = "Only the web server; feed, matcher, worker and beat run elsewhere (docker-compose.yml)."

    def add_arguments(self, parser: CommandParser) -> None:
        parser.add_argument("--host", default=settings.HOST)
        parser.add_argument("--port", type=int, default=settings.PORT)

    def handle(self, *args: Any, host: str, port: int, **options: Any) -> None:
        if not settings.REDIS_URL:
            raise CommandError("Without REDIS_HOST nothing reaches this process: use `manage.py up`.")
        listener = listen(host, port)
        serve(listener, on_ready=lambda: self.stdout.write(f"Serving on {host}:{port}."))
