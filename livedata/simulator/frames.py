"""What the market socket says about one engine step.

All frames of a step carry one timestamp, and hash and best prices of the book after the whole step.
The quirks are the recorded ones: spaces after commas, `best_bid_ask` before the change it announces
and now and then a millisecond later, the order of the two tokens changing, a change told twice, a
`book` without tick and last trade after a trade. Source: docs.polymarket.com, "Market channel".
"""

from typing import Any, NamedTuple

import orjson

from livedata.simulator.draw import mix
from livedata.simulator.listings import HALF, EventListing, Listing
from livedata.simulator.live import Change, LiveMarket, Print, price_text
from livedata.simulator.times import iso, seconds_text
from markets.core.units import ONE, from_micros


class Frame(NamedTuple):
    """One text frame, and who gets it: watchers of `token_id`, or of either token when it is empty."""

    text: str
    token_id: str = ""
    custom: bool = False  # only for those who set `custom_feature_enabled`


def snapshot(live: LiveMarket, outcome_index: int) -> str:
    """The `book` that answers a subscription: one element of the first array, without spaces."""
    listing, face = live.listing, live.face(outcome_index)
    return (
        f'{{"market":"{listing.condition_id}","asset_id":"{listing.token_ids[outcome_index]}",'
        f'"timestamp":"{live.stamp_ms}","hash":"{face.hash}","bids":[{face.bids}],"asks":[{face.asks}],'
        f'"tick_size":"{price_text(live.book.tick_micros)}","event_type":"book",'
        f'"last_trade_price":"{live.last_trade}"}}'
    )


def step_frames(
    live: LiveMarket,
    changes: list[Change],
    prints: list[Print],
    before: tuple[int | None, int | None],
    *,
    prints_last: bool = False,
) -> list[Frame]:
    """All frames of one closed step, in the order the venue sends them."""
    chance = mix(live.listing.key, live.stamp_ms)
    frames: list[Frame] = []
    told = [_last_trade_price(live, made) for made in prints]
    if not prints_last:
        frames += told
    if live.best != before:
        frames += _best_bid_ask(live, late=chance % 4 == 0)
    for number, change in enumerate(changes):
        frames.append(_price_change(live, change, swapped=bool(chance >> number & 1)))
    if changes and chance % 250 == 7:
        frames.append(_price_change(live, changes[-1], swapped=not chance >> (len(changes) - 1) & 1))
    if prints:
        frames += books(live)
    if prints_last:
        frames += told
    return frames


def books(live: LiveMarket) -> list[Frame]:
    """The `book` of both tokens as it follows a trade: no tick size, no last trade."""
    frames = []
    for index, token_id in enumerate(live.listing.token_ids):
        face = live.face(index)
        frames.append(
            Frame(
                f'{{"market":"{live.listing.condition_id}", "asset_id":"{token_id}", '
                f'"bids":[{face.bids.replace(",", ", ")}], "asks":[{face.asks.replace(",", ", ")}], '
                f'"hash":"{face.hash}", "timestamp":"{live.stamp_ms}", "event_type":"book"}}',
                token_id,
            )
        )
    return frames


def _best_texts(live: LiveMarket, outcome_index: int) -> tuple[str, str, str]:
    """Best bid, best ask, spread. An empty side is told as 0 or 1, as the website's prices have it."""
    bid, ask = live.best_of(outcome_index)
    low, high = 0 if bid is None else bid, ONE if ask is None else ask
    return price_text(low), price_text(high), price_text(high - low)


def _best_bid_ask(live: LiveMarket, *, late: bool) -> list[Frame]:
    frames = []
    for index in (1, 0):
        bid, ask, spread = _best_texts(live, index)
        token_id = live.listing.token_ids[index]
        text = (
            f'{{"market":"{live.listing.condition_id}", "asset_id":"{token_id}", "best_bid":"{bid}", '
            f'"best_ask":"{ask}", "spread":"{spread}", "timestamp":"{live.stamp_ms + late}", '
            f'"event_type":"best_bid_ask"}}'
        )
        frames.append(Frame(text, token_id, custom=True))
    return frames


