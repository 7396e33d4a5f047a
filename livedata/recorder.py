"""Writes the venue's live stream to a file, with what a replay needs besides: the markets' own rows.

GammaClient's door ─ rows ─┐
MarketStream ──── frames ──┴─► Writer ─► FILE
"""

import asyncio
from collections.abc import Callable, Iterable, Sequence
from pathlib import Path

from livedata.core.steps import MarketRef
from livedata.errors import VenueError, VenueNotFound
from livedata.exchange.gamma import GammaClient
from livedata.exchange.http import Service, open_client
from livedata.exchange.stream import MarketStream
from livedata.recording import Line, Writer, about
from markets.core.facts import MarketFacts

_FLUSH_S = 1.0

Progress = Callable[[int], None]


async def record(
    path: Path,
    *,
    urls: dict[str, str],
    markets_count: int,
    slugs: Sequence[str],
    stop: asyncio.Event,
    dead_s: float,
    progress: Progress,
) -> int:
    """Record the busiest markets, or those of the slugs, until `stop`; returns how many frames came.

    Raises VenueError when the markets cannot be had, FileExistsError when there is such a file.
    """
    async with open_client(urls["GAMMA_URL"]) as gamma, open_client(urls["CLOB_URL"]) as clob:
        markets = await _markets(GammaClient(gamma), markets_count, slugs)
        refs = [_ref(market) for market in markets]
        events = await _raw_events(Service(gamma, ()), markets)
        rules = await _raw_rules(Service(clob, ()), refs)
    writer = Writer(path)
    try:
        for line in about(events, rules, refs):
            writer.write(line)
        return await _record_frames(writer, urls["CLOB_WS_URL"], refs, stop, dead_s, progress)
    finally:
        writer.close()


async def _record_frames(
    writer: Writer, ws_url: str, refs: list[MarketRef], stop: asyncio.Event, dead_s: float, progress: Progress
) -> int:
    listener = _Listener(writer)
    stream = MarketStream(ws_url, listener, dead_s=dead_s)
    stream.follow(refs)
    stopping = asyncio.ensure_future(stop.wait())
    failing = asyncio.ensure_future(stream.failed())
    try:
        while not stopping.done():
            await asyncio.wait([stopping, failing], timeout=_FLUSH_S, return_when=asyncio.FIRST_COMPLETED)
            if failing.done():
                failing.result()
            writer.flush()
            progress(listener.frames_count)
    finally:
        stopping.cancel()
        failing.cancel()
        await stream.close()
    return listener.frames_count


class _Listener:
    def __init__(self, writer: Writer) -> None:
        self._writer = writer
        self.frames_count = 0

    def opened(self, connection: int, condition_ids: Iterable[str]) -> None:
        """Whole books follow by themselves."""

    def received(self, connection: int, frame: bytes, now_ms: int) -> None:
        self.frames_count += 1
        self._writer.write(Line(recv_ms=now_ms, raw=frame.decode(errors="replace")))

    def closed(self, connection: int) -> None:
        """What was missed is in the whole books of the next connection."""


async def _markets(gamma: GammaClient, count: int, slugs: Sequence[str]) -> list[MarketFacts]:
    if slugs:
        found = [market for slug in slugs for market in (await gamma.market_by_slug(slug)).markets]
    else:
        page = await gamma.markets_page(closed=False, order="volume24hr", ascending=False, limit=count)
        found = list(page.reading.markets)
    tradable = [market for market in found if market.condition_id and market.token_0 and market.token_1]
    if not tradable:
        raise VenueNotFound("the venue shows no market that trades")
    return tradable[:count] if not slugs else tradable


async def _raw_events(gamma: Service, markets: list[MarketFacts]) -> list[str]:
    ids = dict.fromkeys(market.event_id for market in markets if market.event_id)
    return [(await gamma.get(f"/events/{event_id}")).decode() for event_id in ids]


async def _raw_rules(clob: Service, refs: list[MarketRef]) -> dict[str, str]:
    rules = {}
    for ref in refs:
        try:
            rules[ref.condition_id] = (await clob.get(f"/clob-markets/{ref.condition_id}")).decode()
        except VenueError:
            continue  # a replay then says what the venue said: nothing
    return rules


def _ref(market: MarketFacts) -> MarketRef:
    return MarketRef(
        condition_id=market.condition_id,
        token_0=market.token_0,
        token_1=market.token_1,
        tick_micros=market.tick_micros,
        min_size_micros=market.min_size_micros,
        neg_risk=market.neg_risk,
    )
