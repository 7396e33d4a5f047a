"""Crypto up/down: windows of 5 and 15 minutes, one after another, for ever."""

from dataclasses import dataclass

from livedata.simulator.drafts import CLOSING, EventDraft, MarketDraft, Rules
from livedata.simulator.ladders import COINS
from livedata.simulator.listings import EventListing, Listing, Series
from livedata.simulator.times import HOUR, MINUTE, day_in_words, hour_in_words


@dataclass(frozen=True, slots=True, kw_only=True)
class Windows:
    """One series: which coin, how long a window is, how early it is listed."""

    asset: str
    minutes: int
    lead_ms: int

    @property
    def slug(self) -> str:
        """What its slugs begin with; the window's start in seconds follows."""
        return f"{self.asset.lower()}-updown-{self.minutes}m"

    @property
    def length_ms(self) -> int:
        return self.minutes * MINUTE


SERIES = (
    Windows(asset="BTC", minutes=5, lead_ms=HOUR // 2),
    Windows(asset="ETH", minutes=5, lead_ms=HOUR // 2),
    Windows(asset="BTC", minutes=15, lead_ms=HOUR),
    Windows(asset="ETH", minutes=15, lead_ms=HOUR),
)
REVIEW_MS = 16_000  # it resolves by itself, seconds after the window: recorded, "closedTime"


def _rules(coin: str, code: str) -> Rules:
    def rules(_event: EventListing, _listing: Listing | None) -> str:
        return (
            f'This market will resolve to "Up" if the {coin} price at the end of the time range specified '
            "in the title is greater than or equal to the price at the beginning of that range. "
            'Otherwise, it will resolve to "Down".\nThe resolution source for this market is this '
            f"venue's simulated {code}/USD stream.\nPlease note that this market is about that stream, "
            f"not about any real market or exchange.\n{CLOSING[2]}"
        )

    return rules


def up_or_down(windows: Windows, start_ms: int) -> EventDraft:
    """The window that starts at this instant."""
    coin, _, _ = COINS[windows.asset]
    end_ms = start_ms + windows.length_ms
    slug = f"{windows.slug}-{start_ms // 1000}"
    title = (
        f"{coin} Up or Down - {day_in_words(start_ms)}, {hour_in_words(start_ms)}-{hour_in_words(end_ms)} ET"
    )
    name = f"{windows.asset.lower()}-up-or-down-{windows.minutes}m"
    return EventDraft(
        kind="updown",
        title=title,
        slug=slug,
        category="Crypto",
        tags=["Crypto", "Up or Down", "Crypto Prices", "Recurring", coin],
        fees="crypto",
        rules=_rules(coin, windows.asset),
        start_ms=start_ms,
        end_ms=end_ms,
        markets=[MarketDraft(question=title, slug=slug, outcomes=("Up", "Down"))],
        asset=windows.asset,
        taker_delay=True,
        series=Series(
            series_id=11_000 + SERIES.index(windows),
            slug=name,
            title=f"{coin} Up or Down {windows.minutes}m",
            recurrence=f"{windows.minutes}m",
        ),
        review_ms=REVIEW_MS,
    )
