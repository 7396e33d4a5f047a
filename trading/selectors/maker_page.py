"""One maker fill's evidence: the queue it waited in, what used it up, and what filled it.

All figures come from what the fill stored when it happened; nothing is worked out from a later book.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from markets.core.book import Side
from markets.core.units import to_micros
from markets.models import Market
from trading.core.resting import Cause, Grade, QueueModel
from trading.models import Fill, Portfolio
from trading.selectors.lenses import MODEL_WORDS
from trading.selectors.portfolio_page import FillLine, OrderLine, fill_line, order_line

GRADE_WORDS = {
    Grade.A: "The price traded through yours: somebody took a worse price than yours, and a real order would "
    "have been met before it.",
    Grade.B: "Trades at your price used up everybody who stood ahead of you, and went on to you.",
    Grade.C: "The feed says less than for other fills.",
}
PRINTS_LISTED = 6
MARKOUTS = (("5 s", "markout_5s_micros"), ("1 min", "markout_1m_micros"), ("10 min", "markout_10m_micros"))


@dataclass(frozen=True, slots=True, kw_only=True)
class ChainLine:
    """One thing that happened to the queue; `ahead_micros` is who was left ahead after it."""

    kind: str  # "", "adv" (the queue advanced), "fill"
    at_ms: int | None  # None: between its neighbours
    words: str
    note: str
    ahead_micros: int | None = None
    filled_micros: int | None = None
    size_micros: int | None = None
    price_micros: int | None = None
    hash: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class Markout:
    """The midpoint some time after the fill, and how much a share it had moved for the trader."""

    name: str
    midpoint_micros: int
    gain_micros: int


@dataclass(frozen=True, slots=True, kw_only=True)
class MakerPage:
    """Sizes are shares. `went_micros` of those ahead were served in the same step as this fill."""

    fill: FillLine
    order: OrderLine
    portfolio: Portfolio
    cause: str
    grade: str
    grade_words: str
    model_words: str
    entry_micros: int
    traded_micros: int  # of those ahead, traded before this step
    left_micros: int  # … and gone without a trade
    ahead_micros: int  # … and still there when the step began
    went_micros: int
    printed_micros: int  # what was printed at or beyond the price in this step
    prints_count: int
    worst_micros: int | None  # the farthest price printed
    crossing_price_micros: int | None
    crossing_size_micros: int | None
    level_micros: int  # displayed before the step
    behind_micros: int
    chain: tuple[ChainLine, ...]
    uncertain_ms: int
    waited_ms: int
    effective_ms: int
    rested_ms: int
    event_ms: int
    heard_after_ms: int
    latency_ms: int
    book_hash: str
    tick_micros: int
    markouts: tuple[Markout, ...]
    now_value_micros: int | None
    json_url: str

    @property
    def self_match(self) -> bool:
        return self.cause == Cause.SELF


def maker_page(
    portfolio: Portfolio,
    fill: Fill,
    fills: Sequence[Fill],
    market: Market | None,
    *,
    now_value_micros: int | None,
) -> MakerPage:
    """`fills` are all fills of its order, oldest first; `fill` is a maker's."""
    evidence = fill.evidence
    queue, timing, level = evidence["queue"], evidence["timing"], evidence["level"]
    entry, ahead = to_micros(queue["at_entry"]), to_micros(queue["before"])
    prints = [(to_micros(trade["price"]), to_micros(trade["size"])) for trade in evidence["prints"]]
    printed = sum(size for _, size in prints)
    went = min(ahead, printed)
    traded = max(0, min(to_micros(queue["printed"]) - went, entry - ahead))
    before, crossing = to_micros(level["before"]), evidence["crossing"]
    return MakerPage(
        fill=fill_line(fill, market),
        order=order_line(fill.order, market, fills),
        portfolio=portfolio,
        cause=evidence["cause"],
        grade=fill.grade,
        grade_words=_grade_words(fill, uncertain_ms=queue["uncertain_ms"]),
        model_words=MODEL_WORDS[QueueModel(evidence["model"]["queue_model"])],
        entry_micros=entry,
        traded_micros=traded,
        left_micros=entry - ahead - traded,
        ahead_micros=ahead,
        went_micros=went,
        printed_micros=printed,
        prints_count=evidence["prints_count"],
        worst_micros=_worst(Side(fill.side), [price for price, _ in prints]),
        crossing_price_micros=to_micros(crossing["price"]) if crossing else None,
        crossing_size_micros=to_micros(crossing["size"]) if crossing else None,
        level_micros=before,
        behind_micros=max(0, before - ahead),
        chain=tuple(_chain(fill, fills, entry=entry, traded=traded, ahead=ahead)),
        uncertain_ms=queue["uncertain_ms"],
        waited_ms=max(0, timing["event_ms"] - timing["rested_ms"]),
        effective_ms=timing["effective_ms"],
        rested_ms=timing["rested_ms"],
        event_ms=timing["event_ms"],
        heard_after_ms=max(0, timing["received_ms"] - timing["event_ms"]),
        latency_ms=timing["latency_ms"],
        book_hash="" if evidence["cause"] == Cause.SELF else evidence["book"]["hash"],
        tick_micros=to_micros(evidence["model"]["tick"]),
        markouts=tuple(_markouts(fill)),
        now_value_micros=now_value_micros,
        json_url=f"/portfolios/{portfolio.pk}/trades/{fill.pk}",
    )


