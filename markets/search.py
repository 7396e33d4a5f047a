"""Which markets hold all these words: one question, a backend per database.

A backend answers from its own index (SQLite: an FTS5 table; MongoDB: one document per market with its
words, under a multikey index) or says that there are too many to list. A common word is found faster by
walking the rows in the order in which they are wanted (`holding`), so both ways together are exact.
"""

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from typing import Any, Protocol

from django.db import connections
from django.db.models import QuerySet
from pymongo import ReplaceOne

from markets.core.words import tag_word, words
from markets.models import Market

LISTED_MAX = 2000
_TABLE = "markets_search"
# Facets, like the tags': no word of a text has a leading zero and letters behind it.
_STATE = {False: "0open", True: "0ended"}


@dataclass(frozen=True, slots=True)
class Wanted:
    """Words that must all occur; `begun` may be only the start of one (the word somebody is typing)."""

    whole: tuple[str, ...] = ()
    begun: str = ""

    def __bool__(self) -> bool:
        return bool(self.whole or self.begun)


@dataclass(frozen=True, slots=True)
class Entry:
    market_id: str
    ended: bool
    search_text: str


def wanted(text: str, tag: str = "") -> Wanted:
    """What a person typed, and a tag's slug, as words to look for. At most eight words count."""
    typed = words(text)[:8]
    facets = (tag_word(tag),) if tag else ()
    return Wanted((*facets, *typed[:-1]), typed[-1] if typed else "")


def holding(rows: QuerySet[Any], asked: Wanted) -> QuerySet[Any]:
    """Only the rows whose `search_text` holds the words; costs a look at every row that is walked."""
    for word in asked.whole:
        rows = rows.filter(search_text__contains=f" {word} ")
    return rows.filter(search_text__contains=f" {asked.begun}") if asked.begun else rows


def listed(asked: Wanted, *, ended: bool | None = None) -> list[str] | None:
    """The ids of the markets that hold the words, newest first; None when they are more than LISTED_MAX."""
    found = _backend(Market.objects.db).find(asked, ended, LISTED_MAX + 1)
    return None if len(found) > LISTED_MAX else found


def index(entries: Sequence[Entry], *, using: str) -> None:
    """Put markets into the index, or replace what it holds of them. Called by `markets.services` alone."""
    if entries:
        _backend(using).write(entries)


def create_index(*, using: str) -> None:
    _backend(using).create()


class Backend(Protocol):
    def create(self) -> None: ...

    def write(self, entries: Sequence[Entry]) -> None: ...

    def find(self, asked: Wanted, ended: bool | None, count_max: int) -> list[str]: ...


def _backend(alias: str) -> Backend:
    connection = connections[alias]
    return MongoWords(connection) if connection.vendor == "mongodb" else FullText(connection)


class FullText:
    """SQLite's FTS5. A market's id is the venue's number, and so the row's."""

    def __init__(self, connection: Any) -> None:
        self._connection = connection

    def create(self) -> None:
        # `ascii` splits at blanks and leaves every other letter alone: the text is folded already.
        # Nothing asks for phrases or ranks, so the index keeps no positions.
        with self._connection.cursor() as cursor:
            cursor.execute(
                f"CREATE VIRTUAL TABLE IF NOT EXISTS {_TABLE} "
                "USING fts5(words, tokenize='ascii', prefix='2 3', detail=none)"
            )

    def write(self, entries: Sequence[Entry]) -> None:
        rows = [(int(entry.market_id), f"{_STATE[entry.ended]}{entry.search_text}") for entry in entries]
        with self._connection.cursor() as cursor:
            cursor.executemany(f"INSERT OR REPLACE INTO {_TABLE}(rowid, words) VALUES (%s, %s)", rows)

    def find(self, asked: Wanted, ended: bool | None, count_max: int) -> list[str]:
        terms = [f'"{word}"' for word in _with_state(asked, ended)]
        if asked.begun:
            terms.append(f'"{asked.begun}"*')
        sql = f"SELECT rowid FROM {_TABLE} WHERE {_TABLE} MATCH %s ORDER BY rowid DESC LIMIT %s"
        with self._connection.cursor() as cursor:
            cursor.execute(sql, [" AND ".join(terms), count_max])
            return [str(row[0]) for row in cursor.fetchall()]


class MongoWords:
    """MongoDB: an array of words per market. (Its own text index knows no prefix of a word.)"""

    def __init__(self, connection: Any) -> None:
        self._collection = connection.get_collection(_TABLE)

    def create(self) -> None:
        self._collection.create_index("words")

    def write(self, entries: Sequence[Entry]) -> None:
        self._collection.bulk_write(
            [
                ReplaceOne(
                    {"_id": entry.market_id},
                    {"words": [_STATE[entry.ended], *entry.search_text.split()]},
                    upsert=True,
                )
                for entry in entries
            ],
            ordered=False,
        )

    def find(self, asked: Wanted, ended: bool | None, count_max: int) -> list[str]:
        terms: list[dict[str, Any]] = [{"words": word} for word in _with_state(asked, ended)]
        if asked.begun:
            terms.append({"words": {"$regex": f"^{asked.begun}"}})  # letters and digits only
        found = self._collection.find({"$and": terms}, {"_id": True}).limit(count_max)
        return [document["_id"] for document in found]


def _with_state(asked: Wanted, ended: bool | None) -> Iterator[str]:
    if ended is not None:
        yield _STATE[ended]
    yield from asked.whole


def in_parts(ids: Sequence[str], size: int = 1000) -> Iterable[Sequence[str]]:
    """Ids in lists short enough for one query: longer `__in` lists make both databases slow."""
    return (ids[start : start + size] for start in range(0, len(ids), size))
