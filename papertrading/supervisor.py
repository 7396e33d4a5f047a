"""Services that run for ever in threads of one process: started again with back-off when they fail, all
told to end by one event.
"""

import logging
import threading
import time
from collections.abc import Callable
from dataclasses import dataclass

_BACK_OFF_SECONDS = (0.5, 1, 2, 5, 15)
_STEADY_SECONDS = 60  # a service that ran this long starts its back-off anew

logger = logging.getLogger(__name__)

Run = Callable[[threading.Event], None]


@dataclass(slots=True)
class Service:
    """One thread. `run` returns when its event is set; returning earlier means that its work is done."""

    name: str
    run: Run
    thread: threading.Thread | None = None
    failures_count: int = 0

    @property
    def alive(self) -> bool:
        return self.thread is not None and self.thread.is_alive()


class Supervisor:
    def __init__(self) -> None:
        self.services: dict[str, Service] = {}
        self._stop = threading.Event()

    def start(self, name: str, run: Run) -> None:
        service = Service(name, run)
        # Daemonic: what does not end in time must not keep the process; its database writes roll back.
        service.thread = threading.Thread(target=self._keep, args=(service,), name=name, daemon=True)
        self.services[name] = service
        service.thread.start()

    def stop(self, seconds: float) -> list[str]:
        """Tell all to end and wait together; returns the names of those that still run then."""
        self._stop.set()
        deadline = time.monotonic() + seconds
        for service in self.services.values():
            if service.thread is not None:
                service.thread.join(max(0.0, deadline - time.monotonic()))
        return [name for name, service in self.services.items() if service.alive]

    def _keep(self, service: Service) -> None:
        attempt = 0
        while not self._stop.is_set():
            started = time.monotonic()
            try:
                service.run(self._stop)
                return
            except Exception:
                logger.exception("service.failed", extra={"service": service.name})
            service.failures_count += 1
            attempt = 1 if time.monotonic() - started > _STEADY_SECONDS else attempt + 1
            self._stop.wait(_BACK_OFF_SECONDS[min(attempt, len(_BACK_OFF_SECONDS)) - 1])
