"""The clock: what beat calls exists, and the embedded worker carries it out and ends."""

import threading
import time

import pytest
from django.conf import settings

from papertrading import celery
from papertrading.celery import app, run_beat, run_worker


def test_every_scheduled_task_exists():
    app.loader.import_default_modules()

    scheduled = {entry["task"] for entry in app.conf.beat_schedule.values()}

    assert scheduled <= set(app.tasks)
    assert set(celery._AT_THE_START) <= scheduled


def test_the_syncs_follow_their_settings():
    schedule = app.conf.beat_schedule

    assert schedule["livedata.tasks.sync_incremental"]["schedule"] == 60 * settings.SYNC_INTERVAL_MINUTES
    assert schedule["livedata.tasks.sync_full"]["schedule"] == 3600 * settings.FULL_SYNC_INTERVAL_HOURS


@pytest.fixture
def ping():
    ran = threading.Event()

    @app.task(name="tests.ping")
    def ping() -> None:
        ran.set()

    yield ran
    del app.tasks["tests.ping"]


@pytest.mark.skipif(bool(settings.REDIS_URL), reason="the embedded worker is for the queue in memory")
def test_the_embedded_worker_carries_tasks_out_at_once_and_ends(ping):
    stop = threading.Event()
    worker = threading.Thread(target=run_worker, args=(stop,))
    worker.start()

    app.send_task("tests.ping")
    assert ping.wait(10)
    ping.clear()
    asked = time.monotonic()
    app.send_task("tests.ping")
    assert ping.wait(10)
    took_s = time.monotonic() - asked
    stop.set()
    worker.join(10)

    assert took_s < 1  # kombu's own polling would take up to a second
    assert not worker.is_alive()


def test_beat_asks_at_the_start_and_ends(monkeypatch):
    sent, asked = [], threading.Event()
    monkeypatch.setattr(app, "send_task", lambda name, *_, **__: sent.append(name) or asked.set())
    stop = threading.Event()
    beat = threading.Thread(target=run_beat, args=(stop,))
    beat.start()

    assert asked.wait(10)
    stop.set()
    beat.join(10)

    assert not beat.is_alive()
    assert set(celery._AT_THE_START) <= set(sent)
