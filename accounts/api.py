"""/auth/*: accounts for programs."""

from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

from django.contrib.auth import update_session_auth_hash
from django.utils.decorators import method_decorator
from django.views.decorators.cache import never_cache
from django.views.decorators.debug import sensitive_post_parameters
from drf_spectacular.utils import extend_schema
from rest_framework import serializers
from rest_framework.exceptions import AuthenticationFailed, ErrorDetail, Throttled, ValidationError
from rest_framework.permissions import AllowAny
from rest_framework.request import Request
from rest_framework.response import Response
from rest_framework.views import APIView

from accounts import services
from accounts.auth import CHALLENGE
from accounts.clock import now_ms
from accounts.core.refusals import Refused, TooManyAttempts
from accounts.limits import guard_attempt
from accounts.models import User
from accounts.schemas import (
    ChangedOutput,
    ChangePasswordInput,
    ErrorOutput,
    LoginInput,
    MeOutput,
    MessageOutput,
    RefreshInput,
    RegisteredOutput,
    RegisterInput,
    TokenForm,
    TokenOutput,
)
from accounts.visitor import address_of, is_from_this_machine

_ERRORS = {422: ErrorOutput, 429: ErrorOutput}
_TOKEN_ERRORS = {401: ErrorOutput, **_ERRORS}


@method_decorator(sensitive_post_parameters(), name="dispatch")
@method_decorator(never_cache, name="dispatch")
class OpenView(APIView):
    """A route for people without an account. A stale token in the header must not keep them out."""

    authentication_classes = ()
    permission_classes = (AllowAny,)

    def get_authenticate_header(self, request: Request) -> str:
        return CHALLENGE  # else DRF turns a wrong password into 403


class RegisterView(OpenView):
    @extend_schema(
        operation_id="register",
        summary="Make an account",
        description="Embedded, the first account made at the machine itself is the admin.",
        request=RegisterInput,
        responses={201: RegisteredOutput, **_ERRORS},
    )
    def post(self, request: Request) -> Response:
        asked = _read(RegisterInput, request)
        with _translated():
            guard_attempt(address=address_of(request), email=asked["email"])
            user = services.register_user(
                email=asked["email"],
                password=asked["password"],
                display_name=asked["display_name"],
                is_local=is_from_this_machine(request),
            )
        message = "Welcome. You can log in now."
        return Response({"user_id": user.pk, "email": user.email, "message": message}, status=201)


class TokenView(OpenView):
    @extend_schema(
        operation_id="token",
        summary="Log in: OAuth2's password form",
        description="`username` is the e-mail address. Send the access token as `Authorization: Bearer …`.",
        request={"application/x-www-form-urlencoded": TokenForm},
        responses={200: TokenOutput, **_TOKEN_ERRORS},
    )
    def post(self, request: Request) -> Response:
        asked = _read(TokenForm, request)
        return _log_in(request, email=asked["username"], password=asked["password"])


class LoginView(OpenView):
    @extend_schema(
        operation_id="login",
        summary="Log in: JSON",
        description="The same tokens as `/auth/token` gives.",
        request=LoginInput,
        responses={200: TokenOutput, **_TOKEN_ERRORS},
    )
    def post(self, request: Request) -> Response:
        asked = _read(LoginInput, request)
        return _log_in(request, email=asked["email"], password=asked["password"])


class RefreshView(OpenView):
    @extend_schema(
        operation_id="refresh",
        summary="Trade a refresh token for the next pair",
        description="Each works once. One used twice was copied: all tokens of its log-in are revoked.",
        request=RefreshInput,
        responses={200: TokenOutput, **_TOKEN_ERRORS},
    )
    def post(self, request: Request) -> Response:
        asked = _read(RefreshInput, request)
        with _translated():
            user, tokens = services.rotate_tokens(refresh_token=asked["refresh_token"], now_ms=now_ms())
        return Response(_token_answer(user, tokens))


class LogoutView(OpenView):
    @extend_schema(
        operation_id="logout",
        summary="Log out",
        description="Revokes all tokens of this log-in at once, access tokens too.",
        request=RefreshInput,
        responses={200: MessageOutput, **_TOKEN_ERRORS},
    )
    def post(self, request: Request) -> Response:
        asked = _read(RefreshInput, request)
        with _translated():
            services.log_out(refresh_token=asked["refresh_token"], now_ms=now_ms())
        return Response({"message": "Logged out: the tokens of this log-in are revoked."})


@method_decorator(sensitive_post_parameters(), name="dispatch")
@method_decorator(never_cache, name="dispatch")
class ChangePasswordView(APIView):
    @extend_schema(
        operation_id="change_password",
        summary="Change the password",
        description="Every token and session ends, but for the new tokens of the answer.",
        request=ChangePasswordInput,
        responses={200: ChangedOutput, **_TOKEN_ERRORS},
    )
    def post(self, request: Request) -> Response:
        asked = _read(ChangePasswordInput, request)
        with _translated(password="new_password"):
            user = services.change_password(
                user_id=request.user.pk,
                current=asked["current_password"],
                new=asked["new_password"],
                address=address_of(request),
                now_ms=now_ms(),
            )
        if request.auth is None:  # a session asked: it is the one that stays
            update_session_auth_hash(request._request, user)
        tokens = services.issue_tokens(user=user, now_ms=now_ms())
        return Response(_token_answer(user, tokens) | {"message": "The password is changed."})


class MeView(APIView):
    @extend_schema(operation_id="me", summary="Who am I", responses={200: MeOutput, 401: ErrorOutput})
    def get(self, request: Request) -> Response:
        user = request.user
        created_at = user.date_joined.isoformat(timespec="milliseconds").replace("+00:00", "Z")
        return Response(
            {
                "id": user.pk,
                "email": user.email,
                "display_name": user.display_name,
                "roles": [user.role],
                "status": "active",
                "created_at": created_at,
            }
        )


def _log_in(request: Request, *, email: str, password: str) -> Response:
    with _translated():
        user = services.authenticate_user(email=email, password=password, address=address_of(request))
    return Response(_token_answer(user, services.issue_tokens(user=user, now_ms=now_ms())))


def _token_answer(user: User, tokens: services.Tokens) -> dict[str, Any]:
    return {
        "access_token": tokens.access,
        "refresh_token": tokens.refresh,
        "token_type": "bearer",
        "expires_in": tokens.expires_in_s,
        "user_id": user.pk,
        "roles": [user.role],
    }


def _read(serializer: type[serializers.Serializer[Any]], request: Request) -> dict[str, Any]:
    asked = serializer(data=request.data)
    asked.is_valid(raise_exception=True)
    return asked.validated_data


@contextmanager
def _translated(**renamed: str) -> Iterator[None]:
    """Turns Refused into DRF's exceptions; `renamed` says what this door calls a field."""
    try:
        yield
    except TooManyAttempts as exc:
        raise Throttled(wait=exc.retry_after_s, detail="Too many attempts.", code=str(exc.code)) from None
    except Refused as exc:
        if exc.field is None:
            raise AuthenticationFailed(exc.message, code=str(exc.code)) from None
        field = renamed.get(exc.field, exc.field)
        raise ValidationError({field: [ErrorDetail(exc.message, code=str(exc.code))]}) from None
