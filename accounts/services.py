"""The only writer of users and their tokens. What raises Refused wrote nothing, but for one revocation."""

import threading
from dataclasses import dataclass
from uuid import UUID, uuid4

from django.conf import settings
from django.contrib.auth import authenticate
from django.contrib.auth.password_validation import validate_password
from django.core.exceptions import ValidationError
from django.core.validators import validate_email
from django.db import IntegrityError
from django.db.models import F

from accounts.core.emails import EMAIL_LENGTH_MAX, normalised_email
from accounts.core.refusals import Code, Refused
from accounts.limits import guard_attempt, reread
from accounts.models import DISPLAY_NAME_LENGTH_MAX, RateLimit, RefreshToken, Role, User
from accounts.selectors import holder_of
from accounts.tokens import REFRESH_LIFE_MS, Claims, Kind, access_life_s, read_token, write_token

PASSWORD_LENGTH_MAX = 1024  # hashing a novel costs as much as a log-in flood

_first_admin = threading.Lock()


@dataclass(frozen=True, slots=True, kw_only=True)
class Tokens:
    """What a program gets for a log-in or a refresh."""

    access: str
    refresh: str
    expires_in_s: int


def register_user(*, email: str, password: str, display_name: str = "", is_local: bool = False) -> User:
    """A new account. Embedded, the first one from this machine (`is_local`) is the admin.

    Raises Refused (INVALID_EMAIL, EMAIL_TAKEN, WEAK_PASSWORD, INVALID_NAME).
    """
    email = normalised_email(email)
    _check_email(email)
    _check_new_password(password, User(email=email, display_name=display_name))
    display_name = _checked_name(display_name)
    if not is_local or settings.DISTRIBUTED:
        return _create(email, password, display_name, Role.USER)
    # Embedded is one process, so a lock decides who is first.
    with _first_admin:
        role = Role.USER if User.objects.filter(role=Role.ADMIN).exists() else Role.ADMIN
        return _create(email, password, display_name, role)


def authenticate_user(*, email: str, password: str, address: str) -> User:
    """The user behind an e-mail and a password; unknown addresses take as long as wrong passwords.

    Raises TooManyAttempts before anything is hashed, Refused (INVALID_CREDENTIALS).
    """
    email = normalised_email(email)
    guard_attempt(address=address, email=email)
    user = authenticate(None, username=email, password=password[:PASSWORD_LENGTH_MAX])
    if not isinstance(user, User):
        raise Refused(Code.INVALID_CREDENTIALS, "The e-mail address or the password is wrong.")
    return user


def change_password(*, user_id: UUID, current: str, new: str, address: str, now_ms: int) -> User:
    """Sets a new password and signs out everywhere. Raises TooManyAttempts, Refused (WRONG_PASSWORD, …)."""
    user = User.objects.get(pk=user_id)
    guard_attempt(address=address, email=user.email)
    if not user.check_password(current[:PASSWORD_LENGTH_MAX]):
        raise Refused(Code.WRONG_PASSWORD, "This is not your current password.", field="current_password")
    return reset_password(user_id=user_id, new=new, now_ms=now_ms)


def reset_password(*, user_id: UUID, new: str, now_ms: int) -> User:
    """Sets a new password without the old one, for whoever proved themselves otherwise."""
    user = User.objects.get(pk=user_id)
    _check_new_password(new, user)
    user.set_password(new)
    User.objects.filter(pk=user_id).update(password=user.password)
    return revoke_all_tokens(user_id=user_id, now_ms=now_ms)


def revoke_all_tokens(*, user_id: UUID, now_ms: int) -> User:
    """Ends every session and every token of this user, access tokens too."""
    User.objects.filter(pk=user_id).update(token_version=F("token_version") + 1)
    RefreshToken.objects.filter(user_id=user_id, revoked_ms=None).update(revoked_ms=now_ms)
    return User.objects.get(pk=user_id)


def issue_tokens(*, user: User, now_ms: int) -> Tokens:
    """Starts a family: the first access and refresh token of one log-in."""
    RefreshToken.objects.filter(user_id=user.pk, expires_ms__lt=now_ms).delete()
    return _issue(user, family=uuid4(), jti=uuid4(), now_ms=now_ms)


def rotate_tokens(*, refresh_token: str, now_ms: int) -> tuple[User, Tokens]:
    """The next tokens of a family, for its newest refresh token.

    An older one was copied by somebody, or its owner's was: nobody can tell, so the whole family
    is revoked. Raises Refused (INVALID_TOKEN, TOKEN_EXPIRED, TOKEN_REVOKED).
    """
    claims = read_token(refresh_token, Kind.REFRESH)
    user = holder_of(claims)
    # The successor is written first: whoever then finds the token spent revokes the family with it.
    jti = uuid4()
    tokens = _issue(user, family=claims.family, jti=jti, now_ms=now_ms)
    spent = RefreshToken.objects.filter(pk=claims.id, user_id=user.pk, revoked_ms=None).update(
        revoked_ms=now_ms, replaced_by=jti
    )
    if spent != 1:
        _revoke_family(claims.family, user.pk, now_ms)
        raise Refused(Code.TOKEN_REVOKED, "The token was used before. Log in again.")
    return user, tokens


