"""What a template hands to the catalogue: an event and its markets before they get ids, and shared text."""

import re
import unicodedata
from collections.abc import Callable
from dataclasses import dataclass, field
from math import exp

from livedata.simulator.draw import gauss, unit
from livedata.simulator.listings import EventListing, Fees, Listing, Series
from livedata.simulator.times import DAY, HOUR, day_in_words, eastern

Rules = Callable[[EventListing, Listing | None], str]

FEES = {
    "crypto": Fees(name="crypto_fees_v2", rate=0.07, rebate=0.2),
    "sports": Fees(name="sports_fees_v3", rate=0.05, rebate=0.15),
    "finance": Fees(name="finance_prices_fees", rate=0.04, rebate=0.25),
    "politics": Fees(name="politics_fees", rate=0.04, rebate=0.25),
    "mentions": Fees(name="mentions_fees", rate=0.04, rebate=0.25),
    "tech": Fees(name="tech_fees", rate=0.04, rebate=0.25),
    "economics": Fees(name="economics_fees", rate=0.05, rebate=0.25),
    "culture": Fees(name="culture_fees", rate=0.05, rebate=0.25),
    "weather": Fees(name="weather_fees", rate=0.05, rebate=0.25),
    "general": Fees(name="general_fees", rate=0.05, rebate=0.25),
    # World events and some player props carry none.
    "none": None,
}
FINE, COARSE, QUARTER = 1_000, 10_000, 2_500


@dataclass(frozen=True, slots=True, kw_only=True)
class Span:
    """When an event is open, as its slot has it; a template may only move things inside it."""

    open_ms: int
    until_ms: int  # the outcome should be known by then

    def end_of_day(self) -> int:
        """The last midnight in New York before `until_ms`, or `until_ms` when the span is too short."""
        midnight = (self.until_ms - 5 * HOUR) // DAY * DAY + 5 * HOUR
        return midnight if midnight > self.open_ms + DAY else self.until_ms


@dataclass(slots=True, kw_only=True)
class MarketDraft:
    question: str
    slug: str
    group_title: str = ""
    outcomes: tuple[str, str] = ("Yes", "No")
    tick_micros: int = COARSE
    strike: float = 0.0
    axis: int = 0
    other: bool = False
    sports_type: str = ""
    line: float | None = None
    share: float = 1.0  # of the event's flow


@dataclass(slots=True, kw_only=True)
class EventDraft:
    kind: str
    title: str
    slug: str
    category: str
    tags: list[str]
    fees: str
    rules: Rules
    end_ms: int
    markets: list[MarketDraft] = field(default_factory=list)
    neg_risk: bool = False
    augmented: bool = False
    priors: tuple[float, ...] = ()
    info: float = 1.0
    start_ms: int | None = None
    series: Series | None = None
    seconds_delay: int = 0
    clear_on_start: bool = False
    taker_delay: bool = False
    teams: tuple[str, str] | None = None
    asset: str = ""
    review_ms: int = 2 * HOUR
    resolution_source: str = ""


def slugify(text: str) -> str:
    """Lower-case ASCII words joined by hyphens, as the venue's slugs are: 2.5 becomes 2pt5."""
    text = re.sub(
        r"(\d)\.(\d)", r"\1pt\2", text.replace("ø", "o").replace("Ø", "O").replace("ł", "l").replace("Ł", "L")
    )
    plain = unicodedata.normalize("NFKD", text).encode("ascii", "ignore").decode().lower()
    return re.sub(r"[^a-z0-9]+", "-", plain.replace("'", "").replace(",", "")).strip("-")[:110]


def chances(count: int, key: int, *, spread: float = 1.3, floor: float = 0.002) -> tuple[float, ...]:
    """Opening chances of a group, falling, summing to 1: one or two favourites and a tail."""
    weights = sorted((exp(spread * gauss(key, 77, index)) for index in range(count)), reverse=True)
    total = sum(weights)
    floored = [max(weight / total, floor) for weight in weights]
    return tuple(weight / sum(floored) for weight in floored)


def chance(key: int) -> float:
    """The opening chance of a single question: most are somewhere in between, a sixth are long shots."""
    draw = unit(key, 78)
    if draw < 0.12:
        return 0.004 + 0.03 * unit(key, 79)
    if draw < 0.17:
        return 0.965 + 0.03 * unit(key, 79)
    return 0.05 + 0.9 * unit(key, 79)


def tick_for(opening: float) -> int:
    """Long shots and near certainties are listed with the fine tick."""
    return FINE if opening < 0.04 or opening > 0.96 else COARSE


def by_when(event: EventListing) -> str:
    last_ms = event.end_ms - 1
    return f"{day_in_words(last_ms)}, {eastern(last_ms).year}, 11:59 PM ET"


SOURCES = (
    "The primary resolution source for this market will be official information from {who}; "
    "however, a consensus "
    "of credible reporting will also be used.",
    "The resolution source for this market is official information from {who}. If that is not "
    "published in time, "
    "a consensus of credible reporting will be used instead.",
)
CLOSING = (
    "If the outcome cannot be determined by the date above, this market will resolve to “No”.",
    "An announcement made before the market was listed does not count.",
    "This market is part of a simulated venue: its people, places and events are invented.",
)
