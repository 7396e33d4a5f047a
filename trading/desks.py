"""The desks of one shard: opened when a market gets its first order, kept, looked after, put away."""

import time
import zlib
from collections.abc import Iterable, Sequence
from dataclasses import replace

from livedata import subscriptions
from livedata.books import many, newest
from livedata.bus import bus
from livedata.catalogue import market_ref
from livedata.clock import venue_now_ms
from livedata.core.steps import Step
from livedata.pulse import newest_pulse
from markets.models import Market
from markets.selectors import markets_by_condition
from trading.desk import Desk
from trading.gaps import ASK_EVERY_MS, Gaps
from trading.models import MatcherMark, Order
from trading.models import Resting as RestingRow
from trading.selectors.rules import known_market
from trading.services.acts import Act
from trading.services.queues import read_queue, save_queues
from trading.services.resting import market_ended, off_grid
from trading.standing import clears_at

LEASE_S = 60
_RENEW_S = 20.0
_CATALOGUE_S = 3.0


def in_shard(condition_id: str, shard: tuple[int, int]) -> bool:
    """Whether shard `(number, of)` executes this market."""
    number, of = shard
    return zlib.crc32(condition_id.encode()) % of == number


class Desks:
    def __init__(self, shard: tuple[int, int]) -> None:
        self._shard = shard
        self._desks: dict[str, Desk] = {}
        self._gaps = Gaps()
        self._leased: set[str] = set()
        self._leased_s = 0.0
        self._asked_s = float("-inf")
        self.lag_ms = 0  # how old the oldest step was when we read it, since the last look

    def __len__(self) -> int:
        return len(self._desks)

    def get(self, condition_id: str) -> Desk | None:
        return self._desks.get(condition_id)

    def open(self, condition_id: str) -> Desk:
        desk = self._desks.get(condition_id)
        if desk is None:
            desk = self._desks[condition_id] = Desk(condition_id, newest(condition_id))
        return desk

    def kept_markets(self) -> list[str]:
        """Markets of this shard with orders at rest."""
        found = RestingRow.objects.order_by("condition_id").values_list("condition_id", flat=True).distinct()
        return [condition_id for condition_id in found if in_shard(condition_id, self._shard)]

    def take_up(self, condition_id: str, steps: Sequence[Step], log_from_ms: int | None) -> Desk:
        """A market's desk as it was kept."""
        desk = self._desks[condition_id] = Desk(condition_id, newest(condition_id))
        mark = MatcherMark.objects.filter(pk=condition_id).first()
        rows = RestingRow.objects.filter(condition_id=condition_id).order_by("number", "id")
        orders = [read_queue(row, applied_ms=mark.applied_ms if mark else 0) for row in rows]
        if orders:
            desk.take_up(
                orders, mark, steps, log_from_ms=log_from_ms if log_from_ms is not None else venue_now_ms()
            )
        return desk

    def forget_order(self, order: Order) -> None:
        """An order that ended elsewhere: by a reset, a settlement."""
        if desk := self.get(order.condition_id):
            desk.queue.remove(str(order.pk))

    def start_of(self, condition_id: str) -> int | None:
        return clears_at(known_market(condition_id))

    # --- once a second ----------------------------------------------------------------------------

    def look(self) -> list[Act]:
        """What markets' own changes end: off the grid after a tick change, closed, resolved."""
        resting = {key: desk for key, desk in self._desks.items() if len(desk.queue)}
        views, connections = many(resting), newest_pulse(bus()).connections
        markets = self._markets(resting)
        ends: list[Act] = []
        now_ms = venue_now_ms()
        for condition_id, desk in resting.items():
            view, market = views.get(condition_id), markets.get(condition_id)
            if view is not None and view.fresh and (heartbeat := connections.get(view.connection)):
                desk.seen(min(heartbeat.passed_ms, now_ms))
                if desk.view is not None:
                    desk.view = replace(
                        desk.view, tick_micros=view.tick_micros, min_size_micros=view.min_size_micros
                    )
            ends += _ends(desk, market, now_ms=now_ms)
        return ends

    def _markets(self, resting: Iterable[str]) -> dict[str, Market]:
        """The catalogue's word on these markets, every few seconds; nothing in between."""
        if time.monotonic() - self._asked_s < _CATALOGUE_S:
            return {}
        self._asked_s = time.monotonic()
        return markets_by_condition(resting)

    def mend_gaps(self) -> list[Act]:
        """What the prints of gaps filled, as the venue lists them now; asks for those still missing."""
        now_ms = venue_now_ms()
        acts: list[Act] = []
        for condition_id, prints in self._gaps.answers().items():
            desk = self._desks.get(condition_id)
            if desk is not None and (stepped := desk.make_up(prints, now_ms=now_ms)):
                acts.append(stepped)
        for desk in self._desks.values():
            gap = desk.gap
            if gap is None:
                continue
            if gap.over(now_ms):
                desk.gap = None
                continue
            market = known_market(desk.condition_id) if gap.due(now_ms, every_ms=ASK_EVERY_MS) else None
            if market is not None and self._gaps.ask(market):
                gap.asked_ms = now_ms
        return acts

    def save(self) -> None:
        """Keep the places that have moved, and how far each market has come."""
        moved, marks, saved = [], [], []
        for desk in self._desks.values():
            if not len(desk.queue) or desk.view is None or (desk.applied == desk.marked):
                continue
            moved += [(resting, *desk.applied) for resting in desk.queue.touched]
            marks.append(
                MatcherMark(
                    condition_id=desk.condition_id,
                    applied_ms=desk.applied[0],
                    applied_seq=desk.applied[1],
                    seen_ms=desk.seen_ms,
                )
            )
            saved.append(desk)
        save_queues(moved, marks)
        for desk in saved:
            desk.queue.touched.clear()
            desk.marked = desk.applied

    def lease(self) -> None:
        """Have the feed follow the markets of resting orders."""
        now_s = time.monotonic()
        resting = {key for key, desk in self._desks.items() if len(desk.queue)}
        if not resting or (resting <= self._leased and now_s - self._leased_s < _RENEW_S):
            return
        refs = [market_ref(market) for market in markets_by_condition(resting).values() if market.tradable]
        subscriptions.lease(f"resting:{self._shard[0]}", refs, seconds=LEASE_S)
        self._leased, self._leased_s = resting, now_s

    def close(self) -> None:
        self._gaps.close()

    def tidy(self) -> None:
        for condition_id in [key for key, desk in self._desks.items() if desk.idle]:
            del self._desks[condition_id]


def _ends(desk: Desk, market: Market | None, *, now_ms: int) -> list[Act]:
    ended = market is not None and market.status in (Market.Status.CLOSED, Market.Status.RESOLVED)
    tick = desk.view.tick_micros if desk.view else 1
    acts: list[Act] = []
    for resting in list(desk.queue):
        if ended:
            acts.append(market_ended(resting.order_id, now_ms=now_ms))
        elif resting.price_micros % tick:
            acts.append(off_grid(resting.order_id, tick_micros=tick, now_ms=now_ms))
        else:
            continue
        desk.queue.remove(resting.order_id)
    return acts
