"""Settings that an admin edits while the site runs, read through a cache of a few seconds."""

from django.core.cache import cache

from papertrading.models import Setting

_KEPT_SECONDS = 10
ANNOUNCEMENT = "announcement"
# name -> what an admin reads beside it; every one is a text, and empty until somebody fills it
KNOWN = {ANNOUNCEMENT: "A line shown at the top of every page; empty: none."}


def site_setting(name: str) -> str:
    """Its text. Raises KeyError for a name that is not in KNOWN."""
    KNOWN[name]
    key = f"site_setting:{name}"
    found: str | None = cache.get(key)
    if found is None:
        row = Setting.objects.filter(pk=name).first()
        found = str(row.value) if row else ""
        cache.set(key, found, _KEPT_SECONDS)
    return found


def make_known_settings() -> None:
    """A row for every known setting, so that the admin lists them. Idempotent; keeps what is there."""
    there = set(Setting.objects.filter(pk__in=list(KNOWN)).values_list("pk", flat=True))
    missing = [name for name in KNOWN if name not in there]
    Setting.objects.bulk_create(Setting(name=name, value="", description=KNOWN[name]) for name in missing)


def forget(name: str) -> None:
    """After an edit: this process shows it at once, others within seconds."""
    cache.delete(f"site_setting:{name}")
