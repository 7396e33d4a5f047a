"""The CLOB door's parameters of a market and its lists of markets.

Source: docs.polymarket.com, "CLOB API"; error texts as observed.
"""

from base64 import b64decode, b64encode
from typing import Any

from livedata.simulator.answers import Answer, Refused, Request, told
from livedata.simulator.listings import HALF, Listing, Phase
from livedata.simulator.quotes import prices
from livedata.simulator.rewards import rates
from livedata.simulator.times import iso
from livedata.simulator.venue import Venue
from markets.core.units import ONE

_PAGE = 500
_END = "LTE="  # base64 of -1


def refused(status: int, why: str) -> Refused:
    return Refused(told({"error": why}, status))


def _listing(venue: Venue, *, token_id: str = "", condition_id: str = "") -> Listing:
    listing = venue.market(token_id=token_id, condition_id=condition_id)
    if listing is None or venue.phase(listing) in (Phase.UNBORN, Phase.ANNOUNCED):
        raise refused(404, "market not found")
    return listing


def _number(micros: int) -> float:
    return micros / ONE


def tick_size(venue: Venue, request: Request) -> Answer:
    listing = _listing(venue, token_id=_token(request))
    return told({"minimum_tick_size": _number(venue.tick_micros(listing))})


def neg_risk(venue: Venue, request: Request) -> Answer:
    return told({"neg_risk": _listing(venue, token_id=_token(request)).event.neg_risk})


def fee_rate(venue: Venue, request: Request) -> Answer:
    listing = venue.market(token_id=_token(request))
    if listing is None:
        raise refused(404, "fee rate not found for market")
    return told({"base_fee": 1000 if listing.event.fees else 0})


def _token(request: Request) -> str:
    """A token id from the query, or from the end of the path."""
    return request.text("token_id") or request.path.rpartition("/")[2]


def market_by_token(venue: Venue, request: Request) -> Answer:
    listing = _listing(venue, token_id=_token(request))
    first, second = listing.token_ids
    told_ids = {"primary_token_id": first, "secondary_token_id": second}
    return told({"condition_id": listing.condition_id} | told_ids)


def clob_market(venue: Venue, request: Request) -> Answer:
    """The short-keyed facts of one market; false and absent keys are left out, as recorded."""
    listing = _listing(venue, condition_id=request.path.rpartition("/")[2])
    event, fees = listing.event, listing.event.fees
    minimum, spread = listing.rewards
    row: dict[str, Any] = {
        "r": {"mi": minimum, "ma": spread, "moas": 4},
        "t": [
            {"t": token_id, "o": outcome}
            for token_id, outcome in zip(listing.token_ids, listing.outcomes, strict=True)
        ],
        "c": listing.condition_id,
        "mos": listing.min_size,
        "mts": _number(venue.tick_micros(listing)),
        "mbf": 1000 if fees else 0,
        "tbf": 1000 if fees else 0,
        "aot": iso(event.open_ms),
        "ibce": True,
    }
    if venue.phase(listing) in (Phase.OPEN, Phase.REVIEW):
        row["ao"] = True
    if event.neg_risk:
        row["nr"] = True
    if event.clear_on_start:
        row["cbos"] = True
    if event.seconds_delay:
        row["sd"] = event.seconds_delay
    if event.taker_delay:
        row["itode"] = True
    if _game_start(listing):
        row["gst"] = _game_start(listing)
    if fees:
        row["fd"] = {"r": fees.rate, "e": 1, "to": True}
    return told(row)


def _game_start(listing: Listing) -> str | None:
    start_ms = listing.event.start_ms
    return iso(start_ms) if listing.sports_type and start_ms is not None else None


def _market_row(venue: Venue, listing: Listing) -> dict[str, Any]:
    event, phase = listing.event, venue.phase(listing)
    payout = venue.payout(listing) if phase is Phase.CLOSED else (0, 0)
    even = payout == HALF
    base_fee = 1000 if event.fees else 0
    return {
        "enable_order_book": phase is not Phase.CLOSED,
        "active": True,
        "closed": phase is Phase.CLOSED,
        "archived": False,
        "accepting_orders": phase is not Phase.CLOSED,
        "accepting_order_timestamp": iso(event.open_ms),
        "minimum_order_size": listing.min_size,
        "minimum_tick_size": _number(venue.tick_micros(listing)),
        "condition_id": listing.condition_id,
        "question_id": listing.question_id,
        "question": listing.question,
        "description": event.rules(event, listing),
        "market_slug": listing.slug,
        "end_date_iso": iso(event.end_ms),
        "game_start_time": _game_start(listing),
        "seconds_delay": event.seconds_delay,
        "fpmm": "",
        "maker_base_fee": base_fee,
        "taker_base_fee": base_fee,
        "notifications_enabled": True,
        "neg_risk": event.neg_risk,
        "neg_risk_market_id": event.neg_risk_id,
        "neg_risk_request_id": listing.question_id if event.neg_risk else "",
        "icon": "",
        "image": "",
        "rewards": {
            "rates": rates(listing),
            "min_size": listing.rewards[0],
            "max_spread": listing.rewards[1],
        },
        "is_50_50_outcome": even,
        "tokens": [
            {"token_id": token_id, "outcome": outcome, "price": price, "winner": paid == ONE}
            for token_id, outcome, price, paid in zip(
                listing.token_ids, listing.outcomes, prices(venue, listing, phase), payout, strict=True
            )
        ],
        "tags": [tag.label for tag in event.tags],
    }


def one_market(venue: Venue, request: Request) -> Answer:
    return told(_market_row(venue, _listing(venue, condition_id=request.path.rpartition("/")[2])))


def market_list(venue: Venue, request: Request) -> Answer:
    """All markets, a page at a time; the last page's cursor is "LTE="."""
    try:
        start = int(b64decode(request.text("next_cursor", "MA==")))
    except ValueError:
        raise refused(400, "Invalid next_cursor") from None
    listed = [m for e in venue.events() for m in e.markets if venue.phase(m) is not Phase.ANNOUNCED]
    page = listed[start : start + _PAGE] if start >= 0 else []
    more = start >= 0 and start + _PAGE < len(listed)
    cursor = b64encode(str(start + _PAGE).encode()).decode() if more else _END
    rows = [_market_row(venue, listing) for listing in page]
    if request.path == "/simplified-markets":
        kept = ("condition_id", "rewards", "tokens", "active", "closed", "archived", "accepting_orders")
        rows = [{name: row[name] for name in kept} for row in rows]
    return told({"limit": _PAGE, "count": len(page), "next_cursor": cursor, "data": rows})
