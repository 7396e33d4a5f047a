"""The ticket as a form: first a review, then one order, and words that say what to mend."""

import re
from uuid import uuid4

import pytest
from django.test import Client

from markets.models import Market
from tests.people import make_user
from tests.trading.venue import make_market
from trading.models import Order, Portfolio, Position
from trading.services.portfolios import default_portfolio, open_portfolio

pytestmark = [pytest.mark.django_db(databases="__all__", transaction=True), pytest.mark.portable]
NOW_MS = 1_795_000_000_000


@pytest.fixture(autouse=True)
def quiet_history(monkeypatch):
    monkeypatch.setattr("trading.selectors.market_page.price_history", lambda *_, **__: [])


@pytest.fixture
def rain(transactional_db, feed):
    """Asks 0.51 x 30, 0.52 x 70; bids 0.49 x 50; fee rate 0.05."""
    market = make_market("ticket-rain", rules_ms=1)
    feed.show(market, "0.49x50 0.48x100", "0.51x30 0.52x70")
    return market


@pytest.fixture
def ada(transactional_db):
    return make_user("ada@example.org")


@pytest.fixture
def mine(ada) -> Portfolio:
    return default_portfolio(user_id=ada.pk, now_ms=NOW_MS)


@pytest.fixture
def reader(ada):
    client = Client()
    client.force_login(ada)
    return client


@pytest.fixture
def post(reader, mine):
    def send(market, step="review", **fields):
        given = {
            "step": step,
            "side": "BUY",
            "outcome": "0",
            "type": "market",
            "amount": "40",
            "portfolio": str(mine.pk),
            "key": uuid4().hex,
        }
        return reader.post(f"/market/{market.slug}", given | fields)

    return send


def text(response):
    return re.sub(r"\s+", " ", re.sub(r"<[^>]+>", " ", response.content.decode()))


def test_a_review_says_what_the_order_would_do_and_writes_nothing(post, rain):
    response = post(rain)

    page = text(response)
    assert response.status_code == 200
    # 30 at 0.51, then 24.70 / 0.52 = 47.5 at 0.52; fees 0.37485 + 0.59280.
    assert "2 levels used" in page and "77.5" in page and "51.61¢" in page
    assert "$40.00 + $0.97" in page and "$40.97" in page
    assert re.search(r'value="place"[^>]*autofocus', response.content.decode())
    assert not Order.objects.exists()


def test_the_first_button_is_the_review(post, rain):
    html = post(rain).content.decode()

    form = html[html.index('<form class="panel ticket"') :]
    buttons = [button for button in re.findall(r"<button[^>]*>", form) if 'type="button"' not in button]
    assert 'value="review"' in buttons[0]


def test_placing_leads_to_the_market_with_what_became_of_it(post, rain, reader, running_matcher, mine):
    answer = post(rain, step="place")

    order = Order.objects.get()
    assert answer.status_code == 302
    assert answer["Location"] == f"/market/{rain.slug}?order={order.pk}&portfolio={mine.pk}#ticket"
    assert (order.status, order.matched_micros) == ("matched", 77_500_000)
    page = text(reader.get(answer["Location"]))
    assert "Bought 77.5 Yes at 51.61¢, Main." in page
    assert "Why this price?" in page


def test_sending_the_form_twice_places_one_order(post, rain, running_matcher):
    key = uuid4().hex
    first, second = post(rain, step="place", key=key), post(rain, step="place", key=key)

    assert first["Location"] == second["Location"]
    assert Order.objects.count() == 1


def test_the_same_ticket_with_other_figures_is_refused(post, rain, running_matcher):
    key = uuid4().hex
    post(rain, step="place", key=key)
    again = post(rain, step="place", key=key, amount="41")

    assert again.status_code == 409
    assert "placed already with other figures" in text(again)
    assert Order.objects.count() == 1


