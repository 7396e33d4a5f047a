"""Splitting, merging and converting on pages, without a script."""

import re
from uuid import uuid4

import pytest
from django.test import Client

from accounts.models import User
from livedata.pulse import wall_ms
from livedata.simulator.manual import ManualWorld
from livedata.simulator.server import serve
from markets.core.units import ONE, from_micros
from markets.models import Event, Market
from tests.trading.rows import AFTER_MONDAY, MONDAY, NOON, TUESDAY, both_sides, made
from tests.trading.venue import make_market
from trading.models import Portfolio, Position, SetChange
from trading.services.portfolios import change_portfolio, open_portfolio
from trading.services.rebates import accrue_rebates
from trading.services.rewards import sample_rewards
from trading.services.sets import split_position

pytestmark = [pytest.mark.django_db(databases="__all__", transaction=True)]


@pytest.fixture
def user(transactional_db):
    return User.objects.create_user("sets@example.org", "a long word 1")


@pytest.fixture
def portfolio(user):
    return open_portfolio(user_id=user.pk, name="Mine", now_ms=wall_ms())


@pytest.fixture
def client(user):
    client = Client()
    client.force_login(user)
    return client


@pytest.fixture(autouse=True)
def venue(settings):
    """A venue that answers, and knows no market."""
    with serve(ManualWorld()) as running:
        settings.EXCHANGE_URLS = running.environment
        yield


@pytest.fixture
def market(transactional_db, feed):
    market = make_market("will-it-rain", rules_ms=1)
    feed.show(market, "0.49x50", "0.51x30")
    return market


@pytest.fixture
def race(transactional_db):
    event = Event.objects.create(id="55", slug="who-wins", title="Who wins?", neg_risk=True)
    return [
        make_market(
            f"{name}-wins",
            event=event,
            neg_risk=True,
            group_order=place,
            group_label=name.title(),
            rules_ms=1,
        )
        for place, name in enumerate(["ann", "bea", "cid"])
    ]


def address(portfolio, market):
    return f"/portfolio/{portfolio.pk}/sets/{market.slug}"


def send(client, portfolio, market, kind, size, **fields):
    body = {"kind": kind, "size": size, "key": str(uuid4()), **fields}
    return client.post(address(portfolio, market), body, follow=True)


def good_news(answer):
    return re.findall(r'<div class="note ok[^"]*".*?<div>(.*?)</div>', answer.content.decode(), re.S)


def seen(answer):
    """The page's words."""
    return " ".join(re.sub(r"<[^>]+>", " ", answer.content.decode()).split())


def hold(portfolio, market, size):
    split_position(
        portfolio_id=portfolio.pk, condition_id=market.condition_id, size_micros=size * ONE, now_ms=wall_ms()
    )


def test_the_position_panel_has_the_form(client, portfolio, market):
    page = client.get(f"/market/{market.slug}").content.decode()

    form = page[page.index(f'action="{address(portfolio, market)}"') :]
    assert 'name="csrfmiddlewaretoken"' in form and 'name="key"' in form
    assert form.index('value="split"') < form.index('value="merge"') < form.index("</form>")


def test_a_split_leads_back_to_the_market_and_says_what_it_did(client, portfolio, market):
    answer = send(client, portfolio, market, "split", "10")

    assert answer.redirect_chain == [(f"/market/{market.slug}?portfolio={portfolio.pk}", 302)]
    assert good_news(answer) == ["Split $10.00 into 10 Yes and 10 No."]
    assert Portfolio.objects.get().cash_micros == 9_990 * ONE


def test_a_merge_says_its_result(client, portfolio, market):
    hold(portfolio, market, 10)

    answer = send(client, portfolio, market, "merge", "2.5")

    assert good_news(answer) == ["Merged 2.5 Yes and 2.5 No into $2.50. Result $0.00."]


def test_sending_the_same_form_again_changes_once(client, portfolio, market):
    key = str(uuid4())
    for _ in range(2):
        send(client, portfolio, market, "split", "10", key=key)

    assert SetChange.objects.count() == 1
    other = send(client, portfolio, market, "split", "11", key=key)
    assert (other.status_code, SetChange.objects.count()) == (422, 1)
    assert "This form was sent already with other figures." in seen(other)


