"""Fair values as closed forms: any market's chance at any instant, without replaying the past.

Binary markets follow a latent value Z, a Brownian motion on the event's clock: outcome 0 wins when Z
ends above the market's strike, so the chance is Phi((Z - strike) / sqrt(1 - tau)), a martingale that
ends at 0 or 1. All markets of an event share its clock, which jumps at news. The markets of a neg-risk
group are a posterior over who wins: a softmax of signals, so it sums to 1. Crypto markets are digital
options on one simulated price. A slow wobble on top keeps quiet markets from standing still.
"""

from math import erf, exp, log, sqrt
from statistics import NormalDist

from livedata.simulator.draw import Bridge, gauss, mix, unit, wobble
from livedata.simulator.listings import HALF, EventListing, Listing
from livedata.simulator.times import DAY, HOUR, MINUTE

_NORMAL = NormalDist()
_SURE = 0.9985  # what the known outcome trades at until it is paid
_LAST = 0.9999  # of the event's clock: the end itself is a division by zero
_SUDDEN = 0.97  # share of a life after which a 50/50 is known
_WOBBLES = ((3 * HOUR, 0.035), (20 * MINUTE, 0.022), (2 * MINUTE, 0.014))
_BRIDGES_KEPT = 800
_BRIDGE_GRAIN_MS = 4_000  # between such instants a path is a straight line
_GROUPS_KEPT = 5_000
_STARTS_KEPT = 500

_ORIGIN_MS = 1_704_067_200_000  # 2024-01-01: simulated prices have a past from here
_PRICE_SPAN_MS = 1 << 41  # 69 years
_PRICE_DEPTH = 33  # a quarter of a second
_YEAR_MS = 365.25 * DAY
_ASSETS = {
    "BTC": (0, 96_400.0, 0.55),
    "ETH": (1, 3_310.0, 0.72),
}  # key, price at the epoch, volatility a year
_TOGETHER = 0.8  # how much of Ethereum's moves are Bitcoin's


def phi(x: float) -> float:
    return 0.5 * (1 + erf(x / sqrt(2)))


def quantile(chance: float) -> float:
    """The x with phi(x) == chance."""
    return _NORMAL.inv_cdf(chance)


class Prices:
    """The simulated crypto prices, exactly as listed at the epoch, reachable at any time."""

    def __init__(self, seed: int, epoch_ms: int) -> None:
        self._seed, self._epoch_ms = seed, epoch_ms
        self._bridges = {key: Bridge(mix(seed, 0xC0FFEE, key), depth=_PRICE_DEPTH) for key in (0, 1)}
        self._starts: dict[tuple[str, int], float] = {}
        self._at_epoch = {key: self._walk(key, epoch_ms) for key in (0, 1)}

    def price(self, asset: str, at_ms: int) -> float:
        """USD."""
        key, start, volatility = _ASSETS[asset]
        moved = self._walk(0, at_ms) - self._at_epoch[0]
        if key:
            own = self._walk(key, at_ms) - self._at_epoch[key]
            moved = _TOGETHER * moved + sqrt(1 - _TOGETHER**2) * own
        return start * exp(volatility * moved)

    def start_price(self, asset: str, start_ms: int) -> float:
        """The price at the start of an up/down window, which every look at it needs."""
        if (asset, start_ms) not in self._starts:
            if len(self._starts) > _STARTS_KEPT:
                self._starts.clear()
            self._starts[asset, start_ms] = self.price(asset, start_ms)
        return self._starts[asset, start_ms]

    def above(self, asset: str, strike: float, *, at_ms: int, end_ms: int) -> float:
        """The chance that the price ends at the strike or higher."""
        left_years = (end_ms - at_ms) / _YEAR_MS
        distance = log(self.price(asset, at_ms) / strike)
        if left_years <= 0:
            return float(distance >= 0)
        return phi(distance / (_ASSETS[asset][2] * sqrt(left_years)))

    def _walk(self, key: int, at_ms: int) -> float:
        """Brownian motion in years, from 0 at the origin."""
        x = (at_ms - _ORIGIN_MS) / _PRICE_SPAN_MS
        whole = sqrt(_PRICE_SPAN_MS / _YEAR_MS)
        return whole * (self._bridges[key].at(x) + x * gauss(self._seed, 0xE7D, key))


def news_times(key: int, *, in_play_from: float) -> tuple[tuple[float, float], ...]:
    """When an event's clock jumps, as (share of its life, share of what is learnt); a third in all."""
    count = 3 + mix(key, 5) % 6
    sizes = [0.2 + unit(key, 6, index) for index in range(count)]
    return tuple(
        sorted(
            (in_play_from + (0.98 - in_play_from) * unit(key, 7, index), 0.34 * size / sum(sizes))
            for index, size in enumerate(sizes)
        )
    )


