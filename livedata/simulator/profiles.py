"""How a market's people behave: a profile decides a market's crew, and how restless its price is.

`USUAL` is what the default world plays, each market by its own weight; the others are markets of one
character each, for tests and for measuring how faithful paper fills are.
"""

from dataclasses import dataclass

from livedata.simulator.draw import lognormal, mix, unit
from livedata.simulator.listings import Listing


@dataclass(frozen=True, slots=True, kw_only=True)
class Profile:
    """A market's character. What is not said otherwise multiplies what its weight makes of it."""

    name: str
    makers: int | None = None  # how many; None: as the weight has it
    haste: float = 1.0  # of makers: requotes a second
    keeps: float = 1.0  # how long a maker leaves a level's size as it is
    lag: float = 1.0  # of makers behind the fair value
    spread: float = 1.0
    size: float = 1.0  # of makers' quotes
    noise: float = 1.0  # rate of small resting orders
    noise_life: float = 1.0
    reach: float = 1.0  # how far from the fair value they stand
    takers: float = 1.0  # rate
    takes: float = 1.0  # size
    buys: float = 0.5  # share of takers who buy outcome 0
    volatility: float = 0.1  # of log-odds, after an hour
    drift: float = 0.0  # of log-odds, in an hour
    news_every_ms: int | None = None
    news_size: float = 0.0  # of log-odds


USUAL = Profile(name="usual")
CALM = Profile(
    name="calm", haste=0.5, keeps=3, noise=0.5, noise_life=2, reach=0.6, takers=0.4, volatility=0.05
)
BUSY = Profile(name="busy", haste=1.6, noise=1.6, reach=0.6, takers=2, volatility=0.15)
NEWS = Profile(
    name="news",
    noise=0.8,
    reach=0.6,
    takers=0.6,
    volatility=0.08,
    news_every_ms=300_000,
    news_size=0.35,
)
THIN = Profile(
    name="thin",
    makers=2,
    haste=0.4,
    keeps=2,
    lag=2,
    spread=2,
    size=0.15,
    noise=0.12,
    noise_life=3,
    reach=0.8,
    takers=0.12,
    takes=0.7,
    volatility=0.1,
)
ONE_SIDED = Profile(name="one_sided", reach=0.6, takers=1.2, buys=0.85, volatility=0.08, drift=0.3)
CANCEL_HEAVY = Profile(
    name="cancel_heavy", haste=4, keeps=0.1, noise=2.5, noise_life=0.08, reach=0.45, takers=0.8
)
FAST = Profile(
    name="fast", haste=3, keeps=0.5, noise=2.5, noise_life=0.4, reach=0.5, takers=4, volatility=0.4
)
PROFILES = {
    profile.name: profile for profile in (CALM, BUSY, NEWS, THIN, ONE_SIDED, CANCEL_HEAVY, FAST, USUAL)
}


@dataclass(frozen=True, slots=True, kw_only=True)
class Maker:
    """Quotes several levels each side of a fair value that is `lag_ms` old."""

    number: int
    period_ms: float
    lag_ms: int
    half_ticks: float
    gap_ticks: float
    levels: int
    size: float  # shares at the best level
    keeps_ms: int  # how long a level's size stays what it is


@dataclass(frozen=True, slots=True, kw_only=True)
class Crew:
    """Everybody on one market. Rates are per second."""

    makers: tuple[Maker, ...]
    noise_rate: float
    noise_life: float  # how long resting orders last, against the usual
    reach_ticks: float  # how far from the fair value they stand, typically
    taker_rate: float
    takes: float  # takers' sizes, against the usual
    buys: float  # share of takers who buy outcome 0
    scale: float  # of sizes
    slack_ticks: float  # how far through the fair value a taker goes


def crew(listing: Listing, profile: Profile = USUAL) -> Crew:
    """More weight: more makers, tighter, bigger and faster; quiet markets hardly stir."""
    key, weight = listing.key, max(listing.weight, 1e-5)
    count = profile.makers or 2 + mix(key, 1) % 2 + (weight > 0.05)
    scale = (0.25 + 12 * weight**0.6) * (0.6 + 0.8 * unit(key, 2))
    # Fine ticks make for more ticks in the same spread.
    ticks = (1.0 if listing.tick_micros >= 10_000 else 3.0) * (1 + 2.2 * (1 - weight**0.15)) * profile.spread
    # On a moving price a slow maker is a gift to takers.
    haste = 0.35 if listing.event.asset else 1.0
    makers = tuple(
        Maker(
            number=number,
            period_ms=4_200 * haste / profile.haste / weight**0.6 * (0.6 + 0.8 * unit(key, 3, number)),
            lag_ms=int(profile.lag * (200 + int(2_800 * haste * unit(key, 4, number) ** 2))),
            half_ticks=ticks * (0.55 + 0.5 * number + 0.4 * unit(key, 5, number)),
            gap_ticks=ticks * (0.8 + unit(key, 6, number)),
            levels=3 + mix(key, 7, number) % 5,
            size=lognormal(120 * scale * profile.size, 0.6, key, 8, number),
            keeps_ms=int(profile.keeps * int(15_000 / weight**0.4 * (0.7 + unit(key, 9, number)))),
        )
        for number in range(count)
    )
    slack_ticks = ticks * (1.4 + 0.5 * count)
    return Crew(
        makers=makers,
        noise_rate=0.9 * weight**0.75 * profile.noise,
        noise_life=profile.noise_life,
        reach_ticks=slack_ticks * profile.reach,
        taker_rate=0.5 * weight**0.8 * profile.takers,
        takes=profile.takes,
        buys=profile.buys,
        scale=scale,
        slack_ticks=slack_ticks,
    )
