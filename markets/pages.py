"""What a page of rows is asked by: filters, sorts, keyset cursors, the same for markets and for events."""

from base64 import urlsafe_b64decode, urlsafe_b64encode
from binascii import Error as BadBase64
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from operator import itemgetter
from typing import Any, Generic, TypeVar

import msgspec
from django.db.models import QuerySet

from markets.search import Asked, read_asked

T = TypeVar("T")
S = TypeVar("S")
Key = tuple[int, str]  # the value sorted by, and the row's key
SORTS = {
    "volume": "volume_micros",
    "volume_24h": "volume_24h_micros",
    "liquidity": "liquidity_micros",
    "end_date": "end_ms",
    "newest": "created_ms",
}
PAGE_SIZE_MAX = 100
DEPTH_MAX = 10_000  # rows that page numbers reach; deeper goes by cursor


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

    def cursor(self, key: Key) -> str:
        """What `Slice.after` reads."""
        return urlsafe_b64encode(msgspec.json.encode((*key, self.name))).decode()

    def in_order(self, keys: Iterable[Key]) -> list[Key]:
        by_key = sorted(keys, key=itemgetter(1), reverse=not self.keys_ascend)
        return sorted(by_key, key=itemgetter(0), reverse=self.descending)


@dataclass(frozen=True, slots=True, kw_only=True)
class Page(Generic[T]):
    items: Sequence[T]
    total: int
    total_exact: bool  # False: there are this many or more
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
            total_exact=self.total_exact,
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
