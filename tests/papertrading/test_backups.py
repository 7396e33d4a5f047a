"""Backups are consistent, checked, and never overwrite."""

import json
import sqlite3
import threading
from contextlib import closing

import pytest

from papertrading.backups import BackupError, back_up, restore, verify


def make_site(folder, *, rows: int = 3):
    folder.mkdir(parents=True)
    for name in ("auth_db", "trading_db_simulator"):
        with closing(sqlite3.connect(folder / f"{name}.sqlite3")) as connection:
            connection.execute("PRAGMA journal_mode=WAL")
            connection.execute("CREATE TABLE postings (amount INTEGER)")
            connection.executemany("INSERT INTO postings VALUES (?)", [(i,) for i in range(rows)])
            connection.commit()
    (folder / "jwt_secret_key.secret").write_text("kept")
    (folder / "up.lock").write_text("1")
    return folder


def amounts(folder, name="trading_db_simulator"):
    with closing(sqlite3.connect(folder / f"{name}.sqlite3")) as connection:
        return [amount for (amount,) in connection.execute("SELECT amount FROM postings ORDER BY rowid")]


def test_a_restored_site_is_the_backed_up_one(tmp_path):
    site = make_site(tmp_path / "site")
    back_up(site, tmp_path / "backup", version="0.1.0")
    (site / "jwt_secret_key.secret").write_text("changed")
    with closing(sqlite3.connect(site / "trading_db_simulator.sqlite3")) as connection:
        connection.execute("DELETE FROM postings")
        connection.commit()

    summary, aside = restore(tmp_path / "backup", site)

    assert amounts(site) == [0, 1, 2]
    assert (site / "jwt_secret_key.secret").read_text() == "kept"
    assert summary.files_count == 3
    assert amounts(aside) == []  # what was there is still there
    assert (aside / "jwt_secret_key.secret").read_text() == "changed"


def test_restoring_into_an_empty_folder_moves_nothing_aside(tmp_path):
    back_up(make_site(tmp_path / "site"), tmp_path / "backup", version="0.1.0")

    _, aside = restore(tmp_path / "backup", tmp_path / "fresh")

    assert aside is None
    assert amounts(tmp_path / "fresh", "auth_db") == [0, 1, 2]
    assert not (tmp_path / "fresh" / "up.lock").exists()


def test_a_copy_taken_while_the_site_writes_holds_whole_transactions(tmp_path):
    site = make_site(tmp_path / "site", rows=0)
    stop, started = threading.Event(), threading.Event()

    def trade() -> None:
        with closing(sqlite3.connect(site / "trading_db_simulator.sqlite3", timeout=20)) as connection:
            while not stop.is_set():
                with connection:
                    connection.executemany("INSERT INTO postings VALUES (?)", [(5,), (-5,)])
                started.set()

    writer = threading.Thread(target=trade)
    writer.start()
    try:
        assert started.wait(10)
        for n in range(5):
            back_up(site, tmp_path / f"backup{n}", version="0.1.0")
    finally:
        stop.set()
        writer.join()

    copies = [amounts(tmp_path / f"backup{n}") for n in range(5)]
    assert all(copies)
    assert [sum(copy) for copy in copies] == [0] * 5


def test_a_backup_that_was_touched_is_refused_and_nothing_is_moved(tmp_path):
    site = make_site(tmp_path / "site")
    back_up(site, tmp_path / "backup", version="0.1.0")
    with (tmp_path / "backup" / "auth_db.sqlite3").open("r+b") as file:
        file.seek(4096)
        file.write(b"garbage")

    with pytest.raises(BackupError, match=r"auth_db\.sqlite3"):
        restore(tmp_path / "backup", site)

    assert amounts(site, "auth_db") == [0, 1, 2]
    assert not list(site.glob("before-restore-*"))


def test_a_damaged_database_is_not_backed_up(tmp_path):
    site = make_site(tmp_path / "site", rows=2000)
    with closing(sqlite3.connect(site / "auth_db.sqlite3")) as connection:
        connection.execute("PRAGMA wal_checkpoint(TRUNCATE)")
    with (site / "auth_db.sqlite3").open("r+b") as file:
        file.seek(4096)
        file.write(b"\xff" * 4096)

    with pytest.raises(BackupError, match="auth_db"):
        back_up(site, tmp_path / "backup", version="0.1.0")

    assert not (tmp_path / "backup").exists()


def test_a_manifest_cannot_reach_outside_its_folder(tmp_path):
    back_up(make_site(tmp_path / "site"), tmp_path / "backup", version="0.1.0")
    manifest = tmp_path / "backup" / "manifest.json"
    manifest.write_text(json.dumps({"files": {"../site/auth_db.sqlite3": "0"}}))

    with pytest.raises(BackupError, match="outside"):
        verify(tmp_path / "backup")


@pytest.mark.parametrize("content", [None, "", "{}", '{"files": 3}', "[]"])
def test_a_folder_without_a_readable_manifest_is_no_backup(tmp_path, content):
    if content is not None:
        (tmp_path / "manifest.json").write_text(content)

    with pytest.raises(BackupError, match="no backup"):
        verify(tmp_path)


def test_a_folder_in_use_and_an_empty_site_are_refused(tmp_path):
    site = make_site(tmp_path / "site")
    with pytest.raises(BackupError, match="not empty"):
        back_up(site, site, version="0.1.0")
    (tmp_path / "nothing").mkdir()
    with pytest.raises(BackupError, match="no database"):
        back_up(tmp_path / "nothing", tmp_path / "backup", version="0.1.0")
