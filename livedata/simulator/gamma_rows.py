"""Gamma's objects: an event and a market as its JSON has them, nulls omitted.

Field names and their odd types (JSON in strings, numbers that are strings on markets and numbers on
events) are the venue's. Source: docs.polymarket.com, "Gamma API", and recorded pages of 2026.
"""

from typing import Any

import orjson

from livedata.simulator.draw import unit
from livedata.simulator.frames import fee_schedule, game_start
from livedata.simulator.listings import EventListing, Listing, Phase, Tag
from livedata.simulator.live import Print
from livedata.simulator.quotes import prices, quote
from livedata.simulator.rewards import programmes
from livedata.simulator.times import DAY, HOUR, MINUTE, day, iso, iso_micros, seconds_text
from livedata.simulator.venue import Venue, Volumes
from markets.core.units import ONE, from_micros

_RESOLVER = "0x00000000000000000000000000000000000051a7"
_CHANGES = (
    ("oneHourPriceChange", HOUR),
    ("oneDayPriceChange", DAY),
    ("oneWeekPriceChange", 7 * DAY),
    ("oneMonthPriceChange", 30 * DAY),
)


def _json_text(values: list[str]) -> str:
    return "[" + ", ".join(orjson.dumps(value).decode() for value in values) + "]"


def tag_row(tag: Tag, venue: Venue) -> dict[str, Any]:
    made_ms = venue.now_ms // DAY * DAY - 400 * DAY + tag.tag_id * MINUTE
    return {
        "id": str(tag.tag_id),
        "label": tag.label,
        "slug": tag.slug,
        "forceShow": False,
        "createdAt": iso_micros(made_ms),
        "updatedAt": iso_micros(made_ms + 200 * DAY),
        "requiresTranslation": False,
    }


def market_row(
    venue: Venue, listing: Listing, *, with_event: bool, with_tags: bool = False, single: bool = False
) -> dict[str, Any]:
    """`single` reads (by id, by slug) say `umaResolutionStatus` in full."""
    event, phase = listing.event, venue.phase(listing)
    row: dict[str, Any] = {
        "id": str(listing.number),
        "version": "v1",
        "question": listing.question,
        "conditionId": listing.condition_id,
        "slug": listing.slug,
        "resolutionSource": event.resolution_source,
        "endDate": iso(event.end_ms),
        "startDate": iso_micros(event.open_ms),
        "image": "",
        "icon": "",
        "description": event.rules(event, listing),
        "outcomes": _json_text(list(listing.outcomes)),
        "active": True,
        "closed": phase is Phase.CLOSED,
        "marketMakerAddress": "",
        "createdAt": iso_micros(event.created_ms),
        "updatedAt": iso_micros(max(venue.now_ms - venue.now_ms % MINUTE, event.created_ms)),
        "new": False,
        "featured": listing.weight > 0.1,
        "archived": False,
        "restricted": True,
        "groupItemThreshold": str(listing.place.index),
        "questionID": listing.question_id,
        "enableOrderBook": True,
        "orderPriceMinTickSize": venue.tick_micros(listing) / ONE,
        "orderMinSize": listing.min_size,
        "endDateIso": day(event.end_ms),
        "startDateIso": day(event.open_ms),
        "hasReviewedDates": True,
        "clobTokenIds": _json_text(list(listing.token_ids)),
        "negRisk": event.neg_risk,
        "negRiskOther": listing.neg_risk_other,
        "ready": False,
        "funded": False,
        "cyom": False,
        "pagerDutyNotificationEnabled": False,
        "approved": True,
        "rewardsMinSize": listing.rewards[0],
        "rewardsMaxSpread": listing.rewards[1],
        "automaticallyActive": True,
        "clearBookOnStart": event.clear_on_start,
        "manualActivation": False,
        "umaResolutionStatuses": _statuses(event, phase),
        "pendingDeployment": False,
        "deploying": False,
        "rfqEnabled": False,
        "holdingRewardsEnabled": False,
        "feesEnabled": event.fees is not None,
        "requiresTranslation": False,
    }
    if listing.group_title:
        row["groupItemTitle"] = listing.group_title
    _add_fees_and_rewards(row, listing)
    _add_kind(row, listing)
    if phase is not Phase.ANNOUNCED:
        _add_trading(row, venue, listing, phase)
    _add_resolution(row, listing, phase, single=single)
    if with_event:
        row["events"] = [event_row(venue, event, with_markets=False)]
    if with_tags:
        row["tags"] = [tag_row(tag, venue) for tag in event.tags]
    return row


