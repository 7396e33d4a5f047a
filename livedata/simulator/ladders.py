"""Threshold ladders: several markets of one event, each asking for a higher level than the one before."""

from livedata.simulator.drafts import (
    CLOSING,
    COARSE,
    FINE,
    EventDraft,
    MarketDraft,
    Rules,
    Span,
    by_when,
    slugify,
    tick_for,
)
from livedata.simulator.draw import mix, pick, unit
from livedata.simulator.fair import Prices, phi
from livedata.simulator.listings import EventListing, Listing
from livedata.simulator.times import HOUR, day_in_words, eastern
from livedata.simulator.words import ARTISTS, COMPANIES, COUNTRIES, PRODUCTS, WORKS

COINS = {"BTC": ("Bitcoin", 1_000, 500), "ETH": ("Ethereum", 100, 25)}  # name, step of a week, step of a day
# title, question with {x} for the level, levels as text, category, fees, tag
Wording = tuple[str, str, list[str], str, str, str]


def _gross(key: int, _when: str) -> Wording:
    work, low = pick(WORKS, key, 1), 20 + 5 * (mix(key, 2) % 20)
    levels = [f"${low + 10 * step}m" for step in range(5 + mix(key, 3) % 4)]
    return (
        f"“{work}” opening weekend box office",
        f"Will “{work}” gross more than {{x}} on its opening weekend?",
        levels,
        "Pop Culture",
        "culture",
        "Movies",
    )


def _streams(key: int, _when: str) -> Wording:
    artist, low = pick(ARTISTS, key, 1), 1 + mix(key, 2) % 20
    levels = [f"{low + step} million" for step in range(5 + mix(key, 3) % 3)]
    return (
        f"{artist}: first-week streams",
        f"Will the new {artist} single have more than {{x}} first-week streams?",
        levels,
        "Pop Culture",
        "culture",
        "Music",
    )


def _growth(key: int, _when: str) -> Wording:
    (country, adjective), low = pick(COUNTRIES, key, 1), mix(key, 2) % 20 / 10
    levels = [f"{low + 0.4 * step:.1f}%" for step in range(5 + mix(key, 3) % 4)]
    return (
        f"{adjective} GDP growth this quarter",
        f"Will {country} GDP growth this quarter be above {{x}}?",
        levels,
        "Economy",
        "economics",
        "GDP",
    )


def _share(key: int, when: str) -> Wording:
    (firm, code), low = pick(COMPANIES, key, 1), 60 + 10 * (mix(key, 2) % 30)
    levels = [f"${low + 10 * step}" for step in range(6 + mix(key, 3) % 5)]
    return (
        f"{firm} ({code}) closes above ___ on {when}?",
        f"Will {firm} ({code}) close above {{x}} on {when}?",
        levels,
        "Finance",
        "finance",
        "Stocks",
    )


def _units(key: int, when: str) -> Wording:
    product, low = pick(PRODUCTS, key, 1), 1 + mix(key, 2) % 9
    levels = [f"{low + 2 * step}00,000" for step in range(5)]
    return (
        f"{product}: units sold by {when}",
        f"Will more than {{x}} units of {product} be sold by {when}?",
        levels,
        "Tech",
        "tech",
        "Products",
    )


_KINDS = (_gross, _streams, _growth, _share, _units, _share)


def _rules(asked: str) -> Rules:
    def rules(event: EventListing, listing: Listing | None) -> str:
        level = listing.group_title.removeprefix("> ") if listing else "the listed level"
        return (
            f'This market will resolve to "Yes" if the answer to “{asked.format(x=level)}” is yes '
            f"according to the first figures published by {by_when(event)}. Otherwise, this market will "
            'resolve to "No".\n\nFigures exactly at the level resolve to “No”. Later revisions do not '
            f"count.\n\n{pick(CLOSING, event.key, 60)}"
        )

    return rules


def ladder(key: int, span: Span) -> EventDraft:
    """Five to ten levels of one figure; the chance falls from rung to rung."""
    end_ms = span.end_of_day()
    when = day_in_words(end_ms - HOUR)
    title, asked, levels, category, fees, tag = pick(_KINDS, key, 50)(key, when)
    lowest, step = -1.6 - 0.6 * unit(key, 53), 3.4 / len(levels)
    markets = []
    for index, level in enumerate(levels):
        question, strike = asked.format(x=level), lowest + step * (index + 0.3 * unit(key, 54, index))
        markets.append(
            MarketDraft(
                question=question,
                slug=f"{slugify(question)}",
                group_title=f"> {level}",
                strike=strike,
                tick_micros=tick_for(phi(-strike)),
                share=0.4 + phi(-abs(strike)),
            )
        )
    return EventDraft(
        kind="ladder",
        title=title,
        slug=f"{slugify(title)}-{eastern(end_ms - HOUR).year}",
        category=category,
        tags=[category, tag],
        fees=fees,
        rules=_rules(asked),
        end_ms=end_ms,
        markets=markets,
        review_ms=int((2 + 10 * unit(key, 55)) * HOUR),
    )


def _crypto_rules(coin: str, code: str) -> Rules:
    def rules(event: EventListing, listing: Listing | None) -> str:
        level = f"${listing.strike:,.0f}" if listing else "the level in the title"
        return (
            f'This market will resolve to "Yes" if the {coin} price of this venue\'s simulated '
            f"{code}/USD stream is "
            f"{level} or higher at noon ET on {day_in_words(event.end_ms)}. Otherwise, this "
            f"market will resolve to "
            f'"No".\n\nPlease note that this market is about the simulated {code}/USD stream, '
            f"not about any real "
            f"market or exchange.\n\n{CLOSING[2]}"
        )

    return rules


def strikes(key: int, span: Span, prices: Prices) -> EventDraft:
    """A coin above eleven levels at a noon; fair values come from the simulated price."""
    code = "BTC" if mix(key, 1) % 2 else "ETH"
    coin, coarse, fine = COINS[code]
    long = span.until_ms - span.open_ms > 72 * HOUR
    step = coarse * 2 if long else fine * 2
    end_ms = (span.until_ms - 17 * HOUR) // (24 * HOUR) * 24 * HOUR + 17 * HOUR
    end_ms = end_ms if end_ms > span.open_ms + 6 * HOUR else span.until_ms
    middle = round(prices.price(code, span.open_ms) / step) * step
    day = day_in_words(end_ms)
    markets = []
    for rung in range(-5, 6):
        level = middle + rung * step
        markets.append(
            MarketDraft(
                question=f"Will the price of {coin} be above ${level:,} on {day}?",
                slug=f"{slugify(coin)}-above-{level}-on-{slugify(day)}-{eastern(end_ms).year}",
                group_title=f"{level:,}",
                strike=float(level),
                tick_micros=COARSE if abs(rung) < 4 else FINE,
                share=1 / (1 + abs(rung)),
            )
        )
    return EventDraft(
        kind="strikes",
        title=f"{coin} above ___ on {day}?",
        slug=f"{slugify(coin)}-above-on-{slugify(day)}-{eastern(end_ms).year}",
        category="Crypto",
        tags=["Crypto", "Crypto Prices", coin],
        fees="crypto",
        rules=_crypto_rules(coin, code),
        end_ms=end_ms,
        markets=markets,
        asset=code,
        review_ms=20 * 60_000,
    )
