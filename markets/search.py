"""Which markets (or events) hold these words and facets: one question, a backend per database.

SQLite keeps an FTS5 table beside each of the two tables, MongoDB a collection with each row's words under
a multikey index. What very many rows hold is found faster by walking the rows in the order in which they
are wanted, so each backend may answer with plain conditions instead; both ways are exact.
"""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from typing import Any, Protocol

from django.db import connections
from django.db.models import Model, QuerySet
from django.db.models.expressions import RawSQL
from pymongo import ReplaceOne

from markets.core.categories import category_slug
from markets.core.words import tag_word, words
from markets.models import Event, Market

TYPED_MAX = 8  # words of a search that count
# Facets, like the tags': a word of a text has no zero with letters behind it.
_STATES = {False: "0open", True: "0ended"}
_FLAGS = {False: "0inactive", True: "0active"}
_CATEGORY = "0category"


@dataclass(frozen=True, slots=True, kw_only=True)
class Asked:
    """All of it must hold; None or empty asks for nothing."""

    whole: tuple[str, ...] = ()
    begun: str = ""  # the start of a word: what somebody is typing
    tag: str = ""
    category: str = ""
    active: bool | None = None
    ended: bool | None = None

    def __bool__(self) -> bool:
        # `ended` alone is no search: every walk keeps to its statuses anyway.
        return bool(self.whole or self.begun or self.tag or self.category) or self.active is not None

    @property
    def facets(self) -> tuple[str, ...]:
        found = []
        if self.ended is not None:
            found.append(_STATES[self.ended])
        if self.active is not None:
            found.append(_FLAGS[self.active])
        if self.category:
            found.append(category_word(self.category))
        if self.tag:
            found.append(tag_word(self.tag))
        return tuple(found)


@dataclass(frozen=True, slots=True)
class Entry:
    """What the index holds of a row. `active` is None for an event."""

    key: str
    search_text: str
    category: str
    ended: bool
    active: bool | None = None

    @property
    def line(self) -> str:
        facets = [_STATES[self.ended]]
        if self.active is not None:
            facets.append(_FLAGS[self.active])
        if self.category:
            facets.append(category_word(self.category))
        return f"{' '.join(facets)}{self.search_text}"


def category_word(slug: str) -> str:
    return _CATEGORY + "".join(words(slug))


def read_asked(
    text: str, *, tag: str = "", category: str = "", active: bool | None = None, ended: bool | None = None
) -> Asked:
    """What a person typed, and the facets beside it."""
    typed = words(text)[:TYPED_MAX]
    return Asked(
        whole=tuple(typed[:-1]),
        begun=typed[-1] if typed else "",
        tag=tag,
        category=category_slug(category),
        active=active,
        ended=ended,
    )


@dataclass(frozen=True, slots=True, kw_only=True)
class Found:
    """Rows as a query, and what the index knows of their number."""

    rows: QuerySet[Any]
    count: int | None = None  # None when nothing was asked
    common: bool = False  # so many that they are found by walking; `count` is then only a part
    few: bool = False  # SQLite should take them one by one by their keys, and no other index

    @property
    def listed(self) -> bool:
        """The index has named every row: `count` is all of them, each of the half that was asked for."""
        return self.count is not None and not self.common


def narrowed(rows: QuerySet[Any], asked: Asked) -> Found:
    """Only the rows (of Market or Event) that hold all that is asked."""
    return _backend(rows.model).narrowed(rows, asked) if asked else Found(rows=rows)


def index(model: type[Model], entries: Sequence[Entry]) -> None:
    """Put rows into the index, or replace what it holds of them. Called by `markets.services` alone."""
    if entries:
        _backend(model).write(entries)


def create_indexes(*, using: str) -> None:
    for model in (Market, Event):
        _backend(model, using).create()


class Backend(Protocol):
    def create(self) -> None: ...

    def write(self, entries: Sequence[Entry]) -> None: ...

    def narrowed(self, rows: QuerySet[Any], asked: Asked) -> Found: ...


def _backend(model: type[Model], using: str | None = None) -> Backend:
    connection = connections[using or model._default_manager.db]
    table = f"{model._meta.db_table}_search"
    return MongoWords(connection, table) if connection.vendor == "mongodb" else FullText(connection, table)


