"""The one place that writes postings."""

from collections.abc import Iterable

from trading.bulk import insert_rows
from trading.core.ledger import Line, balanced
from trading.models import Portfolio, Posting


def postings(
    portfolio: Portfolio, *, transaction_id: str, kind: str, lines: Iterable[Line], now_ms: int
) -> list[Posting]:
    """Rows for one transaction's lines, not yet written. Keys make writing them twice an IntegrityError."""
    lines = tuple(lines)
    assert balanced(lines), f"{transaction_id} does not balance"
    return [
        Posting(
            id=f"{transaction_id}:{number}",
            transaction_id=transaction_id,
            portfolio=portfolio,
            account=line.account,
            asset=line.asset,
            amount_micros=line.amount_micros,
            kind=kind,
            posted_ms=now_ms,
            epoch=portfolio.epoch,
        )
        for number, line in enumerate(lines)
    ]


def post(portfolio: Portfolio, *, transaction_id: str, kind: str, lines: Iterable[Line], now_ms: int) -> None:
    """Write one transaction's lines, inside the caller's unit."""
    insert_rows(postings(portfolio, transaction_id=transaction_id, kind=kind, lines=lines, now_ms=now_ms))
