"""The fill model's settings."""

from django.conf import settings
from django.core.exceptions import ImproperlyConfigured


def half_life_ms() -> int | None:
    """IMPACT_HALF_LIFE_S in milliseconds; 0 forgets at once, None ("inf") never fades."""
    raw = settings.IMPACT_HALF_LIFE_S.strip().lower()
    if raw == "inf":
        return None
    if not raw.isdecimal():
        raise ImproperlyConfigured(f"IMPACT_HALF_LIFE_S={raw!r}: whole seconds, or inf")
    return int(raw) * 1000
