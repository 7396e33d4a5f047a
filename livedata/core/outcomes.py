"""What a mirror has to say about a market after a frame."""

from enum import StrEnum

import msgspec

from livedata.core.steps import Print, Step


class Reason(StrEnum):
    """Why a book was dropped."""

    CONNECTION = "connection"
    GAP = "gap"  # the best prices are not the venue's
    ORDER = "order"  # a frame older than the book, with news in it
    BAD = "bad"  # a frame that cannot be read
    HASH = "hash"  # REST has other levels
    TICK = "tick"  # the tick size changed
    RESOLVED = "resolved"  # trading is over: no book will come again
    UNWANTED = "unwanted"  # nobody leases the market any more


class Dropped(msgspec.Struct, frozen=True):
    """The book cannot be true any more: ask for a whole one."""

    condition_id: str
    reason: Reason


class Doubt(msgspec.Struct, frozen=True):
    """The venue's hash is not ours: ask REST for the book and let the mirror settle it."""

    condition_id: str


Outcome = Step | Print | Dropped | Doubt  # a Print here is as the venue sent it; a Step's are laid out
