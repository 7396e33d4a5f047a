"""The audit works everything out again from what was written, and finds what was tampered with."""

import random
from uuid import uuid4

import pytest

from livedata.pulse import wall_ms
from markets.core.errors import Rejected
from markets.core.units import ONE, to_micros
from markets.models import Event, Market
from tests.make import make_ticket
from tests.trading.venue import make_market
from trading.models import Fill, Order, Portfolio, Position, Posting, SetChange, Settlement
from trading.services.audit import audit
from trading.services.orders import submit_order
from trading.services.portfolios import reset_portfolio
from trading.services.sets import convert_positions, merge_positions, split_position
from trading.services.settlement import redeem, settle_market

pytestmark = [pytest.mark.django_db(databases="__all__"), pytest.mark.portable]


@pytest.fixture
def race(db, feed):
    """A neg-risk event of three, each with a deep book."""
    event = Event.objects.create(id="91", slug="race", title="Who wins?", neg_risk=True)
    markets = [make_market(f"runner-{place}", event=event, neg_risk=True) for place in range(3)]
    for market in markets:
        feed.show(market, "0.32x5000 0.31x5000", "0.34x5000 0.35x5000")
    return event, markets


def trade(portfolio, market, matcher, side, size, outcome_index=0):
    ticket = make_ticket(
        side,
        condition_id=market.condition_id,
        token_id=market.token_ids[outcome_index],
        outcome_index=outcome_index,
        size=size,
        client_order_id=str(uuid4()),
    )
    submit_order(portfolio_id=portfolio.pk, ticket=ticket, now_ms=wall_ms())
    matcher.turn()


def sets(portfolio, market, size, act=split_position):
    act(
        portfolio_id=portfolio.pk,
        condition_id=market.condition_id,
        size_micros=to_micros(size),
        now_ms=wall_ms(),
    )


def convert(portfolio, event, markets, size):
    convert_positions(
        portfolio_id=portfolio.pk,
        event_slug=event.slug,
        token_ids=[market.token_1 for market in markets],
        size_micros=to_micros(size),
        now_ms=wall_ms(),
    )


def conserved(portfolio):
    """What came in is what is there, what was spent on what is held, and what was lost or won."""
    row = Portfolio.objects.get(pk=portfolio.pk)
    spent = sum(position.cost_micros for position in Position.objects.filter(portfolio=row))
    return row.cash_micros + spent - row.realised_pnl_micros == row.initial_balance_micros


@pytest.mark.parametrize("seed", range(4))
def test_any_mixture_of_trades_and_sets_adds_up(race, portfolio, matcher, seed):
    event, markets = race
    draw = random.Random(seed)
    refused = 0
    for _ in range(40):
        market, size = draw.choice(markets), str(draw.randint(1, 2_000) / 100)
        chosen = draw.sample(markets, draw.randint(1, 3))
        act = draw.choice(
            [
                lambda: trade(portfolio, market, matcher, "BUY", size, draw.randint(0, 1)),  # noqa: B023
                lambda: trade(portfolio, market, matcher, "SELL", size, draw.randint(0, 1)),  # noqa: B023
                lambda: sets(portfolio, market, size),  # noqa: B023
                lambda: sets(portfolio, market, size, merge_positions),  # noqa: B023
                lambda: convert(portfolio, event, chosen, size),  # noqa: B023
            ]
        )
        try:
            act()
        except Rejected:
            refused += 1
    assert refused < 30, "most of it must have happened"
    assert audit().drifts == ()
    assert conserved(portfolio)

    for place, market in enumerate(markets):
        settle_market(condition_id=market.condition_id, payout_0_micros=ONE * (place == 1), now_ms=wall_ms())

    assert audit().drifts == ()
    assert conserved(portfolio)
    assert not Position.objects.filter(size_micros__gt=0).exists()


