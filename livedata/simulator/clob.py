"""The CLOB door's public reads, under /clob.

Source: docs.polymarket.com, "CLOB API"; error texts as observed.
"""

from base64 import b64decode, b64encode
from collections.abc import Callable
from typing import Any

import orjson

from livedata.simulator.answers import Answer, Refused, Request, told
from livedata.simulator.gamma_rows import prices
from livedata.simulator.histories import batch_prices_history, prices_history
from livedata.simulator.listings import HALF, Listing, Phase
from livedata.simulator.live import LiveMarket
from livedata.simulator.times import iso
from livedata.simulator.venue import Venue
from markets.core.units import ONE, from_micros

_IDS_MAX, _PAGE = 500, 500
_END = "LTE="  # base64 of -1


def refused(status: int, why: str) -> Refused:
    return Refused(told({"error": why}, status))


def _found(venue: Venue, token_id: str) -> tuple[LiveMarket, int]:
    """The book of a token and which outcome it is. Raises Refused with the venue's texts."""
    if not token_id.isdigit():
        raise refused(400, "Invalid token id")
    listing = venue.market(token_id=token_id)
    live = venue.live(listing) if listing else None
    if live is None:
        raise refused(404, "No orderbook exists for the requested token id")
    return live, live.listing.token_ids.index(token_id)


def _listing(venue: Venue, *, token_id: str = "", condition_id: str = "") -> Listing:
    listing = venue.market(token_id=token_id, condition_id=condition_id)
    if listing is None or venue.phase(listing) in (Phase.UNBORN, Phase.ANNOUNCED):
        raise refused(404, "market not found")
    return listing


def book_text(live: LiveMarket, outcome_index: int) -> str:
    """One REST book, key by key as the venue has it: bids rise, asks fall, the best is last."""
    listing, face = live.listing, live.face(outcome_index)
    return (
        f'{{"market":"{listing.condition_id}","asset_id":"{listing.token_ids[outcome_index]}",'
        f'"timestamp":"{live.stamp_ms}","hash":"{face.hash}","bids":[{face.bids}],"asks":[{face.asks}],'
        f"{live.tail()}}}"
    )


def _asked(request: Request) -> list[dict[str, Any]]:
    """The [{"token_id": …}] of a batch, from the body or from ?token_ids=a,b. Raises Refused."""
    if request.method == "GET":
        entries: Any = [{"token_id": token_id} for token_id in request.listed("token_ids")]
        for entry, side in zip(entries, request.listed("sides"), strict=False):
            entry["side"] = side
    else:
        try:
            entries = orjson.loads(request.body)
        except ValueError:
            raise refused(400, "Invalid payload") from None
    if not isinstance(entries, list) or not all(
        isinstance(e, dict) and isinstance(e.get("token_id"), str) for e in entries
    ):
        raise refused(400, "Invalid payload")
    if len(entries) > _IDS_MAX:
        raise refused(400, "Payload exceeds the limit")
    return entries


def _known(venue: Venue, request: Request) -> list[tuple[dict[str, Any], LiveMarket, int]]:
    """Those of a batch that have a book; the venue leaves the others out."""
    known = []
    for entry in _asked(request):
        listing = venue.market(token_id=entry["token_id"])
        if listing and (live := venue.live(listing)):
            known.append((entry, live, listing.token_ids.index(entry["token_id"])))
    return known


# -- books and prices ---------------------------------------------------------------------------------


def _book(venue: Venue, request: Request) -> Answer:
    return Answer(200, book_text(*_found(venue, request.text("token_id"))).encode())


def _books(venue: Venue, request: Request) -> Answer:
    texts = [book_text(live, index) for _, live, index in _known(venue, request)]
    return Answer(200, f"[{','.join(texts)}]".encode())


def _side_price(live: LiveMarket, index: int, side: str) -> int | None:
    """`side=BUY` asks for the best bid: what a maker on that side offers (two live probes in 2026)."""
    bid, ask = live.best_of(index)
    match side.upper():
        case "BUY":
            return bid
        case "SELL":
            return ask
        case _:
            raise refused(400, "Invalid side")


def _price(venue: Venue, request: Request) -> Answer:
    live, index = _found(venue, request.text("token_id"))
    return told({"price": from_micros(_side_price(live, index, request.text("side")) or 0)})


def _prices(venue: Venue, request: Request) -> Answer:
    found: dict[str, dict[str, str]] = {}
    for entry, live, index in _known(venue, request):
        side = str(entry.get("side", "")).upper()
        price = _side_price(live, index, side)
        found.setdefault(entry["token_id"], {})[side] = from_micros(price or 0)
    return told(found)


def _middle(live: LiveMarket, index: int) -> int:
    bid, ask = live.best_of(index)
    if bid is None or ask is None:
        raise refused(404, "No orderbook exists for the requested token id")
    return (bid + ask) // 2


def _midpoint(venue: Venue, request: Request) -> Answer:
    return told({"mid": from_micros(_middle(*_found(venue, request.text("token_id"))))})


