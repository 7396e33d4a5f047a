"""Split, merge and convert: whole sets made, taken apart and exchanged, at once and without a fee.

Each is one transaction beside the executor's; the portfolio's version keeps them apart. What each
moves: trading/core/sets.py.
"""

import hashlib
import logging
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from uuid import UUID, uuid4

from markets.core.errors import Conflict, Rejected
from markets.core.units import MICROS_MAX
from trading.atomic import run_atomic
from trading.bulk import insert_rows, update_rows
from trading.core.positions import Holding
from trading.core.rejections import Code
from trading.core.sets import SetMove, after_leg, check_covered, convert, merge, set_lines, split
from trading.models import Portfolio, Position, SetChange, Settlement
from trading.selectors.holdings import as_holding, position_key
from trading.selectors.sets import SetToken, conversion_of, pair_of
from trading.services.ledger import post
from trading.services.portfolios import save_unless_changed

logger = logging.getLogger(__name__)

_FILLS_PER_WRITE_MAX = 1_000_000  # the scale of Fill.written
Holdings = Mapping[str, Holding]


@dataclass(frozen=True, slots=True, kw_only=True)
class _Asked:
    """One change as asked for, by whom, and what it moves given what is held."""

    portfolio_id: UUID
    client_id: str
    kind: SetChange.Kind
    subject: str  # the market's condition id, or the event's slug with the tokens given
    size_micros: int

    @property
    def body_hash(self) -> str:
        """What makes two requests the same."""
        body = f"{self.kind.value}|{self.subject}|{self.size_micros}"
        return hashlib.sha1(body.encode(), usedforsecurity=False).hexdigest()


@dataclass(frozen=True, slots=True, kw_only=True)
class _Plan:
    """The tokens of a change, and the move that it makes of what is held of them."""

    tokens: Sequence[SetToken]
    move: Callable[[Holdings], SetMove]
    condition_id: str = ""
    event_id: str = ""


def split_position(
    *, portfolio_id: UUID, condition_id: str, size_micros: int, now_ms: int, client_id: str = ""
) -> SetChange:
    """Turn `size` USDC into `size` shares of each outcome of a market.

    Asking again with the same `client_id` returns the first change. Raises Rejected (the trader can
    mend it) or Conflict (the same client_id with another body); nothing was written then.
    """
    return _of_one_market(
        SetChange.Kind.SPLIT, split, portfolio_id, condition_id, size_micros, client_id, now_ms
    )


def merge_positions(
    *, portfolio_id: UUID, condition_id: str, size_micros: int, now_ms: int, client_id: str = ""
) -> SetChange:
    """Turn `size` shares of each outcome of a market back into `size` USDC. Raises as `split_position`."""
    return _of_one_market(
        SetChange.Kind.MERGE, merge, portfolio_id, condition_id, size_micros, client_id, now_ms
    )


def convert_positions(
    *,
    portfolio_id: UUID,
    event_slug: str,
    token_ids: Sequence[str],
    size_micros: int,
    now_ms: int,
    client_id: str = "",
) -> SetChange:
    """Turn `size` NO shares of some questions of a neg-risk event into YES shares of all the others.

    `token_ids` are the NO tokens; a USDC a share comes back for each of them but one. Raises as
    `split_position`.
    """
    asked = _Asked(
        portfolio_id=portfolio_id,
        client_id=client_id or str(uuid4()),
        kind=SetChange.Kind.CONVERT,
        subject=f"{event_slug}|{','.join(sorted(token_ids))}",
        size_micros=size_micros,
    )

    def plan() -> _Plan:
        found = conversion_of(event_slug, token_ids)
        return _Plan(
            tokens=(*found.given, *found.others),
            move=lambda held: convert(
                {token.token_id: held.get(token.token_id, Holding()) for token in found.given},
                found.worth_micros,
                size_micros=size_micros,
            ),
            event_id=found.event_id,
        )

    return _changed(asked, plan, now_ms)


def find_set_change(*, portfolio_id: UUID, client_id: str) -> SetChange | None:
    """The change that this client_id already made."""
    return SetChange.objects.filter(portfolio_id=portfolio_id, client_id=client_id).first()


def _of_one_market(
    kind: SetChange.Kind,
    make: Callable[..., SetMove],
    portfolio_id: UUID,
    condition_id: str,
    size_micros: int,
    client_id: str,
    now_ms: int,
) -> SetChange:
    asked = _Asked(
        portfolio_id=portfolio_id,
        client_id=client_id or str(uuid4()),
        kind=kind,
        subject=condition_id,
        size_micros=size_micros,
    )

    def plan() -> _Plan:
        pair = pair_of(condition_id)
        first, second = (token.token_id for token in pair.tokens)
        return _Plan(
            tokens=pair.tokens,
            move=lambda _: make(
                (first, second), size_micros=size_micros, midpoint_micros=pair.midpoint_micros
            ),
            condition_id=condition_id,
        )

    return _changed(asked, plan, now_ms)


