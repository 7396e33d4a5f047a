"""The rows of resting orders: how a queue survives its matcher. Written inside the executor's units."""

from collections.abc import Collection, Iterable, Sequence
from typing import Any
from uuid import UUID

from markets.core.book import Side
from trading.atomic import run_atomic
from trading.bulk import insert_rows, update_rows
from trading.core.resting import BEHIND, QueueModel, Resting, read_places, write_resting
from trading.models import MatcherMark, Order
from trading.models import Resting as RestingRow

_BATCH = 500
Applied = tuple[Resting, int, int]  # as of the step with this stamp and number


def insert_queues(came: Iterable[tuple[Order, Resting]]) -> None:
    insert_rows(
        [
            RestingRow(
                id=order.pk,
                portfolio=order.portfolio,
                condition_id=order.condition_id,
                world=resting.world,
                book_side=resting.side,
                price_micros=resting.price_micros,
                number=resting.number,
                rested_ms=resting.rested_ms,
                entry_ahead_micros=resting.entry_ahead_micros,
                applied_ms=resting.since_ms,
                applied_seq=0,
                **_state(resting),
            )
            for order, resting in came
        ]
    )


def update_queues(moved: Sequence[Applied]) -> None:
    update_rows(
        RestingRow,
        [
            (
                {"pk": UUID(resting.order_id)},
                {"applied_ms": applied_ms, "applied_seq": applied_seq, **_state(resting)},
            )
            for resting, applied_ms, applied_seq in moved
        ],
    )


def delete_queues(order_ids: Collection[UUID]) -> None:
    if order_ids:
        RestingRow.objects.filter(pk__in=order_ids).delete()


def save_queues(moved: Sequence[Applied], marks: Sequence[MatcherMark]) -> None:
    """Keep places that have moved since they were kept, then how far their markets have come."""
    for start in range(0, len(moved), _BATCH):
        part = moved[start : start + _BATCH]
        run_atomic(lambda part=part: update_queues(part))  # type: ignore[misc]
    if marks:
        run_atomic(lambda: _put_marks(marks))


def _put_marks(marks: Sequence[MatcherMark]) -> None:
    known = set(MatcherMark.objects.filter(pk__in=[mark.pk for mark in marks]).values_list("pk", flat=True))
    insert_rows([mark for mark in marks if mark.pk not in known])
    update_rows(
        MatcherMark,
        [
            (
                {"pk": mark.pk},
                {"applied_ms": mark.applied_ms, "applied_seq": mark.applied_seq, "seen_ms": mark.seen_ms},
            )
            for mark in marks
            if mark.pk in known
        ],
    )


def read_queue(row: RestingRow, *, applied_ms: int) -> Resting:
    """A resting order as it was kept; nothing stamped up to `applied_ms` touches it again."""
    return Resting(
        order_id=str(row.pk),
        world=row.world,
        side=Side(row.book_side),
        price_micros=row.price_micros,
        rested_ms=row.rested_ms,
        since_ms=max(row.rested_ms, row.applied_ms, applied_ms),
        number=row.number,
        entry_ahead_micros=row.entry_ahead_micros,
        places=read_places(row.state),
        behind=row.state.get(BEHIND),
        printed_micros=row.printed_micros,
        uncertain_ms=row.uncertain_ms,
    )


def _state(resting: Resting) -> dict[str, Any]:
    return {
        "ahead_micros": resting.place(QueueModel.RISK_AVERSE).ahead_micros,
        "likely_micros": resting.place(QueueModel.PROPORTIONAL).ahead_micros,
        "printed_micros": resting.printed_micros,
        "uncertain_ms": resting.uncertain_ms,
        "state": write_resting(resting),
    }
