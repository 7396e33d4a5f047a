"""A pasted polymarket.com address, read into what it names."""

import re
from dataclasses import dataclass
from urllib.parse import unquote, urlsplit

_HOSTS = {"polymarket.com", "www.polymarket.com", ""}
_SLUG = re.compile(r"[^\s/?#]{1,255}")


@dataclass(frozen=True, slots=True, kw_only=True)
class Link:
    """At least one of the two is there; with both, the market is the narrower."""

    event_slug: str = ""
    market_slug: str = ""


def read_link(text: str) -> Link | None:
    """What an address names, None when it is no address of a market or an event.

    polymarket.com/event/<event>, /event/<event>/<market>, /market/<market>, and the pages of games:
    /sports/nba/games/week/3/<event>. A language may stand in front ("/es/event/…").
    """
    given = text.strip()
    try:
        parts = urlsplit(given if "//" in given else f"//{given}")
    except ValueError:  # an unclosed bracket where the host should be
        return None
    names = [unquote(name) for name in parts.path.split("/") if name]
    if names and re.fullmatch(r"[a-z]{2}", names[0]):
        names = names[1:]
    known = (parts.hostname or "") in _HOSTS and all(_SLUG.fullmatch(name) for name in names)
    match names if known else ():
        case ["event", event, market]:
            return Link(event_slug=event, market_slug=market)
        case ["market", market]:
            return Link(market_slug=market)
        case ["event", event] | ["sports" | "esports", *_, event]:
            return Link(event_slug=event)
    return None
