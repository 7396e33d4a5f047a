"""Games: two-way ones with spreads and totals, and football with a draw.

A game's markets hang on two latent values, the margin (axis 0) and the total (axis 1), so that money
line, spreads and totals never contradict each other.
"""

from livedata.simulator.drafts import COARSE, FINE, QUARTER, EventDraft, MarketDraft, Rules, Span, slugify
from livedata.simulator.draw import gauss, mix, pick, unit
from livedata.simulator.fair import phi
from livedata.simulator.listings import EventListing, Listing
from livedata.simulator.times import HOUR, MINUTE, day, day_in_words, hour_in_words
from livedata.simulator.words import (
    BASKETBALL,
    CRICKET,
    FOOTBALL,
    HOCKEY,
    STATISTICS,
    people,
    sample,
)

_LEAGUES = (
    (BASKETBALL, "Basketball", 150 * MINUTE, 12.0, 221.0, 14.0),
    (HOCKEY, "Hockey", 150 * MINUTE, 2.1, 6.0, 1.9),
    (CRICKET, "Cricket", 210 * MINUTE, 22.0, 318.0, 30.0),
)
TOTAL = 1  # the axis of totals; the margin is axis 0
_POSTPONED = (
    "If the game is postponed, this market will remain open until the game has been completed. If the "
    "game is canceled entirely, with no make-up game, this market will resolve 50-50."
)


def kick_off(span: Span, length_ms: int) -> int:
    """A full or half hour that lets the game end inside the span."""
    return (span.until_ms - length_ms) // (30 * MINUTE) * (30 * MINUTE)


def team_code(team: str) -> str:
    return slugify(team).replace("-", "")[:4]


def game_rules(league: str, first: str, second: str) -> Rules:
    def rules(event: EventListing, listing: Listing | None) -> str:
        start = event.start_ms or event.end_ms
        said = [
            f"In the upcoming {league} game, scheduled for {day_in_words(start)} at "
            f"{hour_in_words(start)} ET:"
        ]
        if listing is None or listing.sports_type == "moneyline":
            said += [
                f"If the {first} win, the market will resolve to “{first}”.\nIf the {second} win, the "
                f"market will resolve to “{second}”."
            ]
        else:
            first_named, second_named = listing.outcomes
            said += [
                f"This market asks: {listing.question}. It resolves to “{first_named}” if so, otherwise "
                f"to “{second_named}”, by the official final score including overtime."
            ]
        return "\n\n".join(
            [*said, _POSTPONED, f"The resolution source is the official result of the {league}."]
        )

    return rules


def market(title: str, slug: str, **facts: object) -> MarketDraft:
    draft = MarketDraft(question=title, slug=slug)
    for name, value in facts.items():
        setattr(draft, name, value)
    return draft


def match(key: int, span: Span) -> EventDraft:
    """A two-way game: money line, two or three spreads, two or three totals, now and then player props."""
    (league, code, teams), sport, length_ms, spread, level, sway = pick(_LEAGUES, key, 1)
    first, second = sample(teams, 2, key, 2)
    start_ms = kick_off(span, length_ms)
    base = f"{code.lower()}-{team_code(first)}-{team_code(second)}-{day(start_ms - 5 * HOUR)}"
    edge = 0.7 * gauss(key, 3)  # of the first team, in standard deviations of the margin
    tick = QUARTER if unit(key, 4) < 0.08 else COARSE
    sides = (first.rpartition(" ")[2], second.rpartition(" ")[2])
    markets = [
        market(
            f"{first} vs. {second}",
            base,
            outcomes=sides,
            strike=-edge,
            sports_type="moneyline",
            tick_micros=tick,
        )
    ]
    for number in range(mix(key, 5) % 3):
        line = round(edge * spread) + (number - 1) + 0.5
        markets.append(
            market(
                f"Spread: {sides[0]} ({-line:+g})",
                f"{base}-spread-home-{slugify(f'{abs(line)}')}{'m' if line < 0 else ''}",
                outcomes=sides,
                group_title=f"Spread {-line:+g}",
                strike=line / spread - edge,
                sports_type="spreads",
                line=-line,
                share=0.35 / (number + 1),
            )
        )
    for number in range(1 + mix(key, 6) % 3):
        line = round(level + sway * (0.5 * gauss(key, 7) + 0.3 * (number - 1))) + 0.5
        if any(draft.line == line for draft in markets):
            continue
        markets.append(
            market(
                f"{first} vs. {second}: O/U {line:g}",
                f"{base}-total-{slugify(f'{line}')}",
                outcomes=("Over", "Under"),
                group_title=f"O/U {line:g}",
                strike=(line - level) / sway,
                axis=TOTAL,
                sports_type="totals",
                line=line,
                share=0.4 / (number + 1),
            )
        )
    markets += _props(key, base) if sport == "Basketball" else []
    return game(
        "match",
        f"{first} vs. {second}",
        base,
        sport,
        code,
        start_ms,
        length_ms,
        markets,
        rules=game_rules(league, sides[0], sides[1]),
        teams=(first, second),
        key=key,
    )


