"""Who may open a WebSocket here, and who it is: our pages, trusted origins, and programs with a token."""

from collections.abc import Awaitable, Callable
from typing import Any
from urllib.parse import parse_qs, urlsplit

from channels.db import database_sync_to_async
from django.conf import settings
from django.http.request import split_domain_port, validate_host

from accounts.auth import user_of_token

CLOSED_FOREIGN_ORIGIN, CLOSED_BAD_TOKEN = 4403, 4401

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
            await _refuse(receive, send, CLOSED_FOREIGN_ORIGIN)


class QueryToken:
    """`?token=` says who asks, before the session does. A token that does not hold closes the socket."""

    def __init__(self, inner: Application) -> None:
        self._inner = inner

    async def __call__(self, scope: dict[str, Any], receive: Any, send: Any) -> None:
        given = parse_qs(scope["query_string"].decode("latin-1")).get("token")
        if given:
            user = await database_sync_to_async(user_of_token)(given[0]) if settings.TOKEN_IN_QUERY else None
            if user is None:
                await _refuse(receive, send, CLOSED_BAD_TOKEN)
                return
            scope = {**scope, "user": user}
        await self._inner(scope, receive, send)


def _is_own(origin: str, host: str) -> bool:
    trusted = {*settings.CORS_ALLOWED_ORIGINS, *settings.CSRF_TRUSTED_ORIGINS}
    return not origin or urlsplit(origin).netloc.lower() == host.lower() or origin in trusted


async def _refuse(receive: Any, send: Any, code: int) -> None:
    """Accept and close: a handshake that is refused shows a browser's script no code at all."""
    await receive()
    await send({"type": "websocket.accept"})
    await send({"type": "websocket.close", "code": code})
