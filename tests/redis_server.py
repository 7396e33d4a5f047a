"""A real Redis server of our own, on a free loopback port, for as long as this process lives."""

import atexit
import shutil
import socket
import subprocess
import tempfile
import time

_SECONDS_TO_START = 10


def have_redis() -> bool:
    return shutil.which("redis-server") is not None


def start_redis() -> tuple[str, int]:
    """Host and port of a new, empty, unsaved server. Raises RuntimeError when it does not answer."""
    folder = tempfile.mkdtemp(prefix="papertrading-redis-")
    port = _free_port()
    options = f"--bind 127.0.0.1 --port {port} --dir {folder} --appendonly no --loglevel warning".split()
    server = subprocess.Popen(["redis-server", *options, "--save", ""], stdout=subprocess.DEVNULL)

    def stop() -> None:
        server.kill()
        server.wait()
        shutil.rmtree(folder, ignore_errors=True)

    atexit.register(stop)
    deadline = time.monotonic() + _SECONDS_TO_START
    while time.monotonic() < deadline and server.poll() is None:
        try:
            socket.create_connection(("127.0.0.1", port), timeout=1).close()
            return "127.0.0.1", port
        except ConnectionRefusedError:
            time.sleep(0.01)
    raise RuntimeError("redis-server did not start")


def _free_port() -> int:
    with socket.socket() as listener:
        listener.bind(("127.0.0.1", 0))
        return int(listener.getsockname()[1])
