"""Maker rebates: reckoned once a UTC day, paid from a dollar, and only for what was really made."""

import pytest

from markets.core.units import ONE, from_micros
from markets.models import Market
from tests.trading.conftest import ALICE
from tests.trading.rows import AFTER_MONDAY, MONDAY, TUESDAY, WEDNESDAY, made
from tests.trading.venue import make_market
from trading.core.rebates import DAY_MS
from trading.models import Fill, Portfolio, Posting, Rebate, RebateDay
from trading.selectors.rebates import rebate_sums
from trading.services.audit import audit
from trading.services.portfolios import open_portfolio, reset_portfolio
from trading.services.rebates import GRACE_MS, accrue_rebates

pytestmark = [pytest.mark.django_db(databases="__all__"), pytest.mark.portable]


@pytest.fixture
def market(db):
    """Fee rate 0.05, rebate rate 0.25: a maker of 320 shares at 0.50 gets a dollar back."""
    return make_market("made", rebate_rate_micros=250_000)


@pytest.fixture
def portfolio(db):
    return open_portfolio(user_id=ALICE, name="Maker", now_ms=MONDAY)


def cash(portfolio):
    return from_micros(Portfolio.objects.get(pk=portfolio.pk).cash_micros)


def rows():
    return [
        (
            row.condition_id,
            row.fills_count,
            from_micros(row.equivalent_micros),
            from_micros(row.amount_micros),
        )
        for row in Rebate.objects.order_by("-amount_micros")
    ]


def test_a_day_is_paid_in_one_posting(market, portfolio):
    other = make_market("made-too", rebate_rate_micros=150_000, fee_rate="0.04")
    made(portfolio, market, "200", MONDAY)
    made(portfolio, market, "200", MONDAY + DAY_MS - 1, price="0.2")
    made(portfolio, other, "100")

    assert accrue_rebates(now_ms=AFTER_MONDAY) == 1

    assert rows() == [
        (market.condition_id, 2, "4.1", "1.025"),  # 200 x 0.05 x (0.25 + 0.16)
        (other.condition_id, 1, "1", "0.15"),
    ]
    assert cash(portfolio) == "10001.175"
    lines = Posting.objects.filter(kind="rebate").values_list("account", "asset", "amount_micros")
    assert sorted(lines) == [("rebates", "USDC", -1_175_000), ("trader", "USDC", 1_175_000)]
    day = RebateDay.objects.get()
    assert (day.pk, day.portfolios_count, day.paid_micros) == ("2026-11-23", 1, 1_175_000)


def test_a_day_under_a_dollar_is_kept_and_not_paid_nor_carried_over(market, portfolio):
    made(portfolio, market, "319.99")
    made(portfolio, market, "1", TUESDAY)

    accrue_rebates(now_ms=WEDNESDAY + GRACE_MS)

    assert (cash(portfolio), Posting.objects.filter(kind="rebate").count()) == ("10000", 0)
    assert [row.paid_ms for row in Rebate.objects.all()] == [None, None]
    sums = rebate_sums(portfolio)
    assert (sums.paid_micros, from_micros(sums.lost_micros), sums.open_micros) == (0, "1.003092", 0)


def test_exactly_a_dollar_is_paid(market, portfolio):
    made(portfolio, market, "320")

    accrue_rebates(now_ms=AFTER_MONDAY)

    assert cash(portfolio) == "10001"


@pytest.mark.parametrize(
    ("fields", "because"),
    [
        ({"role": "taker"}, "takers pay"),
        ({"self_match": True}, "it met an own order"),
        ({"at_ms": MONDAY - 1}, "it was another day's"),
        ({"at_ms": TUESDAY}, "it was another day's"),
    ],
)
def test_what_gives_nothing_back_that_day(market, portfolio, fields, because):
    RebateDay.objects.create(
        id="2026-11-22", day_ms=MONDAY - DAY_MS, portfolios_count=0, paid_micros=0, finished_ms=1
    )
    made(portfolio, market, "1000", **fields)

    accrue_rebates(now_ms=AFTER_MONDAY)

    assert cash(portfolio) == "10000", because
    assert not Rebate.objects.exists()


@pytest.mark.parametrize("change", [{"rebate_rate_micros": 0}, {"fee_rate_micros": 0}])
def test_a_market_that_states_no_rebate_gives_none(market, portfolio, change):
    Market.objects.filter(pk=market.pk).update(**change)
    made(portfolio, market, "1000")

    accrue_rebates(now_ms=AFTER_MONDAY)

    assert (cash(portfolio), Rebate.objects.get().amount_micros) == ("10000", 0)


