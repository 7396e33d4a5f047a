"""Why a resting order was filled, told from what its fill stored."""

import re
from uuid import UUID

import pytest
from django.test import Client

from livedata.pulse import wall_ms
from tests.people import make_user
from tests.trading.test_orders import ticket_for
from tests.trading.venue import make_market
from trading.models import Fill
from trading.selectors.portfolios import portfolios_of
from trading.services.orders import submit_order
from trading.services.portfolios import open_portfolio

pytestmark = [pytest.mark.django_db(databases="__all__"), pytest.mark.portable]

ASKS = "0.51x30 0.52x70"


@pytest.fixture
def rain(db, feed):
    """Bids 0.49 x 50, 0.48 x 100; asks 0.51 x 30, 0.52 x 70."""
    market = make_market("maker-rain", rules_ms=1)
    feed.show(market, "0.49x50 0.48x100", ASKS)
    return market


@pytest.fixture
def ada(db):
    return make_user("ada@example.org")


@pytest.fixture
def mine(ada):
    return open_portfolio(user_id=ada.pk, name="Mine", now_ms=wall_ms())


@pytest.fixture
def why(ada, mine):
    """The page of one fill, as text."""
    client = Client()
    client.force_login(ada)

    def read(fill: Fill) -> str:
        response = client.get(f"/portfolio/{mine.pk}/trade/{fill.pk}")
        assert response.status_code == 200
        html = re.sub(r"<(style|script).*?</\1>", "", response.content.decode(), flags=re.S)
        return re.sub(r"\s([.,;:])", r"\1", re.sub(r"\s+", " ", re.sub(r"<[^>]+>", " ", html)))

    return read


def ask(portfolio, market, matcher, side="BUY", kind="GTC", price="0.49", size="20", **fields):
    ticket = ticket_for(market, side, kind, price=price, size=size, **fields)
    order = submit_order(portfolio_id=portfolio.pk, ticket=ticket, now_ms=wall_ms())
    matcher.turn()
    order.refresh_from_db()
    return order


def step(feed, market, matcher, bids, asks=ASKS, *, prints="", after_ms=50):
    feed.show(market, bids, asks, prints=prints, stamp_ms=wall_ms() + after_ms)
    matcher.turn()


def test_prints_that_used_up_the_queue_are_told_one_by_one(mine, rain, matcher, feed, why):
    ask(mine, rain, matcher)
    step(feed, rain, matcher, "0.49x20 0.48x100", prints="SELL 0.49x30", after_ms=2_000)
    step(feed, rain, matcher, "0.49x15 0.48x100", after_ms=3_000)
    step(feed, rain, matcher, "0.49x3 0.48x100", prints="SELL 0.49x12 SELL 0.49x7", after_ms=65_000)

    page = why(Fill.objects.get())

    assert "You bought 4 Yes at 49¢ as a maker." in page
    assert "Of the 50 shares ahead of you 30 traded and 5 left in 1 min" in page
    assert "then somebody sold 19 at your price: 15 went to those ahead, 4 to you." in page
    assert "Grade B" in page and "used up everybody who stood ahead of you" in page
    assert "Model: fewest fills" in page and "No gap in the feed" in page
    assert re.search(r"Your order joined at 49¢ They go first. 50 ahead", page)
    assert re.search(r"30 traded ahead of you .*? 20 ahead .*?5 left without a trade .*? 15 ahead", page)
    assert re.search(r"Somebody sold 12 at 49¢ .*?Somebody sold 7 at 49¢ .*?Your order filled filled 4", page)
    assert "15 ahead went first" in page and "2 trades of one step" in page
    assert "$1.96" in page and "makers pay none" in page


def test_a_price_that_traded_through_is_grade_a(mine, rain, matcher, feed, why):
    ask(mine, rain, matcher)
    step(feed, rain, matcher, "0.48x92", prints="SELL 0.49x50 SELL 0.48x8")

    (fill,) = Fill.objects.all()
    page = why(fill)
    assert fill.grade == "A"
    assert "50 shares stood ahead of you; then somebody sold 58 through your price, as far as 48¢" in page
    assert "Grade A" in page and "somebody took a worse price than yours" in page


