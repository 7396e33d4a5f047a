"""One portfolio under three models, against sums made by hand."""

from itertools import count
from uuid import uuid4

import pytest

from livedata.pulse import wall_ms
from markets.core.units import from_micros, to_micros
from tests.trading.test_orders import ticket_for
from tests.trading.venue import make_market
from trading.models import Fill, Lens, Order
from trading.selectors.figures import portfolio_figures
from trading.selectors.lenses import lenses_of
from trading.services.orders import submit_order

pytestmark = [pytest.mark.django_db(databases="__all__"), pytest.mark.portable]

_numbers = count(1)


def made(portfolio, market, side, price, *, real="", lens="", outcome_index=0, self_match=False, epoch=0):
    """An order with maker fills "A:4 C:1.5" and lens rows "touch:20"; written down without an executor."""
    facts = {
        "portfolio": portfolio,
        "condition_id": market.condition_id,
        "token_id": market.token_ids[outcome_index],
        "outcome_index": outcome_index,
        "side": side,
        "price_micros": to_micros(price),
        "epoch": epoch,
    }
    number = next(_numbers)
    order = Order.objects.create(
        client_order_id=str(number),
        body_hash="",
        order_type="GTC",
        size_micros=to_micros("1000"),
        effective_ms=number,
        created_ms=number,
        updated_ms=number,
        **facts,
    )
    for place, (grade, size) in enumerate(part.split(":") for part in real.split()):
        Fill.objects.create(
            order=order,
            source_id=str(place),
            role="maker",
            size_micros=to_micros(size),
            notional_micros=0,
            fee_micros=0,
            grade=grade,
            self_match=self_match,
            filled_ms=number,
            **facts,
        )
    for model, size in (part.split(":") for part in lens.split()):
        Lens.objects.create(
            id=f"{order.pk.hex}:{model}",
            order=order,
            model=model,
            size_micros=to_micros(size),
            first_ms=number,
            last_ms=number,
            applied="",
            **facts,
        )
    return order


def told(lenses):
    return [
        (
            result.model.value,
            from_micros(result.size_micros),
            result.orders_count,
            from_micros(result.result_micros),
            from_micros(result.difference_micros),
        )
        for result in lenses.results
    ]


def test_before_any_resting_order_was_reached_there_is_nothing_to_compare(portfolio, market):
    made(portfolio, market, "BUY", "0.49")

    assert lenses_of(portfolio, result_micros=0) is None


def test_each_model_is_worth_its_shares_at_the_mark_less_the_orders_price(portfolio, market):
    """Best bids: Yes 0.49, No 0.49 (1 - 0.51)."""
    made(portfolio, market, "BUY", "0.45", real="B:10", lens="proportional:12 touch:20")
    made(portfolio, market, "SELL", "0.52", real="A:4 C:1.5", lens="touch:30")
    made(portfolio, market, "BUY", "0.51", lens="proportional:3 touch:5", outcome_index=1)

    lenses = lenses_of(portfolio, result_micros=to_micros("-1"))

    # Yes bought at 0.45: +0.04 a share; Yes sold at 0.52: +0.03; No bought at 0.51: -0.02.
    # fewest: 0.4 + 0.165; likely: 0.48 + 0 - 0.06; most: 0.8 + 0.9 - 0.1
    assert told(lenses) == [
        ("risk_averse", "15.5", 2, "-1", "0"),
        ("proportional", "15", 2, "-1.145", "-0.145"),
        ("touch", "55", 3, "0.035", "1.035"),
    ]
    assert [result.own for result in lenses.results] == [True, False, False]


def test_what_rests_on_each_grade_adds_up_with_the_rest_to_the_result(portfolio, market):
    made(portfolio, market, "BUY", "0.45", real="B:10 B:2 C:1")
    made(portfolio, market, "SELL", "0.52", real="A:4")

    lenses = lenses_of(portfolio, result_micros=to_micros("7"))

    grades = [
        (share.grade.value, share.fills_count, from_micros(share.gain_micros)) for share in lenses.grades
    ]
    assert grades == [("A", 1, "0.12"), ("B", 2, "0.48"), ("C", 1, "0.04")]
    assert from_micros(lenses.other_micros) == "6.36"