def _add_fees_and_rewards(row: dict[str, Any], listing: Listing) -> None:
    if fees := listing.event.fees:
        row |= {
            "makerBaseFee": 1000,
            "takerBaseFee": 1000,
            "feeType": fees.name,
            "feeSchedule": fee_schedule(listing),
        }
    if running := programmes(listing):
        row["clobRewards"] = running


def _add_kind(row: dict[str, Any], listing: Listing) -> None:
    event = listing.event
    if event.neg_risk:
        row |= {"negRiskMarketID": event.neg_risk_id, "negRiskRequestID": listing.question_id}
    if listing.sports_type:
        row |= {"sportsMarketType": listing.sports_type, "secondsDelay": event.seconds_delay}
        row |= {"gameStartTime": game_start(listing), "gameId": str(20_000_000 + event.number % 10**6)}
    elif event.start_ms is not None:
        row["eventStartTime"] = iso(event.start_ms)
    if listing.line is not None:
        row["line"] = listing.line


def _of_outcome_0(made: Print) -> int:
    """The print's price as Gamma has it: outcome 0's, whichever token was traded."""
    return made.price_micros if made.outcome_index == 0 else ONE - made.price_micros


def _add_trading(row: dict[str, Any], venue: Venue, listing: Listing, phase: Phase) -> None:
    price, other = prices(venue, listing, phase)
    bid, ask = quote(venue, listing, price)
    traded, now = venue.volumes(listing), venue.now_ms
    live = venue.seen(listing)
    last = live.prints[-1] if live and live.prints else None
    liquidity = 0.0 if phase is Phase.CLOSED else traded.liquidity
    row |= {
        "outcomePrices": _json_text([_price_text(price), _price_text(other)]),
        "acceptingOrders": phase is not Phase.CLOSED,
        "acceptingOrdersTimestamp": iso(listing.event.open_ms),
        "bestAsk": 1 if ask is None else ask,
        "spread": round((1 if ask is None else ask) - (bid or 0), 6),
        "lastTradePrice": _of_outcome_0(last) / ONE if last else round(price, 3),
        "competitive": round(1 / (1 + (price - 0.5) ** 2), 6),
        "liquidity": f"{liquidity:.4f}",
        "liquidityNum": round(liquidity, 4),
        "liquidityClob": round(liquidity, 4),
        **_volume_fields(traded),
    }
    if bid is not None:
        row["bestBid"] = bid
    for name, span in _CHANGES:
        if now - span > listing.event.open_ms and phase is not Phase.CLOSED:
            row[name] = round(price - venue.fair(listing, now - span), 4)


def _volume_fields(traded: Volumes) -> dict[str, Any]:
    if not traded.total:
        return {}
    spans = {"24hr": traded.day, "1wk": traded.week, "1mo": traded.month, "1yr": traded.year}
    fields: dict[str, Any] = {"volume": f"{traded.total:.6f}", "volumeNum": round(traded.total, 6)}
    fields |= {f"volume{span}": round(value, 6) for span, value in spans.items()}
    fields |= {f"volume{span}Clob": round(value, 6) for span, value in spans.items()}
    return fields | {"volumeClob": round(traded.total, 6)}


def _price_text(price: float) -> str:
    return from_micros(round(price * ONE))


def _statuses(event: EventListing, phase: Phase) -> str:
    if phase not in (Phase.REVIEW, Phase.CLOSED):
        return "[]"
    return _json_text(["proposed", "disputed", "proposed"] if event.disputed else ["proposed"])


