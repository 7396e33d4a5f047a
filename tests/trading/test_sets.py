"""Splits, merges and conversions on the database: asked twice made once, refused whole, never in debt."""

from uuid import uuid4

import pytest

from livedata.pulse import wall_ms
from markets.core.errors import Conflict, Rejected
from markets.core.units import ONE, from_micros, to_micros
from markets.models import Event, Market
from tests.make import make_ticket
from tests.trading.conftest import ALICE
from tests.trading.venue import make_market
from trading.core.rejections import Code
from trading.models import Portfolio, Position, Posting, SetChange
from trading.services.orders import submit_order
from trading.services.portfolios import change_portfolio, open_portfolio, reset_portfolio
from trading.services.sets import convert_positions, merge_positions, split_position
from trading.services.settlement import settle_market

pytestmark = [pytest.mark.django_db(databases="__all__"), pytest.mark.portable]


def split(portfolio, market, size="10", **fields):
    return split_position(
        portfolio_id=portfolio.pk,
        condition_id=market.condition_id,
        size_micros=to_micros(size),
        now_ms=wall_ms(),
        **fields,
    )


def merge(portfolio, market, size="10", **fields):
    return merge_positions(
        portfolio_id=portfolio.pk,
        condition_id=market.condition_id,
        size_micros=to_micros(size),
        now_ms=wall_ms(),
        **fields,
    )


def convert(portfolio, event, markets, size="10", **fields):
    return convert_positions(
        portfolio_id=portfolio.pk,
        event_slug=event.slug,
        token_ids=fields.pop("token_ids", [market.token_1 for market in markets]),
        size_micros=to_micros(size),
        now_ms=wall_ms(),
        **fields,
    )


def buy(portfolio, market, matcher, size, outcome_index):
    ticket = make_ticket(
        "BUY",
        condition_id=market.condition_id,
        token_id=market.token_ids[outcome_index],
        outcome_index=outcome_index,
        size=size,
        client_order_id=str(uuid4()),
    )
    submit_order(portfolio_id=portfolio.pk, ticket=ticket, now_ms=wall_ms())
    matcher.turn()


def cash(portfolio):
    return from_micros(Portfolio.objects.get(pk=portfolio.pk).cash_micros)


def holdings(portfolio):
    """(size, cost) by token, of what is held."""
    rows = Position.objects.filter(portfolio_id=portfolio.pk, size_micros__gt=0)
    return {row.token_id: (from_micros(row.size_micros), from_micros(row.cost_micros)) for row in rows}


@pytest.fixture
def race(db, feed):
    """A neg-risk event of four; the favourite at 0.50, the second at 0.30, the others never quoted."""
    event = Event.objects.create(id="77", slug="who-wins", title="Who wins?", neg_risk=True)
    markets = [
        make_market(f"{name}-wins", event=event, neg_risk=True, group_order=place, price_0_micros=price)
        for place, (name, price) in enumerate(
            [("ann", 500_000), ("bea", 100_000), ("cid", 150_000), ("dan", None)]
        )
    ]
    feed.show(markets[1], "0.29x50", "0.31x50")
    return event, markets


def test_a_split_costs_a_dollar_a_set_laid_by_the_midpoint(market, portfolio):
    change = split(portfolio, market)

    assert (cash(portfolio), from_micros(change.cash_micros)) == ("9990", "-10")
    assert holdings(portfolio) == {market.token_0: ("10", "5"), market.token_1: ("10", "5")}
    lines = Posting.objects.filter(kind="split").values_list("account", "asset", "amount_micros")
    assert sorted(lines) == sorted(
        [
            ("trader", "USDC", -10 * ONE),
            ("sets", "USDC", 10 * ONE),
            *(("trader", token, 10 * ONE) for token in market.token_ids),
            *(("sets", token, -10 * ONE) for token in market.token_ids),
        ]
    )


@pytest.mark.parametrize(
    ("book", "price", "costs"),
    [
        ("fresh", 200_000, ("6.3", "3.7")),  # the book's midpoint
        ("stale", 200_000, ("2", "8")),  # the catalogue's price
        (None, None, ("5", "5")),  # nothing says
    ],
)
def test_what_a_split_costs_each_outcome(db, feed, portfolio, book, price, costs):
    market = make_market(f"priced-{book}", price_0_micros=price)
    if book:
        feed.show(market, "0.62x50", "0.64x50")
        feed.beat(alive=book == "fresh")

    split(portfolio, market)

    assert tuple(holdings(portfolio)[token][1] for token in market.token_ids) == costs


