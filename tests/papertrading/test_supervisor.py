"""Services are started again when they fail, and end together."""

import logging
import threading

import pytest

from papertrading import supervisor
from papertrading.supervisor import Supervisor


@pytest.fixture(autouse=True)
def quick_back_off(monkeypatch):
    monkeypatch.setattr(supervisor, "_BACK_OFF_SECONDS", (0.01, 0.01))


def test_a_service_that_fails_is_started_again(caplog):
    services, tries, steady = Supervisor(), [], threading.Event()

    def falls_twice(stop: threading.Event) -> None:
        tries.append(1)
        if len(tries) < 3:
            raise ValueError("no luck")
        steady.set()
        stop.wait()

    with caplog.at_level(logging.ERROR):
        services.start("feed", falls_twice)
        assert steady.wait(5)

    assert services.services["feed"].failures_count == 2
    assert [record.service for record in caplog.records if record.message == "service.failed"] == ["feed"] * 2
    assert services.stop(5) == []
    assert not services.services["feed"].alive


def test_a_service_that_returns_is_done():
    services, ran = Supervisor(), []

    services.start("once", lambda _: ran.append(1))

    services.services["once"].thread.join(5)
    assert ran == [1]
    assert services.services["once"].failures_count == 0


def test_what_does_not_end_in_time_is_named():
    services, release = Supervisor(), threading.Event()
    services.start("deaf", lambda _: release.wait())
    services.start("polite", lambda stop: stop.wait())

    still_running = services.stop(0.2)

    assert still_running == ["deaf"]
    release.set()
    assert services.stop(5) == []
