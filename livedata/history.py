"""Price history: the venue's, kept in `PricePoint`, its gaps asked for when somebody looks.

One row is one midpoint of outcome 0; outcome 1 is the mirror. Which stretches were asked for stands in
`PriceCoverage`, so that an empty answer, which the venue gives for many a market, is not asked for again.
"""

import asyncio
from collections.abc import Sequence
from dataclasses import dataclass

from livedata.clock import venue_now_ms
from livedata.core.data import Point
from livedata.core.spans import Span, gaps, merged, windows
from livedata.errors import VenueError
from livedata.exchange.asking import Venue, ask
from livedata.pulse import wall_ms
from markets.core.units import ONE
from markets.models import Market, PriceCoverage, PricePoint
from markets.upsert import upsert

DAY_S = 86_400
WINDOW_S = 15 * DAY_S  # the longest stretch that the venue answers at once
INTERVALS_S = {"1h": 3_600, "6h": 21_600, "1d": DAY_S, "1w": 7 * DAY_S, "1m": 30 * DAY_S}
WHOLE = ("max", "all")
# Minutes between two points when nobody says, and the least that the venue allows.
FIDELITY = {"1h": 1, "6h": 1, "1d": 5, "1w": 30, "1m": 60, "max": 720, "all": 720}
FINEST = {"1w": 5, "1m": 10, "max": 10, "all": 10}
FIDELITY_MAX = 1_440
POINTS_MAX = 20_000  # of one answer: thirty days by ten minutes are 4,320


class BadHistory(ValueError):
    """A stretch or a fidelity that cannot be had. `field` names the parameter."""

    def __init__(self, field: str, message: str) -> None:
        super().__init__(message)
        self.field = field


@dataclass(frozen=True, slots=True, kw_only=True)
class History:
    points: list[Point]  # (epoch seconds, price in micros), in order of time
    asked_ms: int  # when the venue last answered for this market at this fidelity
    fidelity: int


def price_history(
    market: Market,
    outcome_index: int = 0,
    *,
    interval: str | None = None,
    start_ts: int | None = None,
    end_ts: int | None = None,
    fidelity: int | None = None,
) -> list[Point]:
    """`history`, without what belongs to it."""
    return history(
        market,
        outcome_index,
        interval=interval,
        start_ts=start_ts,
        end_ts=end_ts,
        fidelity=fidelity,
    ).points


def history(
    market: Market,
    outcome_index: int = 0,
    *,
    interval: str | None = None,
    start_ts: int | None = None,
    end_ts: int | None = None,
    fidelity: int | None = None,
) -> History:
    """An outcome's price over an interval (1h, 6h, 1d, 1w, 1m, max) or a stretch in epoch seconds.

    An interval ends now, or when the market closed. No history is an empty list. When the venue does
    not answer, what is kept comes alone; VenueError only when nothing is.

    Raises BadHistory.
    """
    end_s = _end_s(market)
    span, interval = _span(interval, start_ts, end_ts, end_s)
    minutes = _fidelity(interval, span, fidelity)
    if not market.token_0:
        return History(points=[], asked_ms=wall_ms(), fidelity=minutes)
    coverage = PriceCoverage.objects.filter(pk=_coverage_key(market, minutes)).first()
    known = coverage or PriceCoverage(pk=_coverage_key(market, minutes))
    try:
        known = _filled(market, known, minutes, span, end_s, whole=interval in WHOLE)
    except VenueError:
        points = _kept(market, outcome_index, minutes, span)
        if not points:
            raise
        return History(points=points, asked_ms=known.asked_ms, fidelity=minutes)
    return History(
        points=_kept(market, outcome_index, minutes, span), asked_ms=known.asked_ms, fidelity=minutes
    )