def test_a_merge_realises_the_set_and_leaves_the_rest(market, portfolio, matcher):
    buy(portfolio, market, matcher, "20", 0)  # at 0.51, fee 0.2499
    buy(portfolio, market, matcher, "30", 1)  # at 0.51
    before = Portfolio.objects.get(pk=portfolio.pk)

    change = merge(portfolio, market, "20")

    after = Portfolio.objects.get(pk=portfolio.pk)
    assert after.cash_micros - before.cash_micros == 20 * ONE
    assert after.realised_pnl_micros == change.realised_pnl_micros < 0
    assert holdings(portfolio).keys() == {market.token_1}
    assert sum(row.realised_pnl_micros for row in Position.objects.all()) == after.realised_pnl_micros
    spent = sum(row.cost_micros for row in Position.objects.all())
    assert after.cash_micros + spent - after.realised_pnl_micros == after.initial_balance_micros


def test_a_conversion_brings_the_other_outcomes_and_a_dollar_for_each_but_one(race, portfolio):
    event, markets = race
    for market in markets[:2]:
        split(portfolio, market)
    before = Portfolio.objects.get(pk=portfolio.pk).cash_micros

    change = convert(portfolio, event, markets[:2])

    assert from_micros(Portfolio.objects.get(pk=portfolio.pk).cash_micros - before) == "10"
    # The NO cost 5 + 7; a dollar a share came back; 2 is left, in equal parts: nothing says dan's price.
    assert holdings(portfolio) == {
        markets[0].token_0: ("10", "5"),
        markets[1].token_0: ("10", "3"),
        markets[2].token_0: ("10", "1"),
        markets[3].token_0: ("10", "1"),
    }
    assert (change.event_id, change.realised_pnl_micros) == (event.pk, 0)


def test_a_conversion_lays_its_cost_by_the_prices(race, portfolio):
    event, markets = race
    Market.objects.filter(pk=markets[3].pk).update(price_0_micros=50_000)
    split(portfolio, markets[0])

    convert(portfolio, event, markets[:1])

    # 5 over 0.30 (its book; the catalogue says 0.10), 0.15 and 0.05
    assert [holdings(portfolio)[row.token_0][1] for row in markets] == ["5", "3", "1.5", "0.5"]


def test_a_question_that_was_answered_no_brings_nothing(race, portfolio):
    event, markets = race
    Market.objects.filter(pk=markets[3].pk).update(status=Market.Status.RESOLVED, payout_0_micros=0)
    split(portfolio, markets[0])

    change = convert(portfolio, event, markets[:1])

    assert [leg[1] for leg in change.legs] == [
        markets[0].token_1,
        markets[1].token_0,
        markets[2].token_0,
    ]


@pytest.mark.parametrize("act", [split, merge])
def test_asking_twice_changes_once(market, portfolio, act):
    split(portfolio, market, "30")
    first = act(portfolio, market, client_id="mine")
    Market.objects.filter(pk=market.pk).update(status=Market.Status.CLOSED)  # whatever holds by then

    again = act(portfolio, market, client_id="mine")

    assert (again.pk, SetChange.objects.count()) == (first.pk, 2)
    with pytest.raises(Conflict) as clash:
        act(portfolio, market, "11", client_id="mine")
    assert clash.value.code == Code.DUPLICATE_CLIENT_ID


def test_two_portfolios_may_use_the_same_client_id(market, portfolio):
    other = open_portfolio(user_id=ALICE, name="Other", now_ms=wall_ms())

    assert split(portfolio, market, client_id="x").pk != split(other, market, client_id="x").pk


def refused(act, *args, **fields):
    """The code and field of a refusal, after which nothing is different."""
    before = (Portfolio.objects.in_bulk(), SetChange.objects.count(), Posting.objects.count())
    with pytest.raises(Rejected) as refusal:
        act(*args, **fields)
    assert (Portfolio.objects.in_bulk(), SetChange.objects.count(), Posting.objects.count()) == before
    return refusal.value.code, refusal.value.field


@pytest.mark.parametrize("size", ["0", "-1", "1000000000.000001"])
def test_a_size_out_of_range_is_refused(market, portfolio, size):
    assert refused(split_position, **_sized(portfolio, market, size)) == (Code.INVALID_SIZE, "size")


