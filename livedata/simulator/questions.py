"""Single yes/no questions, by theme: politics, world, technology, culture, economics, mentions."""

# One wording a line, however long, so that the table can be read as one.
# ruff: noqa: E501

from collections.abc import Callable

from livedata.simulator.drafts import (
    CLOSING,
    SOURCES,
    EventDraft,
    MarketDraft,
    Rules,
    Span,
    by_when,
    chance,
    slugify,
    tick_for,
)
from livedata.simulator.draw import mix, pick, unit
from livedata.simulator.fair import quantile
from livedata.simulator.listings import EventListing, Listing
from livedata.simulator.times import DAY, HOUR, day_in_words, eastern
from livedata.simulator.words import (
    ARTISTS,
    BODIES,
    CITIES,
    COMPANIES,
    COUNTRIES,
    PHRASES,
    PRODUCTS,
    WORKS,
    person,
)

Wording = tuple[str, str, str]  # question, the fact that makes it Yes, who is asked


def _politics(key: int, when: str) -> Wording:
    country, people = pick(COUNTRIES, key, 1)
    who, body = person(key, 2), pick(BODIES, key, 3)
    return pick(
        (
            (f"Will {who} resign as {country} prime minister by {when}?", f"{who} announces their resignation", f"the government of {country}"),
            (f"Will the {people} {body} pass the budget by {when}?", f"the {people} {body} passes a budget bill at its final reading", f"the {people} {body}"),
            (f"Snap election called in {country} by {when}?", f"a national election is formally called in {country} ahead of schedule", f"the electoral authority of {country}"),
            (f"Will {who} be confirmed as {people} foreign minister?", f"{who} is confirmed as foreign minister", f"the {people} {body}"),
            (f"{country} leaves the Customs Compact by {when}?", f"{country} formally notifies its withdrawal from the Customs Compact", "the secretariat of the Customs Compact"),
        ),
        key, 4,
    )  # fmt: skip


def _world(key: int, when: str) -> Wording:
    (one, _), (two, _) = pick(COUNTRIES, key, 1), pick(COUNTRIES, key, 5)
    if one == two:
        two = "Haldane Isles"
    city = pick(CITIES, key, 2)
    return pick(
        (
            (f"{one} x {two} ceasefire by {when}?", f"both {one} and {two} officially agree to a ceasefire", f"the governments of {one} and {two}"),
            (f"Will {one} and {two} sign a border treaty by {when}?", f"{one} and {two} sign a treaty on their common border", f"the governments of {one} and {two}"),
            (f"Will the {city} summit be held before {when}?", f"heads of government of {one} and {two} meet in {city}", "the host government"),
            (f"Will {one} reopen its embassy in {two} by {when}?", f"the embassy of {one} in {two} resumes operations", f"the foreign ministry of {one}"),
        ),
        key, 4,
    )  # fmt: skip


def _tech(key: int, when: str) -> Wording:
    firm, code = pick(COMPANIES, key, 1)
    product = pick(PRODUCTS, key, 2)
    level = 40 + 10 * (mix(key, 3) % 40)
    return pick(
        (
            (f"Will {product} be released by {when}?", f"{product} is made available to the general public", "the manufacturer"),
            (f"{firm} ({code}) above ${level} on {when}?", f"the official closing price of {code} on that day is above ${level}.00", "the exchange where the share is listed"),
            (f"Will {firm} announce layoffs by {when}?", f"{firm} announces that it cuts at least 3% of its workforce", firm),
            (f"Will {firm} acquire another listed company by {when}?", f"{firm} announces a definitive agreement to acquire a listed company", firm),
            (f"Largest company by market cap on {when}: {firm}?", f"{firm} has the largest market capitalisation at the close", "the exchange's published closing values"),
        ),
        key, 4,
    )  # fmt: skip


