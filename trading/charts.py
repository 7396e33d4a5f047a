"""Pictures drawn on the server: SVG path strings on a 1000 x 1000 canvas, in integers.

The canvas is stretched to its box (`preserveAspectRatio="none"`), labels stand beside it in percent, so
that text keeps its size at any width. A script may take over; without one this is the chart.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from math import isqrt

from markets.core.book import Level
from markets.core.units import ONE

CANVAS = 1000
_CENT = ONE // 100
_STEPS = tuple(step * _CENT // 100 for step in (2, 5, 10, 20, 50, 100, 200, 500, 1000, 2000, 2500, 5000))
_FIXED = 10**8
_DAY_S = 86_400

Point = tuple[int, int]  # epoch seconds, price in micros


@dataclass(frozen=True, slots=True, kw_only=True)
class Mark:
    """A label at a place along an axis, 0 to 100 percent."""

    at: int
    value: int | str


@dataclass(frozen=True, slots=True, kw_only=True)
class PriceChart:
    """One or more price lines over the same time and the same scale."""

    lines: tuple[str, ...]
    areas: tuple[str, ...]
    prices: tuple[Mark, ...]
    times: tuple[Mark, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class DepthChart:
    """Cumulated shares on both sides of the midpoint."""

    bids_line: str
    bids_area: str
    asks_line: str
    asks_area: str
    prices: tuple[Mark, ...]
    sizes: tuple[Mark, ...]
    bid_micros: int  # all shares drawn on that side
    ask_micros: int
    low_micros: int
    high_micros: int


def _scale(value: int, low: int, high: int) -> int:
    return (value - low) * CANVAS // (high - low) if high > low else CANVAS // 2


def _line(points: Sequence[Point], *, times: tuple[int, int], prices: tuple[int, int]) -> str:
    spots = [f"{_scale(t, *times)} {CANVAS - _scale(price, *prices)}" for t, price in points]
    return "M" + "L".join(spots) if spots else ""


def _area(line: str) -> str:
    """The line, closed along the bottom."""
    first, last = line[1:].split(" ", 1)[0], line.rsplit("L", 1)[-1].lstrip("M").split(" ", 1)[0]
    return f"{line}L{last} {CANVAS}L{first} {CANVAS}Z"


def price_chart(series: Sequence[Sequence[Point]]) -> PriceChart | None:
    """Lines over a shared scale whose grid falls on round cents; None when no series has two points."""
    drawn = [points for points in series if points]
    if not any(len(points) > 1 for points in drawn):
        return None
    times = (min(points[0][0] for points in drawn), max(points[-1][0] for points in drawn))
    every = [price for points in drawn for _, price in points]
    low, high, step = _range(min(every), max(every))
    lines = tuple(_line(points, times=times, prices=(low, high)) for points in series)
    grid = tuple(
        Mark(at=(high - price) * 100 // (high - low), value=price) for price in range(low + step, high, step)
    )
    return PriceChart(
        lines=lines,
        areas=tuple(_area(line) if line else "" for line in lines),
        prices=grid,
        times=_time_marks(*times),
    )


def _range(low: int, high: int) -> tuple[int, int, int]:
    """Whole grid steps around what is drawn, four to six of them, inside 0 to 1."""
    spread = max(high - low, 2 * _CENT)
    step = next((step for step in _STEPS if spread <= 4 * step), _STEPS[-1])
    floor, ceiling = max(0, low // step * step), min(ONE, -(-(high + 1) // step) * step)
    if ceiling - floor < 2 * step:
        floor, ceiling = max(0, floor - step), min(ONE, ceiling + step)
    return floor, ceiling, step


def _time_marks(first_s: int, last_s: int) -> tuple[Mark, ...]:
    length = last_s - first_s
    pattern = "%H:%M" if length <= 2 * _DAY_S else "%d %b"
    marks = []
    for at in (12, 37, 62, 87):
        when = datetime.fromtimestamp(first_s + length * at // 100, tz=UTC)
        marks.append(Mark(at=at, value=when.strftime(pattern)))
    return tuple(marks)


def spark(points: Sequence[Point]) -> str:
    """A small line that fills its canvas; "" for fewer than two points."""
    if len(points) < 2:
        return ""
    every = [price for _, price in points]
    low, high = min(every), max(every)
    pad = max((high - low) // 12, 1)
    return _line(points, times=(points[0][0], points[-1][0]), prices=(low - pad, high + pad))


def spark_area(line: str) -> str:
    return _area(line) if line else ""


def bar_percent(size_micros: int, largest_micros: int) -> int:
    """Length of a ladder bar: (size / largest) ^ 5/8, at least 2: a wall must not flatten the rest."""
    if not largest_micros or not size_micros:
        return 2
    ratio = min(size_micros * _FIXED // largest_micros, _FIXED)
    fourth_root = isqrt(isqrt(ratio * _FIXED) * _FIXED)
    return max(2, isqrt(ratio * fourth_root // _FIXED * _FIXED) * 100 // _FIXED)


def depth_chart(bids: Sequence[Level], asks: Sequence[Level], *, tick_micros: int) -> DepthChart | None:
    """Both sides of a book around its midpoint, best price first; None unless both sides quote."""
    if not bids or not asks:
        return None
    middle = (bids[0].price_micros + asks[0].price_micros) // 2
    edge = max(
        middle - bids[: min(len(bids), 12)][-1].price_micros,
        asks[: min(len(asks), 12)][-1].price_micros - middle,
        4 * tick_micros,
    )
    low, high = max(0, middle - edge), min(ONE, middle + edge)
    near_bids = [level for level in bids if level.price_micros >= low]
    near_asks = [level for level in asks if level.price_micros <= high]
    bid_sum, ask_sum = (sum(level.size_micros for level in side) for side in (near_bids, near_asks))
    top = max(bid_sum, ask_sum) * 9 // 8
    bids_line = _steps(near_bids, edge=low, scale=(low, high), top=top)
    asks_line = _steps(near_asks, edge=high, scale=(low, high), top=top)
    return DepthChart(
        bids_line=bids_line,
        bids_area=_area(bids_line),
        asks_line=asks_line,
        asks_area=_area(asks_line),
        prices=tuple(
            Mark(at=at, value=low + (high - low) * at // 100 // tick_micros * tick_micros)
            for at in (8, 29, 50, 71, 92)
        ),
        sizes=tuple(Mark(at=100 - 100 * size // top, value=size) for size in _round_sizes(top)),
        bid_micros=bid_sum,
        ask_micros=ask_sum,
        low_micros=low,
        high_micros=high,
    )


def _steps(levels: Sequence[Level], *, edge: int, scale: tuple[int, int], top: int) -> str:
    """A staircase from the best price outwards to the edge of the picture."""
    total, path = 0, f"M{_scale(levels[0].price_micros, *scale)} {CANVAS}"
    for level in levels:
        x = _scale(level.price_micros, *scale)
        path += f"L{x} {CANVAS - total * CANVAS // top}"
        total += level.size_micros
        path += f"L{x} {CANVAS - total * CANVAS // top}"
    return f"{path}L{_scale(edge, *scale)} {CANVAS - total * CANVAS // top}"


def _round_sizes(top: int) -> tuple[int, ...]:
    """Two round numbers of shares, the one twice the other, below the top of the picture."""
    units = [ONE * factor * 10**power for power in range(10) for factor in (1, 2, 5)]
    step = max((unit for unit in units if unit * 5 <= 2 * top), default=0)
    return (step, 2 * step) if step else ()
