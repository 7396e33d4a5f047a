"""What happens because time passed."""

from celery import shared_task

from livedata import subscriptions
from livedata.catalogue import load_market, market_ref
from livedata.clock import venue_now_ms
from livedata.errors import VenueError
from markets.selectors import markets_by_condition
from trading.models import Position
from trading.services import rebates, rewards, settlement
from trading.services.equity import snapshot_equity as write_equity

HELD_LEASE_S = 180


@shared_task(ignore_result=True)
def settle_resolved() -> int:
    """Pay every resolved market that somebody holds; asks the venue about those whose end has passed."""
    now_ms = venue_now_ms()
    _ask_about_ended(now_ms)
    return settlement.settle_resolved(now_ms=now_ms)


@shared_task(ignore_result=True)
def report_reversals() -> int:
    """Look whether the venue changed a result that we have paid."""
    return settlement.report_reversals(now_ms=venue_now_ms())


@shared_task(ignore_result=True)
def accrue_rebates() -> int:
    """Reckon the maker rebates of the days that have ended."""
    return rebates.accrue_rebates(now_ms=venue_now_ms())


@shared_task(ignore_result=True)
def sample_rewards() -> int:
    """Score what rests in the book now for liquidity rewards."""
    return rewards.sample_rewards(now_ms=venue_now_ms())


@shared_task(ignore_result=True)
def snapshot_equity() -> int:
    return write_equity(now_ms=venue_now_ms())


@shared_task(ignore_result=True)
def renew_held_markets() -> int:
    """Keep the books of held positions followed, so that portfolios are marked at live prices."""
    held = Position.objects.filter(size_micros__gt=0).values_list("condition_id", flat=True).distinct()
    markets = markets_by_condition(held).values()
    refs = [market_ref(market) for market in markets if market.tradable]
    subscriptions.lease("held", refs, seconds=HELD_LEASE_S)
    return len(refs)


def _ask_about_ended(now_ms: int) -> None:
    """The catalogue's sync finds resolutions in its own time; who holds a market wants to know sooner."""
    held = Position.objects.filter(size_micros__gt=0).values_list("condition_id", flat=True).distinct()
    for market in markets_by_condition(held).values():
        if market.payout_0_micros is None and market.end_ms is not None and market.end_ms < now_ms:
            try:
                load_market(condition_id=market.condition_id, force=True)
            except VenueError:
                continue  # the next run asks again
