"""Says on every answer which venue the numbers come from."""

from asgiref.sync import iscoroutinefunction
from django.conf import settings
from django.http import HttpRequest, HttpResponse
from django.utils.decorators import sync_and_async_middleware


@sync_and_async_middleware
def SourceHeader(get_response):  # type: ignore[no-untyped-def]  # noqa: N802 -- named like Django's own middleware
    if iscoroutinefunction(get_response):

        async def awaited(request: HttpRequest) -> HttpResponse:
            response = await get_response(request)
            response["X-Exchange"] = settings.EXCHANGE_KIND
            return response

        return awaited

    def direct(request: HttpRequest) -> HttpResponse:
        response = get_response(request)
        response["X-Exchange"] = settings.EXCHANGE_KIND
        return response

    return direct
