"""`manage.py audit`: recompute everything from postings and report drift."""

from typing import Any

from django.core.management.base import BaseCommand, CommandError

from trading.services.audit import audit


class Command(BaseCommand):
    help = "Recompute every portfolio from its postings and fills; exits non-zero when anything drifted."

    def handle(self, *args: Any, **options: Any) -> None:
        report = audit(progress=self._show)
        if self.stderr.isatty():
            self.stderr.write("")
        for drift in report.drifts[:50]:
            self.stderr.write(
                f"{drift.where}: {drift.what}: stored {drift.stored}, recomputed {drift.recomputed}"
            )
        summary = (
            f"audit: {report.portfolios_count} portfolios, {report.orders_count} orders, "
            f"{report.fills_count} fills, {report.postings_count} postings, {len(report.drifts)} drifts"
        )
        if not report.clean:
            raise CommandError(summary)
        self.stdout.write(summary)

    def _show(self, what: str) -> None:
        if self.stderr.isatty():
            self.stderr.write(f"\r{what}\x1b[K", ending="")