def _culture(key: int, when: str) -> Wording:
    work, artist = pick(WORKS, key, 1), pick(ARTISTS, key, 2)
    city, score = pick(CITIES, key, 3), 55 + mix(key, 5) % 40
    return pick(
        (
            (f"Will “{work}” score {score} or higher on CriticsBoard?", f"the CriticsBoard score of “{work}” is {score} or higher when checked", "CriticsBoard"),
            (f"New {artist} album by {when}?", f"{artist} officially releases a new full-length studio album", f"{artist}’s official channels"),
            (f"Will {artist} headline the {city} Festival?", f"{artist} is announced as a headline act of the {city} Festival", "the festival's organisers"),
            (f"“{work}” opening weekend above ${20 + mix(key, 6) % 90}m?", f"the domestic three-day opening weekend gross of “{work}” is above that amount", "the distributor's final figures"),
            (f"Will {person(key, 7)} host the Lantern Awards?", "they are announced as host, or co-host, of the next ceremony", "the Lantern Academy"),
        ),
        key, 4,
    )  # fmt: skip


def _economics(key: int, when: str) -> Wording:
    country, people = pick(COUNTRIES, key, 1)
    rate = f"{2 + mix(key, 3) % 60 / 10:.1f}"
    return pick(
        (
            (f"Will {people} inflation be above {rate}% in the next release?", f"the annual inflation rate next published for {country} is above {rate}%", f"the statistics office of {country}"),
            (f"{country} recession before {when}?", f"{country} reports two consecutive quarters of negative real growth", f"the statistics office of {country}"),
            (f"Will unemployment in {country} reach {rate}% by {when}?", f"the published unemployment rate of {country} is {rate}% or higher", f"the statistics office of {country}"),
            (f"Emergency rate cut by the {people} central bank by {when}?", "the bank lowers its policy rate outside a scheduled meeting", f"the {people} central bank"),
        ),
        key, 4,
    )  # fmt: skip


def _mentions(key: int, _when: str) -> Wording:
    who, phrase = person(key, 2), pick(PHRASES, key, 3)
    country, people = pick(COUNTRIES, key, 1)
    return pick(
        (
            (f"Will {who} say “{phrase}” during the {people} budget speech?", f"{who} says “{phrase}” (plural and possessive forms count)", "the official broadcast"),
            (f"Will “{phrase}” be said {3 + mix(key, 5) % 12}+ times at the {country} leaders' debate?", f"“{phrase}” is said at least that many times by any participant", "the official broadcast"),
        ),
        key, 4,
    )  # fmt: skip


_THEMES: tuple[tuple[str, str, str, Callable[[int, str], Wording]], ...] = (
    ("Politics", "politics", "politics", _politics),
    ("World", "none", "world", _world),
    ("Tech", "tech", "tech", _tech),
    ("Pop Culture", "culture", "pop-culture", _culture),
    ("Economy", "economics", "economy", _economics),
    ("Mentions", "mentions", "mentions", _mentions),
    ("Politics", "politics", "politics", _politics),
    ("World", "none", "geopolitics", _world),
)


def _rules(fact: str, who: str) -> Rules:
    def rules(event: EventListing, _listing: Listing | None) -> str:
        key = event.key
        return (
            f'This market will resolve to "Yes" if {fact} by {by_when(event)}. Otherwise, this market will '
            f'resolve to "No".\n\n{pick(CLOSING, key, 60)}\n\n{pick(SOURCES, key, 61).format(who=who)}'
        )

    return rules


def question(key: int, span: Span) -> EventDraft:
    """One event with one market that carries the same title."""
    category, fees, tag, wording = pick(_THEMES, key, 50)
    end_ms = span.end_of_day()
    title, fact, who = wording(key, day_in_words(end_ms - HOUR))
    opening = chance(key)
    slug = f"{slugify(title)}-{eastern(end_ms - HOUR):%Y}"
    market = MarketDraft(question=title, slug=slug, tick_micros=tick_for(opening), strike=-quantile(opening))
    return EventDraft(
        kind="single",
        title=title,
        slug=slug,
        category=category,
        tags=[category, tag.replace("-", " ").title()],
        fees=fees,
        rules=_rules(fact, who),
        end_ms=end_ms,
        markets=[market],
        review_ms=int((2 + 30 * unit(key, 53) ** 2) * HOUR)
        if span.until_ms - span.open_ms > 10 * DAY
        else 2 * HOUR,
    )
