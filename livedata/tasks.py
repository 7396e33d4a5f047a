"""What happens to the catalogue because time passed. Every task finds its work in the database."""

import logging

from celery import shared_task
from django.conf import settings

from livedata import subscriptions, sync
from livedata.catalogue import market_ref
from livedata.errors import VenueError
from livedata.exchange.asking import ask
from markets.core.errors import Conflict
from markets.selectors import top_markets
from markets.services import keep_open_interest

logger = logging.getLogger(__name__)
CLOSED_SITTING_S = 60.0  # of the background sync, after each incremental one
TOP_LEASE_S = 180
INTEREST_MARKETS = 500


@shared_task(ignore_result=True)
def sync_incremental() -> None:
    """What has changed; on a catalogue that was never complete, first all that is open."""
    try:
        if sync.never_finished("full") or sync.under_way("full"):
            sync.sync_full()
        else:
            sync.sync_incremental()
        if sync.never_finished("closed") or sync.under_way("closed"):
            sync.sync_closed(seconds=CLOSED_SITTING_S)
    except (VenueError, Conflict) as exc:
        logger.warning("sync.stopped", extra={"error": str(exc)})  # the next beat goes on from there


@shared_task(ignore_result=True)
def sync_full() -> None:
    """Everything that is open, and from the start what is closed."""
    try:
        sync.sync_full()
        sync.sync_closed(seconds=CLOSED_SITTING_S)
    except (VenueError, Conflict) as exc:
        logger.warning("sync.stopped", extra={"error": str(exc)})


@shared_task(ignore_result=True)
def renew_top_markets() -> int:
    """Keep the busiest markets' books followed, whether or not somebody looks."""
    refs = [market_ref(market) for market in top_markets(settings.FEED_TOP_MARKETS) if market.tradable]
    subscriptions.lease("top", refs, seconds=TOP_LEASE_S)
    return len(refs)


@shared_task(ignore_result=True)
def sync_open_interest() -> int:
    """Open interest of the busiest markets."""
    by_condition = {market.condition_id: market.pk for market in top_markets(INTEREST_MARKETS)}
    try:
        found = ask(lambda venue: venue.data.open_interest(list(by_condition)), within_s=sync.BATCH_S)
    except VenueError as exc:
        logger.warning("open_interest.failed", extra={"error": str(exc)})
        return 0
    interest = {by_condition[key]: micros for key, micros in found.items() if key in by_condition}
    keep_open_interest(interest)
    return len(interest)
