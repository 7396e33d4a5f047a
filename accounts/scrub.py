"""Keeps tokens out of every log: `?token=` in an address, and anything that has a JWT's shape.

The finished line is cleaned, not the record: arguments, `extra` and tracebacks all end there.
"""

import re

_PARAMETER = re.compile(r"([?&](?:token|access_token|refresh_token)=)[^&#\s\"'<>]+", re.IGNORECASE)
_JWT = re.compile(r"eyJ[\w-]{5,}\.[\w-]+\.[\w-]*")


def scrubbed(text: str) -> str:
    """`GET /x?token=eyJh…` is `GET /x?token=***`."""
    return _JWT.sub("***", _PARAMETER.sub(r"\1***", text))
