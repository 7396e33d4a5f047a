"""Neg-risk groups: exactly one of 3 to 20 outcomes wins. Elections, awards, rate decisions, temperatures."""

from livedata.simulator.drafts import (
    CLOSING,
    SOURCES,
    EventDraft,
    MarketDraft,
    Rules,
    Span,
    by_when,
    chances,
    slugify,
    tick_for,
)
from livedata.simulator.draw import mix, pick, unit
from livedata.simulator.listings import EventListing, Listing
from livedata.simulator.times import HOUR, day_in_words, eastern
from livedata.simulator.words import (
    ARTISTS,
    CITIES,
    COMPANIES,
    COUNTRIES,
    FOOTBALL,
    PARTIES,
    WORKS,
    people,
    sample,
)

# title, question with {x} for the outcome, outcomes, category, fees, tag, who is asked
Wording = tuple[str, str, list[str], str, str, str, str]


def _election(key: int, year: int) -> Wording:
    country, _ = pick(COUNTRIES, key, 1)
    names = people(4 + mix(key, 2) % 13, key, 3)
    title = f"{country} Presidential Election Winner"
    asked = f"Will {{x}} win the {year} {country} presidential election?"
    return title, asked, names, "Politics", "politics", "Elections", f"the electoral authority of {country}"


def _parliament(key: int, year: int) -> Wording:
    country, adjective = pick(COUNTRIES, key, 1)
    names = sample(PARTIES, 4 + mix(key, 2) % 7, key, 3)
    title = f"{country} parliamentary election: most seats?"
    asked = f"Will {{x}} win the most seats in the {year} {adjective} parliamentary election?"
    return title, asked, names, "Politics", "politics", "Elections", f"the electoral authority of {country}"


def _award(key: int, year: int) -> Wording:
    if mix(key, 2) % 2:
        names = sample(WORKS, 6 + mix(key, 3) % 9, key, 4)
        title, asked = (
            f"Lantern Awards {year}: Best Picture",
            f"Will “{{x}}” win Best Picture at the {year} Lantern Awards?",
        )
    else:
        names = sample(ARTISTS, 5 + mix(key, 3) % 8, key, 4)
        title, asked = (
            f"Sound Prize {year}: Album of the Year",
            f"Will {{x}} win Album of the Year at the {year} Sound Prize?",
        )
    return title, asked, names, "Pop Culture", "culture", "Awards", "the awarding academy"


def _league(key: int, year: int) -> Wording:
    name, _, teams = FOOTBALL
    names = sample(teams, 8 + mix(key, 3) % 11, key, 4)
    title = f"{name} {year}–{(year + 1) % 100:02d} Winner"
    return (
        title,
        f"Will {{x}} win the {year}–{(year + 1) % 100:02d} {name}?",
        names,
        "Sports",
        "sports",
        "Football",
        name,
    )


def _successor(key: int, year: int) -> Wording:
    firm, _ = pick(COMPANIES, key, 1)
    names = people(3 + mix(key, 2) % 8, key, 3)
    title = f"Who will be named next CEO of {firm}?"
    return (
        title,
        f"Will {{x}} be named next CEO of {firm} in {year}?",
        names,
        "Tech",
        "tech",
        "Business",
        firm,
    )


def _rate(key: int, year: int) -> Wording:
    country, adjective = pick(COUNTRIES, key, 1)
    names = ["No change", "25 bps decrease", "50+ bps decrease", "25 bps increase"]
    month = ("January", "March", "May", "June", "September", "November")[mix(key, 2) % 6]
    title = f"{adjective} central bank decision in {month}?"
    asked = f"{adjective} central bank rate decision after the {month} {year} meeting: {{x}}?"
    return title, asked, names, "Economy", "economics", "Rates", f"the central bank of {country}"


_KINDS = (_election, _parliament, _award, _league, _successor, _rate, _election, _award)


