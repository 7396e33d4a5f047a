"""What makers get back: by market and day as reckoned, and of the days that are not yet."""

from collections import defaultdict
from collections.abc import Iterable
from dataclasses import dataclass
from uuid import UUID

from django.db.models import QuerySet, Sum

from markets.models import Market
from markets.selectors import markets_by_condition
from trading.core.fees import fee_equivalent_micros
from trading.core.rebates import DAY_MS, day_of, paid_micros, rebate_micros
from trading.models import Fill, Portfolio, Rebate, RebateDay
from trading.selectors.rules import fees_of

_CHUNK = 2_000
_Key = tuple[UUID, int, str, int]  # portfolio, epoch, market, day


@dataclass(frozen=True, slots=True, kw_only=True)
class MarketDay:
    """One portfolio's maker fills of one market and UTC day, and what they give back."""

    portfolio_id: UUID
    epoch: int
    condition_id: str
    day_ms: int
    fills_count: int
    size_micros: int
    equivalent_micros: int
    rate_micros: int
    amount_micros: int


@dataclass(frozen=True, slots=True, kw_only=True)
class RebateSums:
    """`open_micros` would be paid if each day ended now; `lost_micros` came to less than a dollar a day."""

    paid_micros: int
    open_micros: int
    lost_micros: int


def market_days(*, from_ms: int, to_ms: int) -> list[MarketDay]:
    """Maker fills of a span by portfolio, market and day; what met an own order is left out."""
    return _days(_maker_fills().filter(filled_ms__gte=from_ms, filled_ms__lt=to_ms))


def open_days(portfolio: Portfolio) -> list[MarketDay]:
    """The same of one portfolio's present run, of the days that have not been reckoned, newest first."""
    reckoned = RebateDay.objects.order_by("-day_ms").first()
    rows = _maker_fills().filter(portfolio_id=portfolio.pk, epoch=portfolio.epoch)
    if reckoned is not None:
        rows = rows.filter(filled_ms__gte=reckoned.day_ms + DAY_MS)
    return sorted(_days(rows), key=lambda line: (-line.day_ms, line.condition_id))


def rebate_sums(portfolio: Portfolio) -> RebateSums:
    """What rebates came to since the last reset."""
    rows = Rebate.objects.filter(portfolio_id=portfolio.pk, epoch=portfolio.epoch)
    paid, lost = (
        rows.filter(paid_ms__isnull=unpaid).aggregate(total=Sum("amount_micros"))["total"] or 0
        for unpaid in (False, True)
    )
    by_day: dict[int, list[int]] = defaultdict(list)
    for line in open_days(portfolio):
        by_day[line.day_ms].append(line.amount_micros)
    return RebateSums(
        paid_micros=paid,
        open_micros=sum(paid_micros(amounts) for amounts in by_day.values()),
        lost_micros=lost,
    )


def _maker_fills() -> QuerySet[Fill]:
    return Fill.objects.filter(role="maker", self_match__in=[False])


def _days(fills: QuerySet[Fill]) -> list[MarketDay]:
    names = ("portfolio_id", "epoch", "condition_id", "filled_ms", "price_micros", "size_micros")
    found: dict[_Key, list[tuple[int, int]]] = defaultdict(list)
    for portfolio_id, epoch, condition_id, filled, price, size in fills.values_list(*names).iterator(
        chunk_size=_CHUNK
    ):
        found[portfolio_id, epoch, condition_id, day_of(filled)].append((price, size))
    markets = markets_by_condition(condition_id for _, _, condition_id, _ in found)
    return [_day(key, sizes, markets.get(key[2])) for key, sizes in found.items()]


def _day(key: _Key, fills: Iterable[tuple[int, int]], market: Market | None) -> MarketDay:
    """A market that states no rebate, or that nobody knows any more, gives none."""
    portfolio_id, epoch, condition_id, day_ms = key
    fills = list(fills)
    equivalent = 0
    if market is not None:
        fees = fees_of(market)
        equivalent = sum(
            fee_equivalent_micros(fees, price_micros=price, size_micros=size) for price, size in fills
        )
    rate = market.rebate_rate_micros if market else 0
    return MarketDay(
        portfolio_id=portfolio_id,
        epoch=epoch,
        condition_id=condition_id,
        day_ms=day_ms,
        fills_count=len(fills),
        size_micros=sum(size for _, size in fills),
        equivalent_micros=equivalent,
        rate_micros=rate,
        amount_micros=rebate_micros(equivalent_micros=equivalent, rate_micros=rate),
    )
