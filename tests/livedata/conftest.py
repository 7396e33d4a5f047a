"""A bus of its own for every test that asks."""

from collections.abc import Callable, Iterator
from contextlib import ExitStack
from typing import Any
from urllib.parse import urlsplit

import pytest

import livedata.bus
from livedata.bus import Bus
from tests.livedata.recorded_venue import RecordedVenue, served


@pytest.fixture(params=["memory", "redis"])
def own_bus(request: pytest.FixtureRequest, settings) -> Iterator[Bus]:
    """The process-wide bus, empty, on either side."""
    settings.REDIS_URL = ""
    if request.param == "redis":
        parts = urlsplit(request.getfixturevalue("redis_url"))
        settings.REDIS_URL = f"redis://{parts.hostname}:{parts.port}"
    livedata.bus.bus.cache_clear()
    yield livedata.bus.bus()
    livedata.bus.bus.cache_clear()


@pytest.fixture
def memory_bus(settings) -> Iterator[Bus]:
    """The process-wide bus, empty, in memory."""
    settings.REDIS_URL = ""
    livedata.bus.bus.cache_clear()
    yield livedata.bus.bus()
    livedata.bus.bus.cache_clear()


@pytest.fixture
def recorded_venue(settings, memory_bus: Bus) -> Iterator[Callable[..., RecordedVenue]]:
    """Serve rows as the venue that this process asks: `recorded_venue(markets=[…], events=[…])`."""
    with ExitStack() as open_ones:

        def serve(**rows: Any) -> RecordedVenue:
            app = RecordedVenue(**rows)
            url = open_ones.enter_context(served(app))
            settings.EXCHANGE_URLS = {"GAMMA_URL": url, "CLOB_URL": url, "DATA_URL": url, "CLOB_WS_URL": ""}
            return app

        yield serve


@pytest.fixture
def hasty(monkeypatch: pytest.MonkeyPatch) -> None:
    """Questions wait neither for the venue's rate limits nor before they are repeated."""
    monkeypatch.setattr("livedata.exchange.http._FIRST_PAUSE_S", 0.001)
    monkeypatch.setattr("livedata.exchange.gamma.LIMITS", ())
