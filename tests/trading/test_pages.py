"""Pages for readers: complete without script, bounded in queries, deaf to what the address may not ask."""

import base64
import hashlib
import re

import pytest
from django.conf import settings as django_settings
from django.core.cache import cache
from django.template.loader import get_template
from django.test import Client

from livedata.books import book_key
from livedata.bus import bus
from markets.core.units import ONE
from markets.models import Event, Market
from tests.people import make_user
from tests.trading.venue import make_market
from trading.matcher import Matcher
from trading.models import Portfolio
from trading.selectors.portfolios import portfolios_of

pytestmark = [pytest.mark.django_db(databases="__all__"), pytest.mark.portable]


@pytest.fixture(autouse=True)
def no_books():
    """No test sees another one's books: the slugs are the same."""
    for number in range(1, 6):
        for slug in ("rain", "alone"):
            digest = hashlib.sha256(f"{slug}-{number}".encode()).hexdigest()
            bus().delete(book_key(f"0x{digest}"))


@pytest.fixture
def ada(db):
    return make_user("ada@example.org")


@pytest.fixture
def reader(ada):
    client = Client()
    client.force_login(ada)
    return client


@pytest.fixture
def quiet_history(monkeypatch):
    """A venue without any past: pages must do without."""
    monkeypatch.setattr("trading.selectors.market_page.price_history", lambda *_, **__: [])


def make_event(slug="rain", count=3, **fields):
    event = Event.objects.create(
        id=f"e-{slug}", slug=slug, title=f"Event {slug}", market_count=count, category="weather", **fields
    )
    return event, [
        make_market(
            f"{slug}-{number}",
            event=event,
            group_label=f"Outcome {number}",
            best_bid_micros=number * 100_000,
            best_ask_micros=number * 100_000 + 10_000,
            volume_24h_micros=number * ONE,
            rules_ms=1,
        )
        for number in range(1, count + 1)
    ]


def text(response):
    return re.sub(r"\s+", " ", re.sub(r"<[^>]+>", " ", response.content.decode()))


def test_the_policy_allows_the_theme_script_and_no_other():
    script = re.search(r"<script>(.*?)</script>", get_template("base.html").template.source, re.S).group(1)
    digest = base64.b64encode(hashlib.sha256(script.encode()).digest()).decode()

    policy = django_settings.CONTENT_SECURITY_POLICY["DIRECTIVES"]
    assert policy["script-src"] == ["'self'", f"'sha256-{digest}'"]
    assert policy["style-src-elem"] == ["'self'"]


def test_every_page_says_that_it_is_paper_and_where_its_numbers_come_from(client, quiet_history):
    make_event()
    for path in ("/", "/event/rain", "/market/rain-1", "/how-fills-work", "/status", "/nothing/here"):
        response = client.get(path, headers={"Accept": "text/html"})
        assert "PAPER" in text(response), path
        assert 'data-source="sim"' in response.content.decode(), path
        assert "script-src 'self'" in response["Content-Security-Policy"], path


def test_the_front_page_shows_events_as_cards_with_their_likeliest_outcomes(client):
    make_event(count=5)
    make_event("alone", count=1)

    page = text(client.get("/"))
    assert "Event rain" in page
    assert "+2 more" in page
    assert "Outcome 5" in page and "Outcome 1 " not in page
    assert "51%" in page, "50.5, half up"


@pytest.mark.parametrize("count", [1, 3])
def test_the_front_page_asks_as_often_for_three_cards_as_for_one(client, django_assert_num_queries, count):
    for number in range(count):
        make_event(f"event-{number}", count=2)

    with django_assert_num_queries(8, using="markets_db"):
        client.get("/")


def test_a_pasted_link_leads_to_its_twin(client):
    answer = client.get("/", {"q": "https://polymarket.com/event/rain/rain-2?tid=1"})
    assert (answer.status_code, answer["Location"]) == (302, "/market/rain-2")

    answer = client.get("/", {"q": "polymarket.com/event/rain"})
    assert (answer.status_code, answer["Location"]) == (302, "/event/rain")


@pytest.mark.parametrize(
    "query",
    [
        "sort=nonsense",
        "cursor=nonsense",
        "f=nonsense&category=%00",
        "q=http://[",
        "density=%3Cscript%3E",
        "q=" + "x" * 999,
    ],
)
def test_a_query_that_makes_no_sense_is_no_error_of_ours(client, query):
    assert client.get(f"/?{query}").status_code in (200, 400)


