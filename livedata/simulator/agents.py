"""Who trades on a market: makers, noise and takers, all drawn beforehand from the seed.

What they submit depends on the seed, the time and the fair value only, never on the book: a stranger's
order may change what gets matched, but not what is submitted. How they are is a matter of their market's
profile.
"""

from collections.abc import Callable, Iterator
from heapq import heappush
from math import ceil, exp, floor
from math import log as _ln
from random import Random

from livedata.simulator.draw import lognormal, mix, unit
from livedata.simulator.listings import EventListing, Listing
from livedata.simulator.live import Taker
from livedata.simulator.profiles import Crew, Maker, crew
from livedata.simulator.times import MINUTE
from livedata.simulator.venue import Orders
from markets.core.book import Side
from markets.core.units import ONE

CELL_MS = 20_000  # draws are made a cell at a time
_BURST_MS = 20_000  # how long news keep takers busy
_ROUND = 0.4  # share of small orders with a round size
_CENTS = 10_000  # a hundredth of a share, in micros
REQUOTE, NOISE, TAKE, EXPIRE, CLEAR, QUOTE = range(6)
_PAUSE_MS = 40, 250  # between a maker's cancels and its new orders: the venue takes them as two requests
Fair = Callable[[int], float]  # the chance of outcome 0 at an instant
Act = tuple[int, int, int, float, float, float, float]  # when, what, who, four draws
Slot = tuple[int, Side, int]  # a maker's order: whose, which side, which level


def bustle(event: EventListing, at_ms: int) -> float:
    """How much busier than usual an event is: games in play, windows that have not begun."""
    if event.start_ms is None:
        return 1.0
    if event.asset:
        return 1.0 if at_ms >= event.start_ms else 0.06
    return 4.0 if event.start_ms <= at_ms < event.end_ms else 1.0


def news_ms_of(event: EventListing, when: float) -> int:
    """The instant of a share of an event's life."""
    return event.open_ms + int(when * (event.end_ms - event.open_ms))


def news_before(event: EventListing, at_ms: int) -> int | None:
    """The newest news at that instant, if it is still news."""
    for when, _ in reversed(event.news):
        news_ms = news_ms_of(event, when)
        if news_ms <= at_ms:
            return news_ms if at_ms - news_ms < _BURST_MS else None
    return None