def _props(key: int, base: str) -> list[MarketDraft]:
    """Player props; some carry no fee at all, but a market's fee is its event's, so these share it."""
    drafts = []
    for number, player in enumerate(people(mix(key, 8) % 4, key, 9)):
        what, line = pick(STATISTICS, key, 10, number), 4 + mix(key, 11, number) % 22 + 0.5
        strike = 0.8 * gauss(key, 12, number)
        drafts.append(
            market(
                f"{player}: {what} Over {line:g}",
                f"{base}-{slugify(what)}-{slugify(player)}-{slugify(f'{line}')}",
                group_title=f"{what} O/U {line:g}",
                strike=strike,
                axis=2 + number,
                sports_type=what.lower(),
                line=line,
                share=0.08,
            )
        )
    return drafts


def football(key: int, span: Span) -> EventDraft:
    """A football game as a neg-risk group of three: home win, draw, away win."""
    league, code, teams = FOOTBALL
    home, away = sample(teams, 2, key, 2)
    start_ms = kick_off(span, 115 * MINUTE)
    when = day(start_ms - 5 * HOUR)
    base = f"{code.lower()}-{team_code(home)}-{team_code(away)}-{when}"
    edge = 0.6 * gauss(key, 3)
    draw = 0.2 + 0.1 * unit(key, 4)
    win = (1 - draw) * phi(edge)
    priors = (win, draw, 1 - draw - win)
    tick = QUARTER if unit(key, 5) < 0.12 else COARSE
    markets = [
        market(f"Will {home} win on {when}?", f"{base}-{team_code(home)}", group_title=home),
        market(
            f"Will {home} vs. {away} end in a draw?", f"{base}-draw", group_title=f"Draw ({home} vs. {away})"
        ),
        market(f"Will {away} win on {when}?", f"{base}-{team_code(away)}", group_title=away),
    ]
    for index, draft in enumerate(markets):
        draft.sports_type = "moneyline"
        draft.tick_micros = FINE if priors[index] < 0.04 else tick
        draft.share = priors[index]
    event = game(
        "football",
        f"{home} vs. {away}",
        base,
        "Football",
        code,
        start_ms,
        115 * MINUTE,
        markets,
        rules=_football_rules(league, home, away),
        teams=(home, away),
        key=key,
    )
    event.neg_risk, event.priors, event.info = True, priors, 2.5
    return event


def _football_rules(league: str, home: str, away: str) -> Rules:
    def rules(event: EventListing, listing: Listing | None) -> str:
        start = event.start_ms or event.end_ms
        named = listing.group_title if listing else "the listed result"
        return (
            f"In the upcoming {league} game between {home} and {away}, scheduled for "
            f'{day_in_words(start)} at {hour_in_words(start)} ET, this market will resolve to "Yes" if '
            f'the result is: {named}. Otherwise, it will resolve to "No".\n\nOnly the first 90 minutes of '
            f"regular play plus stoppage time count.\n\n{_POSTPONED}"
        )

    return rules


def game(
    kind: str,
    title: str,
    base: str,
    sport: str,
    code: str,
    start_ms: int,
    length_ms: int,
    markets: list[MarketDraft],
    *,
    rules: Rules,
    teams: tuple[str, str],
    key: int,
) -> EventDraft:
    return EventDraft(
        kind=kind,
        title=title,
        slug=base,
        category="Sports",
        tags=["Sports", "Games", sport, code.upper()],
        fees="none" if unit(key, 30) < 0.12 else "sports",
        rules=rules,
        start_ms=start_ms,
        end_ms=start_ms + length_ms,
        markets=markets,
        seconds_delay=3 if sport in ("Basketball", "Hockey", "Football") else 1 + mix(key, 31) % 3,
        clear_on_start=True,
        teams=teams,
        review_ms=int((20 + 60 * unit(key, 32)) * MINUTE),
        resolution_source=f"https://results.{code.lower()}.example/",
    )