def test_who_stood_alone_is_told_so(mine, rain, matcher, feed, why):
    ask(mine, rain, matcher, price="0.50")
    step(feed, rain, matcher, "0.49x45 0.48x100", prints="SELL 0.49x5")

    page = why(Fill.objects.get())
    assert "Nobody stood ahead of you; then somebody sold 5 through your price" in page
    assert "Grade C" in page and "You stood alone at your price" in page
    assert "first in line" in page


def test_a_crossing_offer_is_named(mine, rain, matcher, feed, why):
    ask(mine, rain, matcher, price="0.50")
    step(feed, rain, matcher, "0.49x50", "0.50x8")

    page = why(Fill.objects.get())
    assert "then a new offer of 8 at 50¢ would have met you." in page
    assert "it would have met you, but no trade shows it" in page


def test_a_resting_sale_is_told_from_the_sellers_side(mine, rain, matcher, feed, why):
    ask(mine, rain, matcher, kind="FAK", price="0.51", size="30")
    ask(mine, rain, matcher, "SELL", price="0.52", size="10")
    step(feed, rain, matcher, "0.49x50", "0.53x5", prints="BUY 0.52x80")

    page = why(Fill.objects.get(role="maker"))
    assert "You sold 10 Yes at 52¢ as a maker." in page
    assert "then somebody bought 80 at your price: 70 went to those ahead, 10 to you" in page
    assert "Proceeds" in page and "$5.20" in page


def test_an_order_that_took_and_then_rested_has_two_kinds_of_evidence(mine, rain, matcher, feed, why):
    ask(mine, rain, matcher, price="0.51", size="50")
    step(feed, rain, matcher, "0.51x5 0.49x50", "0.52x70", prints="SELL 0.51x8")

    taker, maker = why(Fill.objects.get(role="taker")), why(Fill.objects.get(role="maker"))
    assert "Why did I pay 51.00¢?" in taker
    assert "limit order bought 30 Yes" in taker and "20 came to rest at 51¢" in taker
    assert "$15.30" in taker
    assert "30 of your order filled before as a taker" in maker


def test_an_own_order_is_named_and_left_out(mine, rain, matcher, feed, why):
    ask(mine, rain, matcher, price="0.50")
    ask(mine, rain, matcher, kind="FAK", price="0.50", size="7", outcome_index=1)

    page = why(Fill.objects.get(role="maker"))
    assert "An order of your own met it." in page
    assert "Left out of statistics and rankings" in page
    assert "Grade" not in page
    assert "You" in why(Fill.objects.get(role="taker"))


def test_time_that_nobody_saw_is_told(mine, rain, matcher, feed, why):
    ask(mine, rain, matcher)
    step(feed, rain, matcher, "0.49x50 0.48x100", prints="SELL 0.49x60")
    fill = Fill.objects.get()
    fill.evidence["queue"]["uncertain_ms"] = 3_200
    fill.save()

    assert "3.2 s unseen" in why(fill)


@pytest.mark.parametrize(("side", "words"), [("BUY", "▲ +1¢"), ("SELL", "▼ −1¢")])
def test_markouts_are_told_from_the_traders_side(mine, rain, matcher, feed, why, side, words):
    ask(mine, rain, matcher)
    step(feed, rain, matcher, "0.49x50 0.48x100", prints="SELL 0.49x60")
    fill = Fill.objects.get()
    assert "After the fill" not in why(fill)

    fill.order.side = fill.side = side
    fill.markout_1m_micros = 500_000
    fill.order.save()
    fill.save()

    page = why(fill)
    assert "After the fill" in page and f"1 min 50¢ {words}" in page
    assert "10 min" not in page


def test_somebody_elses_evidence_is_not_there(mine, rain, matcher, feed, portfolio):
    ask(mine, rain, matcher)
    step(feed, rain, matcher, "0.48x100", prints="SELL 0.49x60")
    fill = Fill.objects.get()
    stranger = Client()
    stranger.force_login(make_user("bob@example.org"))

    assert stranger.get(f"/portfolio/{mine.pk}/trade/{fill.pk}").status_code == 404
    assert portfolios_of(UUID(int=0)) == []
