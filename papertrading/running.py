"""One site to one DATA_DIR: a lock that the operating system takes back however the process ends."""

import fcntl
import os
from pathlib import Path
from typing import IO


class AlreadyRunning(Exception):
    """Another process holds this DATA_DIR."""


def hold(folder: Path) -> IO[str]:
    """Take the lock; it is held for as long as the returned file stays open.

    Two sites on one folder would each keep books, limits and a bus in their own memory.
    """
    folder.mkdir(parents=True, exist_ok=True)
    file = (folder / "up.lock").open("a+")
    try:
        fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except OSError:
        file.seek(0)
        holder = file.read().strip() or "unknown"
        file.close()
        raise AlreadyRunning(f"{folder} is in use by a running site (process {holder}).") from None
    file.truncate(0)
    file.write(str(os.getpid()))
    file.flush()
    return file
