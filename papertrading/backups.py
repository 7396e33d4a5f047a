"""Copies of the embedded databases, and the way back.

A copy is taken through SQLite's backup interface, so it is one consistent state of its file while the
site goes on writing. Portfolios are copied before accounts: whoever a portfolio belongs to was there
first. Restoring never overwrites: what was there is moved aside.
"""

import hashlib
import json
import shutil
import sqlite3
import time
from collections.abc import Iterator
from contextlib import closing
from dataclasses import dataclass
from pathlib import Path

_MANIFEST = "manifest.json"
_ORDER = ("trading_db", "markets_db", "system_db", "auth_db")
# Without the secrets everybody would be logged out; without the simulator's epoch its markets would jump.
_OTHER_FILES = ("*.secret", "exchange", "simulator/*")


class BackupError(Exception):
    """Nothing was changed; the message says why, for people."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Summary:
    files_count: int
    bytes_count: int

    def __str__(self) -> str:
        return f"{self.files_count} files, {self.bytes_count / 1e6:.1f} MB"


def back_up(source: Path, target: Path, *, version: str) -> Summary:
    """Copy the databases of `source` into the new folder `target`, which appears once all is checked."""
    if target.exists() and any(target.iterdir()):
        raise BackupError(f"{target} is not empty: give a new folder for each backup.")
    databases = sorted(source.glob("*.sqlite3"), key=_rank)
    if not databases:
        raise BackupError(f"{source} holds no database: the site has not started there.")
    unfinished = target.with_name(f"{target.name}.unfinished")
    shutil.rmtree(unfinished, ignore_errors=True)
    unfinished.mkdir(parents=True)
    for database in databases:
        _copy_database(database, unfinished / database.name)
    for pattern in _OTHER_FILES:
        for path in source.glob(pattern):
            if path.is_file():
                copy = unfinished / path.relative_to(source)
                copy.parent.mkdir(exist_ok=True)
                shutil.copy2(path, copy)
    files = {str(path.relative_to(unfinished)): _digest(path) for path in _files(unfinished)}
    manifest = {"version": version, "taken_at": int(time.time()), "files": files}
    (unfinished / _MANIFEST).write_text(json.dumps(manifest, indent=1))
    if target.exists():
        target.rmdir()
    unfinished.rename(target)
    return _summary(target, list(files))


def restore(backup: Path, target: Path) -> tuple[Summary, Path | None]:
    """Put a backup in the place of what `target` holds; returns where that was moved, if there was any.

    The caller holds the lock of `target` (papertrading/running.py): no site may run on it.
    """
    names = verify(backup)
    aside = _move_aside(target, names)
    for name in names:
        copy = target / name
        copy.parent.mkdir(parents=True, exist_ok=True)
        shutil.copy2(backup / name, copy)
    return _summary(target, names), aside


def verify(backup: Path) -> list[str]:
    """The names of a backup's files. Raises BackupError unless each is there, unchanged and sound."""
    try:
        files: dict[str, str] = dict(json.loads((backup / _MANIFEST).read_text())["files"])
    except (OSError, ValueError, KeyError, TypeError):
        raise BackupError(f"{backup} is no backup: it has no readable {_MANIFEST}.") from None
    for name, digest in files.items():
        path = (backup / name).resolve()
        if backup.resolve() not in path.parents:
            raise BackupError(f"{_MANIFEST} names a file outside the backup: {name}")
        if not path.is_file() or _digest(path) != digest:
            raise BackupError(f"{name} is missing or has changed since the backup was taken.")
        if path.suffix == ".sqlite3":
            _check(path)
    return list(files)


def _rank(database: Path) -> int:
    return next((i for i, name in enumerate(_ORDER) if database.name.startswith(name)), len(_ORDER))


def _copy_database(source: Path, copy: Path) -> None:
    with closing(sqlite3.connect(source, timeout=30)) as reading, closing(sqlite3.connect(copy)) as writing:
        try:
            # In one step: a copy in many starts anew whenever somebody writes, and would never end. In
            # WAL mode this reader holds up no writer.
            reading.backup(writing, pages=-1)
            writing.execute("PRAGMA journal_mode=DELETE")  # one file, with no -wal beside it
        except sqlite3.DatabaseError as exc:
            raise BackupError(f"{source.name} cannot be copied: {exc}") from None
    _check(copy)


def _check(database: Path) -> None:
    with closing(sqlite3.connect(f"file:{database}?mode=ro&immutable=1", uri=True)) as connection:
        try:
            found = connection.execute("PRAGMA integrity_check").fetchone()[0]
        except sqlite3.DatabaseError as exc:
            found = str(exc)
    if found != "ok":
        raise BackupError(f"{database.name} is damaged: {found}")


def _move_aside(target: Path, names: list[str]) -> Path | None:
    going = [path for name in names for path in target.glob(f"{name}*") if path.is_file()]
    if not going:
        return None
    aside = target / f"before-restore-{time.strftime('%Y%m%d-%H%M%S')}"
    for path in going:  # a database's -wal and -shm go with it: beside another file they would corrupt it
        moved = aside / path.relative_to(target)
        moved.parent.mkdir(parents=True, exist_ok=True)
        path.rename(moved)
    return aside


def _files(folder: Path) -> Iterator[Path]:
    return (path for path in sorted(folder.rglob("*")) if path.is_file())


def _digest(path: Path) -> str:
    with path.open("rb") as file:
        return hashlib.file_digest(file, "sha256").hexdigest()


def _summary(folder: Path, names: list[str]) -> Summary:
    size = sum((folder / name).stat().st_size for name in names)
    return Summary(files_count=len(names), bytes_count=size)