def test_shares_that_come_after_the_payout_are_paid_by_the_next_run(race, portfolio, matcher):
    market = race[1][0]
    trade(portfolio, market, matcher, "BUY", "10")
    settle_market(condition_id=market.condition_id, payout_0_micros=ONE // 2, now_ms=wall_ms())
    trade(portfolio, market, matcher, "BUY", "4")  # the catalogue did not know yet

    again = settle_market(condition_id=market.condition_id, payout_0_micros=ONE // 2, now_ms=wall_ms())

    assert (again.positions_count, again.finished) == (2, True)
    assert not Position.objects.filter(size_micros__gt=0).exists()
    assert audit().drifts == ()


def test_payouts_posted_before_versions_were_kept_count_as_the_last_write(race, portfolio, matcher):
    market = race[1][0]
    trade(portfolio, market, matcher, "BUY", "10")
    settle_market(condition_id=market.condition_id, payout_0_micros=0, now_ms=wall_ms())
    for number, row in enumerate(Posting.objects.filter(kind="settlement")):
        Posting.objects.filter(pk=row.pk).update(transaction_id=f"settle:{portfolio.pk.hex}:{row.asset}:0")
        assert number < 2

    assert audit().drifts == ()


def test_what_came_before_a_reset_is_not_counted_again(race, portfolio):
    sets(portfolio, race[1][0], "10")
    reset_portfolio(portfolio_id=portfolio.pk, now_ms=wall_ms())
    sets(portfolio, race[1][1], "3")

    assert audit().drifts == ()


@pytest.fixture
def busy(race, portfolio, matcher):
    """A portfolio with a bit of everything."""
    event, markets = race
    trade(portfolio, markets[0], matcher, "BUY", "10", 1)
    trade(portfolio, markets[0], matcher, "SELL", "2", 1)
    sets(portfolio, markets[1], "5")
    sets(portfolio, markets[1], "1", merge_positions)
    convert(portfolio, event, markets[:1], "3")
    settle_market(condition_id=markets[2].condition_id, payout_0_micros=ONE, now_ms=wall_ms())
    assert audit().drifts == ()


def shift(model, field, by=1, **where):
    """Change one number of one row, as nothing of ours would."""
    row = model.objects.filter(**where).order_by("pk").first()
    model.objects.filter(pk=row.pk).update(**{field: getattr(row, field) + by})


def shift_leg(place, kind):
    row = SetChange.objects.get(kind=kind)
    row.legs[0][place] += 1
    row.save()


TAMPERINGS = {
    "cash": lambda: shift(Portfolio, "cash_micros"),
    "realised": lambda: shift(Portfolio, "realised_pnl_micros"),
    "fees": lambda: shift(Portfolio, "fees_micros"),
    "size": lambda: shift(Position, "size_micros", size_micros__gt=0),
    "cost": lambda: shift(Position, "cost_micros", size_micros__gt=0),
    "realised of a position": lambda: shift(Position, "realised_pnl_micros"),
    "a posting": lambda: shift(Posting, "amount_micros", kind="split"),
    "a fill's size": lambda: shift(Fill, "size_micros"),
    "a fill's result": lambda: shift(Fill, "realised_pnl_micros"),
    "an order's sum": lambda: shift(Order, "matched_micros"),
    "what a split moved": lambda: shift_leg(3, "split"),
    "what a merge was booked at": lambda: shift_leg(4, "merge"),
    "what a conversion was booked at": lambda: shift_leg(4, "convert"),
    "the cash of a split": lambda: shift(SetChange, "cash_micros", kind="split"),
    "the result of a merge": lambda: shift(SetChange, "realised_pnl_micros", kind="merge"),
    "a split": lambda: SetChange.objects.filter(kind="split").delete(),
    "a payout": lambda: shift(Settlement, "payout_0_micros", by=-ONE // 2),
    "a settlement": lambda: Settlement.objects.all().delete(),
}


@pytest.mark.parametrize("what", TAMPERINGS)
def test_every_tampering_is_found(busy, what):
    TAMPERINGS[what]()

    assert not audit().clean


def test_redeeming_by_hand_adds_up(race, portfolio):
    market = race[1][0]
    sets(portfolio, market, "10")
    Market.objects.filter(pk=market.pk).update(status=Market.Status.RESOLVED, payout_0_micros=ONE)

    paid = redeem(portfolio_id=portfolio.pk, now_ms=wall_ms())

    assert sum(payout.cash_micros for payout in paid) == 10 * ONE
    assert audit().drifts == ()
