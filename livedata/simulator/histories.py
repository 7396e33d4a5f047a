"""Price histories of the CLOB door. Source: docs.polymarket.com, "Timeseries data"; limits as observed.

Points are midpoints sampled at whole buckets, from a market's opening to now, also from before the
simulator was first started: the fair value is closed-form.
"""

from typing import Any

import orjson

from livedata.simulator.answers import Answer, Refused, Request, told
from livedata.simulator.listings import Phase
from livedata.simulator.times import DAY, HOUR, MINUTE
from livedata.simulator.venue import Venue
from markets.core.units import ONE

_SPANS = {
    "1h": HOUR,
    "6h": 6 * HOUR,
    "1d": DAY,
    "1w": 7 * DAY,
    "1m": 30 * DAY,
    "max": 31 * DAY,
    "all": 31 * DAY,
}
_FINEST = {"1w": 5, "1m": 10, "max": 10, "all": 10}  # minutes
_WINDOW_MAX_S = 15 * 86_400
_POINTS_MAX = 5_000
_FINE_KEPT_MS = DAY  # a resolved market keeps its fine points this long, then 12-hour ones
_COARSE_MINUTES = 720


def _refused(why: str) -> Refused:
    return Refused(told({"error": why}, 400))


def prices_history(venue: Venue, request: Request) -> Answer:
    """{"history": [{t, p}]} of one token; empty for unknown tokens, which is no error."""
    token_id = request.text("market")
    if not token_id:
        raise _refused("invalid filters: 'market' is required")
    asked = {name: request.text(name) for name in ("interval", "startTs", "endTs", "fidelity")}
    return told({"history": _history(venue, token_id, asked)})


def batch_prices_history(venue: Venue, request: Request) -> Answer:
    """The same for up to 20 tokens."""
    try:
        body = orjson.loads(request.body)
        tokens = [str(token_id) for token_id in body["markets"]]
    except (ValueError, KeyError, TypeError):
        raise _refused("Invalid payload") from None
    if len(tokens) > 20:
        raise _refused("Payload exceeds the limit")
    names = {"interval": "interval", "start_ts": "startTs", "end_ts": "endTs", "fidelity": "fidelity"}
    asked = {camel: str(body.get(snake) or "") for snake, camel in names.items()}
    return told({"history": {token_id: _history(venue, token_id, asked) for token_id in tokens}})


def _history(venue: Venue, token_id: str, asked: dict[str, str]) -> list[dict[str, Any]]:
    start_ms, end_ms, fidelity = _window(venue, asked)
    listing = venue.market(token_id=token_id)
    if listing is None or venue.phase(listing) in (Phase.UNBORN, Phase.ANNOUNCED):
        return []
    event = listing.event
    if venue.phase(listing) is Phase.CLOSED:
        end_ms = min(end_ms, event.resolve_ms)
        if venue.now_ms - event.resolve_ms > _FINE_KEPT_MS and fidelity < _COARSE_MINUTES:
            return []
    bucket_ms = fidelity * MINUTE
    first_ms = -(-max(start_ms, event.open_ms) // bucket_ms) * bucket_ms
    points = range(first_ms, min(end_ms, venue.now_ms) + 1, bucket_ms)[-_POINTS_MAX:]
    other = listing.token_ids.index(token_id) == 1
    half = listing.tick_micros / 2 / ONE  # a midpoint lies on half ticks
    history = []
    for at_ms, fair in zip(points, venue.fair_path(listing, points), strict=True):
        price = min(max(round(fair / half) * half, half), 1 - half)
        history.append({"t": at_ms // 1000, "p": round(1 - price if other else price, 5)})
    return history


def _window(venue: Venue, asked: dict[str, str]) -> tuple[int, int, int]:
    """Start and end in ms, and the bucket in minutes. Raises Refused."""
    interval, now_ms = asked["interval"], venue.now_ms
    try:
        fidelity = int(asked["fidelity"] or _FINEST.get(interval, 1))
        start_s = int(float(asked["startTs"])) if asked["startTs"] else None
        end_s = int(float(asked["endTs"])) if asked["endTs"] else now_ms // 1000
    except (ValueError, OverflowError):
        raise _refused("invalid filters: not a number") from None
    if fidelity < 1:
        raise _refused("invalid filters: 'fidelity' must be positive")
    if start_s is not None:
        if end_s - start_s > _WINDOW_MAX_S:
            raise _refused("invalid filters: 'startTs' and 'endTs' interval is too long")
        return start_s * 1000, end_s * 1000, fidelity
    if interval not in _SPANS:
        raise _refused("invalid filters: 'interval' or 'startTs' and 'endTs' are needed")
    if interval in ("1w", "1m") and fidelity < _FINEST[interval]:
        raise _refused(f"invalid filters: minimum 'fidelity' for '{interval}' range is {_FINEST[interval]}")
    fidelity = max(fidelity, _FINEST.get(interval, 1))
    return now_ms - _SPANS[interval], now_ms, fidelity