def test_a_market_that_nobody_knows_any_more_gives_none(market, portfolio):
    made(portfolio, market, "1000")
    Market.objects.all().delete()

    accrue_rebates(now_ms=AFTER_MONDAY)

    assert (cash(portfolio), Rebate.objects.get().equivalent_micros) == ("10000", 0)


def test_a_day_is_reckoned_an_hour_after_its_end_and_once(market, portfolio):
    made(portfolio, market, "400")

    assert accrue_rebates(now_ms=AFTER_MONDAY - 1) == 0
    assert cash(portfolio) == "10000"
    assert accrue_rebates(now_ms=AFTER_MONDAY) == 1
    assert accrue_rebates(now_ms=AFTER_MONDAY) == 0
    RebateDay.objects.filter(pk="2026-11-23").delete()  # cut off behind the last payment
    assert accrue_rebates(now_ms=AFTER_MONDAY) == 1

    assert (cash(portfolio), Posting.objects.filter(kind="rebate").count()) == ("10001.25", 2)
    assert RebateDay.objects.get(pk="2026-11-23").paid_micros == 1_250_000


def test_days_that_were_missed_are_caught_up_each_by_itself(market, portfolio):
    made(portfolio, market, "400", MONDAY)
    made(portfolio, market, "800", WEDNESDAY)

    assert accrue_rebates(now_ms=WEDNESDAY + 5 * DAY_MS) == 6

    paid = Posting.objects.filter(kind="rebate", account="trader").order_by("amount_micros")
    assert [from_micros(row.amount_micros) for row in paid] == ["1.25", "2.5"]
    assert RebateDay.objects.count() == 6


def test_the_first_run_of_an_empty_site_begins_yesterday(db):
    assert accrue_rebates(now_ms=AFTER_MONDAY) == 1
    assert RebateDay.objects.get().pk == "2026-11-23"


def test_what_a_reset_ended_is_not_paid(market, portfolio):
    made(portfolio, market, "1000")
    reset_portfolio(portfolio_id=portfolio.pk, now_ms=MONDAY + 2)
    portfolio.refresh_from_db()
    made(portfolio, market, "400", MONDAY + 3)

    accrue_rebates(now_ms=AFTER_MONDAY)

    assert cash(portfolio) == "10001.25"


def test_many_makers_are_paid_each_their_own(market, db):
    makers = [open_portfolio(user_id=ALICE, name=str(number), now_ms=MONDAY) for number in range(3)]
    for number, maker in enumerate(makers, start=1):
        made(maker, market, str(400 * number))

    accrue_rebates(now_ms=AFTER_MONDAY)

    assert [cash(maker) for maker in makers] == ["10001.25", "10002.5", "10003.75"]


def test_today_is_shown_before_it_is_reckoned(market, portfolio):
    made(portfolio, market, "400", MONDAY)
    made(portfolio, market, "400", TUESDAY)
    made(portfolio, market, "100", WEDNESDAY)
    accrue_rebates(now_ms=AFTER_MONDAY)

    sums = rebate_sums(portfolio)

    assert (sums.paid_micros, sums.open_micros) == (1_250_000, 1_250_000)


def test_the_audit_knows_rebates(market, portfolio):
    made(portfolio, market, "400")
    accrue_rebates(now_ms=AFTER_MONDAY)
    Fill.objects.all().delete()  # these were written without their money
    assert audit().drifts == ()

    Rebate.objects.update(amount_micros=1_250_001)
    assert {drift.what for drift in audit().drifts} == {"rebates", "amount"}


def test_a_rebate_without_its_row_is_found(market, portfolio):
    made(portfolio, market, "400")
    accrue_rebates(now_ms=AFTER_MONDAY)
    Fill.objects.all().delete()

    Rebate.objects.all().delete()

    assert [drift.stored for drift in audit().drifts] == [0]


def test_no_rebate_is_a_dollar_short(market, portfolio):
    """A row that was paid though its day came to less is a drift."""
    made(portfolio, market, "300")
    accrue_rebates(now_ms=AFTER_MONDAY)
    Fill.objects.all().delete()

    Rebate.objects.update(paid_ms=1)

    assert not audit().clean
    assert Portfolio.objects.get().cash_micros == 10_000 * ONE
