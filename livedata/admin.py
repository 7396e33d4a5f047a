"""The catalogue in the admin: the venue's facts, to read; they can be asked for again, never edited."""

from typing import Any

from django.contrib import admin, messages
from django.db.models import QuerySet
from django.http import HttpRequest

from livedata import tasks
from livedata.catalogue import load_event, load_market
from livedata.errors import VenueError
from markets.core.times import iso
from markets.core.units import from_micros
from markets.models import Event, Market, SyncState
from markets.search import Asked, narrowed, read_asked

RESYNC_MAX = 50  # questions to the venue while a person waits


class ReadOnly(admin.ModelAdmin):  # type: ignore[type-arg]
    """Rows that services alone write."""

    list_per_page = 50
    show_full_result_count = False

    def has_add_permission(self, request: HttpRequest) -> bool:
        return False

    def has_change_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        return False

    def has_delete_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        return False


class Searched(ReadOnly):
    """Searches with the catalogue's own index: a LIKE over half a million rows would take seconds."""

    search_fields = ("question",)  # shows the search box; what is typed goes to `get_search_results`
    ordering = ("-pk",)  # the one order that an index keeps over all statuses

    def get_search_results(
        self, request: HttpRequest, queryset: QuerySet[Any], search_term: str
    ) -> tuple[QuerySet[Any], bool]:
        asked: Asked = read_asked(search_term)
        return narrowed(queryset, asked).rows, False

    def resync_all(self, request: HttpRequest, rows: QuerySet[Any], load: Any) -> None:
        """Ask the venue about each row, and say what came of it."""
        slugs = list(rows.values_list("slug", flat=True)[: RESYNC_MAX + 1])
        if len(slugs) > RESYNC_MAX:
            self.message_user(request, f"At most {RESYNC_MAX} at a time.", messages.ERROR)
            return
        failed = []
        for slug in slugs:
            try:
                load(slug)
            except VenueError as exc:
                failed.append(f"{slug}: {exc}")
        if done := len(slugs) - len(failed):
            self.message_user(request, f"{done} read again from the venue.", messages.SUCCESS)
        for text in failed[:5]:
            self.message_user(request, text, messages.ERROR)


def _amount(field: str, title: str) -> Any:
    @admin.display(description=title)
    def shown(row: Any) -> str:
        value = getattr(row, field)
        return "" if value is None else from_micros(value)

    return shown


def _moment(field: str, title: str) -> Any:
    @admin.display(description=title)
    def shown(row: Any) -> str:
        value = getattr(row, field)
        return iso(value) if value else ""

    return shown


@admin.register(Market)
class MarketAdmin(Searched):
    list_display = (
        "question",
        "status",
        "category",
        _amount("price_0_micros", "price"),
        _amount("volume_24h_micros", "24 h volume"),
        _amount("fee_rate_micros", "fee rate"),
        "fee_source",
        _moment("end_ms", "ends"),
        _moment("synced_ms", "synced"),
    )
    list_filter = ("status", "fee_source", "neg_risk")
    actions = ("resync",)

    @admin.action(description="Read again from the venue", permissions=["view"])
    def resync(self, request: HttpRequest, rows: QuerySet[Market]) -> None:
        self.resync_all(request, rows, lambda slug: load_market(slug=slug, force=True))


@admin.register(Event)
class EventAdmin(Searched):
    list_display = (
        "title",
        "status",
        "category",
        "market_count",
        _amount("volume_24h_micros", "24 h volume"),
        _moment("end_ms", "ends"),
        _moment("synced_ms", "synced"),
    )
    list_filter = ("status", "neg_risk")
    actions = ("resync",)

    @admin.action(description="Read again from the venue, with all markets", permissions=["view"])
    def resync(self, request: HttpRequest, rows: QuerySet[Event]) -> None:
        self.resync_all(request, rows, lambda slug: load_event(slug, force=True))


@admin.register(SyncState)
class SyncStateAdmin(ReadOnly):
    """How far each sync has come, and what it stumbled over."""

    list_display = (
        "name",
        "phase",
        "rows_count",
        "written_count",
        "unchanged_count",
        "bad_count",
        _moment("started_ms", "started"),
        _moment("finished_ms", "finished"),
        "last_error",
    )
    actions = ("sync_now",)

    @admin.action(description="Sync now", permissions=["view"])
    def sync_now(self, request: HttpRequest, rows: QuerySet[SyncState]) -> None:
        if rows.filter(pk="full").exists():
            tasks.sync_full.delay()
        else:
            tasks.sync_incremental.delay()
        self.message_user(request, "The sync is queued.", messages.SUCCESS)
