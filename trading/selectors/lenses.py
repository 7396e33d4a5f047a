"""The same resting orders under the three queue models: what each would have brought, order by order.

Real fills stand for the portfolio's own model, `Lens` rows for the others: each at its order's price and at
the same mark, and nothing is played on from there. Orders that met an own order are left out of both.
"""

from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from uuid import UUID

from django.db.models import Count, Sum

from livedata.books import BookView, many
from markets.core.book import Side
from markets.core.units import ONE
from markets.models import Market
from markets.selectors import markets_by_condition
from trading.core.resting import Grade, QueueModel
from trading.models import Fill, Lens, Portfolio
from trading.selectors.portfolios import mark_micros
from trading.selectors.quotes import market_url

MODEL_WORDS = {
    QueueModel.RISK_AVERSE: "fewest fills",
    QueueModel.PROPORTIONAL: "likely fills",
    QueueModel.TOUCH: "most fills",
}
ORDERS_SHOWN = 20
_FACTS = ("order_id", "condition_id", "token_id", "outcome_index", "side", "price_micros")


@dataclass(slots=True, kw_only=True)
class _Made:
    """What one order has as a maker, in shares: by model, and by grade of the real fills."""

    condition_id: str
    outcome_index: int
    side: str
    price_micros: int
    by_model: Counter[str] = field(default_factory=Counter)
    by_grade: Counter[str] = field(default_factory=Counter)
    fills: Counter[str] = field(default_factory=Counter)


@dataclass(frozen=True, slots=True, kw_only=True)
class LensOrder:
    """One order that not every model fills alike; `sizes` and `gains` from the fewest to the most fills."""

    order_id: UUID
    question: str
    url: str
    outcome: str
    outcome_index: int
    side: str
    price_micros: int
    mark_micros: int | None
    sizes: tuple[int, int, int]  # shares as a maker
    gains: tuple[int, int, int]  # at the mark, against the order's price; USDC
    spread_micros: int  # between the best and the worst of the three


@dataclass(frozen=True, slots=True, kw_only=True)
class LensResult:
    """A portfolio's result under one model. `difference_micros` is against its own."""

    model: QueueModel
    words: str
    own: bool
    size_micros: int
    orders_count: int
    result_micros: int
    difference_micros: int


@dataclass(frozen=True, slots=True, kw_only=True)
class GradeShare:
    """What real maker fills of one grade bring, at today's marks."""

    grade: Grade
    fills_count: int
    size_micros: int
    gain_micros: int


@dataclass(frozen=True, slots=True, kw_only=True)
class Lenses:
    """`other_micros` is what of the result does not rest on maker fills: taking, fees, sets, payouts."""

    results: tuple[LensResult, ...]
    orders: tuple[LensOrder, ...]
    differing_count: int
    grades: tuple[GradeShare, ...]
    other_micros: int


def lenses_of(portfolio: Portfolio, *, result_micros: int) -> Lenses | None:
    """Three queries and a look at the books; None before any resting order was reached.

    `result_micros` is the portfolio's own, marked at the best bid. Of its present life alone.
    """
    made = _made(portfolio)
    if not made:
        return None
    conditions = {order.condition_id for order in made.values()}
    markets, views = markets_by_condition(conditions), many(conditions)
    own, by_model, by_grade = QueueModel(portfolio.queue_model), Counter[str](), Counter[str]()
    lines: list[LensOrder] = []
    for order_id, order in made.items():
        line = _line(order_id, order, markets.get(order.condition_id), views.get(order.condition_id))
        by_model.update(dict(zip(QueueModel, line.gains, strict=True)))
        for grade, size in order.by_grade.items():
            by_grade[grade] += _gain(order, line.mark_micros, size_micros=size)
        if len(set(line.sizes)) > 1:
            lines.append(line)
    lines.sort(key=lambda line: (-line.spread_micros, str(line.order_id)))
    return Lenses(
        results=tuple(
            _result(model, own, made, by_model, result_micros=result_micros) for model in QueueModel
        ),
        orders=tuple(lines[:ORDERS_SHOWN]),
        differing_count=len(lines),
        grades=tuple(_grade(grade, made, by_grade) for grade in Grade),
        other_micros=result_micros - sum(by_grade.values()),
    )


def _made(portfolio: Portfolio) -> dict[UUID, _Made]:
    """Every order of the portfolio's present life that some model fills as a maker."""
    made: dict[UUID, _Made] = {}
    mine = {"portfolio_id": portfolio.pk, "epoch": portfolio.epoch}
    fills = Fill.objects.filter(**mine, role="maker", self_match__in=[False]).values(*_FACTS, "grade")
    for row in fills.annotate(size=Sum("size_micros"), count=Count("pk")).order_by():
        order = _order(made, row)
        order.by_model[portfolio.queue_model] += row["size"]
        order.by_grade[row["grade"]] += row["size"]
        order.fills[row["grade"]] += row["count"]
    for row in (
        Lens.objects.filter(**mine)
        .exclude(model=portfolio.queue_model)
        .values(*_FACTS, "model", "size_micros")
    ):
        _order(made, row).by_model[row["model"]] += row["size_micros"]
    return made


def _order(made: dict[UUID, _Made], row: Mapping[str, object]) -> _Made:
    facts = {name: row[name] for name in ("condition_id", "outcome_index", "side", "price_micros")}
    return made.setdefault(row["order_id"], _Made(**facts))  # type: ignore[arg-type]


def _line(order_id: UUID, order: _Made, market: Market | None, view: BookView | None) -> LensOrder:
    mark = mark_micros(market, view, outcome_index=order.outcome_index)
    sizes = [order.by_model[model] for model in QueueModel]
    gains = [_gain(order, mark, size_micros=size) for size in sizes]
    return LensOrder(
        order_id=order_id,
        question=market.question if market else order.condition_id,
        url=market_url(market.slug) if market else "",
        outcome=market.outcome_label(order.outcome_index) if market else "",
        outcome_index=order.outcome_index,
        side=order.side,
        price_micros=order.price_micros,
        mark_micros=mark,
        sizes=(sizes[0], sizes[1], sizes[2]),
        gains=(gains[0], gains[1], gains[2]),
        spread_micros=max(gains) - min(gains),
    )


def _gain(order: _Made, mark: int | None, *, size_micros: int) -> int:
    """What shares bought at the order's price are worth more than they cost, or sold brought more; rounded
    down. Without a bid a share counts as nothing, as in the portfolio's equity."""
    a_share = (mark or 0) - order.price_micros
    return (a_share if order.side == Side.BUY else -a_share) * size_micros // ONE


def _result(
    model: QueueModel,
    own: QueueModel,
    made: Mapping[UUID, _Made],
    gains: Mapping[str, int],
    *,
    result_micros: int,
) -> LensResult:
    sizes = [size for order in made.values() if (size := order.by_model[model])]
    difference = gains[model] - gains[own]
    return LensResult(
        model=model,
        words=MODEL_WORDS[model],
        own=model is own,
        size_micros=sum(sizes),
        orders_count=len(sizes),
        result_micros=result_micros + difference,
        difference_micros=difference,
    )


def _grade(grade: Grade, made: Mapping[UUID, _Made], gains: Mapping[str, int]) -> GradeShare:
    orders: Sequence[_Made] = list(made.values())
    return GradeShare(
        grade=grade,
        fills_count=sum(order.fills[grade] for order in orders),
        size_micros=sum(order.by_grade[grade] for order in orders),
        gain_micros=gains.get(grade, 0),
    )
