"""Fixtures that every folder shares. What a machine lacks is skipped by name, never silently."""

import os
import shutil
from collections.abc import Iterator
from functools import cache as cache_once
from pathlib import Path
from urllib.parse import urlsplit

import pytest
import redis
from django.conf import settings as django_settings
from django.core.cache import cache
from playwright.sync_api import Browser, Page, sync_playwright

from accounts import limits
from livedata.bus import bus
from tests.emptying import keep_what_migrations_left
from tests.redis_server import have_redis, start_redis
from tests.site import Site, running_site

ROOT = Path(__file__).resolve().parent.parent
CHROMIUM_FLAGS = [
    "--no-sandbox",
    "--disable-dev-shm-usage",
    "--disable-gpu",
    "--disable-background-networking",
    "--disable-component-update",
    "--disable-sync",
    "--no-first-run",
    "--disable-quic",
]
_MARK_BY_FIXTURE = {"redis_url": "redis", "chromium": "browser", "recordings": "recordings"}


def pytest_configure() -> None:
    # Argon2 takes 0.1 s by design; a test of the hasher itself sets it back.
    django_settings.PASSWORD_HASHERS = ["django.contrib.auth.hashers.MD5PasswordHasher"]
    keep_what_migrations_left()


@pytest.hookimpl(tryfirst=True)
def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """A test that asks for Redis, a browser, recordings or a database carries that mark by itself."""
    for item in items:
        for fixture, mark in _MARK_BY_FIXTURE.items():
            if fixture in getattr(item, "fixturenames", ()):
                item.add_marker(mark)
        if item.get_closest_marker("django_db"):
            item.add_marker("database")


@pytest.fixture(autouse=True)
def nothing_left() -> None:
    """No test sees what another one cached or told on the bus, or pays for what another one spent."""
    cache.clear()
    limits.forget()
    if django_settings.REDIS_URL:
        _redis().flushdb()
    else:
        bus.cache_clear()


@cache_once
def _redis() -> redis.Redis:
    return redis.Redis.from_url(django_settings.REDIS_URL)


@pytest.fixture(scope="session")
def recordings() -> Path:
    """The folder of recorded venue payloads."""
    folder = Path(os.environ.get("RECORDINGS_DIR") or ROOT / "../shared/recordings").resolve()
    if not folder.is_dir():
        pytest.skip("no recordings here: set RECORDINGS_DIR")
    return folder


@pytest.fixture(scope="session")
def redis_server() -> str:
    """The URL of a Redis server that only this test process uses."""
    if django_settings.REDIS_URL:
        return str(django_settings.REDIS_URL)
    if not have_redis():
        pytest.skip("no redis-server on this machine: apt-get install redis-server")
    host, port = start_redis()
    return f"redis://{host}:{port}"


@pytest.fixture
def redis_url(redis_server: str) -> str:
    """The same server, emptied."""
    parts = urlsplit(redis_server)
    with redis.Redis(host=parts.hostname or "", port=parts.port or 0) as client:
        client.flushall()
    return redis_server


@pytest.fixture(scope="session")
def chromium() -> str:
    """The path of a Chromium that is installed here."""
    names = (os.environ.get("CHROMIUM"), "chromium", "chromium-browser", "google-chrome")
    found = next((path for name in names if name and (path := shutil.which(name))), None)
    if found is None:
        pytest.skip("no Chromium on this machine: apt-get install chromium, or set CHROMIUM")
    return found


# One browser a module, not a session: while Playwright runs, no other event loop may in this thread.
@pytest.fixture(scope="module")
def browser(chromium: str) -> Iterator[Browser]:
    with sync_playwright() as playwright:
        launched = playwright.chromium.launch(executable_path=chromium, args=CHROMIUM_FLAGS)
        yield launched
        launched.close()


@pytest.fixture
def page(browser: Browser) -> Iterator[Page]:
    """A fresh page 1440 wide, with no cookies."""
    context = browser.new_context(viewport={"width": 1440, "height": 900})
    yield context.new_page()
    context.close()


@pytest.fixture(scope="session")
def site(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Site]:
    """The whole site with the simulator, started once, LATENCY_MS=0; tests make accounts of their own."""
    with running_site(tmp_path_factory.mktemp("site"), LATENCY_MS="0") as running:
        yield running