def _price_change(live: LiveMarket, change: Change, *, swapped: bool) -> Frame:
    size, entries = from_micros(change.size_micros), []
    for index in (1, 0) if swapped else (0, 1):
        price = ONE - change.price_micros if index else change.price_micros
        side = change.side.opposite if index else change.side
        bid, ask, _ = _best_texts(live, index)
        entries.append(
            f'{{"asset_id":"{live.listing.token_ids[index]}", "price":"{price_text(price)}", '
            f'"size":"{size}", "side":"{side}", "hash":"{live.face(index).hash}", '
            f'"best_bid":"{bid}", "best_ask":"{ask}"}}'
        )
    return Frame(
        f'{{"market":"{live.listing.condition_id}", "price_changes":[{", ".join(entries)}], '
        f'"timestamp":"{live.stamp_ms}", "event_type":"price_change"}}'
    )


def _last_trade_price(live: LiveMarket, made: Print) -> Frame:
    return Frame(
        f'{{"market":"{live.listing.condition_id}", "asset_id":"{made.token_id}", '
        f'"price":"{price_text(made.price_micros)}", "size":"{from_micros(made.size_micros)}", '
        f'"fee_rate_bps":"0", "side":"{made.side}", "timestamp":"{made.stamp_ms}", '
        f'"event_type":"last_trade_price", "transaction_hash":"{made.transaction_hash}"}}',
        made.token_id,
    )


def tick_size_change(live: LiveMarket, *, old_micros: int, stamp_ms: int) -> list[Frame]:
    """Told for both tokens; the books follow."""
    frames = []
    for token_id in live.listing.token_ids:
        text = (
            f'{{"market":"{live.listing.condition_id}", "asset_id":"{token_id}", '
            f'"old_tick_size":"{price_text(old_micros)}", '
            f'"new_tick_size":"{price_text(live.book.tick_micros)}", '
            f'"timestamp":"{stamp_ms}", "event_type":"tick_size_change"}}'
        )
        frames.append(Frame(text, token_id))
    return frames


def _event_message(event: EventListing) -> dict[str, Any]:
    return {
        "id": str(event.number),
        "ticker": event.slug,
        "slug": event.slug,
        "title": event.title,
        "description": event.rules(event, None),
    }


def new_market(listing: Listing, stamp_ms: int) -> Frame:
    """Told to everybody with custom features on, whatever they watch."""
    event, fees = listing.event, listing.event.fees
    told = {
        "id": str(listing.number),
        "question": listing.question,
        "market": listing.condition_id,
        "slug": listing.slug,
        "description": event.rules(event, listing),
        "assets_ids": list(listing.token_ids),
        "outcomes": list(listing.outcomes),
        "event_message": _event_message(event),
        "timestamp": str(stamp_ms),
        "event_type": "new_market",
        "tags": [tag.slug for tag in event.tags],
        "condition_id": listing.condition_id,
        "active": True,
        "clob_token_ids": list(listing.token_ids),
        "sports_market_type": listing.sports_type,
        "line": "" if listing.line is None else f"{listing.line:g}",
        "game_start_time": iso(event.start_ms) if listing.sports_type and event.start_ms else "",
        "order_price_min_tick_size": price_text(listing.tick_micros),
        "group_item_title": listing.group_title,
        "taker_base_fee": "1000" if fees else "0",
        "fees_enabled": fees is not None,
        "fee_schedule": fee_schedule(listing),
    }
    return Frame(orjson.dumps(told).decode(), custom=True)


def market_resolved(listing: Listing, payout: tuple[int, int], stamp_ms: int) -> Frame:
    """Told to everybody with custom features on. A 50/50 names no winner: the venue's form is unknown."""
    winner = None if payout == HALF else payout.index(max(payout))
    told = {
        "id": str(listing.number),
        "market": listing.condition_id,
        "question": listing.question,
        "slug": listing.slug,
        "assets_ids": list(listing.token_ids),
        "winning_asset_id": "" if winner is None else listing.token_ids[winner],
        "winning_outcome": "" if winner is None else listing.outcomes[winner],
        "event_message": _event_message(listing.event),
        "timestamp": str(stamp_ms),
        "event_type": "market_resolved",
        "tags": [tag.slug for tag in listing.event.tags],
    }
    return Frame(orjson.dumps(told).decode(), custom=True)


def fee_schedule(listing: Listing) -> dict[str, Any] | None:
    """`feeSchedule` as Gamma and `new_market` have it; None where no fee is taken."""
    fees = listing.event.fees
    if fees is None:
        return None
    return {"exponent": 1, "rate": fees.rate, "takerOnly": True, "rebateRate": fees.rebate}


def game_start(listing: Listing) -> str:
    """The kick-off as Gamma writes it, with a space and a short offset; "" when there is none."""
    start_ms = listing.event.start_ms
    return f"{seconds_text(start_ms)}+00" if listing.sports_type and start_ms else ""
