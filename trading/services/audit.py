"""Recomputes everything from postings, fills and orders, and reports what drifted. Reads only."""

from collections import Counter, defaultdict
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from uuid import UUID

from django.db.models import Sum

from markets.core.units import ONE, proceeds_micros
from markets.search import in_parts
from trading.core.ledger import TRADER, USDC
from trading.core.positions import Holding
from trading.core.rebates import rebate_micros
from trading.models import Fill, Order, Portfolio, Position, Posting, Rebate, SetChange, Settlement
from trading.services.replay import Rebuilt, payouts_of, rebuild

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
    fills = list(Fill.objects.filter(portfolio_id=portfolio.pk, epoch=portfolio.epoch))
    changes = list(SetChange.objects.filter(portfolio_id=portfolio.pk, epoch=portfolio.epoch))
    positions = {row.token_id: row for row in Position.objects.filter(portfolio_id=portfolio.pk)}
    rebuilt = rebuild(portfolio, fills, changes)
    for token_id in sorted(held.keys() | positions.keys() | rebuilt.holdings.keys()):
        row, holding = positions.get(token_id), rebuilt.holdings.get(token_id, Holding())
        at = f"{where} token {token_id[:12]}"
        size = row.size_micros if row else 0
        yield from _differs(at, "size against postings", size, held.get(token_id, 0))
        yield from _differs(at, "size against what was written", size, holding.size_micros)
        yield from _differs(at, "cost", row.cost_micros if row else 0, holding.cost_micros)
        yield from _differs(
            at, "realised", row.realised_pnl_micros if row else 0, holding.realised_pnl_micros
        )
    for source in rebuilt.uncovered:
        yield Drift(where=where, what="gives what is not there", stored=source, recomputed="")
    realised = sum(row.realised_pnl_micros for row in rebuilt.holdings.values())
    yield from _differs(where, "realised", portfolio.realised_pnl_micros, realised)
    yield from _differs(where, "fees", portfolio.fees_micros, sum(fill.fee_micros for fill in fills))
    for fill in fills:
        worked_out = rebuilt.realised.get(f"fill {fill.pk}", 0)
        yield from _differs(f"fill {fill.pk}", "realised", fill.realised_pnl_micros, worked_out)
    yield from _change_drifts(changes, rebuilt)
    yield from _payout_drifts(portfolio, positions)
    yield from _rebate_drifts(portfolio)


def _change_drifts(changes: Sequence[SetChange], rebuilt: Rebuilt) -> Iterator[Drift]:
    """What a split, merge or conversion says it moved is what it posted, and costs what it books."""
    posted: dict[str, Counter[str]] = defaultdict(Counter)
    keys = {f"{change.kind}:{change.pk.hex}": change for change in changes}
    for part in in_parts(list(keys)):
        rows = Posting.objects.filter(transaction_id__in=part, account=TRADER)
        for transaction_id, asset, amount in rows.values_list("transaction_id", "asset", "amount_micros"):
            posted[transaction_id][asset] += amount
    for key, change in keys.items():
        where = f"{change.kind} {change.pk}"
        booked = sum(value if size < 0 else -value for _, _, _, size, value in change.legs)
        yield from _differs(where, "cash against its legs", change.cash_micros, booked)
        yield from _differs(where, "cash against postings", change.cash_micros, posted[key].pop(USDC, 0))
        sizes = {token_id: size for _, token_id, _, size, _ in change.legs}
        for token_id in sorted(sizes.keys() | posted[key].keys()):
            yield from _differs(where, token_id[:12], sizes.get(token_id, 0), posted[key][token_id])
        yield from _differs(where, "realised", change.realised_pnl_micros, rebuilt.realised.get(where, 0))


def _payout_drifts(portfolio: Portfolio, positions: Mapping[str, Position]) -> Iterator[Drift]:
    """Every payout is its market's, as we settled it."""
    paid = payouts_of(portfolio)
    conditions = {positions[token_id].condition_id for _, token_id, _, _ in paid if token_id in positions}
    settled: dict[str, int] = {}
    for part in in_parts(sorted(conditions)):
        settled.update(Settlement.objects.filter(pk__in=part).values_list("pk", "payout_0_micros"))
    for transaction_id, token_id, size, earned in paid:
        row = positions.get(token_id)
        first = settled.get(row.condition_id) if row else None
        if row is None or first is None:
            yield Drift(where=transaction_id, what="settlement", stored="paid", recomputed="none")
            continue
        share = first if row.outcome_index == 0 else ONE - first
        owed = proceeds_micros(price_micros=share, size_micros=size)
        yield from _differs(transaction_id, "payout", earned, owed)


def _rebate_drifts(portfolio: Portfolio) -> Iterator[Drift]:
    """What rebates say they paid is what was posted, and the rate of what they count."""
    where, paid = f"portfolio {portfolio.pk}", 0
    for row in Rebate.objects.filter(portfolio_id=portfolio.pk):
        owed = rebate_micros(equivalent_micros=row.equivalent_micros, rate_micros=row.rate_micros)
        yield from _differs(f"rebate {row.pk}", "amount", row.amount_micros, owed)
        paid += row.amount_micros if row.paid_ms is not None else 0
    posted = Posting.objects.filter(portfolio_id=portfolio.pk, kind="rebate", account=TRADER)
    yield from _differs(where, "rebates", paid, posted.aggregate(total=Sum("amount_micros"))["total"] or 0)


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
        if order.status in (Order.Status.MATCHED, Order.Status.KILLED, Order.Status.CANCELLED):
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
