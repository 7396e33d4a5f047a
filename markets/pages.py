"""Pages of rows: filters, sorts, keyset cursors, the same for markets and for events.

Each status is walked along its own index and the walks are merged: an index that begins with the status
keeps the order within one status only, and sorting half a million rows for one page would take seconds.
"""

from base64 import urlsafe_b64decode, urlsafe_b64encode
from binascii import Error as BadBase64
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from hashlib import blake2b
from operator import itemgetter
from typing import Any, Generic, TypeVar

import msgspec
from django.core.cache import cache
from django.db import connections
from django.db.models import F, QuerySet

from markets.models import Market
from markets.search import Asked, read_asked

T = TypeVar("T")
S = TypeVar("S")
Key = tuple[int, str]  # the value sorted by, and the row's key
Status = Market.Status
SORTS = {
    "volume": "volume_micros",
    "volume_24h": "volume_24h_micros",
    "liquidity": "liquidity_micros",
    "end_date": "end_ms",
    "newest": "created_ms",
}
PAGE_SIZE_MAX = 100
TOTAL_MAX = 10_000  # a total is exact up to here; counting on would cost more than the page
DEPTH_MAX = 10_000  # rows that page numbers reach; deeper goes by cursor
_TOTAL_KEPT_S = 30


class BadPage(ValueError):
    """A sort, page or cursor that does not exist. `field` names it."""

    def __init__(self, field: str, message: str) -> None:
        super().__init__(message)
        self.field = field


@dataclass(frozen=True, slots=True, kw_only=True)
class Filters:
    """What to leave out; None or empty: nothing.

    `search`: all its words must occur, the last may be only begun; case and accents do not matter.
    `tag`: the venue's slug, "fed-rates". `category`: one of `markets.core.categories`.
    """

    search: str = ""
    active: bool | None = None  # the venue's flag: published
    closed: bool | None = None  # trading has ended
    category: str = ""
    tag: str = ""
    volume_min_micros: int | None = None
    volume_max_micros: int | None = None
    liquidity_min_micros: int | None = None
    liquidity_max_micros: int | None = None
    end_before_ms: int | None = None
    end_after_ms: int | None = None

    @property
    def statuses(self) -> tuple[Status, ...]:
        if self.closed is None:
            return tuple(Status)
        return (Status.CLOSED, Status.RESOLVED) if self.closed else (Status.OPEN, Status.PAUSED)

    @property
    def bounds(self) -> dict[str, int]:
        """What the numbers say, as conditions of a query."""
        bounds = {
            "volume_micros__gte": self.volume_min_micros,
            "volume_micros__lte": self.volume_max_micros,
            "liquidity_micros__gte": self.liquidity_min_micros,
            "liquidity_micros__lte": self.liquidity_max_micros,
            "end_ms__gte": self.end_after_ms,
            "end_ms__lt": self.end_before_ms,
        }
        return {name: bound for name, bound in bounds.items() if bound is not None}

    @property
    def asked(self) -> Asked:
        """What the words and facets say."""
        return read_asked(
            self.search, tag=self.tag, category=self.category, active=self.active, ended=self.closed
        )


@dataclass(frozen=True, slots=True, kw_only=True)
class Order:
    """Which rows come first. Ties go by key, in the direction that the index is walked."""

    sort_by: str = "volume_24h"
    descending: bool = True

    def __post_init__(self) -> None:
        if self.sort_by not in SORTS:
            raise BadPage("sort_by", f"sort by one of {', '.join(SORTS)}")

    @property
    def column(self) -> str:
        return SORTS[self.sort_by]

    @property
    def keys_ascend(self) -> bool:
        # end_ms is indexed upwards, the others downwards, all with the key upwards.
        return self.descending != (self.column == "end_ms")

    @property
    def terms(self) -> tuple[str, str]:
        return ("-" if self.descending else "") + self.column, "pk" if self.keys_ascend else "-pk"

    def after(self, rows: QuerySet[Any], value: int, key: str) -> QuerySet[Any]:
        """The rows behind one; written so that both databases walk the index (OR would not)."""
        side = "lte" if self.descending else "gte"
        tie = "lte" if self.keys_ascend else "gte"
        return rows.filter(**{f"{self.column}__{side}": value}).exclude(
            **{self.column: value, f"pk__{tie}": key}
        )

    def in_order(self, keys: Iterable[Key]) -> list[Key]:
        by_key = sorted(keys, key=itemgetter(1), reverse=not self.keys_ascend)
        return sorted(by_key, key=itemgetter(0), reverse=self.descending)


