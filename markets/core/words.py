"""What search compares: words without case and accents, in one line of text.

A row keeps `search_text`: its words with a blank before, between and after, then a facet for each tag.
So "contains ' bitc'" finds a word that begins so, and "contains ' bitcoin '" a whole word, on any
database; a full-text index splits the same line at the same blanks.
"""

import re
import unicodedata
from collections.abc import Iterable

_WORD = re.compile(r"[^\W_]+")
# Letters that Unicode does not take apart into a base and an accent.
_PLAIN = str.maketrans(
    {"ø": "o", "Ø": "o", "ł": "l", "Ł": "l", "đ": "d", "Đ": "d", "æ": "ae", "Æ": "ae", "œ": "oe", "Œ": "oe"}
)
# No word of a sentence starts so, and a full-text index keeps it in one piece.
_FACET = "0tag"


def words(text: str) -> list[str]:
    """The words of a text, folded: "Zürich's 50 %" gives zurich, s, 50."""
    if not text.isascii():
        decomposed = unicodedata.normalize("NFKD", text.translate(_PLAIN))
        bare = "".join(letter for letter in decomposed if not unicodedata.combining(letter))
        text = unicodedata.normalize("NFC", bare)  # Korean syllables stand together again
    return _WORD.findall(text.casefold())


def tag_word(slug: str) -> str:
    """A tag's facet: "fed-rates" is "0tagfedrates"."""
    return _FACET + "".join(words(slug))


def search_text(parts: Iterable[str], tags: Iterable[str] = ()) -> str:
    """One line of the distinct words of all parts, in order, and the facets of the tags' slugs."""
    found = dict.fromkeys(word for part in parts for word in words(part))
    found.update(dict.fromkeys(tag_word(tag) for tag in tags))
    return f" {' '.join(found)} " if found else ""