def _end_s(market: Market) -> int:
    """Up to when there can be prices: now, or the market's close."""
    now_s = venue_now_ms() // 1000
    return now_s if market.closed_ms is None else min(market.closed_ms // 1000, now_s)


def _span(interval: str | None, start_ts: int | None, end_ts: int | None, end_s: int) -> tuple[Span, str]:
    """The stretch, and the interval that it stands for ("" for one in seconds)."""
    if start_ts is None and end_ts is None:
        name = interval or "1d"
        if name in WHOLE:
            return (0, end_s), name
        if name not in INTERVALS_S:
            raise BadHistory("interval", f"one of {', '.join([*INTERVALS_S, *WHOLE])}")
        return (end_s - INTERVALS_S[name], end_s), name
    if interval:
        raise BadHistory("interval", "give an interval or start_ts and end_ts, not both")
    if start_ts is None:
        raise BadHistory("start_ts", "needed with end_ts")
    last_s = end_s if end_ts is None else min(end_ts, end_s)
    if end_ts is not None and end_ts < start_ts:
        raise BadHistory("end_ts", "before start_ts")
    return (max(start_ts, 0), last_s), ""


def _fidelity(interval: str, span: Span, asked: int | None) -> int:
    length_s = span[1] - span[0]
    if interval:
        finest, usual = FINEST.get(interval, 1), FIDELITY[interval]
    else:
        finest = 10 if length_s >= 28 * DAY_S else 5 if length_s >= 7 * DAY_S else 1
        usual = max(finest, -(-length_s // 60 // 1_000))
    minutes = min(usual, FIDELITY_MAX) if asked is None else asked
    if not finest <= minutes <= FIDELITY_MAX:
        raise BadHistory("fidelity", f"between {finest} and {FIDELITY_MAX} minutes for this stretch")
    if interval not in WHOLE and length_s // 60 // minutes > POINTS_MAX:
        raise BadHistory("fidelity", f"more than {POINTS_MAX} points; ask for fewer")
    return minutes


def _filled(
    market: Market, known: PriceCoverage, minutes: int, span: Span, end_s: int, *, whole: bool
) -> PriceCoverage:
    """Ask the venue for what is missing, keep it, and say what is covered now."""
    spans: list[Span] = [(first, last) for first, last in known.spans]
    step_s = 60 * minutes
    # The newest point may still change, so it is asked for again, but not at every look.
    settled_s = end_s if market.closed_ms is not None else end_s - step_s
    missing = [gap for gap in gaps(spans, span) if gap[0] == span[0] or gap[1] - gap[0] >= _due_s(step_s)]
    if not missing:
        return known
    if whole:
        points = ask(lambda venue: venue.clob.whole_history(market.token_0, fidelity=minutes))
    else:
        pieces = [piece for gap in missing for piece in windows(gap, WINDOW_S)]
        points = ask(lambda venue: _pieces(venue, market.token_0, minutes, pieces))
    _keep(market, minutes, points)
    for first, last in missing:
        if first <= min(last, settled_s):
            spans = merged(spans, (first, min(last, settled_s)))
    known.spans, known.asked_ms = [list(part) for part in spans], wall_ms()
    upsert(PriceCoverage, [{"id": known.pk, "spans": known.spans, "asked_ms": known.asked_ms}])
    return known


def _due_s(step_s: int) -> int:
    """How long a stretch must have become before its next point is worth a question."""
    return step_s + min(step_s, 3_600)


async def _pieces(venue: Venue, token_id: str, minutes: int, pieces: Sequence[Span]) -> list[Point]:
    answers = await asyncio.gather(
        *(
            venue.clob.prices_history(token_id, fidelity=minutes, start_s=first, end_s=last)
            for first, last in pieces
        )
    )
    return [point for answer in answers for point in answer]


def _keep(market: Market, minutes: int, points: Sequence[Point]) -> None:
    upsert(
        PricePoint,
        [
            {
                "id": f"{market.token_0}:{minutes}:{t}",
                "token_id": market.token_0,
                "fidelity_minutes": minutes,
                "t": t,
                "price_micros": price_micros,
            }
            for t, price_micros in points
        ],
    )


def _kept(market: Market, outcome_index: int, minutes: int, span: Span) -> list[Point]:
    rows = PricePoint.objects.filter(token_id=market.token_0, fidelity_minutes=minutes, t__range=span)
    pairs = rows.order_by("-t").values_list("t", "price_micros")[:POINTS_MAX]
    return [(t, ONE - price if outcome_index else price) for t, price in pairs][::-1]


def _coverage_key(market: Market, minutes: int) -> str:
    return f"{market.token_0}:{minutes}"
