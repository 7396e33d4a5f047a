"""One spelling per e-mail address: the login, unique whatever its case."""

import unicodedata

EMAIL_LENGTH_MAX = 254


def normalised_email(typed: str) -> str:
    """`" Ada@Example.ORG "` is `"ada@example.org"`; look-alike widths fold too. Idempotent."""
    folded = unicodedata.normalize("NFKC", typed).lower()
    return unicodedata.normalize("NFKC", folded).strip()
