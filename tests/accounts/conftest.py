"""Every test starts with full buckets."""

import pytest
from rest_framework.test import APIClient

from accounts import limits
from accounts.models import User
from tests.people import make_user


@pytest.fixture(autouse=True)
def own_routes(settings) -> None:
    settings.ROOT_URLCONF = "tests.accounts.urls"


@pytest.fixture(autouse=True)
def full_buckets() -> None:
    limits.forget()


@pytest.fixture
def user() -> User:
    return make_user()


@pytest.fixture
def api() -> APIClient:
    return APIClient()
