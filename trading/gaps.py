"""Asks the venue for the prints of a gap, beside the executor's loop: one question at a time."""

import logging
from concurrent.futures import Future, ThreadPoolExecutor

from livedata.activity import newest_prints
from livedata.core.steps import Print
from livedata.errors import VenueError
from markets.models import Market

logger = logging.getLogger(__name__)

ASK_EVERY_MS = 5_000  # the venue's list lags its socket by seconds


class Gaps:
    def __init__(self) -> None:
        self._pool = ThreadPoolExecutor(1, thread_name_prefix="gaps")
        self._asked: dict[str, Future[list[Print]]] = {}

    def ask(self, market: Market) -> bool:
        """Begin to ask; False while it is being asked."""
        if market.condition_id in self._asked:
            return False
        self._asked[market.condition_id] = self._pool.submit(newest_prints, market)
        return True

    def answers(self) -> dict[str, list[Print]]:
        """What has come by now, oldest first."""
        come = {key: future for key, future in self._asked.items() if future.done()}
        found: dict[str, list[Print]] = {}
        for condition_id, future in come.items():
            del self._asked[condition_id]
            try:
                found[condition_id] = future.result()
            except VenueError as exc:
                logger.warning("gap.no_prints", extra={"market": condition_id, "reason": str(exc)})
        return found

    def close(self) -> None:
        self._pool.shutdown(wait=False, cancel_futures=True)
