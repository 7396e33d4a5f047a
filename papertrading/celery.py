"""The clock: Celery's application and what beat calls when.

Distributed: `celery -A papertrading worker` and exactly one `celery -A papertrading beat`, over Redis.
Embedded: worker and beat are threads of `manage.py up`, over a queue in memory. That queue dies with
the process, so every task finds its work in the database, never in its message.
"""

import os
import threading
from typing import Any

from celery import Celery
from celery.beat import Scheduler
from celery.signals import beat_init, setup_logging
from celery.worker import WorkController
from django.conf import settings

os.environ.setdefault("DJANGO_SETTINGS_MODULE", "papertrading.settings")

_EMBEDDED_THREADS = 3  # a first sync takes one for minutes; settlement and leases must not wait for it
_READY_SECONDS = 1
_POLL_SECONDS = 0.05  # kombu's memory queue is polled; its default of a second makes every task late
_LONGEST_TASK_SECONDS = 6 * 3600  # Redis hands a task on that was not acknowledged for so long
_EVERY_SECONDS = {
    "livedata.tasks.sync_incremental": 60 * settings.SYNC_INTERVAL_MINUTES,
    "livedata.tasks.sync_full": 3600 * settings.FULL_SYNC_INTERVAL_HOURS,
    "livedata.tasks.sync_open_interest": 900,
    "livedata.tasks.renew_top_markets": 20,
    "trading.tasks.renew_held_markets": 60,
    "trading.tasks.settle_resolved": 20,
    "trading.tasks.snapshot_equity": 300,
    "trading.tasks.sample_rewards": 60,
    "trading.tasks.accrue_rebates": 3600,  # once a day, soon after its end; the others find nothing due
    "trading.tasks.report_reversals": 3600,
}
_AT_THE_START = (
    "livedata.tasks.renew_top_markets",
    "trading.tasks.renew_held_markets",
    "livedata.tasks.sync_incremental",
    "trading.tasks.settle_resolved",
    "trading.tasks.accrue_rebates",
)

app = Celery("papertrading", broker=settings.CELERY_BROKER_URL, set_as_current=True)
app.conf.update(
    broker_connection_retry_on_startup=True,
    broker_transport_options=(
        {"visibility_timeout": _LONGEST_TASK_SECONDS}
        if settings.REDIS_URL
        else {"polling_interval": _POLL_SECONDS}
    ),
    task_ignore_result=True,
    task_acks_late=True,
    task_reject_on_worker_lost=True,
    timezone="UTC",
    worker_hijack_root_logger=False,
    beat_schedule={
        # What was not begun before it is due again is dropped, not piled up behind a worker that is away.
        name: {"task": name, "schedule": seconds, "options": {"expires": seconds}}
        for name, seconds in _EVERY_SECONDS.items()
    },
)
app.autodiscover_tasks()


def kick_off() -> None:
    """Ask for what a start should not wait an interval for."""
    for name in _AT_THE_START:
        app.send_task(name)


@beat_init.connect
def kick_off_with_beat(**_: Any) -> None:
    kick_off()


@setup_logging.connect
def keep_our_logging(**_: Any) -> None:
    """Django's LOGGING stands; a receiver here is what keeps Celery from replacing it."""


def run_worker(stop: threading.Event) -> None:
    """A worker in this thread's care until `stop` is set; it shares the process with the site."""
    ready = threading.Event()
    worker = WorkController(
        app=app,
        ready_callback=lambda _: ready.set(),
        hostname="embedded@localhost",
        pool_cls="threads",
        concurrency=_EMBEDDED_THREADS,
        without_gossip=True,
        without_mingle=True,
        without_heartbeat=True,
    )
    running = threading.Thread(target=worker.start, name="celery-consumer", daemon=True)
    running.start()
    while running.is_alive() and not stop.wait(0.5):
        pass
    if not stop.is_set():
        raise RuntimeError("the Celery worker ended by itself")
    # A worker that is told to stop while it starts fails with a trace; its thread ends with the process.
    if ready.wait(_READY_SECONDS):
        worker.stop()


def run_beat(stop: threading.Event) -> None:
    """The schedule in memory: nothing of it is worth a file that a kill could damage."""
    scheduler = Scheduler(app=app, max_interval=1)
    kick_off()
    while not stop.wait(min(scheduler.tick(), 1.0)):
        pass
