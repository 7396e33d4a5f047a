"""What every door translates.

Rejected   the trader can mend it     REST 422 · a form error · the CLOB's error text
Conflict   lost a race; retried       REST 409
"""

from enum import StrEnum


class Rejected(Exception):
    """Refused, and nothing was written. `code` is one of an app's StrEnum of codes."""

    def __init__(self, code: StrEnum, message: str, *, field: str | None = None) -> None:
        super().__init__(message)
        self.code = code
        self.field = field


class Conflict(Exception):
    """Somebody else wrote first. `code` tells a program which race it was."""

    def __init__(self, message: str, *, code: str = "conflict") -> None:
        super().__init__(message)
        self.code = code
