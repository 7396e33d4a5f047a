"""Feed events through the queues of resting orders, spread over 200 markets and on one market.

Events are closed steps as the feed logs them: level changes around the touch, every tenth with a trade.
Orders stand on both sides, up to 40 ticks from the touch.
"""

import random
import time
from collections.abc import Iterator

from livedata.core.steps import Change, Print, Step
from markets.core.book import Level, OrderBook, Side
from markets.core.units import ONE
from tests.bench import Figure
from trading.core.queue import MarketQueue
from trading.core.resting import come_to_rest

EVENTS = 40_000
TICK = 1_000
MIDDLE = 500 * TICK
DEPTH = 40
_GOALS = {1_000: 50_000.0, 10_000: 50_000.0, 100_000: 20_000.0}


def figures() -> Iterator[Figure]:
    for count, goal in _GOALS.items():
        yield Figure(
            figure=f"events with {count:,} orders on 200 markets",
            value=_rate(count, markets=200),
            unit="events/s",
            goal=goal,
        )
    for count in _GOALS:
        yield Figure(
            figure=f"events with {count:,} orders on one market",
            value=_rate(count, markets=1),
            unit="events/s",
        )
    far = _rate(100_000, markets=1, touched=False)
    yield Figure(
        figure="events with 100,000 orders on one market, none at a touched level", value=far, unit="events/s"
    )


def _rate(orders: int, *, markets: int, touched: bool = True) -> float:
    # On one market thousands of orders stand at a touched level, and each of them moves.
    count = EVENTS if markets > 1 or not touched else EVENTS * 1_000 // (20 * orders)
    dice = random.Random(1)
    queues = [MarketQueue(_book(dice)) for _ in range(markets)]
    low = 1 if touched else 20
    for number in range(orders):
        queue = queues[number % markets]
        side = dice.choice(list(Side))
        away = dice.randint(low, DEPTH) * TICK
        queue.put(
            come_to_rest(
                queue.book,
                str(number),
                world=str(number % 1_000),
                side=side,
                price_micros=MIDDLE - away if side is Side.BUY else MIDDLE + away,
                size_micros=10**6 * ONE,
                at_ms=0,
                number=number,
            )
        )
    events = [_event(dice, queues[number % markets].book, number) for number in range(count)]
    started = time.process_time()
    for number, step in enumerate(events):
        queues[number % markets].apply(step)
    return count / (time.process_time() - started)


def _book(dice: random.Random) -> OrderBook:
    sizes = [dice.randint(50, 500) * ONE for _ in range(2 * DEPTH)]
    return OrderBook(
        [Level(MIDDLE - (away + 1) * TICK, sizes[away]) for away in range(DEPTH)],
        [Level(MIDDLE + (away + 1) * TICK, sizes[DEPTH + away]) for away in range(DEPTH)],
    )


def _event(dice: random.Random, book: OrderBook, number: int) -> Step:
    """Three level changes near the touch; of every tenth, one comes from a trade."""
    stamp_ms = 1_000 + 20 * number
    changes, prints = [], []
    for index in range(3):
        side = dice.choice(list(Side))
        away = min(DEPTH, 1 + int(dice.expovariate(0.35))) * TICK
        price = MIDDLE - away if side is Side.BUY else MIDDLE + away
        before = book.sizes(side).get(price, 0) or 100 * ONE
        after = max(10 * ONE, before + dice.randint(-30, 30) * ONE)
        changes.append(Change(side, price, before, after))
        if number % 10 == 0 and index == 0 and after < before:
            prints.append(Print(side.opposite, price, before - after, stamp_ms, f"0x{number}"))
    return Step("0x1", number, stamp_ms, stamp_ms, 1, False, tuple(changes), tuple(prints))