def test_orders_that_differ_are_named_the_largest_first(portfolio, market):
    made(portfolio, market, "BUY", "0.45", real="B:10", lens="proportional:10 touch:10")
    small = made(portfolio, market, "BUY", "0.48", real="B:10", lens="proportional:11 touch:11")
    large = made(portfolio, market, "BUY", "0.40", lens="touch:7")

    lenses = lenses_of(portfolio, result_micros=0)

    assert [order.order_id for order in lenses.orders] == [large.pk, small.pk]
    first = lenses.orders[0]
    assert (first.sizes, first.gains) == ((0, 0, 7_000_000), (0, 0, 630_000))
    assert lenses.differing_count == 2
    assert (
        sum(order.gains[2] - order.gains[0] for order in lenses.orders) == lenses.results[2].difference_micros
    )


def test_the_portfolios_own_model_is_the_real_one(portfolio, market):
    portfolio.queue_model = "proportional"
    portfolio.save()
    made(portfolio, market, "BUY", "0.45", real="B:10", lens="risk_averse:4 touch:20")

    lenses = lenses_of(portfolio, result_micros=0)

    assert [from_micros(result.difference_micros) for result in lenses.results] == ["-0.24", "0", "0.4"]
    assert [result.own for result in lenses.results] == [False, True, False]


def test_marks_are_the_equitys_payout_bid_or_nothing(portfolio, market, feed):
    feed.show(market, "", "0.51x30")
    made(portfolio, market, "BUY", "0.45", lens="touch:2")
    assert from_micros(lenses_of(portfolio, result_micros=0).results[2].result_micros) == "-0.9"

    market.payout_0_micros = to_micros("1")
    market.save()
    assert from_micros(lenses_of(portfolio, result_micros=0).results[2].result_micros) == "1.1"


def test_fractions_of_a_micro_are_rounded_down(portfolio, market):
    made(portfolio, market, "BUY", "0.45", lens="touch:0.000049")
    made(portfolio, market, "BUY", "0.5", lens="touch:0.000049")

    # 49 x 0.04 = 1.96 -> 1; 49 x -0.01 = -0.49 -> -1
    assert lenses_of(portfolio, result_micros=0).results[2].result_micros == 0


def test_a_match_with_itself_and_an_older_life_are_left_out(portfolio, market):
    made(portfolio, market, "BUY", "0.45", real="C:9", self_match=True)
    made(portfolio, market, "BUY", "0.45", real="B:9", lens="touch:20", epoch=-1)

    assert lenses_of(portfolio, result_micros=0) is None
    assert portfolio_figures(portfolio).trades_count == 0


@pytest.mark.parametrize("number", [1, 3])
def test_three_orders_cost_the_queries_of_one(portfolio, feed, number, django_assert_num_queries):
    for slug in range(number):
        market = make_market(f"lens-{slug}")
        feed.show(market, "0.49x50", "0.51x30")
        made(portfolio, market, "BUY", "0.45", real="B:10 A:1", lens="touch:20")

    with (
        django_assert_num_queries(2, using="trading_db"),
        django_assert_num_queries(1, using="markets_db"),
    ):
        assert lenses_of(portfolio, result_micros=0).differing_count == number


def test_the_executor_writes_what_the_lenses_read(portfolio, market, matcher, feed):
    ticket = ticket_for(market, "BUY", "GTC", price="0.49", size="20", client_order_id=uuid4().hex)
    submit_order(portfolio_id=portfolio.pk, ticket=ticket, now_ms=wall_ms())
    matcher.turn()
    asks = "0.51x30 0.52x70"
    feed.show(market, "0.49x25 0.48x100", asks, stamp_ms=wall_ms() + 20)
    feed.show(market, "0.49x15 0.48x100", asks, prints="SELL 0.49x10", stamp_ms=wall_ms() + 30)
    feed.show(market, "0.48x96", asks, prints="SELL 0.49x15 SELL 0.48x4", stamp_ms=wall_ms() + 40)
    matcher.turn()
    portfolio.refresh_from_db()

    lenses = lenses_of(portfolio, result_micros=to_micros("-0.04"))

    # Now 0.48 is bid: each share bought at 0.49 has lost a cent.
    assert told(lenses) == [
        ("risk_averse", "4", 1, "-0.04", "0"),
        ("proportional", "4", 1, "-0.04", "0"),
        ("touch", "20", 1, "-0.2", "-0.16"),
    ]
    assert [share.fills_count for share in lenses.grades] == [1, 0, 0]
