"""Open orders on pages: where each stands, and cancelling one, all, or too late."""

import re
import threading
import time
from contextlib import ExitStack
from uuid import uuid4

import pytest
from django.db import connections
from django.test import Client
from django.test.utils import CaptureQueriesContext

from livedata.pulse import wall_ms
from tests.people import make_user
from tests.trading.test_orders import ticket_for
from tests.trading.venue import make_market
from trading.models import Order
from trading.models import Resting as RestingRow
from trading.selectors.open_orders import open_orders
from trading.services.orders import submit_order
from trading.services.portfolios import default_portfolio, open_portfolio

pytestmark = [pytest.mark.django_db(databases="__all__", transaction=True), pytest.mark.portable]

ASKS = "0.51x30 0.52x70"


@pytest.fixture(autouse=True)
def quiet_history(monkeypatch):
    monkeypatch.setattr("trading.selectors.market_page.price_history", lambda *_, **__: [])


@pytest.fixture
def rain(transactional_db, feed):
    """Bids 0.49 x 50, 0.48 x 100; asks 0.51 x 30, 0.52 x 70."""
    market = make_market("open-rain", rules_ms=1)
    feed.show(market, "0.49x50 0.48x100", ASKS)
    return market


@pytest.fixture
def ada(transactional_db):
    return make_user("ada@example.org")


@pytest.fixture
def mine(ada):
    return default_portfolio(user_id=ada.pk, now_ms=wall_ms())


@pytest.fixture
def reader(ada):
    client = Client()
    client.force_login(ada)
    return client


def rest(portfolio, market, matcher, price="0.49", size="20", **fields) -> Order:
    ticket = ticket_for(
        market, fields.pop("side", "BUY"), fields.pop("order_type", "GTC"), price=price, size=size, **fields
    )
    order = submit_order(portfolio_id=portfolio.pk, ticket=ticket, now_ms=wall_ms())
    if matcher is not None:
        matcher.turn()
    else:
        wait_for(order, "live")
    order.refresh_from_db()
    return order


def wait_for(order, status, seconds=5):
    until = time.monotonic() + seconds
    while Order.objects.get(pk=order.pk).status != status:
        assert time.monotonic() < until, f"not {status} in time"
        time.sleep(0.01)


def text(response):
    return re.sub(r"\s+", " ", re.sub(r"<[^>]+>", " ", response.content.decode()))


def panel(response):
    html = response.content.decode()
    start = html.index("data-open-orders")
    return re.sub(r"\s+", " ", re.sub(r"<[^>]+>", " ", html[start : html.index("</section>", start)]))


def test_open_orders_say_who_is_ahead_for_certain_and_likely(reader, mine, rain, matcher, feed):
    rest(mine, rain, matcher)
    rest(mine, rain, matcher, size="10")
    feed.show(rain, "0.49x40 0.48x100", ASKS, stamp_ms=wall_ms() + 50)
    matcher.turn()
    matcher._desks.save()
    RestingRow.objects.filter(entry_ahead_micros__gt=0).update(uncertain_ms=3_200)

    for path in (f"/market/{rain.slug}", "/portfolio"):
        shown = panel(reader.get(path))
        assert re.search(r"Buy (20 )?Yes at 49¢ .* 20 40 ahead", shown), shown
        assert "60 ahead, 20 yours" in shown
        assert "3.2 s unseen" in shown
        assert "GTC · 0.0 s" in shown or "GTC · 0." in shown
        assert "$9.80" in shown and "$4.90" in shown
    assert "backing open orders $14.70" in text(reader.get("/portfolio"))


def test_what_the_level_shows_beyond_those_ahead_stands_behind(mine, rain, matcher, feed):
    order = rest(mine, rain, matcher)
    feed.show(rain, "0.49x55 0.48x100", ASKS, stamp_ms=wall_ms() + 20)
    RestingRow.objects.filter(pk=order.pk).update(ahead_micros=50_000_000, likely_micros=45_833_334)

    (line,) = open_orders(mine.pk)
    assert (line.ahead_micros, line.likely_micros, line.behind_micros) == (50_000_000, 45_833_334, 5_000_000)


def test_an_order_of_the_other_outcome_stands_on_the_same_book(mine, rain, matcher):
    order = rest(mine, rain, matcher, price="0.48", outcome_index=1)

    (line,) = open_orders(mine.pk, market=rain)
    assert (line.id, line.book_side, line.level_micros, line.ahead_micros) == (
        order.pk,
        "ask",
        520_000,
        70_000_000,
    )
    assert (line.outcome, line.price_micros, line.behind_micros) == ("No", 480_000, 0)