def _add_resolution(row: dict[str, Any], listing: Listing, phase: Phase, *, single: bool) -> None:
    event = listing.event
    row |= {"umaBond": "500", "umaReward": "5", "customLiveness": 0, "resolvedBy": _RESOLVER}
    if phase is Phase.CLOSED:
        row |= {
            "closedTime": f"{seconds_text(event.resolve_ms)}+00",
            "umaEndDate": iso(event.resolve_ms),
            "umaResolutionStatus": "resolved",
            "automaticallyResolved": True,
        }
    elif phase is Phase.REVIEW:
        row["umaResolutionStatus"] = "disputed" if event.disputed and not single else "proposed"


def event_row(venue: Venue, event: EventListing, *, with_markets: bool = True) -> dict[str, Any]:
    phases = [venue.phase(listing) for listing in event.markets]
    closed = all(phase is Phase.CLOSED for phase in phases)
    sums = _sums(venue, event)
    row: dict[str, Any] = {
        "id": str(event.number),
        "ticker": event.slug,
        "slug": event.slug,
        "title": event.title,
        "description": event.rules(event, None),
        "resolutionSource": event.resolution_source,
        "startDate": iso_micros(event.open_ms),
        "creationDate": iso_micros(event.created_ms),
        "endDate": iso(event.end_ms),
        "image": "",
        "icon": "",
        "active": True,
        "closed": closed,
        "archived": False,
        "new": False,
        "featured": any(listing.weight > 0.1 for listing in event.markets),
        "restricted": True,
        "category": event.category,
        **sums,
        "createdAt": iso_micros(event.created_ms),
        "updatedAt": iso_micros(max(venue.now_ms - venue.now_ms % MINUTE, event.created_ms)),
        "competitive": 0.9,
        "enableOrderBook": True,
        "negRisk": event.neg_risk,
        "enableNegRisk": event.neg_risk,
        "negRiskAugmented": event.augmented,
        "commentCount": int(unit(event.key, 9) ** 6 * 400),
        "cyom": False,
        "showAllOutcomes": True,
        "showMarketImages": False,
        "automaticallyActive": True,
        "pendingDeployment": False,
        "deploying": False,
        "requiresTranslation": False,
    }
    if closed:
        row["closedTime"] = iso(event.resolve_ms)
    if event.neg_risk:
        row["negRiskMarketID"] = event.neg_risk_id
    if event.series:
        row |= {"series": [_series_row(event)], "seriesSlug": event.series.slug}
    if event.start_ms is not None:
        row["startTime"] = iso(event.start_ms)
    if event.teams:
        row |= {"eventDate": day(event.start_ms or event.end_ms), "gameId": 20_000_000 + event.number % 10**6}
        row |= {"homeTeamName": event.teams[0], "awayTeamName": event.teams[1]}
        started = venue.now_ms >= (event.start_ms or event.end_ms)
        ended = venue.now_ms >= event.end_ms
        row |= {"live": started and not ended, "ended": ended}
    row["tags"] = [tag_row(tag, venue) for tag in event.tags]
    if with_markets:
        row["markets"] = [market_row(venue, listing, with_event=False) for listing in event.markets]
    return row


def _sums(venue: Venue, event: EventListing) -> dict[str, Any]:
    all_of = [venue.volumes(listing) for listing in event.markets]
    liquidity = round(sum(v.liquidity for v in all_of), 4)
    return {
        "liquidity": liquidity,
        "liquidityClob": liquidity,
        "volume": round(sum(v.total for v in all_of), 6),
        "openInterest": round(sum(v.total for v in all_of) * 0.18, 6),
        "volume24hr": round(sum(v.day for v in all_of), 6),
        "volume1wk": round(sum(v.week for v in all_of), 6),
        "volume1mo": round(sum(v.month for v in all_of), 6),
        "volume1yr": round(sum(v.year for v in all_of), 6),
    }


def _series_row(event: EventListing) -> dict[str, Any]:
    series = event.series
    assert series is not None, "asked for the series of an event without one"
    return {
        "id": str(series.series_id),
        "ticker": series.slug,
        "slug": series.slug,
        "title": series.title,
        "seriesType": "single",
        "recurrence": series.recurrence,
        "active": True,
        "closed": False,
        "archived": False,
        "commentCount": 0,
        "requiresTranslation": False,
    }