@dataclass(frozen=True, slots=True, kw_only=True)
class Page(Generic[T]):
    items: Sequence[T]
    total: int  # exact below TOTAL_MAX; TOTAL_MAX stands for "this many or more"
    page: int
    page_size: int
    has_next: bool
    cursor: str  # asks for the page behind this one; "" on the last

    @property
    def has_prev(self) -> bool:
        return self.page > 1

    def carrying(self, items: Sequence[S]) -> "Page[S]":
        """The same page of other things: of the rows, where this one holds their keys."""
        return Page(
            items=items,
            total=self.total,
            page=self.page,
            page_size=self.page_size,
            has_next=self.has_next,
            cursor=self.cursor,
        )


@dataclass(frozen=True, slots=True, kw_only=True)
class Slice:
    """Which part of the rows: by page number, or behind a cursor."""

    page: int = 1
    page_size: int = 20
    cursor: str = ""

    def __post_init__(self) -> None:
        if not 1 <= self.page_size <= PAGE_SIZE_MAX:
            raise BadPage("page_size", f"between 1 and {PAGE_SIZE_MAX}")
        if self.page < 1:
            raise BadPage("page", "counts from 1")
        if self.page * self.page_size > DEPTH_MAX:
            raise BadPage("page", f"pages reach {DEPTH_MAX} rows; go on by cursor")

    @property
    def first(self) -> int:
        return 0 if self.cursor else (self.page - 1) * self.page_size

    def after(self) -> Key | None:
        if not self.cursor:
            return None
        try:
            value, key = msgspec.json.decode(urlsafe_b64decode(self.cursor), type=tuple[int, str])
        except (msgspec.DecodeError, BadBase64, ValueError):
            raise BadPage("cursor", "not a cursor of ours") from None
        return value, key


def page_keys(rows: QuerySet[Any], *, filters: Filters, order: Order, part: Slice) -> Page[str]:
    """The keys of one page of `rows` (of Market or Event)."""
    if order.column == "end_ms":
        rows = rows.filter(end_ms__isnull=False)  # what never ends has no place in this order
    within = rows.filter(**filters.bounds)
    total = _total(within, filters)
    if total >= TOTAL_MAX and filters.bounds and connections[rows.db].vendor == "sqlite":
        # So many fit that the wanted order soon meets a page of them. SQLite would rather read all that
        # fit along the bound's own index, and sort them; it cannot when the bound is an expression.
        hidden = {name.partition("__")[0]: F(name.partition("__")[0]) + 0 for name in filters.bounds}
        rows = rows.alias(**{f"plain_{name}": value for name, value in hidden.items()})
        within = rows.filter(**{f"plain_{name}": bound for name, bound in filters.bounds.items()})
    after = part.after()
    if after is not None:
        within = order.after(within, *after)
    count = part.first + part.page_size + 1
    walks = (
        within.filter(status=status).order_by(*order.terms).values_list(order.column, "pk")[:count]
        for status in filters.statuses
    )
    found = order.in_order(key for walk in walks for key in walk)[:count]
    shown = found[part.first : part.first + part.page_size]
    has_next = len(found) > part.first + len(shown)
    return Page(
        items=[key for _, key in shown],
        total=total,
        page=part.page,
        page_size=part.page_size,
        has_next=has_next,
        cursor=_cursor(shown[-1]) if has_next else "",
    )


def _total(rows: QuerySet[Any], filters: Filters) -> int:
    name = f"{rows.model._meta.label}:{filters}:{rows.query.where}"
    key = f"total:{blake2b(name.encode(), digest_size=12).hexdigest()}"
    total = cache.get(key)
    if total is None:
        total = sum(rows.filter(status=status)[:TOTAL_MAX].count() for status in filters.statuses)
        cache.set(key, total, _TOTAL_KEPT_S)
    return int(min(total, TOTAL_MAX))


def _cursor(key: Key) -> str:
    return urlsafe_b64encode(msgspec.json.encode(key)).decode()
