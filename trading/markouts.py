"""Mark-outs: the midpoint some time after each fill. Did the price go for or against the trader?"""

import heapq
from collections.abc import Callable, Iterable
from uuid import UUID

from livedata.books import many
from trading.atomic import run_atomic
from trading.bulk import update_rows
from trading.models import Fill

# Source: docs/fill-model.md, "Evidence"
HORIZONS_MS = {
    "markout_5s_micros": 5_000,
    "markout_1m_micros": 60_000,
    "markout_10m_micros": 600_000,
}
LATE_MAX_MS = 5_000  # later than that, the midpoint is another moment's


class Markouts:
    """Waits for each fill's moments and notes the midpoint then; none when no fresh book shows one."""

    def __init__(self) -> None:
        self._due: list[tuple[int, str, str, UUID, int]] = []  # when, field, condition, fill, outcome index

    def add(self, fills: Iterable[Fill]) -> None:
        for fill in fills:
            for field, horizon_ms in HORIZONS_MS.items():
                if getattr(fill, field) is None:
                    item = (
                        fill.filled_ms + horizon_ms,
                        field,
                        fill.condition_id,
                        fill.pk,
                        fill.outcome_index,
                    )
                    heapq.heappush(self._due, item)

    def take_up(self, *, mine: Callable[[str], bool], now_ms: int) -> None:
        """After a start: fills whose moments are still to come, of the markets that are `mine`."""
        self._due.clear()
        recent = Fill.objects.filter(filled_ms__gt=now_ms - max(HORIZONS_MS.values())).defer("evidence")
        self.add(fill for fill in recent if mine(fill.condition_id))

    def note(self, *, now_ms: int) -> int:
        """Write down what is due; returns how many midpoints."""
        due = []
        while self._due and self._due[0][0] <= now_ms:
            due.append(heapq.heappop(self._due))
        due = [item for item in due if now_ms - item[0] <= LATE_MAX_MS]
        if not due:
            return 0
        views = many({condition_id for _, _, condition_id, _, _ in due})
        changes: dict[str, list[tuple[dict[str, object], dict[str, object]]]] = {}
        for _, field, condition_id, fill_id, outcome_index in due:
            view = views.get(condition_id)
            midpoint = view.book.midpoint(outcome_index) if view is not None and view.fresh else None
            if midpoint is not None:
                changes.setdefault(field, []).append(({"pk": fill_id}, {field: midpoint}))
        for rows in changes.values():
            run_atomic(lambda rows=rows: update_rows(Fill, rows))  # type: ignore[misc]
        return sum(map(len, changes.values()))
