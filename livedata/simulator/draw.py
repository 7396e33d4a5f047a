"""Randomness that is a function of its arguments: the same numbers give the same draw, in any order.

Nothing here keeps a state, so any instant of the world is reached without replaying the past.
"""

from collections.abc import Sequence
from math import exp
from statistics import NormalDist
from typing import TypeVar

T = TypeVar("T")

_MASK = (1 << 64) - 1
_GOLDEN = 0x9E3779B97F4A7C15
_BITS = 12
_SHIFT = 64 - _BITS
# Inverse normal at 4,096 midpoints: a look-up is ten times faster than a Box-Muller draw.
_QUANTILES = tuple(NormalDist().inv_cdf((i + 0.5) / (1 << _BITS)) for i in range(1 << _BITS))


def mix(key: int, *parts: int) -> int:
    """64 well-mixed bits of the key and the parts (splitmix64's finaliser, chained)."""
    z = key
    for part in parts:
        z = ((z ^ (part * _GOLDEN)) + _GOLDEN) & _MASK
        z = ((z ^ (z >> 30)) * 0xBF58476D1CE4E5B9) & _MASK
        z = ((z ^ (z >> 27)) * 0x94D049BB133111EB) & _MASK
        z ^= z >> 31
    return z


def unit(key: int, *parts: int) -> float:
    """Uniform in [0, 1)."""
    return (mix(key, *parts) >> 11) * 2.0**-53


def gauss(key: int, *parts: int) -> float:
    """Standard normal, from a table of 4,096 quantiles (so within ±3.7)."""
    return _QUANTILES[mix(key, *parts) >> _SHIFT]


def pick(items: Sequence[T], key: int, *parts: int) -> T:
    return items[mix(key, *parts) % len(items)]


def lognormal(median: float, sigma: float, key: int, *parts: int) -> float:
    return median * exp(sigma * gauss(key, *parts))


class Bridge:
    """A Brownian bridge from 0 at x=0 to 0 at x=1, by midpoint displacement.

    Each dyadic midpoint is a draw of its own, so any x is reached in `depth` halvings and all answers
    agree with one path. The halvings of the last answer are kept: a neighbour needs only the last few.
    """

    __slots__ = ("_depth", "_key", "_stack")

    def __init__(self, key: int, *, depth: int) -> None:
        self._key, self._depth = key, depth
        # low, high, value at low, value at high, node, scale of the next displacement
        self._stack = [(0.0, 1.0, 0.0, 0.0, 1, 0.5)]

    def at(self, x: float) -> float:
        stack = self._stack
        while len(stack) > 1 and not stack[-1][0] <= x < stack[-1][1]:
            stack.pop()
        low, high, left, right, node, scale = stack[-1]
        for _ in range(self._depth + 1 - len(stack)):
            middle = (low + high) / 2
            value = (left + right) / 2 + scale * gauss(self._key, node)
            if x < middle:
                high, right, node = middle, value, 2 * node
            else:
                low, left, node = middle, value, 2 * node + 1
            scale *= 0.7071067811865476
            stack.append((low, high, left, right, node, scale))
        return left + (right - left) * (x - low) / (high - low)


def wobble(key: int, x: float) -> float:
    """Smooth stationary noise with a standard normal at each whole x."""
    floor = int(x // 1)
    part = x - floor
    blend = part * part * (3 - 2 * part)
    return gauss(key, floor) * (1 - blend) + gauss(key, floor + 1) * blend
