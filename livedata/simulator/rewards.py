"""Liquidity rewards as Gamma and the CLOB list them. Source: recorded answers, "clobRewards" and "rates"."""

from typing import Any

from livedata.simulator.listings import Listing
from livedata.simulator.times import day

_DOLLAR = "0xc011a7e12a19f7b1f670d46f03b03f3342e82dfb"  # what the venue pays in


def programmes(listing: Listing) -> list[dict[str, Any]]:
    """`clobRewards`: as recorded, a programme runs from the opening until further notice."""
    if not listing.reward_daily:
        return []
    programme = {
        "id": str(listing.number),
        "conditionId": listing.condition_id,
        "assetAddress": _DOLLAR,
        "rewardsAmount": 0,
        "rewardsDailyRate": listing.reward_daily,
        "startDate": day(listing.event.open_ms),
        "endDate": "2500-12-31",
    }
    return [programme]


def rates(listing: Listing) -> list[dict[str, Any]] | None:
    """The same as the CLOB has it; null without a programme."""
    if not listing.reward_daily:
        return None
    return [{"asset_address": _DOLLAR, "rewards_daily_rate": listing.reward_daily}]
