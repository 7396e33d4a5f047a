"""DRF's throttle: asks accounts.limits, whose buckets are atomic where DRF's own are not."""

from typing import Any

from rest_framework.request import Request
from rest_framework.throttling import BaseThrottle

from accounts.limits import allow
from accounts.visitor import address_of


class RequestThrottle(BaseThrottle):
    """API requests a minute: by account, or by network address for strangers."""

    _wait_s: int | None = None

    def allow_request(self, request: Request, view: Any) -> bool:
        if getattr(request, "asked_again", False):
            return True  # trading/api/awaiting.py asks the view twice; its asker asked once
        key = None if request.user.is_authenticated else f"address:{address_of(request)}"
        verdict = allow(request.user, "requests", key=key)
        self._wait_s = verdict.retry_after_s
        return verdict.allowed

    def wait(self) -> int | None:
        return self._wait_s  # DRF makes it Retry-After
