"""The only writers of the catalogue. Everything here may be repeated: the same facts change nothing.

A row keeps a fingerprint of what the venue said last, in two halves: the content, and what moves all the
time. A row whose content stands gets only the second half rewritten, one that stands whole nothing at all.
"""

from collections import defaultdict
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from hashlib import blake2b
from typing import Any, TypeVar

import msgspec

from markets.core.facts import EVENT_MOVES, MARKET_MOVES, EventFacts, FeeRule, MarketFacts
from markets.core.units import ONE
from markets.models import Event, Market
from markets.search import Entry, in_parts, index
from markets.upsert import patch, together, upsert

# Part of every fingerprint: another number writes every row again, when what we keep of it has changed.
_EDITION = "2"
_ENDED = (Market.Status.CLOSED, Market.Status.RESOLVED)
_encoder = msgspec.msgpack.Encoder()
Facts = TypeVar("Facts", EventFacts, MarketFacts)


@dataclass(frozen=True, slots=True, kw_only=True)
class Written:
    """What became of a batch."""

    new: int = 0
    changed: int = 0  # its content
    moved: int = 0  # its prices and volumes
    unchanged: int = 0

    @property
    def written(self) -> int:
        return self.new + self.changed + self.moved


def upsert_events(events: Iterable[EventFacts], *, now_ms: int) -> Written:
    """Write events. Their status and their number of markets come from `upsert_markets`."""
    newest = {event.id: event for event in events}
    stored = {key: row for key, *row in _stored(Event, list(newest), "content_hash", "search_text", "status")}
    sorted_out = _sort_out(newest, {key: row[0] for key, row in stored.items()}, EVENT_MOVES)
    whole = [
        {**_columns(event), "tags": list(event.tags), "content_hash": mark, "synced_ms": now_ms}
        for event, mark in sorted_out.whole
    ]
    entries = [
        Entry(event.id, stored[event.id][1], event.category, stored[event.id][2] in _ENDED)
        for event, _ in sorted_out.whole
        if event.id in stored
    ]
    with together(Event):
        index(Event, entries)
        upsert(Event, whole)
        patch(Event, [_moves(event, mark, EVENT_MOVES, now_ms) for event, mark in sorted_out.moved])
    return sorted_out.counts


def upsert_markets(markets: Iterable[MarketFacts], *, now_ms: int) -> Written:
    """Write markets, what search knows of them, and what their events say of them together."""
    newest = {market.id: market for market in markets}
    stored = {
        key: (mark, FeeRule(fee_rate_micros=rate, fee_exponent_micros=exponent, taker_delay=False), source)
        for key, mark, rate, exponent, source in _stored(
            Market, list(newest), "content_hash", "fee_rate_micros", "fee_exponent_micros", "fee_source"
        )
    }
    sorted_out = _sort_out(newest, {key: row[0] for key, row in stored.items()}, MARKET_MOVES)
    rows = []
    for market, mark in sorted_out.whole:
        row = {**_columns(market), "content_hash": mark, "synced_ms": now_ms}
        row["tags"], row["outcomes"] = list(market.tags), list(market.outcomes)
        if market.fee_source == Market.FeeSource.ASSUMED and market.id in stored:
            row.update(_kept_fee(*stored[market.id][1:]))
        rows.append(row)
    # The rows themselves come last: killed before that, the same facts are taken up again and do it all.
    changed = [market for market, _ in sorted_out.whole]
    with together(Market):
        index(Market, [_entry(market) for market in changed])
        _sum_up_events({market.event_id for market in changed if market.event_id}, changed)
        upsert(Market, rows)
        patch(Market, [_moves(market, mark, MARKET_MOVES, now_ms) for market, mark in sorted_out.moved])
    return sorted_out.counts


