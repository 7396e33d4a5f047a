"""A polymarket.com address and its paper twin: the same path, on our host."""

import re
from urllib.parse import quote, unquote, urlsplit

_HOSTS = ("polymarket.com", "www.polymarket.com")
_KINDS = ("event", "market")
_SLUG = re.compile(r"[\w.~%-]{1,255}")


def twin_path(text: str) -> str | None:
    """Where a pasted link leads here; None when the text is no link to an event or a market.

    "https://polymarket.com/event/fed-in-december/fed-cuts-25-bps?tid=1" is
    "/event/fed-in-december/fed-cuts-25-bps".
    """
    line = text.strip()
    if any(line.lower().startswith(host) for host in _HOSTS):
        line = f"https://{line}"
    if not line.lower().startswith(("http://", "https://")):
        return None
    try:
        parts = urlsplit(line)
        host = (parts.hostname or "").lower()
    except ValueError:  # an unclosed [ in the host
        return None
    if host not in _HOSTS:
        return None
    segments = [unquote(segment) for segment in parts.path.split("/") if segment]
    kind = next((name for name in segments if name in _KINDS), None)
    if kind is None:
        return None
    slugs = segments[segments.index(kind) + 1 :][: 2 if kind == "event" else 1]
    if not slugs or not all(_SLUG.fullmatch(slug) for slug in slugs):
        return None
    return "/".join(["", kind, *(quote(slug, safe="") for slug in slugs)])