def _changed(asked: _Asked, plan: Callable[[], _Plan], now_ms: int) -> SetChange:
    """What was asked before has its answer already, whatever holds now; else check, and write."""
    if earlier := _earlier(asked):
        return earlier
    if not 0 < asked.size_micros <= MICROS_MAX:
        raise Rejected(Code.INVALID_SIZE, "size must be more than 0 and at most a billion", field="size")
    if not Portfolio.objects.filter(pk=asked.portfolio_id, is_active__in=[True]).exists():
        raise Rejected(Code.PORTFOLIO_INACTIVE, "this portfolio is closed: reopen it to trade")
    planned = plan()
    change = run_atomic(lambda: _write(asked, planned, now_ms))
    logger.info(
        "sets.changed",
        extra={"set_change_id": str(change.pk), "kind": change.kind, "size": change.size_micros},
    )
    return change


def _write(asked: _Asked, plan: _Plan, now_ms: int) -> SetChange:
    """One transaction: the change, its postings, its positions and the portfolio's cash."""
    if earlier := _earlier(asked):
        return earlier
    portfolio = Portfolio.objects.get(pk=asked.portfolio_id)
    if Settlement.objects.filter(pk__in={token.condition_id for token in plan.tokens}).exists():
        raise Rejected(Code.MARKET_CLOSED, "this market has been settled", field="market")
    keys = {position_key(portfolio.pk, token.token_id): token for token in plan.tokens}
    rows = {row.token_id: row for row in Position.objects.filter(pk__in=list(keys))}
    held = {token_id: as_holding(row) for token_id, row in rows.items()}
    move = plan.move(held)
    check_covered(move, cash_micros=portfolio.cash_micros, held=held)
    after = {leg.token_id: after_leg(held.get(leg.token_id, Holding()), leg) for leg in move.legs}
    realised = sum(
        holding.realised_pnl_micros - held.get(token_id, Holding()).realised_pnl_micros
        for token_id, holding in after.items()
    )
    by_token = {token.token_id: token for token in plan.tokens}
    change = SetChange(
        portfolio=portfolio,
        client_id=asked.client_id,
        body_hash=asked.body_hash,
        kind=asked.kind,
        condition_id=plan.condition_id,
        event_id=plan.event_id,
        size_micros=asked.size_micros,
        cash_micros=move.cash_micros,
        realised_pnl_micros=realised,
        legs=[
            [
                by_token[leg.token_id].condition_id,
                leg.token_id,
                by_token[leg.token_id].outcome_index,
                leg.size_micros,
                leg.value_micros,
            ]
            for leg in move.legs
        ],
        changed_ms=now_ms,
        written=portfolio.version * _FILLS_PER_WRITE_MAX,
        epoch=portfolio.epoch,
    )
    insert_rows([change])
    post(
        portfolio,
        transaction_id=f"{asked.kind.value}:{change.pk.hex}",
        kind=asked.kind.value,
        lines=set_lines(move),
        now_ms=now_ms,
    )
    _write_positions(portfolio, after, by_token, stored=rows.keys(), now_ms=now_ms)
    save_unless_changed(
        portfolio,
        cash_micros=portfolio.cash_micros + move.cash_micros,
        realised_pnl_micros=portfolio.realised_pnl_micros + realised,
    )
    return change


def _write_positions(
    portfolio: Portfolio,
    after: Holdings,
    tokens: Mapping[str, SetToken],
    *,
    stored: Iterable[str],
    now_ms: int,
) -> None:
    known, fresh, changes = set(stored), [], []
    for token_id, holding in after.items():
        key = position_key(portfolio.pk, token_id)
        sums = {
            "size_micros": holding.size_micros,
            "cost_micros": holding.cost_micros,
            "entry_fees_micros": holding.entry_fees_micros,
            "realised_pnl_micros": holding.realised_pnl_micros,
            "updated_ms": now_ms,
        }
        if token_id in known:
            changes.append(({"pk": key}, sums))
            continue
        token = tokens[token_id]
        fresh.append(
            Position(
                id=key,
                portfolio=portfolio,
                condition_id=token.condition_id,
                token_id=token_id,
                outcome_index=token.outcome_index,
                opened_ms=now_ms,
                **sums,
            )
        )
    update_rows(Position, changes)
    insert_rows(fresh)


def _earlier(asked: _Asked) -> SetChange | None:
    """Raises Conflict when the same client_id asked for something else."""
    found = find_set_change(portfolio_id=asked.portfolio_id, client_id=asked.client_id)
    if found is not None and found.body_hash != asked.body_hash:
        raise Conflict(
            f"client_id {asked.client_id!r} was used for another change", code=Code.DUPLICATE_CLIENT_ID
        )
    return found
