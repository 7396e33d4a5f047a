"""The entry for HTTP and WebSocket."""

import os
from collections.abc import Awaitable, Callable
from typing import Any
from urllib.parse import parse_qs, urlsplit

from channels.auth import AuthMiddlewareStack
from channels.db import database_sync_to_async
from channels.routing import ProtocolTypeRouter, URLRouter
from django.conf import settings
from django.core.asgi import get_asgi_application
from django.http.request import split_domain_port, validate_host
from django.urls import path

os.environ.setdefault("DJANGO_SETTINGS_MODULE", "papertrading.settings")
django_application = get_asgi_application()  # sets Django up; what follows imports models

from accounts.auth import user_of_token  # noqa: E402
from livedata.consumers import LiveConsumer  # noqa: E402

Application = Callable[[dict[str, Any], Any, Any], Awaitable[None]]


class OwnOrigin:
    """Opens a socket only for our own pages, for trusted origins, and for programs, which name none.

    A browser sends its cookies to us from anybody's page; the page's origin is what tells them apart.
    """

    def __init__(self, inner: Application) -> None:
        self._inner = inner

    async def __call__(self, scope: dict[str, Any], receive: Any, send: Any) -> None:
        headers = dict(scope["headers"])
        host = headers.get(b"host", b"").decode("latin-1")
        origin = headers.get(b"origin", b"").decode("latin-1")
        domain, _ = split_domain_port(host)
        if domain and validate_host(domain, settings.ALLOWED_HOSTS) and _is_own(origin, host):
            await self._inner(scope, receive, send)
        else:
            await receive()
            await send({"type": "websocket.close", "code": 4403})


def _is_own(origin: str, host: str) -> bool:
    trusted = {*settings.CORS_ALLOWED_ORIGINS, *settings.CSRF_TRUSTED_ORIGINS}
    return not origin or urlsplit(origin).netloc == host or origin in trusted


class QueryToken:
    """`?token=` says who asks, before the session does."""

    def __init__(self, inner: Application) -> None:
        self._inner = inner

    async def __call__(self, scope: dict[str, Any], receive: Any, send: Any) -> None:
        given = parse_qs(scope["query_string"].decode("latin-1")).get("token")
        if given and settings.TOKEN_IN_QUERY:
            if user := await database_sync_to_async(user_of_token)(given[0]):
                scope = {**scope, "user": user}
            else:
                await receive()
                await send({"type": "websocket.close", "code": 4401})
                return
        await self._inner(scope, receive, send)


sockets = URLRouter([path("ws/live", LiveConsumer.as_asgi())])
application = ProtocolTypeRouter(
    {"http": django_application, "websocket": OwnOrigin(AuthMiddlewareStack(QueryToken(sockets)))}
)