def _sized(portfolio, market, size):
    whole, _, part = size.partition(".")
    micros = int(whole) * ONE + int(part.ljust(6, "0") or 0)
    return {
        "portfolio_id": portfolio.pk,
        "condition_id": market.condition_id,
        "size_micros": micros,
        "now_ms": 0,
    }


def test_what_is_not_there_is_refused(market, portfolio):
    assert refused(split, portfolio, market, "10000.000001") == (Code.INSUFFICIENT_BALANCE, "size")
    split(portfolio, market, "5")
    assert refused(merge, portfolio, market, "5.000001") == (Code.INSUFFICIENT_SHARES, "size")


@pytest.mark.parametrize("act", [split, merge])
@pytest.mark.parametrize("status", [Market.Status.CLOSED, Market.Status.RESOLVED])
def test_sets_of_an_ended_market_stay_as_they_are(market, portfolio, act, status):
    split(portfolio, market)
    Market.objects.filter(pk=market.pk).update(status=status)

    assert refused(act, portfolio, market) == (Code.MARKET_CLOSED, "market")


def test_sets_of_a_settled_market_stay_as_they_are_though_the_catalogue_lags(market, portfolio):
    settle_market(condition_id=market.condition_id, payout_0_micros=ONE, now_ms=wall_ms())

    assert refused(split, portfolio, market) == (Code.MARKET_CLOSED, "market")


def test_a_paused_market_still_changes_sets(market, portfolio):
    Market.objects.filter(pk=market.pk).update(status=Market.Status.PAUSED)

    assert split(portfolio, market).size_micros == 10 * ONE


def test_a_closed_portfolio_changes_nothing(market, portfolio):
    change_portfolio(portfolio_id=portfolio.pk, is_active=False)

    assert refused(split, portfolio, market)[0] == Code.PORTFOLIO_INACTIVE


def test_an_unknown_market_is_refused(portfolio):
    unknown = Market(condition_id="0x" + "77" * 32)

    assert refused(split, portfolio, unknown) == (Code.MARKET_NOT_FOUND, "market")


@pytest.mark.parametrize("named", ["", "no-0 no-0", "yes-0", "12345", "no-0 12345"])
def test_only_no_tokens_of_the_event_convert_each_once(race, portfolio, named):
    event, markets = race
    split(portfolio, markets[0])
    known = {"no-0": markets[0].token_1, "yes-0": markets[0].token_0}

    code = refused(convert, portfolio, event, [], token_ids=[known.get(name, name) for name in named.split()])

    assert code == (Code.INVALID_TOKENS, "token_ids")


def test_what_does_not_convert(race, portfolio):
    event, markets = race
    split(portfolio, markets[0])
    unknown, plain = Event(slug="no-such"), Event.objects.create(id="78", slug="plain", title="Plain")
    alone = Event.objects.create(id="79", slug="alone", title="Alone", neg_risk=True)
    only = make_market("only", event=alone, neg_risk=True)

    assert refused(convert, portfolio, unknown, markets[:1])[0] == Code.EVENT_NOT_FOUND
    assert refused(convert, portfolio, plain, markets[:1])[0] == Code.NOT_NEG_RISK
    assert refused(convert, portfolio, alone, [only])[0] == Code.NOT_NEG_RISK
    assert refused(convert, portfolio, event, markets[:2])[0] == Code.INSUFFICIENT_SHARES
    Market.objects.filter(pk=markets[0].pk).update(status=Market.Status.CLOSED)
    assert refused(convert, portfolio, event, markets[:1]) == (Code.MARKET_CLOSED, "token_ids")


def test_a_decided_event_does_not_convert(race, portfolio):
    event, markets = race
    split(portfolio, markets[0])
    Market.objects.filter(pk=markets[2].pk).update(status=Market.Status.RESOLVED, payout_0_micros=ONE)

    assert refused(convert, portfolio, event, markets[:1]) == (Code.MARKET_CLOSED, "event")


def test_all_questions_given_bring_cash_alone(race, portfolio):
    event, markets = race
    for market in markets:
        split(portfolio, market, "4")

    change = convert(portfolio, event, markets, "4")

    assert from_micros(change.cash_micros) == "12"
    assert holdings(portfolio).keys() == {market.token_0 for market in markets}


def test_a_reset_takes_back_what_a_split_made(market, portfolio):
    split(portfolio, market)

    reset_portfolio(portfolio_id=portfolio.pk, now_ms=wall_ms())

    assert (cash(portfolio), holdings(portfolio)) == ("10000", {})
