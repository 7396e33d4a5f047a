"""Builders of users; apart from tests/make.py, which needs no database."""

from typing import Any

from accounts.models import User

PASSWORD = "correct horse battery"


def make_user(email: str = "ada@example.org", *, password: str = PASSWORD, **fields: Any) -> User:
    return User.objects.create_user(email, password, **fields)