def test_a_gtd_order_says_when_it_really_ends(reader, mine, rain, matcher):
    at_ms = 1_900_000_040_000  # 2030-03-17T17:47:20Z
    rest(mine, rain, matcher, order_type="GTD", expires_ms=at_ms)

    assert "until 17 Mar 2030 17:46" in panel(reader.get("/portfolio"))


@pytest.mark.parametrize("count", [1, 3])
def test_three_open_orders_cost_the_queries_of_one(mine, feed, matcher, count, django_assert_num_queries):
    for number in range(count):
        market = make_market(f"open-{number}", rules_ms=1)
        feed.show(market, "0.49x50", "0.51x30")
        rest(mine, market, matcher)

    with (
        django_assert_num_queries(2, using="trading_db"),
        django_assert_num_queries(1, using="markets_db"),
    ):
        assert len(open_orders(mine.pk)) == count


def test_pages_with_three_open_orders_cost_the_queries_of_one(reader, mine, feed, matcher):
    reader.get("/portfolio")  # what is kept for a while is known from here on
    asked = []
    for number in range(1, 4):
        market = make_market(f"open-{number}", rules_ms=1)
        feed.show(market, "0.49x50", "0.51x30")
        rest(mine, market, matcher)
        rest(mine, market, matcher, size=str(4 + number))
        with ExitStack() as stack:
            captured = [stack.enter_context(CaptureQueriesContext(connections[name])) for name in connections]
            for path in ("/portfolio", "/market/open-1", f"/portfolio/{mine.pk}/open-orders"):
                assert reader.get(path).status_code == 200
        asked.append([len(queries) for queries in captured])

    assert asked[0] == asked[2]


def test_the_rows_alone_are_read_again_by_an_open_page(reader, mine, rain, matcher):
    order = rest(mine, rain, matcher)
    elsewhere = make_market("open-elsewhere", rules_ms=1)

    root = f"/portfolio/{mine.pk}/open-orders"
    assert f'data-order="{order.pk}"' in reader.get(root).content.decode()
    assert f'data-order="{order.pk}"' in reader.get(f"{root}?market={rain.slug}").content.decode()
    assert "data-order" not in reader.get(f"{root}?market={elsewhere.slug}").content.decode()
    assert reader.get(f"{root}?market=nowhere").status_code == 404


def cancel(client, portfolio, **fields):
    return client.post(f"/portfolio/{portfolio.pk}/cancel", fields)


def test_a_cancel_comes_back_with_what_became_of_it(reader, mine, rain, running_matcher):
    order = rest(mine, rain, None)

    answer = cancel(reader, mine, order=str(order.pk), market=rain.slug)

    order.refresh_from_db()
    assert (order.status, order.reason_code) == ("cancelled", "cancelled_by_trader")
    assert answer["Location"] == f"/market/{rain.slug}?portfolio={mine.pk}"
    page = reader.get(answer["Location"])
    assert "Cancelled: buy 20 at 49¢." in text(page)
    assert "None. A limit order" in panel(page)


def test_a_part_that_traded_is_said(reader, mine, rain, running_matcher):
    order = rest(mine, rain, None, price="0.51", size="50")

    answer = cancel(reader, mine, order=str(order.pk))

    assert answer["Location"] == f"/portfolio/{mine.pk}"
    assert "Cancelled: buy 50 at 51¢. 30 had traded before." in text(reader.get(answer["Location"]))


def test_a_cancel_that_came_too_late_says_by_how_much(reader, ada, rain, feed, running_matcher):
    slow = open_portfolio(user_id=ada.pk, name="Slow", now_ms=wall_ms(), latency_ms=700)
    order = rest(slow, rain, None)

    def trade_just_before():
        until = time.monotonic() + 5
        while (cancel_ms := Order.objects.get(pk=order.pk).cancel_ms) is None and time.monotonic() < until:
            time.sleep(0.005)
        feed.show(rain, "0.48x100", ASKS, prints="SELL 0.49x80", stamp_ms=cancel_ms - 40)

    trader = threading.Thread(target=trade_just_before)
    trader.start()
    answer = cancel(reader, slow, order=str(order.pk))
    trader.join()

    page = text(reader.get(answer["Location"]))
    assert "Too late, buy 20 at 49¢: the cancel came 40 ms too late." in page