def _rules(asked: str, who: str) -> Rules:
    def rules(event: EventListing, listing: Listing | None) -> str:
        named = listing.group_title if listing else "the listed outcome"
        named = "anyone else" if named == "Other" else named
        lines = [
            f'This market will resolve to "Yes" if the answer to “{asked.format(x=named)}” is yes '
            f"according to official results published by {by_when(event)}. Otherwise, this market will "
            'resolve to "No".',
            "Exactly one market of this event resolves to “Yes”. If none of the named outcomes comes "
            "true, the market “Other” does, where there is one.",
            pick(CLOSING, event.key, 60),
            pick(SOURCES, event.key, 61).format(who=who),
        ]
        return "\n\n".join(lines)

    return rules


def group(key: int, span: Span) -> EventDraft:
    """Who, or which of them, wins."""
    end_ms = span.end_of_day()
    year = eastern(end_ms).year
    title, asked, names, category, fees, tag, who = pick(_KINDS, key, 50)(key, year)
    with_other = "No change" not in names
    priors = chances(len(names) + with_other, key, spread=1.5)
    slug = f"{slugify(title)}"
    markets = []
    for index, name in enumerate([*names, "Other"] if with_other else names):
        question = asked.format(x=name if name != "Other" else "anyone else")
        markets.append(
            MarketDraft(
                question=question,
                slug=f"{slugify(question)}",
                group_title=name,
                tick_micros=tick_for(priors[index]),
                other=name == "Other",
                share=priors[index] ** 0.5,
            )
        )
    return EventDraft(
        kind="group",
        title=title,
        slug=slug,
        category=category,
        tags=[category, tag],
        fees=fees,
        rules=_rules(asked, who),
        end_ms=end_ms,
        markets=markets,
        neg_risk=True,
        augmented=with_other,
        priors=priors,
        info=1.0 + 2.0 * unit(key, 54),
        review_ms=int((2 + 20 * unit(key, 53) ** 2) * HOUR),
    )


def _weather_rules(city: str, day: str) -> Rules:
    def rules(_event: EventListing, listing: Listing | None) -> str:
        named = listing.group_title if listing else "listed"
        return (
            "This market will resolve to the temperature range that contains the highest temperature "
            f'recorded at the {city} airport station on {day}. It resolves to "Yes" if that range is '
            f"{named}.\n\nTemperatures are whole degrees Celsius, as the station publishes them once the "
            f"data of the day are final. Later revisions do not count.\n\n{CLOSING[2]}"
        )

    return rules


def temperature(key: int, span: Span) -> EventDraft:
    """The highest temperature of one day in one city, in degree-wide ranges."""
    end_ms = span.end_of_day()
    city, day = pick(CITIES, key, 1), day_in_words(end_ms - HOUR)
    count, low = 7 + mix(key, 2) % 3, mix(key, 3) % 22
    labels = [f"{low}°C or below"]
    labels += [f"{low + step}°C" for step in range(1, count - 1)]
    labels.append(f"{low + count - 1}°C or higher")
    middle = count / 2 + 1.5 * (unit(key, 4) - 0.5)
    raw = [2.0 ** (-((index - middle) ** 2) / 1.6) + 0.004 for index in range(count)]
    priors = tuple(value / sum(raw) for value in raw)
    title = f"Highest temperature in {city} on {day}?"
    base = f"highest-temperature-in-{slugify(city)}-on-{slugify(day)}-{eastern(end_ms - HOUR).year}"
    markets = [
        MarketDraft(
            question=f"Will the highest temperature in {city} be {label} on {day}?",
            slug=f"{base}-{slugify(label).replace('degc', 'c')}",
            group_title=label,
            tick_micros=tick_for(priors[index]),
            share=priors[index] ** 0.5,
        )
        for index, label in enumerate(labels)
    ]
    return EventDraft(
        kind="temperature",
        title=title,
        slug=base,
        category="Weather",
        tags=["Weather", "Daily Temperature"],
        fees="weather",
        rules=_weather_rules(city, day),
        end_ms=end_ms,
        markets=markets,
        neg_risk=True,
        priors=priors,
        info=2.0,
        review_ms=3 * HOUR,
    )
