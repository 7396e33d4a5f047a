"""The settler: pays a market as soon as the venue's socket has announced its result.

    feed ─► log of results ─► catalogue.record_resolution ─► settlement.settle_market

All of it may be done again, by this one, by another, or by beat, whose `settle_resolved` is the net under
it: it pays what was announced while nobody listened, or what could not be paid at once.
"""

import logging
import threading

import msgspec

from livedata.bus import START, bus
from livedata.catalogue import record_resolution
from livedata.clock import venue_now_ms
from livedata.core.steps import Resolution
from livedata.errors import VenueError
from livedata.publisher import RESOLUTIONS
from markets.core.errors import Conflict
from trading.selectors.stakes import has_stakes
from trading.services.settlement import settle_market

logger = logging.getLogger(__name__)

_IDLE_MS = 250
_READ_MAX = 100
_RETRY_S = 0.5

_read = msgspec.msgpack.Decoder(Resolution).decode


class Settler:
    """Pays what is announced. `run` loops until stopped; tests call `turn`."""

    def __init__(self) -> None:
        self._cursor = START  # what was announced before we came may not be paid yet

    def run(self, stop: threading.Event) -> None:
        logger.info("settler.started")
        while not stop.is_set():
            try:
                self.turn(block_ms=_IDLE_MS)
            except Exception:
                # The top loop of the process: the log goes on behind the entry that failed, which beat pays.
                logger.exception("settler.failed")
                stop.wait(_RETRY_S)
        logger.info("settler.stopped")

    def turn(self, *, block_ms: int = 0) -> int:
        """Pay what has been announced since the last turn; returns how many markets were paid."""
        paid = 0
        for _, entry_id, entry in bus().read({RESOLUTIONS: self._cursor}, count=_READ_MAX, block_ms=block_ms):
            self._cursor = entry_id
            paid += _settle(_read(entry))
        return paid


def run(stop: threading.Event) -> None:
    Settler().run(stop)


def _settle(resolution: Resolution) -> bool:
    """Whether it was paid now: not when nobody has a stake in it."""
    condition_id = resolution.condition_id
    try:
        market = record_resolution(resolution)
        if market is None or market.payout_0_micros is None or not has_stakes(condition_id):
            return False
        settle_market(
            condition_id=condition_id, payout_0_micros=market.payout_0_micros, now_ms=venue_now_ms()
        )
    except (VenueError, Conflict) as exc:
        logger.warning("settler.left_to_beat", extra={"market": condition_id, "reason": str(exc)})
        return False
    return True
