"""Finds the keys of a page, and how many there are.

Each status is walked along its own index and the walks are merged: an index that begins with the status
keeps the order within one status only, and sorting half a million rows for one page would take seconds.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from functools import cached_property
from hashlib import blake2b
from typing import Any

from django.core.cache import cache
from django.db import connections
from django.db.models import F, QuerySet

from markets.models import Market
from markets.pages import Filters, Key, Order, Page, Slice
from markets.search import Found, narrowed

Status = Market.Status
Total = tuple[int, bool]  # a number, and whether it is exact: else there are as many or more
TOTAL_MAX = 10_000  # a total is exact up to here; counting on would cost more than the page
BOUNDED_MAX = 500  # the same, for bounds on what many rows hold: each of these must be looked at
WIDE = 20_000  # a bound within which so many rows lie is no help in finding a page
_TOTAL_KEPT_S, _SMALL_TOTAL_KEPT_S = 30, 2


def page_keys(rows: QuerySet[Any], *, filters: Filters, order: Order, part: Slice) -> Page[str]:
    """The keys of one page of `rows` (of Market or Event)."""
    count, after = part.first + part.page_size + 1, part.after(order)
    keys: list[Key] = []
    totals: list[Total] = []
    for ended in (False, True) if filters.closed is None else (filters.closed,):
        walk = _Walk.of(rows, filters, order, ended=ended)
        totals.append(walk.total())
        keys += walk.keys(after, count)
    found = order.in_order(keys)[:count]
    shown = found[part.first : part.first + part.page_size]
    has_next = len(found) > part.first + len(shown)
    total = sum(counted for counted, _ in totals)
    reached = part.first + len(shown) if shown else 0
    return Page(
        items=[key for _, key in shown],
        total=max(min(total, TOTAL_MAX), reached),
        total_exact=total < TOTAL_MAX and all(exact for _, exact in totals),
        page=part.page,
        page_size=part.page_size,
        has_next=has_next,
        cursor=order.cursor(shown[-1]) if has_next else "",
    )


@dataclass(frozen=True, kw_only=True)
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

    def total(self) -> Total:
        """How many there are; counted at most every half minute."""
        known = self.found.count
        if known is not None and not self.bounds and (known >= TOTAL_MAX or self.found.listed):
            return known, self.found.listed
        key = f"total:{blake2b(self.name.encode(), digest_size=12).hexdigest()}"
        total: Total | None = cache.get(key)
        if total is None:
            total = self._counted()
            # A small total is cheap to count again, and the first sync changes it by the second.
            cache.set(key, total, _TOTAL_KEPT_S if total[0] >= TOTAL_MAX else _SMALL_TOTAL_KEPT_S)
        return total

    def _counted(self) -> Total:
        most = (
            BOUNDED_MAX if self.bounds and self.found.count is not None and not self.found.few else TOTAL_MAX
        )
        if self.found.listed and self._wide:  # by key: an index of the bounds would show every row within
            parts = [_hidden(self.found.rows, self.bounds)]
        else:
            parts = self._parts(self._within(self.bounds))
        counts = [part[:most].count() for part in parts]
        return sum(counts), all(count < most for count in counts)

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
        other = self._other_bounds
        if not other or self.found.few or not self._wide:
            return self._within(self.bounds)
        rest = {name: bound for name, bound in self.bounds.items() if name not in other}
        return _hidden(self._within(rest), other)

    @property
    def _other_bounds(self) -> dict[str, int | bool]:
        return {name: bound for name, bound in self.bounds.items() if not name.startswith(self.order.column)}

    @cached_property
    def _wide(self) -> bool:
        """Whether so many rows lie within the bounds that SQLite should not look them up by these."""
        rows = self.found.rows
        if connections[rows.db].vendor != "sqlite":
            return False
        every = rows.model._default_manager.filter(**self._other_bounds or self.bounds)
        return sum(every.filter(status=status)[:WIDE].count() for status in self.statuses) >= WIDE

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
