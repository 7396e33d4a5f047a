"""Start-up checks of what accounts rest on; `manage.py check --deploy` and check_production ask them."""

from typing import Any

from django.conf import settings
from django.core.checks import CheckMessage, Error, Tags, register

_ARGON2 = "django.contrib.auth.hashers.Argon2PasswordHasher"


@register(Tags.security, deploy=True)
def passwords_are_hashed_slowly(**_: Any) -> list[CheckMessage]:
    """The first hasher hashes new passwords; tests put a fast one there, and no site may inherit it."""
    first = settings.PASSWORD_HASHERS[0]
    if first == _ARGON2:
        return []
    return [
        Error(
            f"New passwords are hashed with {first.rpartition('.')[2]}, not with Argon2.",
            hint="Put Argon2PasswordHasher first in PASSWORD_HASHERS.",
            id="accounts.E001",
        )
    ]
