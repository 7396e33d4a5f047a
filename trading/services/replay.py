"""Holdings worked out again from what was written, in the order of writing: fills, set changes, payouts."""

from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass, field
from functools import partial

from markets.core.book import Side
from trading.core.ledger import TRADER, USDC
from trading.core.positions import Holding, after_fill, after_giving
from trading.core.sets import Leg, after_leg
from trading.models import Fill, Portfolio, Posting, SetChange

_WRITES_PER_VERSION_MAX = 1_000_000  # the scale of Fill.written
_LAST = 2**62


@dataclass(frozen=True, slots=True, kw_only=True)
class Written:
    """One write to one holding. `sizes_micros`: what it adds; `source`: the row it came from."""

    at: int
    source: str
    token_id: str
    size_micros: int
    apply: Callable[[Holding], Holding]


@dataclass(slots=True)
class Rebuilt:
    """Holdings by token, what each source realised, and the writes that took what was not there."""

    holdings: dict[str, Holding] = field(default_factory=dict)
    realised: dict[str, int] = field(default_factory=dict)
    uncovered: list[str] = field(default_factory=list)


def rebuild(portfolio: Portfolio, fills: Iterable[Fill], changes: Iterable[SetChange]) -> Rebuilt:
    """The portfolio's holdings of its present run."""
    writes = [*map(_of_fill, fills), *_of_changes(changes), *_of_payouts(portfolio)]
    rebuilt = Rebuilt()
    for write in sorted(writes, key=lambda write: write.at):
        before = rebuilt.holdings.get(write.token_id, Holding())
        if before.size_micros + write.size_micros < 0:
            rebuilt.uncovered.append(write.source)
            continue
        after = rebuilt.holdings[write.token_id] = write.apply(before) if write.size_micros else before
        realised = after.realised_pnl_micros - before.realised_pnl_micros
        rebuilt.realised[write.source] = rebuilt.realised.get(write.source, 0) + realised
    return rebuilt


def _of_fill(fill: Fill) -> Written:
    side = Side(fill.side)
    return Written(
        at=fill.written,
        source=f"fill {fill.pk}",
        token_id=fill.token_id,
        size_micros=fill.size_micros if side is Side.BUY else -fill.size_micros,
        apply=partial(
            after_fill,
            side=side,
            size_micros=fill.size_micros,
            notional_micros=fill.notional_micros,
            fee_micros=fill.fee_micros,
        ),
    )


def _of_changes(changes: Iterable[SetChange]) -> Iterator[Written]:
    for change in changes:
        for _, token_id, _, size, value in change.legs:
            yield Written(
                at=change.written,
                source=f"{change.kind} {change.pk}",
                token_id=token_id,
                size_micros=size,
                apply=partial(after_leg, leg=Leg(token_id, size, value)),
            )


def payouts_of(portfolio: Portfolio) -> list[tuple[str, str, int, int]]:
    """(transaction, token, shares, USDC) of every payout of the present run, as posted."""
    moved: dict[str, dict[str, int]] = {}
    rows = Posting.objects.filter(
        portfolio_id=portfolio.pk, kind="settlement", account=TRADER, epoch=portfolio.epoch
    )
    for transaction_id, asset, amount in rows.values_list("transaction_id", "asset", "amount_micros"):
        moved.setdefault(transaction_id, {})[asset] = amount
    return [
        (transaction_id, token_id, -size, assets.get(USDC, 0))
        for transaction_id, assets in moved.items()
        for token_id, size in assets.items()
        if token_id != USDC
    ]


def _of_payouts(portfolio: Portfolio) -> Iterator[Written]:
    for transaction_id, token_id, size, earned in payouts_of(portfolio):
        yield Written(
            at=_written_at(transaction_id),
            source=transaction_id,
            token_id=token_id,
            size_micros=-size,
            apply=partial(after_giving, size_micros=size, earned_micros=earned),
        )


def _written_at(transaction_id: str) -> int:
    """`settle:<portfolio>:<epoch>:<version>:<number>`; older ones were each position's last write."""
    parts = transaction_id.split(":")
    if len(parts) != 5:
        return _LAST
    return int(parts[3]) * _WRITES_PER_VERSION_MAX + int(parts[4])
