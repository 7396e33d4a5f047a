"""Tennis and esports: two sides, odd outcome names, no draw."""

from livedata.simulator.drafts import EventDraft, Span, slugify
from livedata.simulator.draw import gauss, mix, pick, unit
from livedata.simulator.sports import TOTAL, game, game_rules, kick_off, market, team_code
from livedata.simulator.times import HOUR, MINUTE, day
from livedata.simulator.words import CUPS, ESPORTS, GAMES, people, sample


def duel(key: int, span: Span) -> EventDraft:
    """Tennis or esports: a winner, a first set or map, a total."""
    tennis = mix(key, 1) % 2 == 0
    length_ms = (130 if tennis else 100) * MINUTE
    start_ms = kick_off(span, length_ms)
    if tennis:
        first, second = people(2, key, 2)
        cup, code, part = pick(CUPS, key, 3), "ten", "Set 1 Winner"
        title, names = f"{cup}: {first} vs {second}", (first.split()[-1], second.split()[-1])
    else:
        first, second = sample(ESPORTS[2], 2, key, 2)
        cup, code, part = pick(GAMES, key, 3), ESPORTS[1].lower(), "Map 1 Winner"
        title, names = f"{cup}: {first} vs {second} (BO3) - {ESPORTS[0]}", (first, second)
    base = f"{code}-{team_code(names[0])}-{team_code(names[1])}-{day(start_ms - 5 * HOUR)}"
    edge = 0.6 * gauss(key, 4)
    markets = [market(title, base, outcomes=names, strike=-edge, sports_type="moneyline")]
    if unit(key, 5) < 0.7:
        question = f"{part}: {names[0]} vs {names[1]}"
        slug = f"{base}-{slugify(part)}"
        markets.append(
            market(
                question,
                slug,
                outcomes=names,
                group_title=part,
                strike=-edge / 2,
                axis=2,
                share=0.3,
                sports_type="tennis_first_set_winner" if tennis else "child_moneyline",
            )
        )
    if tennis:
        line = 19.5 + mix(key, 6) % 6
        question = f"{names[0]} vs. {names[1]}: Match O/U {line:g}"
        markets.append(
            market(
                question,
                f"{base}-match-total-{slugify(f'{line}')}",
                outcomes=("Over", "Under"),
                axis=TOTAL,
                group_title=f"Match O/U {line:g}",
                strike=0.4 * gauss(key, 7),
                sports_type="tennis_match_totals",
                line=line,
                share=0.2,
            )
        )
    return game(
        "duel",
        title,
        base,
        "Tennis" if tennis else "Esports",
        code,
        start_ms,
        length_ms,
        markets,
        rules=game_rules(cup, names[0], names[1]),
        teams=(first, second),
        key=key,
    )