def log_out(*, refresh_token: str, now_ms: int) -> None:
    """Ends the family of this token; again is fine. Raises Refused (INVALID_TOKEN, TOKEN_EXPIRED)."""
    claims = read_token(refresh_token, Kind.REFRESH)
    _revoke_family(claims.family, claims.user_id, now_ms)


def revoke_program(*, user_id: UUID, family: UUID, now_ms: int) -> None:
    """Ends one log-in of this user; somebody else's is left alone."""
    _revoke_family(family, user_id, now_ms)


def rename_user(*, user_id: UUID, display_name: str) -> None:
    """Raises Refused (INVALID_NAME)."""
    User.objects.filter(pk=user_id).update(display_name=_checked_name(display_name))


def set_role(*, user_id: UUID, role: Role) -> User:
    """Gives a role, and what follows from it: who may enter the admin. Raises Refused (LAST_ADMIN)."""
    if role != Role.ADMIN:
        _keep_an_admin(user_id)
    is_admin = role == Role.ADMIN
    User.objects.filter(pk=user_id).update(role=role, is_staff=is_admin, is_superuser=is_admin)
    return User.objects.get(pk=user_id)


def set_active(*, user_id: UUID, active: bool, now_ms: int) -> User:
    """Opens or closes an account; closing signs it out everywhere. Raises Refused (LAST_ADMIN)."""
    if not active:
        _keep_an_admin(user_id)
    User.objects.filter(pk=user_id).update(is_active=active)
    return revoke_all_tokens(user_id=user_id, now_ms=now_ms)


def set_limit(*, role: str, scope: str, limit: int) -> None:
    """One row of RateLimit; in force here at once, elsewhere within seconds."""
    key = f"{role}:{scope}"
    RateLimit.objects.update_or_create(pk=key, defaults={"role": role, "scope": scope, "limit": limit})
    reread()


def _create(email: str, password: str, display_name: str, role: Role) -> User:
    try:
        return User.objects.create_user(email, password, display_name=display_name, role=role)
    except IntegrityError:  # somebody else, since `_check_email` looked
        raise _email_taken() from None


def _issue(user: User, *, family: UUID, jti: UUID, now_ms: int) -> Tokens:
    expires_ms = now_ms + REFRESH_LIFE_MS
    RefreshToken.objects.create(
        pk=jti, user_id=user.pk, family=family, issued_ms=now_ms, expires_ms=expires_ms
    )

    def signed(kind: Kind, token_id: UUID, until_ms: int) -> str:
        claims = Claims(
            kind=kind, id=token_id, user_id=user.pk, token_version=user.token_version, family=family
        )
        return write_token(claims, issued_ms=now_ms, expires_ms=until_ms)

    life_s = access_life_s()
    return Tokens(
        access=signed(Kind.ACCESS, uuid4(), now_ms + life_s * 1000),
        refresh=signed(Kind.REFRESH, jti, expires_ms),
        expires_in_s=life_s,
    )


def _revoke_family(family: UUID, user_id: UUID, now_ms: int) -> None:
    RefreshToken.objects.filter(family=family, user_id=user_id, revoked_ms=None).update(revoked_ms=now_ms)


def _keep_an_admin(user_id: UUID) -> None:
    admins = User.objects.filter(role=Role.ADMIN, is_active__in=[True])
    if list(admins.values_list("pk", flat=True)[:2]) == [user_id]:
        raise Refused(Code.LAST_ADMIN, "This is the last admin: make another one first.", field="role")


def _check_email(email: str) -> None:
    try:
        validate_email(email)
    except ValidationError:
        raise Refused(Code.INVALID_EMAIL, "This is not an e-mail address.", field="email") from None
    if len(email) > EMAIL_LENGTH_MAX:
        raise Refused(Code.INVALID_EMAIL, f"At most {EMAIL_LENGTH_MAX} characters.", field="email")
    if User.objects.filter(email=email).exists():
        raise _email_taken()


def _email_taken() -> Refused:
    return Refused(Code.EMAIL_TAKEN, "There is an account with this e-mail address.", field="email")


def _check_new_password(password: str, user: User) -> None:
    if len(password) > PASSWORD_LENGTH_MAX:
        raise Refused(Code.WEAK_PASSWORD, f"At most {PASSWORD_LENGTH_MAX} characters.", field="password")
    try:
        validate_password(password, user)
    except ValidationError as exc:
        raise Refused(Code.WEAK_PASSWORD, " ".join(exc.messages), field="password") from None


def _checked_name(typed: str) -> str:
    name = " ".join(typed.split())
    # Unprintable holds the marks that turn a line's direction, with which a name can pose as another.
    if len(name) > DISPLAY_NAME_LENGTH_MAX or not name.isprintable():
        message = f"At most {DISPLAY_NAME_LENGTH_MAX} printable characters."
        raise Refused(Code.INVALID_NAME, message, field="display_name")
    return name
