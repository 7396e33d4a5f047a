"""HTTP and WebSocket on one port: how the web server is set up, embedded and distributed alike."""

import errno
import signal
import socket
from collections.abc import Callable

from django.core.management.base import CommandError
from uvicorn import Config, Server

_GRACE_SECONDS = 1  # what open requests get when the site stops


class Announcing(Server):
    """Says when it answers."""

    def __init__(self, config: Config, *, on_ready: Callable[[], None]) -> None:
        super().__init__(config)
        self._on_ready = on_ready

    async def startup(self, sockets: list[socket.socket] | None = None) -> None:
        await super().startup(sockets)
        self._on_ready()


def serve(listener: socket.socket, *, on_ready: Callable[[], None]) -> None:
    """Answer until SIGINT or SIGTERM; call from the main thread. Logs no request line: tokens."""
    config = Config(
        "papertrading.asgi:application",
        loop="uvloop",
        http="httptools",
        ws="websockets-sansio",
        ws_per_message_deflate=False,  # half as much processor again, for messages of 300 bytes
        ws_max_size=64 * 1024,
        lifespan="off",
        access_log=False,
        log_config=None,
        log_level="warning",
        server_header=False,
        timeout_graceful_shutdown=_GRACE_SECONDS,
    )
    # uvicorn hands a signal on to these after it has shut down; ours end the process themselves.
    before = {number: signal.signal(number, lambda *_: None) for number in (signal.SIGINT, signal.SIGTERM)}
    try:
        Announcing(config, on_ready=on_ready).run(sockets=[listener])
    finally:
        for number, handler in before.items():
            signal.signal(number, handler)


def listen(host: str, port: int) -> socket.socket:
    """A listening socket. Raises CommandError that names the cure when the address cannot be had."""
    try:
        family, kind, protocol, _, address = socket.getaddrinfo(host, port, type=socket.SOCK_STREAM)[0]
    except OSError:
        raise CommandError(f"HOST={host} is no address. {_HOST_CURE}") from None
    listener = socket.socket(family, kind, protocol)
    listener.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
    try:
        listener.bind(address)
        listener.listen(2048)
    except OSError as exc:
        listener.close()
        raise CommandError(_cure(exc, host, port)) from None
    listener.set_inheritable(False)
    return listener


_HOST_CURE = "Use HOST=127.0.0.1 for this machine alone, or HOST=0.0.0.0 for every machine that reaches it."


def _cure(exc: OSError, host: str, port: int) -> str:
    if exc.errno == errno.EADDRINUSE:
        return f"Port {port} is taken. Stop what listens there, or choose another: PORT={port + 1} make run"
    if exc.errno == errno.EACCES:
        return f"Port {port} needs root. Choose one above 1023: PORT=8000 make run"
    return f"HOST={host} cannot be listened on ({exc.strerror}). {_HOST_CURE}"


def own_addresses() -> set[str]:
    """The names and addresses under which other machines reach this one."""
    found = {socket.gethostname(), socket.getfqdn()}
    try:
        found |= {str(info[4][0]) for info in socket.getaddrinfo(socket.gethostname(), None)}
        with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as outward:
            outward.connect(("192.0.2.1", 9))  # sends nothing; shows the address a route would use
            found.add(outward.getsockname()[0])
    except OSError:
        pass  # no name or no route: the loopback names stand in the settings already
    return found


def is_loopback(host: str) -> bool:
    return host in {"localhost", "::1", ""} or host.startswith("127.")
