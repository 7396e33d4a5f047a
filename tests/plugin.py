"""Loaded before Django's settings: gives every test process its own DATA_DIR and the parts asked for.

TEST_DATABASE=mongodb   the MongoDB wire: the server at MONGO_URI, else one started in this process
TEST_BUS=redis          bus, cache and rate limits on a Redis server started for this process
"""

import atexit
import logging
import os
import shutil
import tempfile

import pytest

from tests.redis_server import have_redis, start_redis

_ELSEWHERE = ("GAMMA_URL", "CLOB_URL", "DATA_URL", "CLOB_WS_URL", "REDIS_HOST", "REDIS_PORT")
_OURS = "appName=started-for-tests"  # by which a worker knows a server that its parent has started
_SECRET = "only-for-tests-0123456789-abcdefghijklmnopqrstuvwxyz"


def _prepare() -> None:
    folder = tempfile.mkdtemp(prefix="papertrading-test-")
    atexit.register(shutil.rmtree, folder, ignore_errors=True)
    for name in _ELSEWHERE:  # a developer's shell must not send tests to a real venue or server
        os.environ.pop(name, None)
    os.environ |= {
        "DATA_DIR": folder,
        "EXCHANGE": "simulator",
        "LATENCY_MS": "0",
        "CLOB_AUTO_REGISTER": "true",
        "DJANGO_SECRET_KEY": _SECRET,
        "JWT_SECRET_KEY": _SECRET[::-1],
        "DJANGO_ALLOW_ASYNC_UNSAFE": "true",  # Playwright's sync API runs inside a loop
    }
    if _asked("TEST_DATABASE", "sqlite", "mongodb") == "mongodb":
        given = os.environ.get("MONGO_URI") or ""
        # Each worker has a server of its own: its parent's would have to serve them all with one processor.
        os.environ["MONGO_URI"] = _start_mongodb_wire() if not given or _OURS in given else given
    else:
        os.environ.pop("MONGO_URI", None)
    if _asked("TEST_BUS", "memory", "redis") == "redis":
        if not have_redis():
            raise pytest.UsageError("TEST_BUS=redis needs redis-server: apt-get install redis-server")
        host, port = start_redis()
        os.environ |= {"REDIS_HOST": host, "REDIS_PORT": str(port)}


def _asked(name: str, *choices: str) -> str:
    value = os.environ.get(name) or choices[0]
    if value not in choices:
        raise pytest.UsageError(f"{name}={value!r}: use one of {', '.join(choices)}")
    return value


def _start_mongodb_wire() -> str:
    from secantus import SecantusDBServer

    from tests.secantus_shim import mend

    mend()
    logging.getLogger("secantus").setLevel(logging.ERROR)  # it ends after pytest has closed the log's stream
    server = SecantusDBServer(storage_path=":memory:")
    server.start()
    atexit.register(server.stop)
    return f"{str(server.uri).rstrip('/')}/?{_OURS}"


_prepare()