@pytest.mark.parametrize(
    ("kind", "size", "words"),
    [
        ("split", "", "This field is required."),
        ("split", "ten", "Write a plain number of sets, such as 25 or 25.5."),
        ("split", "0", "More than 0 sets, please."),
        ("split", "10001", "Not enough cash: 10001 USDC needed, 10000 there."),
        ("merge", "1", "Not enough shares: 1 needed, 0 held."),
        ("burn", "1", "This form cannot be read."),
    ],
)
def test_what_cannot_be_done_says_why_and_keeps_what_was_typed(client, portfolio, market, kind, size, words):
    answer = send(client, portfolio, market, kind, size)

    assert answer.status_code == 422
    assert words in seen(answer)
    assert not size or f'value="{size}"' in answer.content.decode()
    assert not SetChange.objects.exists()


def test_a_conversion_lists_the_no_shares_and_gives_the_others(client, portfolio, race):
    hold(portfolio, race[0], 10)
    hold(portfolio, race[1], 4)
    page = client.get(address(portfolio, race[0]))
    assert "Ann 10 No held" in seen(page) and "Bea 4 No held" in seen(page)
    assert race[2].token_1 not in page.content.decode()

    tokens = [race[0].token_1, race[1].token_1]
    answer = send(client, portfolio, race[0], "convert", "4", token=tokens)

    assert good_news(answer) == ["Converted 4 No of 2 outcomes into 4 Yes of 1 other and $4.00."]
    held = dict(Position.objects.filter(size_micros__gt=0).values_list("token_id", "size_micros"))
    assert from_micros(held[race[2].token_0]) == "4"


@pytest.mark.parametrize(
    ("chosen", "size", "words"),
    [
        ([], "1", "Choose at least one outcome whose No shares you give."),
        ([0], "11", "Not enough shares: 11 needed, 10 held."),
        ([2], "1", "Select a valid choice."),
    ],
)
def test_a_conversion_that_cannot_be_says_why(client, portfolio, race, chosen, size, words):
    hold(portfolio, race[0], 10)

    answer = send(
        client, portfolio, race[0], "convert", size, token=[race[place].token_1 for place in chosen]
    )

    assert (answer.status_code, words in seen(answer)) == (422, True)
    assert SetChange.objects.count() == 1


def test_a_closed_market_shows_no_form(client, portfolio, market):
    Market.objects.filter(pk=market.pk).update(status=Market.Status.CLOSED)

    page = client.get(address(portfolio, market))

    assert "This market is closed" in seen(page)
    assert 'value="split"' not in page.content.decode()


def test_a_closed_portfolio_is_told_so(client, portfolio, market):
    change_portfolio(portfolio_id=portfolio.pk, is_active=False)

    assert "This portfolio is closed" in seen(send(client, portfolio, market, "split", "1"))


def test_the_page_is_its_owners_alone(portfolio, market, user):
    other = Client()
    assert other.get(address(portfolio, market)).status_code == 302
    other.force_login(User.objects.create_user("other@example.org", "a long word 1"))

    assert other.get(address(portfolio, market)).status_code == 404
    assert send(other, portfolio, market, "split", "1").status_code == 404
    assert not SetChange.objects.exists()


def test_an_event_of_one_winner_leads_to_converting(client, portfolio, race):
    page = client.get("/event/who-wins").content.decode()

    assert re.search(rf'href="/portfolio/{portfolio.pk}/sets/[a-z]+-wins">Split, merge or convert</a>', page)


def test_the_portfolio_shows_rebates_and_the_range_of_rewards(client, portfolio, market, feed):
    assert "rebates" not in seen(client.get("/portfolio")).lower()
    Market.objects.filter(pk=market.pk).update(
        rebate_rate_micros=250_000, reward_max_spread_micros=30_000, reward_daily_micros=1_440 * ONE
    )
    made(portfolio, market, "320", MONDAY)
    made(portfolio, market, "640", TUESDAY)
    accrue_rebates(now_ms=AFTER_MONDAY)
    both_sides(portfolio, market)
    for minute in range(4):
        feed.beat()
        sample_rewards(now_ms=NOON + minute * 60_000)

    words = seen(client.get("/portfolio"))

    assert "Maker rebates $1.00 paid, $2.00 when the day ends" in words
    assert re.search(r"Liquidity rewards, an estimate in no balance: \$[\d.]+ to \$[\d.]+", words)


@pytest.mark.parametrize("model", ["setchange", "rebate", "rewardscore"])
def test_the_admin_shows_them_and_changes_nothing(client, portfolio, market, model):
    client.force_login(User.objects.create_superuser("admin@example.org", "a long word 1"))
    hold(portfolio, market, 10)
    made(portfolio, market, "320", MONDAY)
    accrue_rebates(now_ms=AFTER_MONDAY)

    assert client.get(f"/admin/trading/{model}/").status_code == 200
    assert client.get(f"/admin/trading/{model}/add/").status_code == 403
