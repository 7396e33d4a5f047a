"""Users, roles and limits in the admin. Shows no password hash; what changes a user is accounts.services."""

from typing import Any

from django.contrib import admin, messages
from django.contrib.admin.forms import AdminAuthenticationForm
from django.contrib.auth.admin import UserAdmin as DjangoUserAdmin
from django.contrib.auth.forms import AdminPasswordChangeForm
from django.contrib.auth.models import Group
from django.core.exceptions import ValidationError
from django.db.models import QuerySet
from django.forms import BaseForm, ModelForm
from django.http import HttpRequest

from accounts import limits, services
from accounts.clock import now_ms
from accounts.core.emails import normalised_email
from accounts.core.refusals import Refused, TooManyAttempts
from accounts.models import RateLimit, Role, User
from accounts.visitor import address_of


class StaffLoginForm(AdminAuthenticationForm):
    """The admin's own door counts attempts like the others, before anything is hashed."""

    def clean(self) -> dict[str, Any]:
        if email := self.cleaned_data.get("username"):
            try:
                limits.guard_attempt(address=address_of(self.request), email=normalised_email(email))
            except TooManyAttempts as exc:
                raise ValidationError(exc.message, code=str(exc.code)) from None
        return super().clean()


class PasswordForm(AdminPasswordChangeForm):
    """A password that an admin sets signs its owner out everywhere."""

    usable_password = None

    def save(self, commit: bool = True) -> User:
        new = self.cleaned_data["password1"]
        self.user = services.reset_password(user_id=self.user.pk, new=new, now_ms=now_ms())
        return self.user


class NewUserForm(ModelForm):
    class Meta:
        model = User
        fields = ("email",)

    def clean_email(self) -> str:
        return normalised_email(self.cleaned_data["email"])


@admin.register(User)
class UserAdmin(DjangoUserAdmin):
    """Accounts. Closing one keeps its trades; nothing here deletes."""

    list_display = ("email", "display_name", "role", "is_active", "date_joined")
    list_filter = ("role", "is_active")
    search_fields = ("email", "display_name")
    ordering = ("-date_joined",)
    filter_horizontal = ()
    fieldsets = (
        (None, {"fields": ("email", "display_name", "role", "is_active")}),
        ("Facts", {"fields": ("id", "is_staff", "date_joined", "last_login")}),
    )
    readonly_fields = ("email", "id", "is_staff", "date_joined", "last_login")
    add_fieldsets = (
        (None, {"fields": ("email",), "description": "Then set a password, or let them ask for a link."}),
    )
    form = ModelForm
    add_form = NewUserForm
    change_password_form = PasswordForm
    actions = ("make_user", "make_premium", "make_admin", "sign_out")

    def get_readonly_fields(self, request: HttpRequest, obj: User | None = None) -> tuple[str, ...]:
        return self.readonly_fields if obj else ()

    def has_delete_permission(self, request: HttpRequest, obj: User | None = None) -> bool:
        return False

    def save_model(self, request: HttpRequest, obj: User, form: BaseForm, change: bool) -> None:
        if not change:
            obj.set_unusable_password()
            obj.save()
            return
        try:
            _apply(obj, set(form.changed_data))
        except Refused as exc:
            messages.error(request, exc.message)

    @admin.action(description="Make a user", permissions=["change"])
    def make_user(self, request: HttpRequest, users: QuerySet[User]) -> None:
        self._give(request, users, Role.USER)

    @admin.action(description="Make a premium user", permissions=["change"])
    def make_premium(self, request: HttpRequest, users: QuerySet[User]) -> None:
        self._give(request, users, Role.PREMIUM_USER)

    @admin.action(description="Make an admin", permissions=["change"])
    def make_admin(self, request: HttpRequest, users: QuerySet[User]) -> None:
        self._give(request, users, Role.ADMIN)

    @admin.action(description="Sign out everywhere, revoke all tokens", permissions=["change"])
    def sign_out(self, request: HttpRequest, users: QuerySet[User]) -> None:
        for user in users:
            services.revoke_all_tokens(user_id=user.pk, now_ms=now_ms())
        self.message_user(request, f"Signed out: {len(users)}.")

    def _give(self, request: HttpRequest, users: QuerySet[User], role: Role) -> None:
        for user in users:
            try:
                services.set_role(user_id=user.pk, role=role)
            except Refused as exc:
                self.message_user(request, f"{user.email}: {exc.message}", messages.ERROR)
            else:
                self.message_user(request, f"{user.email} is now: {role.label}.")


@admin.register(RateLimit)
class RateLimitAdmin(admin.ModelAdmin):
    """The numbers that accounts.limits enforces; in force within seconds."""

    list_display = ("id", "role", "scope", "limit")
    list_editable = ("limit",)
    list_filter = ("scope", "role")
    ordering = ("scope", "role")
    fields = ("role", "scope", "limit")
    readonly_fields = ("role", "scope")

    def has_add_permission(self, request: HttpRequest) -> bool:
        return False  # one row for each role and scope is there from the start

    def has_delete_permission(self, request: HttpRequest, obj: RateLimit | None = None) -> bool:
        return False

    def save_model(self, request: HttpRequest, obj: RateLimit, form: BaseForm, change: bool) -> None:
        services.set_limit(role=obj.role, scope=obj.scope, limit=obj.limit)


def _apply(edited: User, changed: set[str]) -> None:
    if "display_name" in changed:
        services.rename_user(user_id=edited.pk, display_name=edited.display_name)
    if "role" in changed:
        services.set_role(user_id=edited.pk, role=Role(edited.role))
    if "is_active" in changed:
        services.set_active(user_id=edited.pk, active=edited.is_active, now_ms=now_ms())


admin.site.login_form = StaffLoginForm
admin.site.unregister(Group)  # the role decides; groups would decide beside it
