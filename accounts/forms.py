"""What people fill in. Services decide; here refusals become errors beside the field they belong to."""

from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

from django import forms
from django.core.exceptions import ValidationError
from django.http import HttpRequest

from accounts import services
from accounts.clock import now_ms
from accounts.core.emails import EMAIL_LENGTH_MAX, normalised_email
from accounts.core.refusals import Refused, TooManyAttempts
from accounts.limits import guard_attempt
from accounts.models import DISPLAY_NAME_LENGTH_MAX, User
from accounts.visitor import address_of, is_from_this_machine


class RefusableForm(forms.Form):
    """A form whose last step a service may refuse."""

    retry_after_s = 0
    renamed: dict[str, str] = {}  # a service's word for a field: this form's

    def __init__(self, *args: Any, request: HttpRequest, **kwargs: Any) -> None:
        super().__init__(*args, label_suffix="", **kwargs)
        self.request = request

    @contextmanager
    def refusals(self) -> Iterator[None]:
        try:
            yield
        except TooManyAttempts as exc:
            self.retry_after_s = exc.retry_after_s
            self.add_error(None, exc.message)
        except Refused as exc:
            field = self.renamed.get(exc.field or "", exc.field)
            error = ValidationError(exc.message, code=str(exc.code))
            self.add_error(field if field in self.fields else None, error)

    def focus_first_error(self) -> None:
        """The cursor goes where something is to mend; when no field is to blame, to the first."""
        wrong = next((name for name in self.fields if name in self.errors), next(iter(self.fields)))
        self.fields[wrong].widget.attrs["autofocus"] = True


def _email_field(autocomplete: str) -> forms.CharField:
    # No EmailField: the service says what an address is, in one place for all doors.
    attrs = {"class": "input", "autocomplete": autocomplete, "autocapitalize": "none", "spellcheck": "false"}
    return forms.CharField(
        label="E-mail", max_length=EMAIL_LENGTH_MAX, widget=forms.EmailInput(attrs), empty_value=""
    )


def _password_field(label: str, autocomplete: str, help_text: str = "") -> forms.CharField:
    return forms.CharField(
        label=label,
        help_text=help_text,
        strip=False,
        max_length=services.PASSWORD_LENGTH_MAX,
        widget=forms.PasswordInput({"class": "input", "autocomplete": autocomplete}),
    )


_PASSWORD_HELP = "At least 8 characters, not only digits, and none of the most common passwords."


class LoginForm(RefusableForm):
    email = _email_field("username")
    password = _password_field("Password", "current-password")
    user: User

    def clean(self) -> dict[str, Any]:
        if not self.errors:
            with self.refusals():
                self.user = services.authenticate_user(
                    email=self.cleaned_data["email"],
                    password=self.cleaned_data["password"],
                    address=address_of(self.request),
                )
        return self.cleaned_data

    def get_user(self) -> User:
        return self.user


class RegisterForm(RefusableForm):
    email = _email_field("email")
    password = _password_field("Password", "new-password", _PASSWORD_HELP)
    password_confirm = _password_field("Password again", "new-password")
    user: User

    def clean(self) -> dict[str, Any]:
        _check_confirmed(self, "password")
        if not self.errors:
            with self.refusals():
                email = self.cleaned_data["email"]
                guard_attempt(address=address_of(self.request), email=normalised_email(email))
                self.user = services.register_user(
                    email=email,
                    password=self.cleaned_data["password"],
                    is_local=is_from_this_machine(self.request),
                )
        return self.cleaned_data


class ProfileForm(RefusableForm):
    display_name = forms.CharField(
        label="Public name",
        required=False,
        max_length=DISPLAY_NAME_LENGTH_MAX,
        widget=forms.TextInput({"class": "input", "autocomplete": "nickname"}),
    )

    def clean(self) -> dict[str, Any]:
        if not self.errors:
            with self.refusals():
                name = self.cleaned_data["display_name"]
                services.rename_user(user_id=self.request.user.pk, display_name=name)
        return self.cleaned_data


class PasswordForm(RefusableForm):
    current_password = _password_field("Current password", "current-password")
    new_password = _password_field("New password", "new-password", _PASSWORD_HELP)
    new_password_confirm = _password_field("New password again", "new-password")
    renamed = {"password": "new_password"}
    user: User

    def clean(self) -> dict[str, Any]:
        _check_confirmed(self, "new_password")
        if not self.errors:
            with self.refusals():
                self.user = services.change_password(
                    user_id=self.request.user.pk,
                    current=self.cleaned_data["current_password"],
                    new=self.cleaned_data["new_password"],
                    address=address_of(self.request),
                    now_ms=now_ms(),
                )
        return self.cleaned_data


class ResetForm(RefusableForm):
    email = _email_field("email")

    def clean(self) -> dict[str, Any]:
        if not self.errors:
            self.cleaned_data["email"] = normalised_email(self.cleaned_data["email"])
            with self.refusals():
                # Counted apart from log-ins: who has guessed too often is the one who needs this page.
                guard_attempt(address=address_of(self.request), email=f"reset {self.cleaned_data['email']}")
        return self.cleaned_data


class NewPasswordForm(RefusableForm):
    """The last step of a reset: the link has proved who this is."""

    new_password = _password_field("New password", "new-password", _PASSWORD_HELP)
    new_password_confirm = _password_field("New password again", "new-password")
    renamed = {"password": "new_password"}

    def __init__(self, user: User, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.user = user

    def clean(self) -> dict[str, Any]:
        _check_confirmed(self, "new_password")
        if not self.errors:
            with self.refusals():
                password = self.cleaned_data["new_password"]
                self.user = services.reset_password(user_id=self.user.pk, new=password, now_ms=now_ms())
        return self.cleaned_data

    def save(self) -> User:
        return self.user  # Django's view asks; `clean` has written


def _check_confirmed(form: RefusableForm, name: str) -> None:
    typed = form.cleaned_data
    again = f"{name}_confirm"
    if name in typed and again in typed and typed[name] != typed[again]:
        form.add_error(again, ValidationError("The two passwords differ.", code="password_mismatch"))
