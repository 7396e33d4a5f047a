"""Recomputes everything from postings, fills and orders, and reports what drifted. Reads only."""

from collections import Counter
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from uuid import UUID

from markets.core.book import Side
from markets.core.units import ONE
from trading.core.ledger import TRADER, USDC
from trading.core.positions import Holding, after_fill, after_payout
from trading.models import Fill, Order, Portfolio, Position, Posting, Settlement

_CHUNK = 2_000


@dataclass(frozen=True, slots=True, kw_only=True)
class Drift:
    """One thing that does not add up."""

    where: str
    what: str
    stored: int | str
    recomputed: int | str


@dataclass(frozen=True, slots=True, kw_only=True)
class AuditReport:
    portfolios_count: int
    orders_count: int
    fills_count: int
    postings_count: int
    drifts: tuple[Drift, ...]

    @property
    def clean(self) -> bool:
        return not self.drifts


def audit(progress: Callable[[str], None] = lambda _: None) -> AuditReport:
    """Check every portfolio: balances, holdings, orders and ledger, from the postings up.

    Run it while nothing trades, or accept that a fill written meanwhile may show as drift.
    """
    drifts: list[Drift] = []
    progress("transactions")
    postings_count = _check_transactions(drifts)
    portfolios = {row.pk: row for row in Portfolio.objects.all()}
    for number, portfolio in enumerate(portfolios.values(), start=1):
        progress(f"portfolio {number} of {len(portfolios)}")
        drifts += _portfolio_drifts(portfolio)
    progress("orders")
    orders_count, fills_count = _check_orders(drifts)
    return AuditReport(
        portfolios_count=len(portfolios),
        orders_count=orders_count,
        fills_count=fills_count,
        postings_count=postings_count,
        drifts=tuple(drifts),
    )


def _check_transactions(drifts: list[Drift]) -> int:
    """Every transaction sums to zero per asset."""
    totals: Counter[tuple[str, str]] = Counter()
    count = 0
    rows = Posting.objects.order_by("transaction_id").values_list("transaction_id", "asset", "amount_micros")
    for transaction_id, asset, amount in rows.iterator(chunk_size=_CHUNK):
        totals[transaction_id, asset] += amount
        count += 1
    for (transaction_id, asset), total in totals.items():
        if total:
            drifts.append(
                Drift(where=transaction_id, what=f"sum of {asset[:12]}", stored=total, recomputed=0)
            )
    return count


def _portfolio_drifts(portfolio: Portfolio) -> Iterator[Drift]:
    where = f"portfolio {portfolio.pk}"
    held: Counter[str] = Counter()
    own = Posting.objects.filter(portfolio_id=portfolio.pk, account=TRADER)
    for asset, amount in own.values_list("asset", "amount_micros").iterator(chunk_size=_CHUNK):
        held[asset] += amount
    cash = held.pop(USDC, 0)
    yield from _differs(where, "cash", portfolio.cash_micros, cash)
    if cash < 0:
        yield Drift(where=where, what="cash below zero", stored=cash, recomputed=0)
    fills = list(Fill.objects.filter(portfolio_id=portfolio.pk, epoch=portfolio.epoch).order_by("written"))
    positions = {row.token_id: row for row in Position.objects.filter(portfolio_id=portfolio.pk)}
    rebuilt = _rebuilt_holdings(fills, positions)
    for token_id in sorted(held.keys() | positions.keys() | rebuilt.keys()):
        row, holding = positions.get(token_id), rebuilt.get(token_id, Holding())
        at = f"{where} token {token_id[:12]}"
        size = row.size_micros if row else 0
        yield from _differs(at, "size against postings", size, held.get(token_id, 0))
        yield from _differs(at, "size against fills", size, holding.size_micros)
        yield from _differs(at, "cost", row.cost_micros if row else 0, holding.cost_micros)
        yield from _differs(
            at, "realised", row.realised_pnl_micros if row else 0, holding.realised_pnl_micros
        )
    realised = sum(row.realised_pnl_micros for row in rebuilt.values())
    yield from _differs(where, "realised", portfolio.realised_pnl_micros, realised)
    yield from _differs(where, "fees", portfolio.fees_micros, sum(fill.fee_micros for fill in fills))


def _rebuilt_holdings(fills: list[Fill], positions: dict[str, Position]) -> dict[str, Holding]:
    """Holdings worked out again from this run's fills, and the payouts of its settled positions."""
    rebuilt: dict[str, Holding] = {}
    for fill in fills:
        rebuilt[fill.token_id] = after_fill(
            rebuilt.get(fill.token_id, Holding()),
            side=Side(fill.side),
            size_micros=fill.size_micros,
            notional_micros=fill.notional_micros,
            fee_micros=fill.fee_micros,
        )
    payouts = dict(
        Settlement.objects.filter(pk__in={row.condition_id for row in positions.values()}).values_list(
            "condition_id", "payout_0_micros"
        )
    )
    for token_id, holding in rebuilt.items():
        row = positions.get(token_id)
        if row and row.condition_id in payouts and holding.size_micros and not row.size_micros:
            first = payouts[row.condition_id]
            payout = first if row.outcome_index == 0 else ONE - first
            rebuilt[token_id] = after_payout(holding, payout_micros=payout)
    return rebuilt


def _check_orders(drifts: list[Drift]) -> tuple[int, int]:
    """Each order's sums are its fills' sums; each fill has its postings."""
    sums: dict[UUID, list[int]] = {}
    fills_count = 0
    for order_id, size, notional, fee in (
        Fill.objects.order_by("id")
        .values_list("order_id", "size_micros", "notional_micros", "fee_micros")
        .iterator(chunk_size=_CHUNK)
    ):
        total = sums.setdefault(order_id, [0, 0, 0])
        total[0] += size
        total[1] += notional
        total[2] += fee
        fills_count += 1
    orders_count = 0
    for order in Order.objects.order_by("id").iterator(chunk_size=_CHUNK):
        orders_count += 1
        size, notional, fee = sums.pop(order.pk, [0, 0, 0])
        where = f"order {order.pk}"
        drifts += _differs(where, "matched", order.matched_micros, size)
        drifts += _differs(where, "notional", order.notional_micros, notional)
        drifts += _differs(where, "fee", order.fee_micros, fee)
        if order.status in (Order.Status.MATCHED, Order.Status.KILLED):
            asked = order.size_micros if order.amount_micros is None else order.amount_micros
            spent = size if order.amount_micros is None else notional
            drifts += _differs(where, "matched + killed", spent + order.killed_micros, asked or 0)
    for order_id in sums:
        drifts.append(Drift(where=f"order {order_id}", what="missing", stored="no row", recomputed="fills"))
    return orders_count, fills_count


def _differs(where: str, what: str, stored: int, recomputed: int) -> list[Drift]:
    if stored == recomputed:
        return []
    return [Drift(where=where, what=what, stored=stored, recomputed=recomputed)]
