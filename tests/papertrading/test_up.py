"""`make run`'s last step: the whole site in one process, its second start, and its end."""

import json
import signal
import sqlite3
import subprocess
import sys
import time
from contextlib import closing
from pathlib import Path

import pytest

from tests.site import ROOT, own_environment, running_site, start_site

SECOND_START_SECONDS, STOP_SECONDS = 5, 3


def gone(process_ids: list[int], seconds: float = 5) -> bool:
    deadline = time.monotonic() + seconds
    while time.monotonic() < deadline:
        if not any(Path(f"/proc/{process_id}").exists() for process_id in process_ids):
            return True
        time.sleep(0.02)
    return False


def test_it_answers_says_what_it_is_and_stops_cleanly(tmp_path):
    site = start_site(tmp_path)
    children = site.children()
    body = json.loads(site.get("/health"))

    code, took_s = site.stop(signal.SIGINT)

    assert body["exchange"] == "simulator"
    assert len(children) == 1
    assert code == 0, site.lines
    assert took_s < STOP_SECONDS
    assert gone(children)
    assert "simulated exchange" in "".join(site.lines)
    assert "Traceback" not in "".join(site.lines)


def test_a_killed_site_leaves_no_child_and_starts_again_at_once(tmp_path):
    site = start_site(tmp_path)
    children = site.children()
    site.process.kill()
    site.process.wait()
    assert gone(children)

    again = start_site(tmp_path)
    assert json.loads(again.get("/health"))["checks"]["database"]["ok"]
    assert min(again.started_s, again.worked_s()) < SECOND_START_SECONDS
    code, took_s = again.stop(signal.SIGTERM)
    assert (code, took_s < STOP_SECONDS) == (0, True), again.lines
    for database in tmp_path.glob("*.sqlite3"):
        with closing(sqlite3.connect(database)) as connection:
            assert connection.execute("PRAGMA integrity_check").fetchone() == ("ok",)


def manage(*arguments, **environment):
    return subprocess.run(
        [sys.executable, "manage.py", *arguments],
        cwd=ROOT,
        env=own_environment(**environment),
        capture_output=True,
        text=True,
        timeout=60,
    )


def test_a_folder_in_use_is_backed_up_and_refused_to_a_second_site_and_to_a_restore(tmp_path):
    used, backup, elsewhere = tmp_path / "site", tmp_path / "backup", tmp_path / "elsewhere"
    with running_site(used):
        second = manage("up", "--port", "0", DATA_DIR=str(used))
        taken = manage("backup", str(backup), DATA_DIR=str(used))
        over_it = manage("restore", str(backup), DATA_DIR=str(used))
    back = manage("restore", str(backup), DATA_DIR=str(elsewhere))

    assert second.returncode != 0
    assert "is in use by a running site" in second.stderr
    assert "DATA_DIR=./other make run" in second.stderr
    assert over_it.returncode != 0
    assert "is in use by a running site" in over_it.stderr
    assert (taken.returncode, back.returncode) == (0, 0), taken.stderr + back.stderr
    assert taken.stdout.startswith(f"Backed up to {backup}: ")
    assert (elsewhere / "trading_db_simulator.sqlite3").exists()
    secret = "jwt_secret_key.secret"
    assert (elsewhere / secret).read_text() == (used / secret).read_text()


@pytest.mark.parametrize("exchange", ["paper", "replay"])
def test_an_unknown_venue_is_named(tmp_path, exchange):
    refused = manage("up", DATA_DIR=str(tmp_path), EXCHANGE=exchange)

    assert refused.returncode != 0
    assert refused.stderr == f"EXCHANGE={exchange!r}: use auto, live, simulator or replay:FILE\n"
