"""Which pages and programs may open a socket, and as whom."""

import pytest
from asgiref.testing import ApplicationCommunicator
from channels.db import database_sync_to_async

from accounts.clock import now_ms
from accounts.services import issue_tokens
from papertrading.sockets import CLOSED_BAD_TOKEN, CLOSED_FOREIGN_ORIGIN, OwnOrigin, QueryToken
from tests.people import make_user


async def who_am_i(scope, receive, send) -> None:
    assert (await receive())["type"] == "websocket.connect"
    await send({"type": "websocket.accept"})
    await send({"type": "websocket.send", "text": str(scope.get("user", "nobody"))})


SOCKET = OwnOrigin(QueryToken(who_am_i))


async def answer(*, host="localhost:8000", origin=None, query="") -> str | int:
    """The first words of an open socket, or the code it was closed with."""
    headers = [(b"host", host.encode())] + ([(b"origin", origin.encode())] if origin else [])
    scope = {"type": "websocket", "path": "/ws/live", "query_string": query.encode(), "headers": headers}
    socket = ApplicationCommunicator(SOCKET, scope)
    await socket.send_input({"type": "websocket.connect"})
    assert (await socket.receive_output())["type"] == "websocket.accept"
    message = await socket.receive_output()
    await socket.send_input({"type": "websocket.disconnect", "code": 1000})
    await socket.wait()
    return message["code"] if message["type"] == "websocket.close" else message["text"]


ORIGINS = [
    (None, "nobody"),  # a program
    ("http://localhost:8000", "nobody"),  # our page
    ("http://LOCALHOST:8000", "nobody"),
    ("https://trusted.example", "nobody"),
    ("http://localhost:9000", CLOSED_FOREIGN_ORIGIN),  # another site of the same machine
    ("https://evil.example", CLOSED_FOREIGN_ORIGIN),
    ("http://localhost:8000.evil.example", CLOSED_FOREIGN_ORIGIN),
    ("null", CLOSED_FOREIGN_ORIGIN),
]


@pytest.mark.parametrize(("origin", "expected"), ORIGINS)
@pytest.mark.django_db(databases="__all__")
async def test_a_page_of_another_site_opens_nothing(settings, origin, expected):
    settings.CORS_ALLOWED_ORIGINS = ["https://trusted.example"]

    assert await answer(origin=origin) == expected


@pytest.mark.parametrize("host", ["evil.example", "", "localhost.evil.example:8000"])
async def test_a_foreign_host_name_opens_nothing(host):
    assert await answer(host=host, origin=f"http://{host}") == CLOSED_FOREIGN_ORIGIN


@pytest.mark.django_db(databases="__all__", transaction=True)
async def test_a_token_says_who_asks(settings):
    user = await database_sync_to_async(make_user)()
    tokens = await database_sync_to_async(issue_tokens)(user=user, now_ms=now_ms())

    assert await answer(query=f"token={tokens.access}") == str(user)
    assert await answer(query=f"token={tokens.access}x") == CLOSED_BAD_TOKEN
    assert await answer(query=f"token={tokens.refresh}") == CLOSED_BAD_TOKEN
    assert await answer(query="token=nonsense") == CLOSED_BAD_TOKEN
    settings.TOKEN_IN_QUERY = False
    assert await answer(query=f"token={tokens.access}") == CLOSED_BAD_TOKEN