def test_what_is_over_cannot_be_cancelled(reader, mine, rain, running_matcher):
    order = rest(mine, rain, None)
    cancel(reader, mine, order=str(order.pk))

    page = text(reader.get(cancel(reader, mine, order=str(order.pk))["Location"]))
    assert "Not cancelled: the order is cancelled already." in page


def test_cancel_all_means_here_on_a_market_and_everything_on_the_portfolio(
    reader, mine, rain, feed, running_matcher
):
    other = make_market("open-other", rules_ms=1)
    feed.show(other, "0.49x50", "0.51x30")
    orders = [rest(mine, market, None) for market in (rain, rain, other)]

    page = text(reader.get(cancel(reader, mine, all="1", market=rain.slug)["Location"]))
    assert "Cancelled 2 orders." in page
    assert [Order.objects.get(pk=order.pk).status for order in orders] == ["cancelled", "cancelled", "live"]
    assert "Cancelled 1 order." in text(reader.get(cancel(reader, mine, all="1")["Location"]))
    assert "There was no open order to cancel." in text(reader.get(cancel(reader, mine, all="1")["Location"]))


def test_giving_up_a_good_place_is_asked_back_first(reader, mine, rain, running_matcher):
    order = rest(mine, rain, None)
    RestingRow.objects.filter(pk=order.pk).update(ahead_micros=12_000_000)

    for asked in ({"order": str(order.pk)}, {"all": "1", "market": rain.slug}):
        answer = cancel(reader, mine, **asked)
        assert answer.status_code == 200
        assert "12 left of 50 ahead" in text(answer)
        assert Order.objects.get(pk=order.pk).cancel_ms is None
    cancel(reader, mine, order=str(order.pk), sure="1")
    assert Order.objects.get(pk=order.pk).status == "cancelled"


def test_what_belongs_to_others_cannot_be_cancelled(reader, mine, rain, matcher):
    hers = open_portfolio(user_id=uuid4(), name="Hers", now_ms=wall_ms())
    order = rest(hers, rain, matcher)

    answers = [
        cancel(reader, hers, order=str(order.pk)),
        cancel(reader, hers, all="1"),
        cancel(reader, mine, order=str(order.pk)),
        cancel(reader, mine, order="nonsense"),
        cancel(reader, mine),
        cancel(reader, mine, all="1", market="nowhere"),
        reader.get(f"/portfolio/{hers.pk}/open-orders"),
    ]

    assert {answer.status_code for answer in answers} == {404}
    assert Order.objects.get(pk=order.pk).cancel_ms is None


def test_a_cancel_is_posted_with_its_token_by_somebody_known(client, ada, mine, rain, matcher):
    order = rest(mine, rain, matcher)
    path = f"/portfolio/{mine.pk}/cancel"
    careless = Client(enforce_csrf_checks=True)
    careless.force_login(ada)

    assert careless.post(path, {"order": str(order.pk)}).status_code == 403
    assert client.post(path, {"order": str(order.pk)})["Location"] == f"/login?next=/portfolio/{mine.pk}"
    careless.get("/portfolio")
    assert careless.get(path).status_code == 405
    assert Order.objects.get(pk=order.pk).cancel_ms is None


def test_the_ladder_marks_own_orders_and_ghosts_of_their_prices(reader, mine, rain, matcher):
    rest(mine, rain, matcher)
    rest(mine, rain, matcher, price="0.47", size="10")

    html = reader.get(f"/market/{rain.slug}").content.decode()
    assert re.search(
        r'data-i="0" data-px="0.49".*?</tr><tr class="mine" data-own="bid:0.49">.*?50</b>|50 ahead', html
    )
    ghost = html.index('<tr data-s="bid" data-px="0.47" class="ghost">')
    assert html.index('data-px="0.48"') < ghost < html.index('data-own="bid:0.47"')
    assert "first in line" in html[ghost:]
    other = reader.get(f"/market/{rain.slug}?book=1").content.decode()
    assert re.search(r'data-own="ask:0.51">.*?You buy 20</b><span data-m="outcome"> Yes', other)


def test_a_reviewed_limit_order_is_drawn_where_it_would_join(reader, mine, rain):
    fields = {
        "side": "BUY",
        "outcome": "0",
        "type": "limit",
        "limit": "47",
        "shares": "20",
        "tif_limit": "GTC",
    }
    given = fields | {"step": "review", "portfolio": str(mine.pk), "key": "k" * 32}

    html = reader.post(f"/market/{rain.slug}", given).content.decode()

    assert re.search(
        r'data-px="0.47" class="ghost">.*?<tr class="mine joining".*?You would buy 20', html, re.S
    )
