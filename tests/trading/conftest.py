"""A trader, a market with a book, and the executor of its shard."""

import threading
from collections.abc import Iterator
from uuid import UUID

import pytest

from livedata.pulse import wall_ms
from markets.models import Market
from tests.trading.venue import Feed, make_market
from trading.matcher import Matcher
from trading.models import Portfolio
from trading.selectors.rules import forget_markets
from trading.services.portfolios import open_portfolio

ALICE = UUID("a11ce000-0000-4000-8000-000000000001")


@pytest.fixture(autouse=True)
def nothing_known() -> None:
    forget_markets()


@pytest.fixture
def feed() -> Feed:
    return Feed()


@pytest.fixture
def market(db: None, feed: Feed) -> Market:
    """Bids 0.49 x 50, 0.48 x 100; asks 0.51 x 30, 0.52 x 70; fee rate 0.05."""
    market = make_market()
    feed.show(market, "0.49x50 0.48x100", "0.51x30 0.52x70")
    return market


@pytest.fixture
def portfolio(db: None) -> Portfolio:
    return open_portfolio(user_id=ALICE, name="First", now_ms=wall_ms())


@pytest.fixture
def matcher() -> Matcher:
    return Matcher()


@pytest.fixture
def running_matcher() -> Iterator[None]:
    """The executor in a thread of its own, as in the embedded process."""
    stop = threading.Event()
    thread = threading.Thread(target=Matcher().run, args=(stop,), name="matcher")
    thread.start()
    yield
    stop.set()
    thread.join(10)
    assert not thread.is_alive()
