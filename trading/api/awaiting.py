"""Lets a DRF view answer with an order's result without holding a thread while the order's time passes.

The view submits and returns at once, leaving on its response what is still to come: `pending` (an order to
await, and how to write it) or `stale_condition` (a market whose book may be fresh within moments).
"""

import asyncio
from collections.abc import Awaitable, Callable, Sequence
from contextlib import suppress
from typing import Any

from asgiref.sync import sync_to_async
from django.core.exceptions import RequestDataTooBig
from django.http import HttpRequest
from rest_framework.response import Response

from trading.models import Order
from trading.services.placing import fresh_in_time
from trading.services.results import outcome


class Pending:
    """Orders that are on their way, or whose cancels are, and the answer they become."""

    def __init__(self, orders: Sequence[Order], write: Callable[[Sequence[Order]], dict[str, Any]]) -> None:
        self.orders, self.write = orders, write


def awaiting(view: Callable[..., Response]) -> Callable[..., Awaitable[Response]]:
    """Wrap a DRF view. CSRF stays with DRF's session authentication, as for every DRF view."""

    async def awaited(request: HttpRequest, *args: Any, **kwargs: Any) -> Response:
        with suppress(RequestDataTooBig):  # the view meets it again, and answers 413
            _ = request.body  # kept by Django, so that the view can be asked twice
        response = await sync_to_async(view)(request, *args, **kwargs)
        stale = getattr(response, "stale_condition", None)
        if stale and await fresh_in_time(stale):
            request.asked_again = True  # type: ignore[attr-defined]  # one request of the asker: throttled once
            response = await sync_to_async(view)(request, *args, **kwargs)
        pending = getattr(response, "pending", None)
        if pending is not None:
            orders = await asyncio.gather(*map(outcome, pending.orders))
            response.data = await sync_to_async(pending.write)(orders)
        return response

    awaited.csrf_exempt = True  # type: ignore[attr-defined]
    awaited.cls = getattr(view, "cls", None)  # type: ignore[attr-defined]  # drf-spectacular finds the view by it
    awaited.initkwargs = getattr(view, "initkwargs", {})  # type: ignore[attr-defined]
    return awaited
