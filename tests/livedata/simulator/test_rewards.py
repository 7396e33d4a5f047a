"""Reward programmes of the simulated venue, as our reader sees them."""

import json

from livedata.core.gamma import read_markets
from tests.livedata.simulator.make import open_markets
from tests.livedata.simulator.test_doors import ask, world  # noqa: F401 -- fixtures


async def test_reward_programmes_are_told_alike_by_both_services(ask, world):  # noqa: F811
    known = [listing for listing in open_markets(world) if listing.reward_daily]
    assert known and len(known) < len(open_markets(world)), "some have one, some have none"
    listing = known[0]

    row = (await ask.get(f"/gamma/markets/slug/{listing.slug}")).json()
    clob = (await ask.get(f"/clob/markets/{listing.condition_id}")).json()

    (facts,) = read_markets([json.dumps(row).encode()]).markets
    minimum, cents = listing.rewards
    assert (facts.reward_min_size_micros, facts.reward_max_spread_micros, facts.reward_daily_micros) == (
        minimum * 1_000_000,
        round(cents * 10_000),
        listing.reward_daily * 1_000_000,
    )
    assert clob["rewards"]["rates"][0]["rewards_daily_rate"] == listing.reward_daily
