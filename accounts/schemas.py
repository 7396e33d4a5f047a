"""Bodies and answers of /auth/*: their shape is checked here, what they ask is the services' say."""

from typing import Any

from drf_spectacular.utils import inline_serializer
from rest_framework import serializers
from rest_framework.exceptions import ErrorDetail, ValidationError

from accounts.core.emails import EMAIL_LENGTH_MAX
from accounts.core.refusals import Code
from accounts.models import DISPLAY_NAME_LENGTH_MAX
from accounts.services import PASSWORD_LENGTH_MAX

_TOKEN_LENGTH_MAX = 4096


def _password_field() -> serializers.CharField:
    return serializers.CharField(
        max_length=PASSWORD_LENGTH_MAX, trim_whitespace=False, style={"input_type": "password"}
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


class ChangedOutput(TokenOutput):
    message = serializers.CharField()


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
ErrorOutput = inline_serializer(
    "AccountError",
    {
        "error": inline_serializer(
            "AccountErrorDetail",
            {
                "code": serializers.CharField(
                    help_text=f"{', '.join(Code)}; or what is wrong with a field: required, invalid, …"
                ),
                "message": serializers.CharField(),
                "fields": serializers.DictField(child=serializers.ListField(child=serializers.CharField())),
            },
        )
    },
)
MessageOutput = inline_serializer("Message", {"message": serializers.CharField()})


def _check_confirmed(attrs: dict[str, Any], name: str) -> None:
    if attrs[name] != attrs[f"{name}_confirm"]:
        message = ErrorDetail("The two passwords differ.", code="password_mismatch")
        raise ValidationError({f"{name}_confirm": [message]})
