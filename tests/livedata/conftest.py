"""A bus of its own for every test that asks."""

from collections.abc import Iterator
from urllib.parse import urlsplit

import pytest

import livedata.bus
from livedata.bus import Bus


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
