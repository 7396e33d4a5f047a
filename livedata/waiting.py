"""Lets a DRF view answer with a fresh book without holding a thread while the feed fetches it.

The view answers "stale" at once and leaves the market on its response; out here, on the event loop, a
lease is taken and up to three seconds are given, then the view is asked once more.
"""

import asyncio
import time
from collections.abc import Awaitable, Callable
from typing import Any

from asgiref.sync import sync_to_async
from django.http import HttpRequest
from rest_framework.response import Response

from livedata.books import newest
from livedata.core.steps import MarketRef
from livedata.subscriptions import lease

BOOK_WAIT_S = 3.0
LEASE_S = 60  # whoever asked once asks again
_LOOK_S = 0.05


def with_fresh_book(view: Callable[..., Response]) -> Callable[..., Awaitable[Response]]:
    """Wrap a DRF view that sets `wanted_ref` on a response to which a fresh book was missing."""

    async def waited(request: HttpRequest, *args: Any, **kwargs: Any) -> Response:
        response = await sync_to_async(view)(request, *args, **kwargs)
        ref: MarketRef | None = getattr(response, "wanted_ref", None)
        if ref is not None and await _fresh_in_time(ref):
            request.asked_again = True  # type: ignore[attr-defined]  # one request of the asker: throttled once
            response = await sync_to_async(view)(request, *args, **kwargs)
        return response

    waited.csrf_exempt = True  # type: ignore[attr-defined]  # DRF's session authentication checks it
    waited.cls = getattr(view, "cls", None)  # type: ignore[attr-defined]  # drf-spectacular finds the view by it
    waited.initkwargs = getattr(view, "initkwargs", {})  # type: ignore[attr-defined]
    return waited


async def _fresh_in_time(ref: MarketRef) -> bool:
    await asyncio.to_thread(lease, f"asked:{ref.condition_id}", [ref], seconds=LEASE_S)
    until_s = time.monotonic() + BOOK_WAIT_S
    while time.monotonic() < until_s:
        view = await asyncio.to_thread(newest, ref.condition_id)
        if view is not None and view.fresh:
            return True
        await asyncio.sleep(_LOOK_S)
    return False
