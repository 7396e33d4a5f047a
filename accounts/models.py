"""Who trades."""

import uuid

from django.contrib.auth.models import AbstractUser, UserManager
from django.db import models


class Role(models.TextChoices):
    USER = "user"
    PREMIUM_USER = "premium_user"
    ADMIN = "admin"


class User(AbstractUser):
    """A person who logs in with an e-mail address. `token_version` counts what revokes every JWT."""

    id = models.UUIDField(primary_key=True, db_column="_id", default=uuid.uuid4, editable=False)
    email = models.EmailField(unique=True, max_length=254)
    display_name = models.CharField(max_length=60, blank=True, default="")
    role = models.CharField(max_length=12, choices=Role, default=Role.USER)
    token_version = models.IntegerField(default=0)

    USERNAME_FIELD = "email"
    REQUIRED_FIELDS = ["username"]
    objects = UserManager()

    class Meta(AbstractUser.Meta):
        pass

    def __str__(self) -> str:
        return self.email


class RefreshToken(models.Model):
    """One refresh token we issued; using it makes the next of its family, using it twice revokes the family."""

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
    role = models.CharField(max_length=12, choices=[*Role.choices, ("anonymous", "Anonymous")])
    scope = models.CharField(max_length=16, choices=Scope)
    limit = models.IntegerField()

    def __str__(self) -> str:
        return self.id
