"""What the venue lists: events and their markets, as facts that never change.

EventListing
  Listing          one market of it; `payout` is decided from the start, and told only when it resolves
"""

from collections.abc import Callable
from dataclasses import dataclass, field
from enum import StrEnum

from livedata.simulator.ids import Place
from markets.core.units import ONE

YES, NO, HALF = (ONE, 0), (0, ONE), (ONE // 2, ONE // 2)


class Phase(StrEnum):
    """How far a market is in its life."""

    UNBORN = "unborn"  # nobody knows it yet
    ANNOUNCED = "announced"  # listed; no orders, no prices, no book yet
    OPEN = "open"
    REVIEW = "review"  # the outcome is proposed; still trades
    CLOSED = "closed"


@dataclass(frozen=True, slots=True, kw_only=True)
class Fees:
    """The taker's fee schedule of a market (docs.polymarket.com, "Fees")."""

    name: str
    rate: float
    rebate: float


@dataclass(frozen=True, slots=True, kw_only=True)
class Tag:
    tag_id: int
    label: str
    slug: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Series:
    series_id: int
    slug: str
    title: str
    recurrence: str


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class Listing:
    """One market. Equality is identity: the catalogue makes each market once while it is listed."""

    event: "EventListing"
    place: Place
    number: int
    condition_id: str
    question_id: str
    token_ids: tuple[str, str]
    slug: str
    question: str
    group_title: str = ""
    outcomes: tuple[str, str] = ("Yes", "No")
    tick_micros: int = 10_000
    min_size: int = 5
    payout: tuple[int, int] = YES
    strike: float = 0.0  # where the event's latent value must end for outcome 0
    axis: int = 0  # which latent value of the event it follows (a game has a margin and a total)
    neg_risk_other: bool = False
    sports_type: str = ""
    line: float | None = None
    weight: float = 0.0  # how busy it is; the busiest markets are near 1
    rewards: tuple[int, float] = (0, 0.0)  # minimum size and maximum spread in cents
    reward_daily: int = 0  # USDC a day for those who quote it

    @property
    def key(self) -> int:
        """The seed of everything drawn for this market."""
        return int(self.condition_id[2:18], 16)


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class EventListing:
    """One question group. All `_ms` are simulated time."""

    place: Place
    number: int
    kind: str
    slug: str
    title: str
    category: str
    created_ms: int
    open_ms: int
    end_ms: int  # the outcome is known
    resolve_ms: int  # trading ends, winners are paid
    rules: Callable[["EventListing", "Listing | None"], str]
    start_ms: int | None = None  # kick-off of a game, start of an up/down window
    markets: list[Listing] = field(default_factory=list)
    tags: tuple[Tag, ...] = ()
    fees: Fees | None = None
    series: Series | None = None
    neg_risk: bool = False
    neg_risk_id: str = ""
    augmented: bool = False
    seconds_delay: int = 0
    clear_on_start: bool = False
    taker_delay: bool = False  # the short delay of crypto up/down markets
    teams: tuple[str, str] | None = None
    disputed: bool = False
    priors: tuple[float, ...] = ()  # opening chances of a neg-risk group
    winner: int = 0  # index of the market that wins a neg-risk group
    news: tuple[tuple[float, float], ...] = ()  # (share of its life, share of what is learnt) per jump
    asset: str = ""  # BTC or ETH, for markets on the simulated price
    info: float = 1.0  # how much is learnt about a neg-risk group by the middle of its life
    resolution_source: str = ""

    @property
    def key(self) -> int:
        return self.number * 0x9E3779B1
