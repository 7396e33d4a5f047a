"""The CLOB door's public reads, under /clob: books, prices, and the way to all its routes.

Source: docs.polymarket.com, "CLOB API"; error texts as observed.
"""

from collections.abc import Callable
from typing import Any

import orjson

from livedata.simulator.answers import Answer, Request, told
from livedata.simulator.clob_markets import (
    clob_market,
    fee_rate,
    market_by_token,
    market_list,
    neg_risk,
    one_market,
    refused,
    tick_size,
)
from livedata.simulator.histories import batch_prices_history, prices_history
from livedata.simulator.live import LiveMarket
from livedata.simulator.venue import Venue
from markets.core.units import from_micros

_IDS_MAX = 500


def _found(venue: Venue, token_id: str) -> tuple[LiveMarket, int]:
    """The book of a token and which outcome it is. Raises Refused with the venue's texts."""
    if not token_id.isdigit():
        raise refused(400, "Invalid token id")
    listing = venue.market(token_id=token_id)
    live = venue.live(listing) if listing else None
    if live is None:
        raise refused(404, "No orderbook exists for the requested token id")
    return live, live.listing.token_ids.index(token_id)


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
    "/tick-size": tick_size,
    "/neg-risk": neg_risk,
    "/fee-rate": fee_rate,
    "/markets": market_list,
    "/simplified-markets": market_list,
    "/prices-history": prices_history,
    "/batch-prices-history": batch_prices_history,
}
_ROUTES_WITH_ID: dict[str, Callable[[Venue, Request], Answer]] = {
    "/tick-size": tick_size,
    "/neg-risk": neg_risk,
    "/fee-rate": fee_rate,
    "/markets-by-token": market_by_token,
    "/clob-markets": clob_market,
    "/markets": one_market,
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
