"""What every page's frame asks for, and the small choices that templates may not compute themselves."""

from dataclasses import dataclass
from typing import Any

from django import template
from django.utils.safestring import SafeString, mark_safe

from trading.models import Portfolio

register = template.Library()


@dataclass(frozen=True, slots=True, kw_only=True)
class Purse:
    """What the top bar shows of the reader's first portfolio."""

    cash_micros: int
    equity_micros: int


@register.simple_tag(takes_context=True)
def current(context: dict[str, Any], *paths: str) -> SafeString:
    """` aria-current="page"` when the page lies at one of the paths; "/" means the front page alone."""
    here = context["request"].path if "request" in context else ""
    found = any(here == path or (path != "/" and here.startswith(path)) for path in paths)
    return mark_safe(' aria-current="page"' if found else "")


@register.simple_tag(takes_context=True)
def purse(context: dict[str, Any]) -> Purse | None:
    user = context.get("user")
    if user is None or not user.is_authenticated:
        return None
    first = Portfolio.objects.filter(user_id=user.pk, is_active=True).order_by("created_ms").first()
    if first is None:
        return None
    return Purse(cash_micros=first.cash_micros, equity_micros=first.cash_micros)


@register.simple_tag
def feed_state() -> dict[str, Any]:
    return {"down": False, "age_ms": 0}


@register.filter
def initials(user: Any) -> str:
    """Two letters for the avatar: of the display name's words, else of the e-mail address."""
    name = user.display_name or user.email.partition("@")[0]
    words = name.replace(".", " ").replace("_", " ").split()
    letters = "".join(word[0] for word in words[:2]) if len(words) > 1 else name[:2]
    return letters.upper()


@register.filter
def tone(micros: int | None) -> str:
    """The class of a signed figure: up, dn or eq."""
    if not micros:
        return "eq"
    return "up" if micros > 0 else "dn"
