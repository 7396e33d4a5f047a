"""This app on its own routes."""

from importlib import import_module

import pytest
from django.apps import apps
from django.db import connections
from django.test import Client
from rest_framework.test import APIClient

from accounts.models import User
from tests.people import PASSWORD, make_user


@pytest.fixture(autouse=True)
def own_routes(settings) -> None:
    settings.ROOT_URLCONF = "tests.accounts.urls"


@pytest.fixture
def user() -> User:
    return make_user()


@pytest.fixture
def api() -> APIClient:
    return APIClient()


@pytest.fixture
def limit_rows(db: None) -> None:
    """What the migration wrote, again: tests without transactions begin with empty tables."""
    seed = import_module("accounts.migrations.0001_initial").seed_limits
    for alias in ("default", "system_db"):
        seed(apps, connections[alias].schema_editor())  # not entered: it asks for the alias alone


@pytest.fixture
def browser() -> Client:
    return Client()


@pytest.fixture
def signed_in(browser, user) -> Client:
    browser.post("/login", {"email": user.email, "password": PASSWORD})
    return browser
