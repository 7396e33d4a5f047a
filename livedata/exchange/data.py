"""The Data API's public reads: one method an endpoint. Source: docs.polymarket.com, "Data API" (2026-08)."""

from collections.abc import Sequence

import httpx

from livedata.core.data import (
    Holder,
    PublicTrade,
    read_holders,
    read_live_volumes,
    read_trades,
    read_values,
)
from livedata.exchange.http import Limit, Params, Service, read

CONDITIONS_MAX = 20  # condition ids in one question, so that its address stays short
LIMITS = (Limit(1_000), Limit(200, ("/trades",)))


class DataClient:
    def __init__(self, client: httpx.AsyncClient) -> None:
        self._service = Service(client, LIMITS)

    async def open_interest(self, condition_ids: Sequence[str]) -> dict[str, int]:
        """Micro-USDC by condition id; what the venue does not know is missing."""
        found: dict[str, int] = {}
        for start in range(0, len(condition_ids), CONDITIONS_MAX):
            asked = ",".join(condition_ids[start : start + CONDITIONS_MAX])
            found |= read(await self._service.get("/oi", {"market": asked}), read_values, "/oi")
        return found

    async def trades(self, condition_id: str, *, limit: int = 100) -> list[PublicTrade]:
        """The newest trades of a market, newest first, as takers made them."""
        params: Params = {"market": condition_id, "limit": limit}
        return read(await self._service.get("/trades", params), read_trades, "/trades")

    async def holders(self, condition_id: str, *, limit: int = 20) -> list[Holder]:
        params: Params = {"market": condition_id, "limit": limit}
        return read(await self._service.get("/holders", params), read_holders, "/holders")

    async def live_volume(self, event_id: str) -> dict[str, int]:
        """Micro-USDC by condition id, of an event's markets."""
        return read(
            await self._service.get("/live-volume", {"id": event_id}), read_live_volumes, "/live-volume"
        )