def in_play_from(event: EventListing) -> float:
    """The share of an event's life at which its game starts; 0 for events without one."""
    if event.start_ms is None or not event.teams:
        return 0.0
    return (event.start_ms - event.open_ms) / (event.end_ms - event.open_ms)


def clock(event: EventListing, at_ms: int) -> float:
    """How much of what there is to learn is known, 0 to 1: steady, with jumps, and most of it in play."""
    x = (at_ms - event.open_ms) / (event.end_ms - event.open_ms)
    if x <= 0:
        return 0.0
    start = in_play_from(event)
    if x < start:
        steady = 0.05 * x / start
    else:
        early = 0.05 if start else 0.0
        steady = early + (1 - early) * (x - start) / (1 - start)
    jumps = sum(size for when, size in event.news if when <= x)
    return min(0.66 * steady + jumps, _LAST)


class Fair:
    """Chances of a seeded world. Keeps the paths of markets that are looked at again and again."""

    def __init__(self, seed: int, epoch_ms: int) -> None:
        self.prices = Prices(seed, epoch_ms)
        self._bridges: dict[int, Bridge] = {}
        # All markets of a group, and all their charts, ask for the same instants.
        self._groups: dict[tuple[int, int], list[float]] = {}

    def chance(self, listing: Listing, at_ms: int, *, keep: bool = False) -> float:
        """The chance of outcome 0 at an instant; `keep` when the next look will be soon after."""
        event = listing.event
        at_ms = max(at_ms, event.open_ms)
        if at_ms >= event.end_ms:
            return _known(listing)
        if event.asset:
            value = self._digital(listing, at_ms)
        elif event.neg_risk:
            value = self.group(event, at_ms, keep=keep)[listing.place.index]
        else:
            value = self._binary(listing, at_ms, keep=keep)
        if listing.payout == HALF:
            gone = (at_ms - event.open_ms) / (event.end_ms - event.open_ms)
            value = value if gone < _SUDDEN else 0.5
        return min(max(value, 0.0006), 0.9994)

    def latent_end(self, event: EventListing, axis: int) -> float:
        """Where the event's latent value ends: what decides its binary markets."""
        return gauss(mix(event.key, 40, axis), 0)

    def group(self, event: EventListing, at_ms: int, *, keep: bool = False) -> list[float]:
        """The chances of all markets of a neg-risk event; they sum to 1."""
        kept = self._groups.get((event.number, at_ms))
        if kept is not None:
            return kept
        tau = clock(event, at_ms)
        drift = event.info * tau / (1 - tau)
        scale = sqrt(event.info) / (1 - tau)
        signals = []
        for index, prior in enumerate(event.priors):
            path = mix(event.key, 40, index)
            signal = log(prior) + scale * self._bridge(path, tau, event, keep=keep)
            if index == event.winner:
                signal += drift
            signals.append(signal + _wobble(path, at_ms))
        top = max(signals)
        weights = [exp(signal - top) for signal in signals]
        total = sum(weights)
        chances = [weight / total for weight in weights]
        if len(self._groups) >= _GROUPS_KEPT:
            self._groups.clear()
        self._groups[event.number, at_ms] = chances
        return chances

    def _binary(self, listing: Listing, at_ms: int, *, keep: bool) -> float:
        event = listing.event
        tau, path = clock(event, at_ms), mix(event.key, 40, listing.axis)
        value = self._bridge(path, tau, event, keep=keep) + tau * gauss(path, 0)
        return phi((value - listing.strike) / sqrt(1 - tau) + _wobble(path, at_ms))

    def _digital(self, listing: Listing, at_ms: int) -> float:
        event, prices = listing.event, self.prices
        strike = listing.strike
        if event.start_ms is not None:
            if at_ms <= event.start_ms:
                return 0.5
            strike = prices.start_price(event.asset, event.start_ms)
        return prices.above(event.asset, strike, at_ms=at_ms, end_ms=event.end_ms)

    def _bridge(self, path: int, tau: float, event: EventListing, *, keep: bool) -> float:
        bridge = self._bridges.get(path)
        if bridge is None:
            grains = (event.end_ms - event.open_ms) // _BRIDGE_GRAIN_MS
            bridge = Bridge(path, depth=max(grains.bit_length(), 8))
            if keep:
                if len(self._bridges) >= _BRIDGES_KEPT:
                    del self._bridges[next(iter(self._bridges))]
                self._bridges[path] = bridge
        return bridge.at(tau)


def _known(listing: Listing) -> float:
    if listing.payout == HALF:
        return 0.5
    return _SURE if listing.payout[0] else 1 - _SURE


def _wobble(key: int, at_ms: int) -> float:
    return sum(size * wobble(key ^ period, at_ms / period) for period, size in _WOBBLES)
