"""The few categories that people browse by.

The venue names a category on its oldest markets only; newer ones carry tags, many at once. Ours is the
first of this list that a market is tagged with: the more telling come first (a market about the Fed is
tagged both economy and politics).
"""

from collections.abc import Iterable

from markets.core.words import words

_BY_TAG = {
    "esports": "esports",
    "sports": "sports",
    "crypto": "crypto",
    "weather": "weather",
    "mentions": "mentions",
    "economy": "economy",
    "finance": "finance",
    "business": "finance",
    "tech": "tech",
    "ai": "tech",
    "science": "tech",
    "pop-culture": "culture",
    "culture": "culture",
    "geopolitics": "geopolitics",
    "elections": "politics",
    "politics": "politics",
    "world": "world",
}
CATEGORIES = tuple(dict.fromkeys(_BY_TAG.values()))


def category_slug(name: str) -> str:
    """How a category is stored and asked for: "US current affairs" is "us-current-affairs"."""
    return "-".join(words(name))


def category_of(tags: Iterable[str], named: str = "") -> str:
    """The category of a market by its tags' slugs, else as the venue named it, else none."""
    tagged = set(tags)
    for tag, category in _BY_TAG.items():
        if tag in tagged:
            return category
    return category_slug(named)