def acts(listing: Listing, team: Crew, cell: int) -> list[Act]:
    """What happens on a market in one cell, by time; the same whenever it is asked."""
    start_ms, event = cell * CELL_MS, listing.event
    draw = Random(mix(listing.key, 0xAC7, cell)).random
    busy = bustle(event, start_ms)
    news = news_before(event, start_ms + CELL_MS)
    planned: list[Act] = []

    def add(what: int, who: int, count: int, low_ms: int = start_ms, span_ms: int = CELL_MS) -> None:
        for _ in range(count):
            when = low_ms + int(span_ms * draw())
            planned.append((when, what, who, draw(), draw(), draw(), draw()))

    seconds = CELL_MS / 1_000
    for maker in team.makers:
        add(REQUOTE, maker.number, _whole(busy**0.5 * CELL_MS / maker.period_ms, draw()))
    add(NOISE, 0, _whole(busy * team.noise_rate * seconds, draw()))
    add(TAKE, 0, _whole(busy * team.taker_rate * seconds, draw()))
    if news is not None and news >= start_ms:
        # First the takers who read the news, then the makers who have been read.
        add(TAKE, 1, _whole(12 * team.taker_rate**0.5, draw()), news, _BURST_MS // 4)
        for maker in team.makers:
            add(REQUOTE, maker.number, 2, news + maker.lag_ms + 500, 4_000)
    planned.sort()
    return planned


def _whole(expected: float, draw: float) -> int:
    """A whole number whose mean is `expected`."""
    return int(expected + draw)


class Trader:
    """Turns acts into orders for one market's engine; remembers only its own orders' ids."""

    __slots__ = ("_ids", "_pending", "_quotes", "crew", "listing")

    def __init__(self, listing: Listing, pending: list[Act], team: Crew | None = None) -> None:
        self.listing = listing
        self.crew = team or crew(listing)
        self._pending = pending  # a heap: expiries are pushed into it
        self._ids = 0
        self._quotes: dict[Slot, tuple[int, int, int]] = {}  # price, size, id

    def orders(self, act: Act, fair: Fair, tick_micros: int) -> Orders:
        when, what, who, one, two, three, four = act
        match what:
            case 0:  # REQUOTE
                return self._requote(self.crew.makers[who], when, fair, tick_micros)
            case 5:  # QUOTE
                return self._quote(self.crew.makers[who], when, fair, tick_micros)
            case 1:  # NOISE
                return self._noise(when, fair(when), tick_micros, one, two, three, four)
            case 2:  # TAKE
                side = _news_side(fair, when) if who else (Side.BUY if one < self.crew.buys else Side.SELL)
                return Orders(takers=[self._taker(when, fair(when), tick_micros, side, two, three, four)])
            case _:  # EXPIRE
                return Orders(cancels=[who])

    def background(self, fair: float, tick_micros: int) -> Orders:
        """The resting orders that were there before anybody looked: far from the price, and large."""
        key, places = self.listing.key, []
        count = 4 + int(9 * unit(key, 20) * min(1.0, 0.35 + self.crew.scale / 4))
        reach = self.crew.slack_ticks + 2
        for side, sign in ((Side.BUY, -1), (Side.SELL, 1)):
            for step in range(count):
                ticks = reach + 1.5 * step ** (1.6 + unit(key, 21, step)) * (
                    1 + unit(key, 22, step, sign + 1)
                )
                price = round(fair * ONE / tick_micros + sign * ticks) * tick_micros
                size = lognormal(60 * self.crew.scale * (1 + step), 1.1, key, 23, step, sign + 1)
                places += self._place(side, price, size, int(unit(key, 24, step) < 0.4), tick_micros)
        return Orders(places=places)

    def _place(
        self, side: Side, price: int, shares: float, outcome: int, tick_micros: int
    ) -> list[tuple[int, Side, int, int]]:
        if not tick_micros <= price <= ONE - tick_micros:
            return []
        self._ids += 1
        size = max(int(shares * 100) * _CENTS, self.listing.min_size * ONE)
        return [(2 * self._ids + outcome, side, price, size)]

    def _requote(self, maker: Maker, when: int, fair: Fair, tick_micros: int) -> Orders:
        """Cancel what is not where it should be, to replace it; what is right stays, and keeps its place."""
        cancels, wanting = [], False
        for slot, price, turn in self._wanted(maker, when, fair, tick_micros):
            old = self._quotes.get(slot)
            if old is None or old[:2] != (price, turn):
                wanting = True
                if old is not None:
                    cancels.append(old[2])
                    del self._quotes[slot]
        if wanting:
            low_ms, span_ms = _PAUSE_MS
            at_ms = when + low_ms + int(span_ms * unit(self.listing.key, 13, maker.number))
            heappush(self._pending, (at_ms, QUOTE, maker.number, 0.0, 0.0, 0.0, 0.0))
        return Orders(cancels=cancels)

    def _quote(self, maker: Maker, when: int, fair: Fair, tick_micros: int) -> Orders:
        """Orders where this maker has none and should have some."""
        places: list[tuple[int, Side, int, int]] = []
        for slot, price, turn in self._wanted(maker, when, fair, tick_micros):
            if slot in self._quotes:
                continue
            _, side, level = slot
            size = self._size(maker, level, side, turn)
            outcome = mix(self.listing.key, 11, maker.number, level) & 1
            if placed := self._place(side, price, size, outcome, tick_micros):
                places += placed
                self._quotes[slot] = (price, turn, placed[0][0])
        return Orders(places=places)

    def _wanted(
        self, maker: Maker, when: int, fair: Fair, tick_micros: int
    ) -> Iterator[tuple[Slot, int, int]]:
        """Where a maker's orders should be: each slot, its price, and its turn, which sets its size."""
        middle, last = fair(when - maker.lag_ms) * ONE / tick_micros, ONE // tick_micros
        for level in range(maker.levels):
            away = maker.half_ticks + level * maker.gap_ticks
            low, high = floor(middle - away), ceil(middle + away)
            if level == 0:
                # Even where the price is within a spread of the end there is somebody at the last tick.
                low, high = max(low, int(middle >= 2)), min(high, last - int(middle <= last - 1))
            turn = when // (maker.keeps_ms * (1 + level))
            for side, tick in ((Side.BUY, low), (Side.SELL, high)):
                yield (maker.number, side, level), tick * tick_micros, turn

    def _size(self, maker: Maker, level: int, side: Side, turn: int) -> float:
        """Every second maker always quotes the same round size."""
        typical = maker.size * (1 + 0.7 * level)
        if maker.number % 2:
            return _round(typical)
        return lognormal(typical, 0.35, self.listing.key, 10, maker.number, level, side is Side.BUY, turn)

    def _noise(
        self, when: int, fair: float, tick_micros: int, one: float, two: float, three: float, four: float
    ) -> Orders:
        """A small order somewhere behind the best prices that goes away after a while."""
        sign = 1 if one < 0.5 else -1
        away = self.crew.reach_ticks * (0.6 - 1.3 * _log(two))
        price = round(fair * ONE / tick_micros + sign * away) * tick_micros
        side = Side.SELL if sign > 0 else Side.BUY
        shares = 8 * self.crew.scale * exp(2.4 * three)
        if one * 10 % 1 < _ROUND:
            shares = _round(shares)
        placed = self._place(side, price, shares, int(four < 0.4), tick_micros)
        for order_id, *_ in placed:
            life_ms = int(self.crew.noise_life * (5_000 + 240_000 * four**2))
            heappush(self._pending, (when + life_ms, EXPIRE, order_id, 0.0, 0.0, 0.0, 0.0))
        return Orders(places=placed)

    def _taker(
        self, when: int, fair: float, tick_micros: int, side: Side, two: float, three: float, four: float
    ) -> Taker:
        """Heavy-tailed sizes; some buy NO instead of selling YES; a few leave their remainder resting."""
        sign = 1 if side is Side.BUY else -1
        ticks = fair * ONE / tick_micros + sign * self.crew.slack_ticks * (1 - 0.8 * _log(two))
        limit = (floor(ticks) if sign > 0 else ceil(ticks)) * tick_micros
        odds = min(three, 0.9995) / (1 - min(three, 0.9995))
        shares = 5 + 6 * self.crew.takes * self.crew.scale**0.5 * odds**0.85
        # A market order spends round dollars, so its shares have six decimals; a limit order has two.
        size = int(shares * ONE) if four < 0.45 else int(shares * 100) * _CENTS
        outcome, rests = int(four * 100 % 1 < 0.4), four > 0.85
        order_id = 0
        limit = min(max(limit, tick_micros), ONE - tick_micros)
        if rests:
            self._ids += 1
            order_id = 2 * self._ids + outcome
            heappush(
                self._pending, (when + int(20_000 + 2 * MINUTE * three), EXPIRE, order_id, 0.0, 0.0, 0.0, 0.0)
            )
        return Taker(
            side=side,
            limit_micros=limit,
            size_micros=size,
            outcome_index=outcome,
            order_id=order_id,
            wallet=mix(self.listing.key, 12, when),
        )


def _round(shares: float) -> float:
    """A number as people like it: one digit, then noughts."""
    unit_of = 10.0 ** floor(_ln(max(shares, 1.0)) / _ln(10))
    return round(shares / unit_of) * unit_of


def _log(draw: float) -> float:
    """ln of a draw, kept from minus infinity: minus it is an exponential draw."""
    return max(-6.0, _ln(max(draw, 1e-9)))


def _news_side(fair: Fair, when: int) -> Side:
    return Side.BUY if fair(when) >= fair(when - _BURST_MS - 5_000) else Side.SELL
