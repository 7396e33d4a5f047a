"""Three traders, each at a door of their own, and one executor."""

from collections.abc import Callable, Iterator
from typing import Any
from uuid import UUID

import pytest
from django.test import Client

from accounts.models import User
from livedata.pulse import wall_ms
from livedata.simulator.manual import ManualWorld
from livedata.simulator.server import serve
from markets.models import Market
from tests.trading.conftest import feed, nothing_known, running_matcher  # noqa: F401 -- fixtures
from tests.trading.venue import Feed, make_market
from trading.models import Portfolio
from trading.services.portfolios import open_portfolio


@pytest.fixture
def market(transactional_db: None, feed: Feed, empty_venue: None) -> Market:  # noqa: F811
    """Bids 0.62 x 400, 0.61 x 600; asks 0.64 x 640, 0.65 x 1215, 0.66 x 3420; fee rate 0.05."""
    market = make_market("fed-cuts-by-25")
    feed.show(market, "0.62x400 0.61x600", "0.64x640 0.65x1215 0.66x3420")
    return market


@pytest.fixture
def alice(transactional_db: None) -> User:
    return User.objects.create_user("alice@example.org", "a long word 1")


@pytest.fixture
def portfolio(alice: User) -> Portfolio:
    return open_portfolio(user_id=alice.pk, name="Alice", now_ms=wall_ms())


@pytest.fixture
def browser(alice: User) -> Client:
    client = Client()
    client.force_login(alice)
    return client


@pytest.fixture
def ask(browser: Client) -> Callable[..., Any]:
    """Send JSON to the REST API as Alice: ask("POST", "/portfolios/…/orders", {...})."""

    def send(method: str, path: str, body: Any = None) -> Any:
        return browser.generic(method, path, _text(body), content_type="application/json")

    return send


@pytest.fixture
def empty_venue(settings: Any) -> Iterator[None]:
    """A venue that answers, and knows no market."""
    with serve(ManualWorld()) as running:
        settings.EXCHANGE_URLS = running.environment
        yield


def _text(body: Any) -> str | bytes:
    import json

    if body is None:
        return ""
    return body if isinstance(body, str | bytes) else json.dumps(body)


def orders_path(portfolio_id: UUID) -> str:
    return f"/portfolios/{portfolio_id}/orders"
