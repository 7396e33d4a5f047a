"""Why an account refuses: values that every door of this app translates.

Refused                 the person can mend it
  TooManyAttempts       the person can wait
"""

from enum import StrEnum


class Code(StrEnum):
    """In order of precedence: when several apply, the first is reported."""

    TOO_MANY_ATTEMPTS = "too_many_attempts"
    INVALID_TOKEN = "invalid_token"  # forged, garbled, of the wrong kind, or of nobody
    TOKEN_EXPIRED = "token_expired"
    TOKEN_REVOKED = "token_revoked"  # signed out, used twice, or the password changed since
    INVALID_CREDENTIALS = "invalid_credentials"
    WRONG_PASSWORD = "wrong_password"
    INVALID_EMAIL = "invalid_email"
    EMAIL_TAKEN = "email_taken"
    WEAK_PASSWORD = "weak_password"
    INVALID_NAME = "invalid_name"
    LAST_ADMIN = "last_admin"


class Refused(Exception):
    """Refused, and nothing was written. `field` names the input to mend, when there is one."""

    def __init__(self, code: Code, message: str, *, field: str | None = None) -> None:
        super().__init__(message)
        self.code = code
        self.message = message
        self.field = field


class TooManyAttempts(Refused):
    def __init__(self, retry_after_s: int) -> None:
        super().__init__(Code.TOO_MANY_ATTEMPTS, f"Too many attempts. Try again in {retry_after_s} s.")
        self.retry_after_s = retry_after_s