def test_shares_are_sold_by_the_share(post, rain, running_matcher, mine):
    post(rain, step="place", amount="20.5")
    answer = post(rain, step="place", side="SELL", type="limit", tif_limit="FAK", shares="40", limit="49")

    order = Order.objects.get(side="SELL")
    assert answer.status_code == 302
    assert (order.size_micros, order.price_micros, order.matched_micros) == (40_000_000, 490_000, 40_000_000)
    assert Position.objects.get().size_micros == 0


REST = {"type": "limit", "limit": "49", "shares": "20", "tif_limit": "GTC"}
REFUSALS = [
    ({"amount": ""}, "amount", "How much?"),
    ({"amount": "0.5"}, "amount", "min size: $1"),
    ({"amount": "20000"}, "amount", "Not enough cash"),
    ({"amount": "1,5"}, "amount", "plain number of dollars"),
    ({**REST, "limit": "63.5"}, "limit", "minimum tick size"),
    ({**REST, "limit": "100"}, "limit", "price"),
    ({**REST, "limit": "NaN"}, "limit", "plain number of cents"),
    ({**REST, "limit": ""}, "limit", "At what price?"),
    ({**REST, "shares": "4"}, "shares", "lower than the minimum: 5"),
    ({**REST, "shares": "20409"}, "shares", "Not enough cash"),
    ({**REST, "tif_limit": "GTD", "until": "at", "expires": "soon"}, "expires", "Write a date and a time"),
    ({**REST, "tif_limit": "GTD", "until": "at", "expires": "2020-01-01T00:00"}, "expires", "3 minutes"),
    ({**REST, "limit": "51", "post_only": "on"}, "post_only", "order crosses book"),
    ({"side": "SELL", "shares": "5"}, "shares", "Not enough shares"),
    ({"side": "SELL", "shares": "-5"}, "shares", "More than 0"),
]


@pytest.mark.parametrize("step", ["review", "place"])
@pytest.mark.parametrize(("fields", "field", "words"), REFUSALS)
def test_a_refusal_stands_under_its_field(post, rain, step, fields, field, words):
    response = post(rain, step=step, **fields)

    html = response.content.decode()
    assert words in text(response)
    assert not Order.objects.exists()
    if step == "place" or response.status_code == 422:
        label = field.replace("_", "-")
        assert re.search(rf'name="{field}"[^>]*aria-invalid="true"[^>]*aria-describedby="{label}-e"', html)
        assert f'id="{label}-e"' in html
        assert response.status_code == 422


def test_what_was_typed_stays_typed(post, rain):
    html = post(rain, type="limit", shares="<b>many", limit="51", tif_limit="GTD").content.decode()

    assert 'value="&lt;b&gt;many"' in html and 'value="51"' in html
    assert re.search(r'value="limit" checked', html) and re.search(r'value="GTD" checked', html)
    assert "<b>many" not in html


def test_no_fresh_book_refuses_with_the_reason(post, rain, feed, monkeypatch):
    monkeypatch.setattr("trading.services.placing.BOOK_WAIT_S", 0.0)
    feed.beat(alive=False)
    for step in ("review", "place"):
        response = post(rain, step=step)
        assert response.status_code == 503
        assert response["Retry-After"] == "2"
        assert "no fresh book" in text(response)
    assert not Order.objects.exists()


def test_a_closed_market_has_no_ticket(post, transactional_db):
    over = make_market("ticket-over", status=Market.Status.CLOSED, closed=True)
    response = post(over, step="place")

    assert response.status_code == 422
    assert "Trading closed" in text(response)
    assert not Order.objects.exists()


def test_somebody_elses_portfolio_is_not_there(post, rain):
    other = open_portfolio(user_id=uuid4(), name="Hers", now_ms=NOW_MS)

    assert post(rain, step="place", portfolio=str(other.pk)).status_code == 404
    assert not Order.objects.exists()


def test_strangers_log_in_first_and_come_back(client, rain):
    answer = client.post(f"/market/{rain.slug}", {"step": "place"})

    assert answer["Location"] == f"/login?next=/market/{rain.slug}"