def test_a_total_that_was_not_counted_to_its_end_has_a_plus(client, monkeypatch):
    for number in range(3):
        make_event(f"event-{number}", count=1)
    assert "3 open events" in text(client.get("/"))

    cache.clear()
    monkeypatch.setattr("markets.walks.TOTAL_MAX", 2)
    page = text(client.get("/"))

    assert "3+ open events" in page
    assert "The first 3 of 3+" in page


def test_a_cursor_goes_on_where_the_page_ended(client):
    for number in range(20):
        make_event(f"many-{number:02d}", count=1, volume_24h_micros=number * ONE)

    first = client.get("/").content.decode()
    query = re.search(r'href="(\?[^"]*cursor=[^"]+)"', first).group(1).replace("&amp;", "&")
    following = client.get(f"/{query}").content.decode()

    assert "many-19" in first and "many-01" not in first
    assert "many-01" in following and "many-19" not in following


def test_an_event_with_one_market_is_that_market(client):
    make_event("alone", count=1)
    assert client.get("/event/alone")["Location"] == "/market/alone-1"


def test_an_event_compares_its_outcomes_and_says_what_a_set_costs(client, quiet_history):
    make_event(neg_risk=True)

    page = text(client.get("/event/rain"))
    assert page.index("Outcome 3") < page.index("Outcome 2") < page.index("Outcome 1")
    assert "63¢" in page, "11 + 21 + 31"


def test_a_market_is_complete_without_script(client, feed, quiet_history):
    _, (market, *_) = make_event()
    feed.show(market, "0.49x50 0.48x100", "0.51x30 0.52x70")

    response = client.get("/event/rain/rain-1")
    page = text(response)
    assert "50.0%" in page
    for figure in ("51¢", "52¢", "49¢", "48¢", "2¢", "Outcome 2"):
        assert figure in page, figure
    assert "Sign up to trade" in page
    assert "0.51" in response.content.decode(), "prices are links that fill the ticket"


def test_the_other_outcomes_book_is_the_same_book_turned_round(client, feed, quiet_history):
    _, (market, *_) = make_event()
    feed.show(market, "0.30x50", "0.40x30")

    html = client.get("/market/rain-1?book=1").content.decode()
    rows = re.findall(r'<tr data-s="(ask|bid)" data-i="0" data-px="([\d.]+)"', html)
    assert rows == [("ask", "0.7"), ("bid", "0.6")]


def test_a_stale_book_is_shown_as_stale(client, feed, quiet_history):
    _, (market, *_) = make_event()
    feed.show(market, "0.49x50", "0.51x30")
    feed.beat(alive=False)

    html = client.get("/market/rain-1").content.decode()
    assert 'class="ladder stale"' in html
    assert "Orders are refused until it catches up" in html


def test_a_resolved_market_shows_its_result_and_no_ticket(reader, quiet_history):
    resolved = {"status": Market.Status.RESOLVED, "closed": True, "payout_0_micros": 0}
    make_market("over", closed_ms=1_790_000_000_000, **resolved)

    page = text(reader.get("/market/over"))
    assert "This market has resolved" in page
    assert "Review order" not in page


def test_the_venues_words_cannot_become_markup(client, quiet_history):
    make_market(
        "evil",
        question="<img src=x onerror=alert(1)> \u202eevil",
        description="<script>alert(1)</script>\n\nhttps://example.org",
        outcome_0='"><b>Yes',
        rules_ms=1,
    )

    html = client.get("/market/evil").content.decode()
    assert "<script>alert" not in html and "<img src=x" not in html and "<b>Yes" not in html
    assert "\u202e" not in html
    assert 'rel="noopener noreferrer nofollow ugc"' in html


def test_an_unknown_slug_is_a_page_that_says_so(client, quiet_history, monkeypatch):
    response = client.get("/portfolio/not-a-uuid", headers={"Accept": "text/html"})
    assert response.status_code == 404
    assert "Nothing here" in text(response)


def test_a_first_look_opens_the_first_portfolio_once(reader, ada):
    reader.get("/portfolio")
    reader.get("/portfolio")

    assert [row.name for row in portfolios_of(ada.pk)] == ["Main"]


def test_strangers_are_sent_to_the_log_in_page(client):
    assert client.get("/portfolio")["Location"] == "/login?next=/portfolio"


def test_what_belongs_to_somebody_else_is_not_there(reader, portfolio):
    other = portfolio.pk  # Alice's; Ada reads
    assert Portfolio.objects.filter(pk=other).exists()
    assert reader.get(f"/portfolio/{other}").status_code == 404
    assert reader.get(f"/portfolio/{other}/trade/{other}").status_code == 404