def _worst(side: Side, prices: Sequence[int]) -> int | None:
    """The farthest that the taker went: below a bid, above an ask."""
    if not prices:
        return None
    return min(prices) if side is Side.BUY else max(prices)


def _grade_words(fill: Fill, *, uncertain_ms: int) -> str:
    if fill.self_match:
        return "An order of your own met it. Left out of statistics and rankings."
    grade, cause = Grade(fill.grade), fill.evidence["cause"]
    if grade is not Grade.C:
        return GRADE_WORDS[grade]
    if cause == Cause.CROSSING:
        return "A new order stood at or through your price: it would have met you, but no trade shows it."
    if not to_micros(fill.evidence["level"]["before"]):
        return (
            "You stood alone at your price: nobody on the venue ever saw an order there, so nobody knows who "
            "would have come."
        )
    words = "The trades became known only after a gap in the feed."
    return words if uncertain_ms else GRADE_WORDS[grade]


def _chain(fill: Fill, fills: Sequence[Fill], *, entry: int, traded: int, ahead: int) -> list[ChainLine]:
    """From the order's coming to rest to this fill, as far as the fill remembers it."""
    timing = fill.evidence["timing"]
    joined = "They go first." if entry else "Nobody else stood at that price."
    lines = [
        ChainLine(
            kind="",
            at_ms=timing["rested_ms"],
            words="Your order joined",
            note=joined,
            price_micros=fill.price_micros,
            ahead_micros=entry,
        )
    ]
    if traded:
        lines.append(
            ChainLine(
                kind="adv",
                at_ms=None,
                words="traded ahead of you",
                note="Trades at your price or beyond it take from the front of the queue.",
                size_micros=traded,
                ahead_micros=entry - traded,
            )
        )
    if entry - traded - ahead:
        lines.append(
            ChainLine(
                kind="",
                at_ms=None,
                words="left without a trade",
                note=_LEFT_NOTES[QueueModel(fill.evidence["model"]["queue_model"])],
                size_micros=entry - traded - ahead,
                ahead_micros=ahead,
            )
        )
    lines += [
        ChainLine(
            kind="adv",
            at_ms=other.filled_ms,
            words="of your order filled before",
            note=f"grade {other.grade}" if other.grade else "as a taker",
            filled_micros=other.size_micros,
            size_micros=other.size_micros,
        )
        for other in fills
        if other.pk != fill.pk and (other.filled_ms, other.written) < (fill.filled_ms, fill.written)
    ]
    return [*lines, *_cause_lines(fill)]


_LEFT_NOTES = {
    QueueModel.RISK_AVERSE: "For certain: the level showed less, or nobody behind you had that size.",
    QueueModel.PROPORTIONAL: "A cancel is of those ahead, unless somebody behind you had just that size.",
    QueueModel.TOUCH: "They left.",
}


def _cause_lines(fill: Fill) -> list[ChainLine]:
    evidence = fill.evidence
    last: dict[str, Any] = {"kind": "fill", "filled_micros": fill.size_micros}
    if fill.self_match:
        words = "An order of your own met it"
        return [ChainLine(at_ms=fill.filled_ms, words=words, note="a normal match, as on the venue", **last)]
    if crossing := evidence["crossing"]:
        return [
            ChainLine(
                at_ms=fill.filled_ms,
                words="A new offer" if fill.side == Side.BUY else "A new bid",
                note="Whoever stood ahead of you was gone by then, or the book would have been crossed.",
                size_micros=to_micros(crossing["size"]),
                price_micros=to_micros(crossing["price"]),
                **last,
            )
        ]
    words = "Somebody sold" if fill.side == Side.BUY else "Somebody bought"
    prints = [
        ChainLine(
            kind="adv",
            at_ms=trade["timestamp"],
            words=words,
            note="",
            size_micros=to_micros(trade["size"]),
            price_micros=to_micros(trade["price"]),
            hash=trade["transaction_hash"],
        )
        for trade in evidence["prints"][:PRINTS_LISTED]
    ]
    more = evidence["prints_count"] - len(prints)
    note = f"{more} more trade{'' if more == 1 else 's'} in the same step" if more > 0 else ""
    return [*prints, ChainLine(at_ms=fill.filled_ms, words="Your order filled", note=note, **last)]


def _markouts(fill: Fill) -> list[Markout]:
    sign = 1 if fill.side == Side.BUY else -1
    return [
        Markout(name=name, midpoint_micros=midpoint, gain_micros=sign * (midpoint - fill.price_micros))
        for name, field in MARKOUTS
        if (midpoint := getattr(fill, field)) is not None
    ]
