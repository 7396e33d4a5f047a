"""Pages of rows: filters, sorts, keyset cursors, the same for markets and for events.

Each status is walked along its own index and the walks are merged: an index that begins with the status
keeps the order within one status only, and sorting half a million rows for one page would take seconds.
"""

from base64 import urlsafe_b64decode, urlsafe_b64encode
from binascii import Error as BadBase64
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from hashlib import blake2b
from operator import itemgetter
from typing import Any, Generic, TypeVar

import msgspec
from django.core.cache import cache
from django.db import connections
from django.db.models import F, QuerySet

from markets.models import Market
from markets.search import Asked, Found, narrowed, read_asked

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
COMMON_MAX = 1_000  # the same, for bounds on what very many rows hold
WIDE = 20_000  # a bound within which so many rows lie is no help in finding a page
DEPTH_MAX = 10_000  # rows that page numbers reach; deeper goes by cursor
_TOTAL_KEPT_S, _SMALL_TOTAL_KEPT_S = 30, 2


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
        # No amount is below 0, and a condition that all fulfil would cost a look at each.
        return {
            name: bound
            for name, bound in bounds.items()
            if bound is not None and not (bound <= 0 and name.endswith("micros__gte"))
        }

    def asked(self, *, ended: bool) -> Asked:
        """What the words and facets say, among the open or the ended ones."""
        return read_asked(self.search, tag=self.tag, category=self.category, active=self.active, ended=ended)


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
    def name(self) -> str:
        return f"{self.sort_by}{'-' if self.descending else '+'}"

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

    def after(self, order: Order) -> Key | None:
        if not self.cursor:
            return None
        try:
            value, key, name = msgspec.json.decode(urlsafe_b64decode(self.cursor), type=tuple[int, str, str])
        except (msgspec.DecodeError, BadBase64, ValueError):
            raise BadPage("cursor", "not a cursor of ours") from None
        if name != order.name:
            raise BadPage("cursor", "of a page in another order: keep sort_by and sort_desc")
        return value, key


def page_keys(rows: QuerySet[Any], *, filters: Filters, order: Order, part: Slice) -> Page[str]:
    """The keys of one page of `rows` (of Market or Event)."""
    count, after = part.first + part.page_size + 1, part.after(order)
    keys: list[Key] = []
    total = 0
    for ended in (False, True) if filters.closed is None else (filters.closed,):
        walk = _Walk.of(rows, filters, order, ended=ended)
        total += walk.total()
        keys += walk.keys(after, count)
    found = order.in_order(keys)[:count]
    shown = found[part.first : part.first + part.page_size]
    has_next = len(found) > part.first + len(shown)
    return Page(
        items=[key for _, key in shown],
        total=min(total, TOTAL_MAX),
        page=part.page,
        page_size=part.page_size,
        has_next=has_next,
        cursor=_cursor(shown[-1], order) if has_next else "",
    )


@dataclass(frozen=True, slots=True, kw_only=True)
class _Walk:
    """The rows of one half, open or ended, that fit; one index walk a status."""

    found: Found
    bounds: dict[str, int | bool]
    order: Order
    statuses: tuple[Status, ...]
    name: str  # of its total in the cache

    @classmethod
    def of(cls, rows: QuerySet[Any], filters: Filters, order: Order, *, ended: bool) -> "_Walk":
        bounds: dict[str, int | bool] = dict(filters.bounds)
        if order.column == "end_ms":
            bounds["end_ms__isnull"] = False  # what never ends has no place in this order
        return cls(
            found=narrowed(rows, filters.asked(ended=ended)),
            bounds=bounds,
            order=order,
            statuses=(Status.CLOSED, Status.RESOLVED) if ended else (Status.OPEN, Status.PAUSED),
            name=f"{rows.model._meta.label}:{filters}:{bounds}:{ended}",
        )

    def total(self) -> int:
        """How many there are; counted at most every half minute."""
        known = self.found.count
        if known is not None and not self.bounds and (known >= TOTAL_MAX or not self.found.common):
            return known
        key = f"total:{blake2b(self.name.encode(), digest_size=12).hexdigest()}"
        total: int | None = cache.get(key)
        if total is None:
            rows, most = (
                self._within(self.bounds),
                COMMON_MAX if self.found.common and self.bounds else TOTAL_MAX,
            )
            total = sum(part[:most].count() for part in self._parts(rows))
            # A small total is cheap to count again, and the first sync changes it by the second.
            cache.set(key, total, _TOTAL_KEPT_S if total >= TOTAL_MAX else _SMALL_TOTAL_KEPT_S)
        return total

    def keys(self, after: Key | None, count: int) -> list[Key]:
        rows = self._in_order_soon()
        if after is not None:
            rows = self.order.after(rows, *after)
        ordered = rows.order_by(*self.order.terms).values_list(self.order.column, "pk")
        return [key for part in self._parts(ordered) for key in part[:count]]

    def _in_order_soon(self) -> QuerySet[Any]:
        """The rows within the bounds, in the form in which SQLite finds a page in this order soonest.

        Bounds of another column than the order's: where few rows fit, their own index finds them and
        sorting is cheap. Where many fit, the order's index soon meets a page of them, but SQLite, which
        knows no numbers of rows, would still read and sort them all.
        """
        other = {name: bound for name, bound in self.bounds.items() if not name.startswith(self.order.column)}
        if not other or self.found.few or connections[self.found.rows.db].vendor != "sqlite":
            return self._within(self.bounds)
        every = self.found.rows.model._default_manager.filter(**other)
        if sum(every.filter(status=status)[:WIDE].count() for status in self.statuses) < WIDE:
            return self._within(self.bounds)
        rest = {name: bound for name, bound in self.bounds.items() if name not in other}
        return _hidden(self._within(rest), other)

    def _within(self, bounds: dict[str, int | bool]) -> QuerySet[Any]:
        rows = self.found.rows
        return _hidden(rows, bounds) if self.found.few else rows.filter(**bounds)

    def _parts(self, rows: QuerySet[Any]) -> list[QuerySet[Any]]:
        """One walk a status; those few that the index has listed are of the right half already."""
        if self.found.few:
            return [rows] if self.found.count else []
        return [rows.filter(status=status) for status in self.statuses]


def _hidden(rows: QuerySet[Any], conditions: Mapping[str, int | bool]) -> QuerySet[Any]:
    """Conditions on numbers, as expressions: true of the same rows, but no index can look them up."""
    columns = {name.partition("__")[0] for name in conditions}
    rows = rows.alias(**{f"plain_{column}": F(column) + 0 for column in columns})
    return rows.filter(**{f"plain_{name}": value for name, value in conditions.items()})


def _cursor(key: Key, order: Order) -> str:
    return urlsafe_b64encode(msgspec.json.encode((*key, order.name))).decode()
