"""Who asks: a JWT in the header, a JWT in the address, or a session. For DRF, and for sockets.

A token that is there but does not hold is an error, also where none is needed: its owner should know.
"""

from typing import Any

from django.conf import settings
from drf_spectacular.extensions import OpenApiAuthenticationExtension
from rest_framework import authentication
from rest_framework.exceptions import AuthenticationFailed
from rest_framework.request import Request

from accounts.core.refusals import Refused
from accounts.models import User
from accounts.selectors import holder_of
from accounts.tokens import Kind, read_token

CHALLENGE = 'Bearer realm="api"'
_QUERY_NAME = "token"


def user_of_token(token: str) -> User | None:
    """The user of an access token that holds, for sockets. Reads the database."""
    try:
        return holder_of(read_token(token, Kind.ACCESS))
    except Refused:
        return None


class BearerAuthentication(authentication.BaseAuthentication):
    """`Authorization: Bearer <access token>`."""

    def authenticate(self, request: Request) -> tuple[User, str] | None:
        kind, _, token = request.headers.get("Authorization", "").strip().partition(" ")
        return _authenticated(token.strip()) if kind.lower() == "bearer" else None

    def authenticate_header(self, request: Request) -> str:
        # DRF asks the first class for the challenge; with none it would answer 403 to strangers.
        return CHALLENGE


class QueryTokenAuthentication(authentication.BaseAuthentication):
    """`?token=<access token>`, for programs that can set no header. Addresses leak: prefer the header."""

    def authenticate(self, request: Request) -> tuple[User, str] | None:
        token = request.query_params.get(_QUERY_NAME)
        if token is None:
            return None
        if not settings.TOKEN_IN_QUERY:
            message = "?token= is turned off here; send the header Authorization: Bearer."
            raise AuthenticationFailed(message, code="token_in_query_off")
        return _authenticated(token)

    def authenticate_header(self, request: Request) -> str:
        return CHALLENGE


class SessionAuthentication(authentication.SessionAuthentication):
    """The browser's session; what changes something needs the CSRF token."""

    def authenticate_header(self, request: Request) -> str:
        return CHALLENGE


def _authenticated(token: str) -> tuple[User, str]:
    try:
        return holder_of(read_token(token, Kind.ACCESS)), token
    except Refused as exc:
        raise AuthenticationFailed(exc.message, code=str(exc.code)) from None


class BearerScheme(OpenApiAuthenticationExtension):
    target_class = BearerAuthentication
    name = "bearer"

    def get_security_definition(self, auto_schema: Any) -> dict[str, Any]:
        return {"type": "http", "scheme": "bearer", "bearerFormat": "JWT"}


class QueryTokenScheme(OpenApiAuthenticationExtension):
    target_class = QueryTokenAuthentication
    name = "token_in_query"

    def get_security_definition(self, auto_schema: Any) -> dict[str, Any]:
        return {
            "type": "apiKey",
            "in": "query",
            "name": _QUERY_NAME,
            "description": "Deprecated: addresses end up in histories and logs. Send the header instead.",
            "x-deprecated": True,
        }


class SessionScheme(OpenApiAuthenticationExtension):
    target_class = SessionAuthentication
    name = "session"

    def get_security_definition(self, auto_schema: Any) -> dict[str, Any]:
        return {"type": "apiKey", "in": "cookie", "name": settings.SESSION_COOKIE_NAME}
