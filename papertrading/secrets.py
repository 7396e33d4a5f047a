"""Secrets: given when distributed, made at the first start and kept in DATA_DIR when embedded."""

import os
import secrets
from pathlib import Path

from django.core.exceptions import ImproperlyConfigured

_LENGTH_MIN = 32


def kept_secret(name: str, *, folder: Path, required: bool) -> str:
    """The secret `name`. Raises ImproperlyConfigured when it must be given and is missing or weak."""
    given = os.environ.get(name, "")
    if given:
        if required and (len(given) < _LENGTH_MIN or len(set(given)) < 10):
            raise ImproperlyConfigured(f"{name} is too weak: at least {_LENGTH_MIN} random characters")
        return given
    if required:
        raise ImproperlyConfigured(f"{name} must be set when MONGO_URI is: openssl rand -base64 48")
    path = folder / f"{name.lower()}.secret"
    try:
        # O_EXCL: two processes that start together must not each make one.
        handle = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
    except FileExistsError:
        if found := path.read_text():
            return found
        raise ImproperlyConfigured(f"{path} is empty: delete it, and start again") from None
    made = secrets.token_urlsafe(48)
    with os.fdopen(handle, "w") as file:
        file.write(made)
    return made
