"""JWTs: signed claims that say who, of which kind, and until when. Whether they still hold, the rows decide.

HS256 alone is read, so a token that names `none` or another algorithm is no token.
"""

from dataclasses import dataclass
from enum import StrEnum
from uuid import UUID

import jwt
from django.conf import settings

from accounts.core.refusals import Code, Refused

_ALGORITHM = "HS256"
REFRESH_LIFE_MS = 7 * 24 * 3_600_000
_LENGTH_MAX = 2_000  # ours have about 350 characters


class Kind(StrEnum):
    ACCESS = "access"
    REFRESH = "refresh"


@dataclass(frozen=True, slots=True, kw_only=True)
class Claims:
    """What a token says. `family` is one log-in: all tokens that descend from it."""

    kind: Kind
    id: UUID  # jti
    user_id: UUID
    token_version: int
    family: UUID


def access_life_s() -> int:
    return settings.ACCESS_TOKEN_EXPIRE_MINUTES * 60


def write_token(claims: Claims, *, issued_ms: int, expires_ms: int) -> str:
    payload = {
        "token_type": str(claims.kind),
        "jti": str(claims.id),
        "user_id": str(claims.user_id),
        "token_version": claims.token_version,
        "family": str(claims.family),
        "iat": issued_ms // 1000,
        "exp": expires_ms // 1000,
    }
    return jwt.encode(payload, settings.JWT_SECRET_KEY, algorithm=_ALGORITHM)


def read_token(token: str, kind: Kind) -> Claims:
    """Raises Refused (INVALID_TOKEN, TOKEN_EXPIRED)."""
    if len(token) > _LENGTH_MAX:
        raise _invalid()
    try:
        payload = jwt.decode(
            token,
            settings.JWT_SECRET_KEY,
            algorithms=[_ALGORITHM],
            options={"require": ["exp", "iat", "jti"]},
        )
        claims = Claims(
            kind=Kind(payload["token_type"]),
            id=UUID(payload["jti"]),
            user_id=UUID(payload["user_id"]),
            token_version=payload["token_version"],
            family=UUID(payload["family"]),
        )
    except jwt.ExpiredSignatureError:
        raise Refused(Code.TOKEN_EXPIRED, "The token has expired. Refresh it, or log in again.") from None
    except (jwt.InvalidTokenError, KeyError, ValueError, TypeError, AttributeError):
        raise _invalid() from None
    if claims.kind is not kind:
        raise Refused(Code.INVALID_TOKEN, f"The {kind} token is needed here, not the {claims.kind} token.")
    return claims


def _invalid() -> Refused:
    return Refused(Code.INVALID_TOKEN, "The token is not one of ours.")
