"""How much somebody may do: token buckets by role and scope, and plain counts.

The numbers are the rows of RateLimit, read again every few seconds; a row that is missing counts as
its default. People are counted by account, everybody else by network address. Reads the database
now and then: async code calls these through `sync_to_async`.
"""

import hashlib
import logging
import threading
import time
from functools import cache

import redis
from django.conf import settings

from accounts.buckets import Buckets, MemoryBuckets, RedisBuckets
from accounts.core.allowances import ANONYMOUS, DEFAULTS
from accounts.core.bucket import Verdict
from accounts.core.refusals import TooManyAttempts
from accounts.models import RateLimit, User

logger = logging.getLogger(__name__)

_REREAD_SECONDS = 5.0
# How many different e-mails one address may try for each attempt it has per e-mail: a class behind
# one router logs in at once, a list of stolen passwords does not pass.
_EMAILS_PER_ADDRESS = 10

_lock = threading.Lock()
_read_at: float | None = None
_limits: dict[tuple[str, str], int] = {}
_here = MemoryBuckets()


def allow(user: object, scope: str, cost: int = 1, *, key: str | None = None) -> Verdict:
    """Take `cost` of what `user` may do in `scope` a minute; atomic among all threads and processes.

    `user` is a User, or None or Django's AnonymousUser, who is counted by `key` (the network address).
    For a User, `key` names another bucket than the account's own.
    """
    whose = f"user:{user.pk}" if isinstance(user, User) else "address:unknown"
    return spend(f"{scope}:{whose if key is None else key}", limit=limit_of(user, scope), cost=cost)


def limit_of(user: object, scope: str) -> int:
    """The number in force for this user's role: of orders a minute, or of portfolios at once."""
    role = user.role if isinstance(user, User) else ANONYMOUS
    return limits_in_force()[role, scope]


def limits_in_force() -> dict[tuple[str, str], int]:
    """The limit of every (role, scope)."""
    global _read_at, _limits
    now = time.monotonic()
    with _lock:
        if _read_at is None or now - _read_at >= _REREAD_SECONDS:
            rows = RateLimit.objects.values_list("role", "scope", "limit")
            _limits = DEFAULTS | {(role, scope): limit for role, scope, limit in rows}
            _read_at = now
        return _limits


def guard_attempt(*, address: str, email: str) -> None:
    """Call before anything that costs a password hash. Raises TooManyAttempts.

    Counted for the pair, so that nobody can lock an owner out from elsewhere, and for the address.
    """
    limit = limit_of(None, "logins")
    # The e-mail is what a stranger typed: of any length, so only its digest is kept.
    pair = f"logins:{address}:{hashlib.blake2b(email.encode(), digest_size=12).hexdigest()}"
    for key, allowed in ((pair, limit), (f"logins:{address}", limit * _EMAILS_PER_ADDRESS)):
        verdict = spend(key, limit=allowed, cost=1)
        if not verdict.allowed:
            raise TooManyAttempts(verdict.retry_after_s)


def spend(key: str, *, limit: int, cost: int) -> Verdict:
    if limit <= 0:
        return Verdict(allowed=cost == 0, retry_after_s=60 if cost else 0, remaining=0)
    try:
        return _store(settings.REDIS_URL).take(key, limit=limit, cost=cost)
    except redis.RedisError as exc:
        # Redis away: each process counts for itself. Looser than asked, but neither open nor shut.
        logger.warning("limits.degraded", extra={"reason": str(exc)})
        return _here.take(key, limit=limit, cost=cost)


def reread() -> None:
    """Let the next question read the rows: an admin has just edited one."""
    global _read_at
    with _lock:
        _read_at = None


def forget() -> None:
    """Fill every bucket and read the rows anew: for tests, and for an admin who lets people back in."""
    reread()
    _here.forget()
    if settings.REDIS_URL:
        _store(settings.REDIS_URL).forget()


@cache
def _store(url: str) -> Buckets:
    return RedisBuckets(f"{url}/0") if url else _here
