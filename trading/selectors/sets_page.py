"""What one market's page of sets shows: what is held, what may be split, merged and converted."""

from collections.abc import Sequence
from dataclasses import dataclass
from uuid import UUID

from markets.models import Market
from markets.selectors import EventLine, event_by_slug
from trading.models import Portfolio, Position
from trading.selectors.quotes import market_url
from trading.selectors.sets import changeable, questions_of


@dataclass(frozen=True, slots=True, kw_only=True)
class NoLine:
    """NO shares of one question of the event."""

    token_id: str
    label: str
    held_micros: int


@dataclass(frozen=True, slots=True, kw_only=True)
class SetsPage:
    """`open` is false where sets no longer change; `no_lines` is empty where nothing converts."""

    portfolio: Portfolio
    slug: str
    question: str
    url: str
    outcomes: tuple[str, str]
    held_micros: tuple[int, int]
    open: bool
    no_lines: tuple[NoLine, ...]
    questions_count: int  # of the event

    @property
    def sets_micros(self) -> int:
        """As many as may be merged."""
        return min(self.held_micros)


def sets_page(portfolio: Portfolio, market: Market) -> SetsPage:
    """At most four queries."""
    event = event_by_slug(market.event.slug) if market.neg_risk and market.event else None
    questions = questions_of(event) if event else []
    held = _held(portfolio.pk, [*market.token_ids, *(row.token_1 for row in questions)])
    return SetsPage(
        portfolio=portfolio,
        slug=market.slug,
        question=market.question,
        url=market_url(market.slug),
        outcomes=(market.outcome_0, market.outcome_1),
        held_micros=(held.get(market.token_0, 0), held.get(market.token_1, 0)),
        open=changeable(market),
        no_lines=_no_lines(event, questions, held),
        questions_count=len(questions),
    )


def _held(portfolio_id: UUID, token_ids: Sequence[str]) -> dict[str, int]:
    rows = Position.objects.filter(portfolio_id=portfolio_id, token_id__in=token_ids, size_micros__gt=0)
    return dict(rows.values_list("token_id", "size_micros"))


def _no_lines(
    event: EventLine | None, questions: Sequence[Market], held: dict[str, int]
) -> tuple[NoLine, ...]:
    if event is None or not event.event.neg_risk or len(questions) < 2:
        return ()
    return tuple(
        NoLine(token_id=row.token_1, label=row.group_label or row.question, held_micros=held[row.token_1])
        for row in questions
        if changeable(row) and row.token_1 in held
    )