class FullText:
    """SQLite's FTS5. A row's key is the venue's number, and so is the entry's."""

    FEW_MAX = 1_000
    SET_MAX = 20_000  # a greater set takes longer to build than its rows to find on a walk

    def __init__(self, connection: Any, table: str) -> None:
        self._connection, self._table = connection, table

    def create(self) -> None:
        # `ascii` splits at blanks and leaves every other letter alone: the text is folded already.
        # Nothing asks for phrases or ranks, so the index keeps no positions.
        with self._connection.cursor() as cursor:
            cursor.execute(
                f"CREATE VIRTUAL TABLE IF NOT EXISTS {self._table} "
                "USING fts5(words, tokenize='ascii', prefix='2 3', detail=none)"
            )

    def write(self, entries: Sequence[Entry]) -> None:
        sql = f"INSERT OR REPLACE INTO {self._table}(rowid, words) VALUES (%s, %s)"
        with self._connection.cursor() as cursor:
            cursor.executemany(sql, [(int(entry.key), entry.line) for entry in entries])

    def narrowed(self, rows: QuerySet[Any], asked: Asked) -> Found:
        terms = [f'"{word}"' for word in (*asked.facets, *asked.whole)]
        if asked.begun:
            terms.append(f'"{asked.begun}"*')
        # Asked once, and listed: the counts and the pages that follow would each search again.
        with self._connection.cursor() as cursor:
            cursor.execute(
                "SELECT count(*), json_group_array(CAST(rowid AS TEXT)) "
                f"FROM (SELECT rowid FROM {self._table} WHERE {self._table} MATCH %s LIMIT %s)",
                [" AND ".join(terms), self.SET_MAX + 1],
            )
            count, listed = cursor.fetchone()
        if count > self.SET_MAX:
            return Found(rows=_walked(rows, asked), count=count, common=True)
        keys = RawSQL("SELECT value FROM json_each(%s)", [listed])
        return Found(rows=rows.filter(pk__in=keys), count=count, few=count <= self.FEW_MAX)


class MongoWords:
    """MongoDB: an array of words per row. (Its own text index knows no prefix of a word.)"""

    LISTED_MAX = 2_000

    def __init__(self, connection: Any, table: str) -> None:
        self._collection = connection.get_collection(table)

    def create(self) -> None:
        self._collection.create_index("words")

    def write(self, entries: Sequence[Entry]) -> None:
        self._collection.bulk_write(
            [ReplaceOne({"_id": entry.key}, {"words": entry.line.split()}, upsert=True) for entry in entries],
            ordered=False,
        )

    def narrowed(self, rows: QuerySet[Any], asked: Asked) -> Found:
        terms: list[dict[str, Any]] = [{"words": word} for word in (*asked.facets, *asked.whole)]
        if asked.begun:
            terms.append({"words": {"$regex": f"^{asked.begun}"}})  # letters and digits only
        found = self._collection.find({"$and": terms}, {"_id": True}).limit(self.LISTED_MAX + 1)
        keys = [document["_id"] for document in found]
        if len(keys) > self.LISTED_MAX:
            return Found(rows=_walked(rows, asked), count=len(keys), common=True)
        return Found(rows=rows.filter(pk__in=keys), count=len(keys))


def _walked(rows: QuerySet[Any], asked: Asked) -> QuerySet[Any]:
    """The same by plain conditions: each row that is walked is looked at, and many of them fit."""
    whole = (*asked.whole, tag_word(asked.tag)) if asked.tag else asked.whole
    for word in whole:
        rows = rows.filter(search_text__contains=f" {word} ")
    if asked.begun:
        rows = rows.filter(search_text__contains=f" {asked.begun}")
    if asked.category:
        rows = rows.filter(category=asked.category)
    if asked.active is not None:
        rows = rows.filter(active__in=[asked.active])
    return rows


def in_parts(ids: Sequence[str], size: int = 1000) -> Iterable[Sequence[str]]:
    """Ids in lists short enough for one query: longer `__in` lists make both databases slow."""
    return (ids[start : start + size] for start in range(0, len(ids), size))
