"""/auth/*: accounts for programs."""

from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

from django.contrib.auth import update_session_auth_hash
from django.utils.decorators import method_decorator
from django.views.decorators.cache import never_cache
from django.views.decorators.debug import sensitive_post_parameters
from drf_spectacular.utils import extend_schema, inline_serializer
from rest_framework import serializers
from rest_framework.exceptions import AuthenticationFailed, ErrorDetail, Throttled, ValidationError
from rest_framework.permissions import AllowAny
from rest_framework.request import Request
from rest_framework.response import Response
from rest_framework.views import APIView

from accounts import services
from accounts.auth import CHALLENGE
from accounts.clock import now_ms
from accounts.core.emails import EMAIL_LENGTH_MAX
from accounts.core.refusals import Refused, TooManyAttempts
from accounts.limits import guard_attempt
from accounts.models import DISPLAY_NAME_LENGTH_MAX, User
from accounts.visitor import address_of, is_from_this_machine

_TOKEN_LENGTH_MAX = 4096


def _password_field() -> serializers.CharField:
    return serializers.CharField(
        max_length=services.PASSWORD_LENGTH_MAX, trim_whitespace=False, style={"input_type": "password"}
    )


class RegisterInput(serializers.Serializer[Any]):
    email = serializers.CharField(max_length=EMAIL_LENGTH_MAX)
    password = _password_field()
    password_confirm = _password_field()
    display_name = serializers.CharField(
        max_length=DISPLAY_NAME_LENGTH_MAX, required=False, allow_blank=True, default=""
    )

    def validate(self, attrs: dict[str, Any]) -> dict[str, Any]:
        _check_confirmed(attrs, "password")
        return attrs


class TokenForm(serializers.Serializer[Any]):
    """OAuth2's password form; `username` is the e-mail address."""

    username = serializers.CharField(max_length=EMAIL_LENGTH_MAX)
    password = _password_field()
    grant_type = serializers.CharField(max_length=20, required=False, allow_blank=True)
    scope = serializers.CharField(max_length=200, required=False, allow_blank=True)


class LoginInput(serializers.Serializer[Any]):
    email = serializers.CharField(max_length=EMAIL_LENGTH_MAX)
    password = _password_field()


class RefreshInput(serializers.Serializer[Any]):
    refresh_token = serializers.CharField(max_length=_TOKEN_LENGTH_MAX)


class ChangePasswordInput(serializers.Serializer[Any]):
    current_password = _password_field()
    new_password = _password_field()
    new_password_confirm = _password_field()

    def validate(self, attrs: dict[str, Any]) -> dict[str, Any]:
        _check_confirmed(attrs, "new_password")
        return attrs


class TokenOutput(serializers.Serializer[Any]):
    access_token = serializers.CharField()
    refresh_token = serializers.CharField()
    token_type = serializers.CharField(help_text="bearer")
    expires_in = serializers.IntegerField(help_text="seconds that the access token lives")
    user_id = serializers.UUIDField()
    roles = serializers.ListField(child=serializers.CharField())


class MeOutput(serializers.Serializer[Any]):
    id = serializers.UUIDField()
    email = serializers.EmailField()
    display_name = serializers.CharField()
    roles = serializers.ListField(child=serializers.CharField())
    status = serializers.CharField(help_text="active")
    created_at = serializers.CharField(help_text="ISO 8601, UTC, milliseconds")


RegisteredOutput = inline_serializer(
    "Registered",
    {
        "user_id": serializers.UUIDField(),
        "email": serializers.EmailField(),
        "message": serializers.CharField(),
    },
)
MessageOutput = inline_serializer("Message", {"message": serializers.CharField()})


@method_decorator(sensitive_post_parameters(), name="dispatch")
@method_decorator(never_cache, name="dispatch")
class OpenView(APIView):
    """A route for people without an account. A stale token in the header must not keep them out."""

    authentication_classes = ()
    permission_classes = (AllowAny,)

    def get_authenticate_header(self, request: Request) -> str:
        return CHALLENGE  # else DRF turns a wrong password into 403


class RegisterView(OpenView):
    @extend_schema(operation_id="register", request=RegisterInput, responses={201: RegisteredOutput})
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
        request={"application/x-www-form-urlencoded": TokenForm},
        responses=TokenOutput,
    )
    def post(self, request: Request) -> Response:
        asked = _read(TokenForm, request)
        return _log_in(request, email=asked["username"], password=asked["password"])


class LoginView(OpenView):
    @extend_schema(operation_id="login", request=LoginInput, responses=TokenOutput)
    def post(self, request: Request) -> Response:
        asked = _read(LoginInput, request)
        return _log_in(request, email=asked["email"], password=asked["password"])


class RefreshView(OpenView):
    @extend_schema(operation_id="refresh", request=RefreshInput, responses=TokenOutput)
    def post(self, request: Request) -> Response:
        asked = _read(RefreshInput, request)
        with _translated():
            user, tokens = services.rotate_tokens(refresh_token=asked["refresh_token"], now_ms=now_ms())
        return Response(_token_answer(user, tokens))


class LogoutView(OpenView):
    @extend_schema(operation_id="logout", request=RefreshInput, responses=MessageOutput)
    def post(self, request: Request) -> Response:
        asked = _read(RefreshInput, request)
        with _translated():
            services.log_out(refresh_token=asked["refresh_token"], now_ms=now_ms())
        return Response({"message": "Logged out: the tokens of this log-in are revoked."})


@method_decorator(sensitive_post_parameters(), name="dispatch")
@method_decorator(never_cache, name="dispatch")
class ChangePasswordView(APIView):
    @extend_schema(operation_id="change_password", request=ChangePasswordInput, responses=TokenOutput)
    def post(self, request: Request) -> Response:
        """Every token and session ends, but for the new tokens of the answer."""
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
    @extend_schema(operation_id="me", responses=MeOutput)
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


def _check_confirmed(attrs: dict[str, Any], name: str) -> None:
    if attrs[name] != attrs[f"{name}_confirm"]:
        message = ErrorDetail("The two passwords differ.", code="password_mismatch")
        raise ValidationError({f"{name}_confirm": [message]})


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
