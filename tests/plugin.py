"""Loaded before Django's settings: gives every test process its own DATA_DIR and the databases asked for.

TEST_DATABASE=mongodb starts a MongoDB-wire server in this process (or uses MONGO_URI when that is set).
"""

import atexit
import os
import shutil
import tempfile


def _prepare() -> None:
    folder = tempfile.mkdtemp(prefix="papertrading-test-")
    atexit.register(shutil.rmtree, folder, ignore_errors=True)
    os.environ["DATA_DIR"] = folder
    os.environ["EXCHANGE"] = "simulator"
    os.environ["LATENCY_MS"] = "0"
    os.environ["DJANGO_ALLOW_ASYNC_UNSAFE"] = "true"  # Playwright's sync API runs inside a loop
    for name in ("GAMMA_URL", "CLOB_URL", "DATA_URL", "CLOB_WS_URL"):
        os.environ.pop(name, None)


_prepare()