def resolve_market(*, condition_id: str, payout_0_micros: int, now_ms: int) -> bool:
    """Record a result that the venue announced; False when no such market is still unresolved.

    The catalogue hears of it again with the next sync, which then agrees.
    """
    assert payout_0_micros in (0, ONE // 2, ONE), f"a share pays 0, 0.5 or 1, not {payout_0_micros} micros"
    market = Market.objects.filter(condition_id=condition_id).exclude(status=Market.Status.RESOLVED).first()
    if market is None:
        return False
    index(Market, [Entry(market.pk, market.search_text, market.category, True, market.active)])
    patch(
        Market,
        [
            {
                "id": market.pk,
                "status": Market.Status.RESOLVED,
                "closed": True,
                "accepting_orders": False,
                "payout_0_micros": payout_0_micros,
                "price_0_micros": payout_0_micros,
                "price_1_micros": ONE - payout_0_micros,
                "closed_ms": market.closed_ms or now_ms,
                "content_hash": "",  # the venue's next word is written whole
                "synced_ms": now_ms,
            }
        ],
    )
    _sum_up_events({market.event_id} if market.event_id else set())
    return True


def keep_rules(*, market_id: str, rule: FeeRule, now_ms: int) -> None:
    """Keep what the CLOB says of a market: asked once. Its fee counts where Gamma states none."""
    row: dict[str, Any] = {"id": market_id, "taker_delay": rule.taker_delay, "rules_ms": now_ms}
    silent = Market.objects.filter(
        pk=market_id, fee_source__in=[Market.FeeSource.ASSUMED, Market.FeeSource.CLOB]
    )
    if rule.fee_rate_micros is not None and silent.exists():
        row["fee_rate_micros"] = rule.fee_rate_micros
        row["fee_exponent_micros"] = rule.fee_exponent_micros
        row["fee_source"] = Market.FeeSource.CLOB
    patch(Market, [row])


def keep_open_interest(interest_micros: Mapping[str, int]) -> None:
    """Open interest in micro-USDC by market id."""
    patch(Market, [{"id": key, "open_interest_micros": micros} for key, micros in interest_micros.items()])


def sum_up_open_events() -> None:
    """Sum up every event that counts as open: of two writers at once, one may have missed the other."""
    open_statuses = (Market.Status.OPEN, Market.Status.PAUSED)
    keys = Event.objects.filter(status__in=open_statuses).values_list("pk", flat=True)
    _sum_up_events(set(keys))


@dataclass(frozen=True, slots=True)
class _SortedOut:
    whole: list[tuple[Any, str]]
    moved: list[tuple[Any, str]]
    counts: Written


def _sort_out(newest: Mapping[str, Facts], known: Mapping[str, str], moves: Sequence[str]) -> _SortedOut:
    """Which rows must be written whole, which only in what moves; each with its fingerprint."""
    whole, moved, new_count = [], [], 0
    for key, row in newest.items():
        mark = _fingerprint(row, moves)
        before = known.get(key)
        if before == mark:
            continue
        if before is not None and before[:16] == mark[:16]:
            moved.append((row, mark))
        else:
            whole.append((row, mark))
            new_count += before is None
    counts = Written(
        new=new_count,
        changed=len(whole) - new_count,
        moved=len(moved),
        unchanged=len(newest) - len(whole) - len(moved),
    )
    return _SortedOut(whole, moved, counts)


def _fingerprint(row: EventFacts | MarketFacts, moves: Sequence[str]) -> str:
    """Sixteen hex digits of the content, sixteen of what moves."""
    values = msgspec.structs.astuple(row)
    cut = len(values) - len(moves)
    content = blake2b(_EDITION.encode() + _encoder.encode(values[:cut]), digest_size=8).hexdigest()
    return content + blake2b(_encoder.encode(values[cut:]), digest_size=8).hexdigest()


def _columns(row: EventFacts | MarketFacts) -> dict[str, Any]:
    return {name: getattr(row, name) for name in row.__struct_fields__}


def _moves(row: EventFacts | MarketFacts, mark: str, moves: Sequence[str], now_ms: int) -> dict[str, Any]:
    return {
        "id": row.id,
        **{name: getattr(row, name) for name in moves},
        "content_hash": mark,
        "synced_ms": now_ms,
    }


def _stored(model: Any, keys: Sequence[str], *columns: str) -> Iterable[tuple[Any, ...]]:
    for part in in_parts(keys):
        yield from model.objects.filter(pk__in=part).values_list("pk", *columns)


def _entry(market: MarketFacts) -> Entry:
    ended = market.status in _ENDED
    return Entry(market.id, market.search_text, market.category, ended, market.active)


def _kept_fee(rule: FeeRule, source: str) -> dict[str, Any]:
    """The CLOB was asked once and knew the fee: Gamma's silence does not undo that."""
    if source != Market.FeeSource.CLOB:
        return {}
    return {
        "fee_rate_micros": rule.fee_rate_micros,
        "fee_exponent_micros": rule.fee_exponent_micros,
        "fee_source": source,
    }


def _sum_up_events(event_ids: Iterable[str], coming: Iterable[MarketFacts] = ()) -> None:
    """Give events the most open status of their markets, their number, and all their words.

    `coming` are markets that are about to be written: they count as they will be.
    """
    markets: dict[str, dict[str, tuple[int, str]]] = defaultdict(dict)
    keys = sorted(event_ids)
    for part in in_parts(keys):
        rows = Market.objects.filter(event_id__in=part).values_list("event_id", "pk", "status", "search_text")
        for event_id, key, status, line in rows:
            markets[event_id][key] = (status, line)
    for market in coming:
        if market.event_id:
            markets[market.event_id][market.id] = (market.status, market.search_text)
    categories: dict[str, str] = dict(_stored(Event, keys, "category"))
    sums = [_summed_up(key, list(markets[key].values())) for key in keys if key in markets]
    entries = [
        Entry(row["id"], row["search_text"], categories[row["id"]], row["status"] in _ENDED)
        for row in sums
        if row["id"] in categories
    ]
    index(Event, entries)
    patch(Event, sums)


def _summed_up(event_id: str, markets: Sequence[tuple[int, str]]) -> dict[str, Any]:
    words = dict.fromkeys(word for _, line in markets for word in line.split())
    return {
        "id": event_id,
        "status": min(status for status, _ in markets),
        "market_count": len(markets),
        "search_text": f" {' '.join(words)} ",
    }