def test_a_trade_shows_its_evidence_to_the_cent(reader, ada, feed, quiet_history):
    market = make_market("will-it-snow", rules_ms=1)
    feed.show(market, "0.49x50", "0.51x30 0.52x70")
    reader.get("/portfolio")
    (mine,) = portfolios_of(ada.pk)
    place(mine, market, amount="40")

    overview = reader.get("/portfolio").content.decode()
    assert "Will it snow?" in overview
    link = re.search(rf"/portfolio/{mine.pk}/trade/[0-9a-f-]+", overview).group()
    page = text(reader.get(link))
    assert "two price levels" in page
    assert "30 at 51¢" in page and "47.5 at 52¢" in page
    assert "0.05 × 30 × 0.51 × 0.49" in page
    assert "$0.37485" in page, "0.05 x 30 x 0.51 x 0.49"
    assert "$40.00" in page


def place(portfolio, market, **fields):
    from livedata.clock import venue_now_ms
    from tests.make import make_ticket
    from trading.services.orders import submit_order

    ticket = make_ticket(condition_id=market.condition_id, token_id=market.token_0, **fields)
    order = submit_order(portfolio_id=portfolio.pk, ticket=ticket, now_ms=venue_now_ms())
    Matcher().turn()
    return order


def test_a_further_portfolio_is_opened_by_form(reader, ada):
    answer = reader.post("/portfolio/new", {"name": "Class contest", "balance": "2,500"})

    (opened,) = portfolios_of(ada.pk)
    assert answer["Location"] == f"/portfolio/{opened.pk}"
    assert (opened.name, opened.cash_micros) == ("Class contest", 2_500 * ONE)
    assert (opened.latency_ms, opened.queue_model) == (0, "risk_averse")


def test_a_portfolio_chooses_its_model_and_its_latency(reader, ada):
    reader.post("/portfolio/new", {"name": "Likely", "queue_model": "proportional", "latency_ms": "250"})

    (opened,) = portfolios_of(ada.pk)
    assert (opened.latency_ms, opened.queue_model) == (250, "proportional")


@pytest.mark.parametrize(
    "fields",
    [
        {"name": "", "balance": "5"},
        {"name": "x", "balance": "0"},
        {"name": "x", "balance": "1e12"},
        {"name": "x", "queue_model": "touch"},
        {"name": "x", "latency_ms": "-1"},
        {"name": "x", "latency_ms": "soon"},
    ],
)
def test_a_portfolio_that_cannot_be_is_refused_in_words(reader, ada, fields):
    answer = reader.post("/portfolio/new", fields)

    assert answer.status_code == 422
    assert 'class="err"' in answer.content.decode()
    assert portfolios_of(ada.pk) == []


def test_a_reset_asks_first_and_belongs_to_its_owner(reader, ada, portfolio):
    reader.get("/portfolio")
    (mine,) = portfolios_of(ada.pk)

    assert reader.get(f"/portfolio/{mine.pk}/reset").status_code == 200
    assert (
        reader.post(f"/portfolio/{mine.pk}/reset", {"balance": "77"})["Location"] == f"/portfolio/{mine.pk}"
    )
    assert portfolios_of(ada.pk)[0].cash_micros == 77 * ONE
    assert reader.post(f"/portfolio/{portfolio.pk}/reset", {"balance": "77"}).status_code == 404


def test_every_link_of_every_page_leads_somewhere(reader, ada, feed, quiet_history):
    _, (market, *_) = make_event()
    feed.show(market, "0.49x50", "0.51x30 0.52x70")
    reader.get("/portfolio")
    place(portfolios_of(ada.pk)[0], market, amount="40")

    kinds, ahead, dead = set(), ["/"], []  # one address of each path and set of parameters is enough
    while ahead:
        path = ahead.pop()
        answer = reader.get(path, follow=True, headers={"Accept": "text/html,*/*"})
        if answer.status_code >= 400:
            dead.append((path, answer.status_code))
        if "text/html" not in answer["Content-Type"] or path.startswith(("/docs", "/admin")):
            continue
        for link in re.findall(r'href="(/[^"#]*|\?[^"#]*)', answer.content.decode()):
            link = link.replace("&amp;", "&")
            target = path.partition("?")[0] + link if link.startswith("?") else link
            where, _, query = target.partition("?")
            kind = (where, tuple(sorted(part.partition("=")[0] for part in query.split("&"))))
            if not target.startswith("/static/") and kind not in kinds:
                kinds.add(kind)
                ahead.append(target)

    assert dead == []
    assert len(kinds) > 30
