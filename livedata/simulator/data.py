"""The Data door, v1 routes, under /data. Source: docs.polymarket.com, "Data API"."""

from collections.abc import Callable
from typing import Any

from livedata.simulator.answers import Answer, Refused, Request, told
from livedata.simulator.draw import mix, unit
from livedata.simulator.ids import wallet
from livedata.simulator.listings import Listing, Phase
from livedata.simulator.live import Print
from livedata.simulator.venue import Venue
from livedata.simulator.words import trader_name
from markets.core.units import ONE

_TRADES_DEFAULT, _TRADES_MAX, _HOLDERS_MAX = 100, 10_000, 20
_OPEN_SHARE = 0.18  # of a market's volume that is still open interest
_PER_MARKET_MAX = 500


def _refused(why: str) -> Refused:
    return Refused(told({"error": why}, 400))


def _whole(request: Request, name: str, default: int) -> int:
    text = request.text(name)
    try:
        return int(text) if text else default
    except ValueError:
        raise _refused(f"invalid {name}") from None


def _asked_markets(venue: Venue, request: Request) -> list[Listing]:
    """The markets named by `market` (condition ids) or `eventId`; unknown ones are left out."""
    found = [venue.market(condition_id=text) for text in request.listed("market")]
    for text in request.listed("eventId"):
        event = venue.event(number=int(text)) if text.isdigit() else None
        found += event.markets if event else []
    return [listing for listing in found if listing and venue.phase(listing) is not Phase.UNBORN]


def open_interest(venue: Venue, listing: Listing) -> float:
    """USDC locked in full sets; none is left once the winners are paid."""
    if venue.phase(listing) is Phase.CLOSED:
        return 0.0
    return round(venue.volumes(listing).total * _OPEN_SHARE, 6)


def _oi(venue: Venue, request: Request) -> Answer:
    listings = _asked_markets(venue, request)
    return told([{"market": m.condition_id, "value": open_interest(venue, m)} for m in listings])


def _live_volume(venue: Venue, request: Request) -> Answer:
    text = request.text("id")
    event = venue.event(number=int(text)) if text.isdigit() else None
    if event is None:
        raise _refused("invalid id")
    days = [venue.volumes(m).day for m in event.markets]
    rows = [
        {"market": m.condition_id, "value": round(day, 6)} for m, day in zip(event.markets, days, strict=True)
    ]
    total = sum(days)
    return told([{"total": round(total, 6), "markets": rows}])


def _holders(venue: Venue, request: Request) -> Answer:
    """Invented holders whose shares fall off like the real ones; they sum to less than the interest."""
    limit = min(max(_whole(request, "limit", _HOLDERS_MAX), 1), _HOLDERS_MAX)
    rows = []
    for listing in _asked_markets(venue, request):
        shares = open_interest(venue, listing)
        for index, token_id in enumerate(listing.token_ids):
            holders = [_holder(listing, token_id, index, rank, shares) for rank in range(limit)]
            rows.append({"token": token_id, "holders": [h for h in holders if h["amount"] >= 1]})
    return told(rows)


def _holder(listing: Listing, token_id: str, index: int, rank: int, shares: float) -> dict[str, Any]:
    who = mix(listing.key, index, rank) % 5_000
    amount = shares * 0.22 / (rank + 1) ** 1.2 * (0.7 + 0.6 * unit(listing.key, index, rank, 1))
    return {
        "proxyWallet": wallet(who),
        "bio": "",
        "asset": token_id,
        "pseudonym": trader_name(who),
        "amount": round(amount, 6),
        "displayUsernamePublic": True,
        "outcomeIndex": index,
        "name": trader_name(who),
        "profileImage": "",
        "profileImageOptimized": "",
    }


def _trade_row(listing: Listing, made: Print) -> dict[str, Any]:
    who = made.wallet % 5_000
    return {
        "proxyWallet": wallet(who),
        "side": made.side,
        "asset": made.token_id,
        "conditionId": listing.condition_id,
        "size": made.size_micros / ONE,
        "price": made.price_micros / ONE,
        "timestamp": made.stamp_ms // 1000,
        "title": listing.question,
        "slug": listing.slug,
        "icon": "",
        "eventSlug": listing.event.slug,
        "outcome": listing.outcomes[made.outcome_index],
        "outcomeIndex": made.outcome_index,
        "name": trader_name(who),
        "pseudonym": trader_name(who + 1),
        "bio": "",
        "profileImage": "",
        "profileImageOptimized": "",
        "transactionHash": made.transaction_hash,
    }


def _trades(venue: Venue, request: Request) -> Answer:
    """Taker trades, newest first; without `market` those of the busiest markets."""
    limit = min(max(_whole(request, "limit", _TRADES_DEFAULT), 0), _TRADES_MAX)
    offset = _whole(request, "offset", 0)
    if offset > _TRADES_MAX:
        raise _refused("offset too large")
    start, end = _whole(request, "start", 0), _whole(request, "end", 1 << 40)
    side, user = request.text("side").upper(), request.text("user").lower()
    listings = _asked_markets(venue, request)
    if not (request.listed("market") or request.listed("eventId")):
        open_ones = [m for e in venue.events() for m in e.markets if venue.phase(m) is Phase.OPEN]
        listings = sorted(open_ones, key=lambda listing: -listing.weight)[:10]
    rows: list[tuple[int, dict[str, Any]]] = []
    for listing in listings:
        for made in venue.prints(listing, min(limit + offset, _PER_MARKET_MAX)):
            row = _trade_row(listing, made)
            if start <= row["timestamp"] <= end and side in ("", row["side"]):
                rows.append((made.stamp_ms, row))
    if user:
        rows = [(stamp, row) for stamp, row in rows if row["proxyWallet"] == user]
    rows.sort(key=lambda pair: -pair[0])
    return told([row for _, row in rows[offset : offset + limit]])


_ROUTES: dict[str, Callable[[Venue, Request], Answer]] = {
    "/oi": _oi,
    "/live-volume": _live_volume,
    "/holders": _holders,
    "/trades": _trades,
}


def answer(venue: Venue, request: Request) -> Answer:
    """Answer one Data request. Call with the venue's lock held."""
    if request.path == "/":
        return told({"data": "OK"})
    if route := _ROUTES.get(request.path):
        return route(venue, request)
    return told({"error": "not found"}, 404)
