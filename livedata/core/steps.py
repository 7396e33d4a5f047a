"""What the feed tells the rest of the house about one market, in outcome-0 coordinates.

A step is everything the venue's engine did at one instant (docs/fill-model.md, "Steps"). The feed
closes steps; books, matcher, pages and recordings see closed steps only.
"""

import msgspec

from markets.core.book import Side
from markets.core.units import ONE


class MarketRef(msgspec.Struct, frozen=True, array_like=True):
    """What the feed, which knows no catalogue, must know to follow a market."""

    condition_id: str
    token_0: str
    token_1: str
    tick_micros: int = 10_000
    min_size_micros: int = 5 * ONE
    neg_risk: bool = False

    def outcome_index(self, token_id: str) -> int:
        """0 or 1. Raises ValueError for another market's token."""
        if token_id == self.token_0:
            return 0
        if token_id == self.token_1:
            return 1
        raise ValueError(f"a token of another market: {token_id[:40]!r}")


class Print(msgspec.Struct, frozen=True, array_like=True, gc=False):
    """A public trade. `taker_side` and the price are outcome 0's, whichever token it was reported on."""

    taker_side: Side
    price_micros: int
    size_micros: int
    stamp_ms: int  # the venue's clock
    transaction_hash: str = ""


class Change(msgspec.Struct, frozen=True, array_like=True, gc=False):
    """A level's whole size after the step; 0 means that it is gone. BUY is the bid side."""

    side: Side
    price_micros: int
    before_micros: int
    after_micros: int


class Step(msgspec.Struct, frozen=True, array_like=True, gc=False):
    """One closed step. `snapshot` steps carry the whole book as changes from nothing."""

    condition_id: str
    seq: int  # counts this market's closed steps since the feed started
    stamp_ms: int  # the venue's clock
    received_ms: int  # ours
    connection: int
    snapshot: bool
    changes: tuple[Change, ...]
    prints: tuple[Print, ...]
    hash: str = ""  # the venue's hash of token 0's book after the step, "" when it sent none


class Resolution(msgspec.Struct, frozen=True, array_like=True):
    """The venue has announced a market's result. `winning_token` is "" when it named none, as for 50/50."""

    condition_id: str
    winning_token: str = ""
