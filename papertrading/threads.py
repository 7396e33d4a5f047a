"""The threads that run synchronous code under ASGI: kept from request to request.

Django gives each request a thread of its own and throws it away, and with it the thread's database
connections: opening four SQLite files anew costs more than most requests.
"""

from concurrent.futures import ThreadPoolExecutor
from typing import Any

from asgiref.sync import ThreadSensitiveContext

_KEPT = 32  # idle threads; a burst may use more, which end with it


class KeptThreads:
    """ASGI middleware: one thread at a time to each request, taken from those that wait."""

    def __init__(self, application: Any) -> None:
        self._application = application
        self._idle: list[ThreadPoolExecutor] = []  # used by the event loop's thread only

    async def __call__(self, scope: Any, receive: Any, send: Any) -> None:
        thread = self._idle.pop() if self._idle else ThreadPoolExecutor(1, thread_name_prefix="request")
        try:
            async with ThreadSensitiveContext(executor=thread):
                await self._application(scope, receive, send)
        finally:
            if len(self._idle) < _KEPT:
                self._idle.append(thread)
            else:
                thread.shutdown(wait=False)
