"""Who trades."""

import uuid
from collections.abc import Iterator
from typing import Any, ClassVar

from django.conf import settings
from django.contrib.auth.models import AbstractBaseUser, BaseUserManager, PermissionsMixin
from django.core.validators import MaxValueValidator, MinValueValidator
from django.db import models
from django.utils import timezone
from django.utils.crypto import salted_hmac

from accounts.core.allowances import ANONYMOUS
from accounts.core.emails import EMAIL_LENGTH_MAX, normalised_email

DISPLAY_NAME_LENGTH_MAX = 60
LIMIT_MAX = 1_000_000


class Role(models.TextChoices):
    USER = "user"
    PREMIUM_USER = "premium_user"
    ADMIN = "admin"


class UserManager(BaseUserManager["User"]):
    """Finds and makes users by e-mail, however it is spelled. People register through accounts.services."""

    def get_by_natural_key(self, username: str | None) -> "User":
        return self.get(email=normalised_email(username or ""))

    def create_user(self, email: str, password: str | None = None, **fields: Any) -> "User":
        role = fields.setdefault("role", Role.USER)
        user = User(email=normalised_email(email), is_staff=role == Role.ADMIN, **fields)
        user.is_superuser = user.is_staff
        user.set_password(password)
        user.save(using=self._db)
        return user

    def create_superuser(self, email: str, password: str | None = None, **fields: Any) -> "User":
        return self.create_user(email, password, **fields | {"role": Role.ADMIN})


class User(AbstractBaseUser, PermissionsMixin):
    """A person who logs in with an e-mail address.

    `role` decides; `is_staff` and `is_superuser` follow it. `token_version` counts what revokes
    every JWT and every session at once.
    """

    id = models.UUIDField(primary_key=True, db_column="_id", default=uuid.uuid4, editable=False)
    email = models.EmailField("e-mail", unique=True, max_length=EMAIL_LENGTH_MAX)  # normalised
    display_name = models.CharField(max_length=DISPLAY_NAME_LENGTH_MAX, blank=True, default="")
    role = models.CharField(max_length=12, choices=Role, default=Role.USER)
    is_active = models.BooleanField("active", default=True)
    is_staff = models.BooleanField("may enter the admin", default=False)
    date_joined = models.DateTimeField("joined", default=timezone.now)
    token_version = models.IntegerField(default=0)

    USERNAME_FIELD = "email"
    EMAIL_FIELD = "email"
    REQUIRED_FIELDS: ClassVar[list[str]] = []
    objects: ClassVar[UserManager] = UserManager()

    def __str__(self) -> str:
        return self.email

    @property
    def public_name(self) -> str:
        """What others may see: never the e-mail address."""
        return self.display_name or f"Trader {self.pk.hex[:6]}"

    def get_short_name(self) -> str:
        return self.display_name or self.email

    get_full_name = get_short_name

    def get_session_auth_hash(self) -> str:
        """Changes with the password and with `token_version`, so that either ends every session."""
        return self._session_hash(settings.SECRET_KEY)

    def get_session_auth_fallback_hash(self) -> Iterator[str]:
        for secret in settings.SECRET_KEY_FALLBACKS:
            yield self._session_hash(secret)

    def _session_hash(self, secret: str | bytes) -> str:
        stamp = f"{self.token_version}:{self.password}"
        return salted_hmac("accounts.session", stamp, secret=secret, algorithm="sha256").hexdigest()


class RefreshToken(models.Model):
    """One refresh token we issued. Using it makes the next of its family; twice revokes all of it."""

    id = models.UUIDField(primary_key=True, db_column="_id", default=uuid.uuid4, editable=False)  # the jti
    user = models.ForeignKey(User, models.CASCADE, related_name="refresh_tokens")
    family = models.UUIDField(db_index=True)
    issued_ms = models.BigIntegerField()
    expires_ms = models.BigIntegerField()
    revoked_ms = models.BigIntegerField(null=True)
    replaced_by = models.UUIDField(null=True)

    def __str__(self) -> str:
        return str(self.id)


class RateLimit(models.Model):
    """How much one role may do; edited in the admin, kept in system_db. Enforced by accounts.limits."""

    class Scope(models.TextChoices):
        REQUESTS = "requests", "API requests a minute"
        ORDERS = "orders", "orders a minute"
        LOGINS = "logins", "log-in attempts a minute"
        SUBSCRIPTIONS = "subscriptions", "live subscriptions at once"
        PORTFOLIOS = "portfolios", "portfolios"

    id = models.CharField(primary_key=True, db_column="_id", max_length=40)  # "<role>:<scope>"
    role = models.CharField(max_length=12, choices=[*Role.choices, (ANONYMOUS, "Anonymous")])
    scope = models.CharField(max_length=16, choices=Scope)
    limit = models.IntegerField(validators=[MinValueValidator(0), MaxValueValidator(LIMIT_MAX)])

    class Meta:
        verbose_name = "limit"

    def __str__(self) -> str:
        return f"{self.get_role_display()}: {self.get_scope_display()}"
