"""The clock: Celery's application and what beat calls when.

Distributed: `celery -A papertrading worker` and exactly one `celery -A papertrading beat`, over Redis.
Embedded: worker and beat are threads of `manage.py up`, over a queue in memory. That queue dies with
the process, so every task finds its work in the database, never in its message.
"""

import os
import threading

from celery import Celery
from celery.beat import Scheduler
from celery.signals import setup_logging
from celery.worker import WorkController
from django.conf import settings

os.environ.setdefault("DJANGO_SETTINGS_MODULE", "papertrading.settings")

_EMBEDDED_THREADS = 2
_POLL_SECONDS = 0.05  # kombu's memory queue is polled; its default of a second makes every task late

app = Celery("papertrading", broker=settings.CELERY_BROKER_URL, set_as_current=True)
app.conf.update(
    broker_connection_retry_on_startup=True,
    broker_transport_options={"polling_interval": _POLL_SECONDS} if not settings.REDIS_URL else {},
    task_ignore_result=True,
    task_acks_late=True,
    task_reject_on_worker_lost=True,
    timezone="UTC",
    worker_hijack_root_logger=False,
)
app.autodiscover_tasks()


@setup_logging.connect
def keep_our_logging(**kwargs: object) -> None:
    """Django's LOGGING stands; a receiver here is what keeps Celery from replacing it."""


def run_worker(stop: threading.Event) -> None:
    """A worker in this thread's care until `stop` is set; it shares the process with the site."""
    worker = WorkController(
        app=app,
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
    worker.stop()


def run_beat(stop: threading.Event) -> None:
    """The schedule in memory: every task is due again after a restart, and none keeps state in a file."""
    scheduler = Scheduler(app=app, max_interval=1)
    while not stop.wait(min(scheduler.tick(), 1.0)):
        pass
