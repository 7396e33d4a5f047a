"""/ws/live: what one page or program asked to see, live. A pipe: knows no model, encodes no book."""

import asyncio
from typing import Any

import msgspec
import orjson
from channels.db import database_sync_to_async
from channels.generic.websocket import AsyncWebsocketConsumer

from accounts.auth import user_of_token
from accounts.limits import limit_of
from accounts.models import User
from livedata.errors import BusDown
from livedata.fanout import Client, hub
from livedata.outbox import Overrun
from livedata.watching import asked_refs, known_refs

TOO_SLOW, NO_BUS = 4408, 1013  # close codes: come again
_MESSAGE_TOKENS_MAX = 2_000
_ASKED_MAX = 20  # tokens we do not know, in one message: each costs the venue a question


class Asked(msgspec.Struct, forbid_unknown_fields=True):
    """{"op": "subscribe", "token_ids": ["7132…"]} or {"op": "auth", "token": "…"}"""

    op: str
    token_ids: list[str] = []
    token: str = ""


_asked = msgspec.json.Decoder(Asked)


class LiveConsumer(AsyncWebsocketConsumer):
    """Who asks is settled before: the session's user, a token's, or nobody (papertrading/sockets.py)."""

    async def connect(self) -> None:
        user = self.scope.get("user")
        self._user = user if isinstance(user, User) else None
        self._client: Client | None = None
        await self.accept()
        await self._join()

    async def _join(self) -> None:
        await self._leave()
        client = Client(None if self._user is None else str(self._user.pk))
        try:
            await hub().join(client)
        except BusDown:
            await self.close(NO_BUS)
            return
        self._client = client
        self._pump = asyncio.create_task(self._send_all(client))

    async def _leave(self) -> None:
        client, self._client = self._client, None
        if client is not None:
            self._pump.cancel()
            await asyncio.gather(self._pump, return_exceptions=True)
            await hub().leave(client)

    async def _send_all(self, client: Client) -> None:
        try:
            async for text in client.outbox:
                await self.base_send({"type": "websocket.send", "text": text})
        except Overrun:
            await self.close(TOO_SLOW)

    async def receive(self, text_data: str | None = None, bytes_data: bytes | None = None) -> None:
        try:
            asked = _asked.decode(text_data if text_data is not None else bytes_data or b"")
        except ValueError as exc:
            await self._refuse("invalid_message", str(exc))
            return
        try:
            if asked.op == "subscribe":
                await self._subscribe(asked.token_ids)
            elif asked.op == "unsubscribe" and self._client is not None:
                hub().unwatch(self._client, asked.token_ids)
            elif asked.op == "auth":
                await self._authenticate(asked.token)
            else:
                await self._refuse("invalid_message", "op is subscribe, unsubscribe or auth")
        except BusDown:
            await self.close(NO_BUS)

    async def _subscribe(self, token_ids: list[str]) -> None:
        client = self._client
        if client is None:
            return
        new = [token_id for token_id in dict.fromkeys(token_ids) if token_id not in client.refs]
        most = await database_sync_to_async(limit_of)(self._user, "subscriptions")
        if len(client.refs) + len(new) > most or len(new) > _MESSAGE_TOKENS_MAX:
            await self._refuse("too_many_subscriptions", f"At most {most} tokens may be watched at once.")
            return
        refs = await database_sync_to_async(known_refs)(token_ids)
        if unknown := [token_id for token_id in new if token_id not in refs][:_ASKED_MAX]:
            # Not in the one thread that the sockets' database work shares: the venue may take its time.
            refs |= await database_sync_to_async(asked_refs, thread_sensitive=False)(unknown)
        found = {token_id: ref for token_id, ref in refs.items() if ref is not None}
        hub().watch(client, found)
        if missing := [token_id for token_id in token_ids if token_id not in found]:
            await self._refuse("unknown_tokens", "No open market has these tokens.", token_ids=missing)

    async def _authenticate(self, token: str) -> None:
        """For programs that can set no header and want no token in an address."""
        user = await database_sync_to_async(user_of_token)(token)
        if user is None:
            await self._refuse("invalid_token", "The token does not hold.")
            return
        self._user = user
        watched = [] if self._client is None else list(self._client.refs)
        await self._join()
        await self._subscribe(watched)

    async def _refuse(self, code: str, message: str, **facts: Any) -> None:
        error = {"type": "error", "error": {"code": code, "message": message, **facts}}
        await self.send(text_data=orjson.dumps(error).decode())

    async def disconnect(self, code: int) -> None:
        await self._leave()