def _midpoints(venue: Venue, request: Request) -> Answer:
    known = _known(venue, request)
    return told({e["token_id"]: from_micros(_middle(v, i)) for e, v, i in known if None not in v.best})


def _width(live: LiveMarket, index: int) -> str:
    bid, ask = live.best_of(index)
    if bid is None or ask is None:
        raise refused(404, "No orderbook exists for the requested token id")
    return from_micros(ask - bid)


def _spread(venue: Venue, request: Request) -> Answer:
    return told({"spread": _width(*_found(venue, request.text("token_id")))})


def _spreads(venue: Venue, request: Request) -> Answer:
    return told({e["token_id"]: _width(v, i) for e, v, i in _known(venue, request) if None not in v.best})


def _last_trade(venue: Venue, request: Request) -> Answer:
    live, _ = _found(venue, request.text("token_id"))
    if not live.prints:
        return told({"price": "0.5", "side": ""})
    last = live.prints[-1]
    return told({"price": from_micros(last.price_micros), "side": last.side})


def _last_trades(venue: Venue, request: Request) -> Answer:
    rows = []
    for entry, live, _ in _known(venue, request):
        if live.prints:
            last = live.prints[-1]
            row = {"token_id": entry["token_id"], "price": from_micros(last.price_micros), "side": last.side}
            rows.append(row)
    return told(rows)


# -- parameters of a market ---------------------------------------------------------------------------


def _number(micros: int) -> float:
    return micros / ONE


def _tick_size(venue: Venue, request: Request) -> Answer:
    listing = _listing(venue, token_id=_token(request))
    return told({"minimum_tick_size": _number(venue.tick_micros(listing))})


def _neg_risk(venue: Venue, request: Request) -> Answer:
    return told({"neg_risk": _listing(venue, token_id=_token(request)).event.neg_risk})


def _fee_rate(venue: Venue, request: Request) -> Answer:
    listing = venue.market(token_id=_token(request))
    if listing is None:
        raise refused(404, "fee rate not found for market")
    return told({"base_fee": 1000 if listing.event.fees else 0})


def _token(request: Request) -> str:
    """A token id from the query, or from the end of the path."""
    return request.text("token_id") or request.path.rpartition("/")[2]


def _by_token(venue: Venue, request: Request) -> Answer:
    listing = _listing(venue, token_id=_token(request))
    first, second = listing.token_ids
    told_ids = {"primary_token_id": first, "secondary_token_id": second}
    return told({"condition_id": listing.condition_id} | told_ids)


def _clob_market(venue: Venue, request: Request) -> Answer:
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
        "rewards": {"rates": None, "min_size": listing.rewards[0], "max_spread": listing.rewards[1]},
        "is_50_50_outcome": even,
        "tokens": [
            {"token_id": token_id, "outcome": outcome, "price": price, "winner": paid == ONE}
            for token_id, outcome, price, paid in zip(
                listing.token_ids, listing.outcomes, prices(venue, listing, phase), payout, strict=True
            )
        ],
        "tags": [tag.label for tag in event.tags],
    }


def _one_market(venue: Venue, request: Request) -> Answer:
    return told(_market_row(venue, _listing(venue, condition_id=request.path.rpartition("/")[2])))


def _market_list(venue: Venue, request: Request) -> Answer:
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


_FIXED = {"/": told("OK"), "/ok": told("OK"), "/version": told({"version": 2})}
_ROUTES: dict[str, Callable[[Venue, Request], Answer]] = {
    "/book": _book,
    "/books": _books,
    "/price": _price,
    "/prices": _prices,
    "/midpoint": _midpoint,
    "/midpoints": _midpoints,
    "/spread": _spread,
    "/spreads": _spreads,
    "/last-trade-price": _last_trade,
    "/last-trades-prices": _last_trades,
    "/tick-size": _tick_size,
    "/neg-risk": _neg_risk,
    "/fee-rate": _fee_rate,
    "/markets": _market_list,
    "/simplified-markets": _market_list,
    "/prices-history": prices_history,
    "/batch-prices-history": batch_prices_history,
}
_ROUTES_WITH_ID: dict[str, Callable[[Venue, Request], Answer]] = {
    "/tick-size": _tick_size,
    "/neg-risk": _neg_risk,
    "/fee-rate": _fee_rate,
    "/markets-by-token": _by_token,
    "/clob-markets": _clob_market,
    "/markets": _one_market,
}


def answer(venue: Venue, request: Request) -> Answer:
    """Answer one CLOB request. Call with the venue's lock held."""
    if fixed := _FIXED.get(request.path):
        return fixed
    if request.path == "/time":
        return told(venue.now_ms // 1000)
    if route := _ROUTES.get(request.path):
        return route(venue, request)
    if route := _ROUTES_WITH_ID.get(request.path.rpartition("/")[0]):
        return route(venue, request)
    return told({"error": "not found"}, 404)