def test_a_form_of_another_site_is_refused(ada, rain, mine):
    client = Client(enforce_csrf_checks=True)
    client.force_login(ada)

    assert client.post(f"/market/{rain.slug}", {"step": "place"}).status_code == 403
    assert not Order.objects.exists()


def test_too_many_orders_are_told_when_to_come_back(post, rain, monkeypatch):
    from accounts.core.bucket import Verdict

    full = Verdict(allowed=False, retry_after_s=7, remaining=0)
    monkeypatch.setattr("trading.ticket_post.allow", lambda *_, **__: full)

    response = post(rain, step="place")
    assert (response.status_code, response["Retry-After"]) == (429, "7")
    assert post(rain, step="review").status_code == 200, "looking costs nothing"


def test_the_ticket_trades_as_the_portfolio_it_names(post, rain, reader, ada, running_matcher):
    second = open_portfolio(user_id=ada.pk, name="Class contest", now_ms=NOW_MS + 1)

    page = reader.get(f"/market/{rain.slug}").content.decode()
    assert "Class contest" in page and 'name="portfolio"' in page
    post(rain, step="place", portfolio=str(second.pk))
    assert Order.objects.get().portfolio_id == second.pk


def test_a_limit_order_is_reviewed_with_its_queue(post, rain):
    page = text(post(rain, **REST))

    assert "No level used" in page
    assert "Joins 49¢ behind 50 shares" in page
    assert "$9.80" in page, "its backing, and what it costs if all fills"
    assert "+$10.20" in page
    assert "Buy 20 Yes at 49¢ · Main" in page
    assert not Order.objects.exists()


def test_a_marketable_limit_says_what_it_takes_and_what_rests(post, rain):
    page = text(post(rain, **REST | {"limit": "51", "shares": "50"}))

    assert "1 level used" in page
    assert "20 left: joins 51¢ as the first in line" in page
    assert "$15.30 + $0.37" in page
    assert "$25.87" in page, "15.30 + 0.37485 now, 10.20 behind the rest"


def test_own_earlier_orders_count_as_ahead(post, rain, running_matcher):
    post(rain, step="place", **REST)

    assert "behind 70 shares, 20 of them yours" in text(post(rain, **REST))


def test_what_would_meet_an_own_order_is_shown_and_post_only_refused(post, rain, running_matcher):
    post(rain, step="place", **REST | {"limit": "50"})
    across = {"outcome": "1", "limit": "50", "shares": "20"}

    page = text(post(rain, **REST | across))
    assert "1 level used" in page and "Shares now 20" in page
    assert "it would meet an order of your own" in text(post(rain, **REST | across | {"post_only": "on"}))


def test_a_reviewed_expiration_is_what_gets_placed(post, rain, running_matcher):
    html = post(rain, **REST, step="review").content.decode()
    assert "this one ends at" not in html
    html = post(rain, **REST | {"tif_limit": "GTD", "until": "hour"}).content.decode()

    pinned = re.search(r'name="expires" value="([^"]+)"', html).group(1)
    assert '<option value="at" selected>' in html
    assert "this one ends at" in html
    post(rain, step="place", **REST | {"tif_limit": "GTD", "until": "at", "expires": pinned})
    order = Order.objects.get()
    assert (order.order_type, order.status) == ("GTD", "live")
    assert order.expires_ms % 60_000 == 0
    assert 3_600_000 - 5_000 < order.expires_ms - order.created_ms <= 3_660_000


def test_a_placed_limit_order_says_where_it_stands(post, rain, reader, running_matcher):
    page = text(reader.get(post(rain, step="place", **REST)["Location"]))

    assert "20 Yes rest at 49¢ , Main, behind the 50 that stood there." in page
    page = text(reader.get(post(rain, step="place", **REST | {"limit": "51", "shares": "50"})["Location"]))
    assert "Bought 30 Yes at 51.00¢" in page
    assert "20 Yes rest at 51¢ , first in line." in page


def test_what_open_orders_back_is_not_free(post, rain, reader, running_matcher):
    post(rain, step="place", **REST)

    page = text(reader.get(f"/market/{rain.slug}"))
    assert "$9,990.20 free here" in page
