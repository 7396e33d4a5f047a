"""What is read about users, for doors of this app and above."""

from dataclasses import dataclass
from uuid import UUID

from accounts.core.refusals import Code, Refused
from accounts.limits import limit_of
from accounts.models import RateLimit, RefreshToken, User
from accounts.tokens import Claims


@dataclass(frozen=True, slots=True, kw_only=True)
class AllowanceLine:
    """One limit of one user, in words: `300`, `orders a minute`."""

    limit: int
    what: str


@dataclass(frozen=True, slots=True, kw_only=True)
class ProgramLine:
    """One log-in that programs hold tokens of."""

    family: UUID
    used_ms: int  # when its newest token was issued
    expires_ms: int


def holder_of(claims: Claims) -> User:
    """The user whom these claims still speak for: two look-ups by key.

    Raises Refused (INVALID_TOKEN, TOKEN_REVOKED): a password change, "sign out everywhere" and a
    log-out of this family end access tokens at once, not only when they expire.
    """
    user = User.objects.filter(pk=claims.user_id).first()
    if user is None or not user.is_active:
        raise Refused(Code.INVALID_TOKEN, "The token belongs to no active account.")
    live = RefreshToken.objects.filter(family=claims.family, user_id=user.pk, revoked_ms=None)
    if user.token_version != claims.token_version or not live.exists():
        raise Refused(Code.TOKEN_REVOKED, "The token has been revoked. Log in again.")
    return user


def program_lines(*, user_id: UUID, now_ms: int) -> list[ProgramLine]:
    """Every log-in by token that is still good, newest first."""
    live = RefreshToken.objects.filter(user_id=user_id, revoked_ms=None, expires_ms__gt=now_ms)
    return [
        ProgramLine(family=token.family, used_ms=token.issued_ms, expires_ms=token.expires_ms)
        for token in live.order_by("-issued_ms")[:100]
    ]


def allowance_lines(user: User) -> list[AllowanceLine]:
    return [
        AllowanceLine(limit=limit_of(user, scope.value), what=scope.label)
        for scope in RateLimit.Scope
        if scope is not RateLimit.Scope.LOGINS
    ]


def person_of(email: str) -> User | None:
    """The active account behind a normalised address, if there is one."""
    user = User.objects.filter(email=email).first()
    return user if user is not None and user.is_active else None
