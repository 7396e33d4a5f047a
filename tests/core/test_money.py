"""Cash, holdings and ledger of worked sequences, exact to the micro; and the laws behind them."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from markets.core.book import Side
from markets.core.errors import Rejected
from markets.core.units import ONE, from_micros, to_micros
from tests.make import TOKENS, make_book, make_rules, make_ticket
from trading.core.execution import execute
from trading.core.ledger import TRADER, USDC, balanced, deposit_lines, payout_lines, reset_lines
from trading.core.positions import Holding, after_fill, after_payout
from trading.core.rejections import Code

BOOK = make_book("0.62x400 0.61x600 0.60x5000", "0.64x640 0.65x1215 0.66x3420")


def run(ticket, *, cash="10000", holding=None, rules=None, taken=None):
    return execute(
        ticket,
        BOOK,
        rules or make_rules(fee_rate="0.05"),
        cash_micros=to_micros(cash),
        holding=holding or Holding(),
        taken=taken or {},
        now_ms=0,
        half_life_ms=None,
    )


@pytest.mark.parametrize(
    ("rate", "fee", "cash"),
    [
        # 640 @ 0.64 (409.60), 1215 @ 0.65 (789.75), 1213.106060 @ 0.66 (800.65): $2,000 in all.
        ("0", "0", "8000"),
        ("0.04", "27.84358", "7972.15642"),
        ("0.05", "34.80448", "7965.19552"),
        ("0.07", "48.72627", "7951.27373"),
    ],
)
def test_a_market_buy_across_three_levels_by_three_schedules(rate, fee, cash):
    came = run(make_ticket("BUY", amount="2000"), rules=make_rules(fee_rate=rate))

    assert from_micros(came.match.matched_micros) == "3068.10606"
    assert came.match.notional_micros == 2000 * ONE
    assert (from_micros(came.fee_micros), from_micros(came.cash_micros)) == (fee, cash)
    assert came.holding.cost_micros == 2000 * ONE + came.fee_micros
    assert came.holding.entry_fees_micros == came.fee_micros


def test_a_market_sell_across_two_levels_takes_the_fee_from_the_proceeds():
    held = Holding(size_micros=1000 * ONE, cost_micros=to_micros("584"))

    came = run(make_ticket("SELL", size="700"), cash="0", holding=held)

    # 400 @ 0.62 = 248, fee 4.712; 300 @ 0.61 = 183, fee 3.5685.
    assert from_micros(came.match.notional_micros) == "431"
    assert from_micros(came.fee_micros) == "8.2805"
    assert from_micros(came.cash_micros) == "422.7195"
    assert from_micros(came.holding.realised_pnl_micros) == "13.9195"  # 422.7195 - 584 x 0.7
    assert (came.holding.size_micros, came.holding.cost_micros) == (300 * ONE, to_micros("175.2"))


def test_a_quarter_cent_tick_counts_exactly():
    book = make_book("", "0.0025x1000 0.005x1000")
    ticket = make_ticket("BUY", price="0.005", size="1200")

    came = execute(
        ticket,
        book,
        make_rules(fee_rate="0.05", tick="0.0025"),
        cash_micros=100 * ONE,
        holding=Holding(),
        taken={},
        now_ms=0,
        half_life_ms=0,
    )

    # 1000 x 0.0025 + 200 x 0.005 = 3.5; fees 0.12469 (0.1246875) + 0.04975.
    assert from_micros(came.match.notional_micros) == "3.5"
    assert from_micros(came.fee_micros) == "0.17444"


def test_cash_must_cover_the_fee_too():
    ticket = make_ticket("BUY", amount="100")
    # 156.25 shares @ 0.64: the fee is 1.8.
    assert from_micros(run(ticket, cash="101.8").cash_micros) == "0"

    with pytest.raises(Rejected) as refusal:
        run(ticket, cash="101.799999")

    assert refusal.value.code is Code.INSUFFICIENT_BALANCE


@pytest.mark.parametrize("held", ["0", "9.999999"])
def test_nothing_is_sold_short(held):
    with pytest.raises(Rejected) as refusal:
        run(make_ticket("SELL", size="10"), holding=Holding(size_micros=to_micros(held)))

    assert refusal.value.code is Code.INSUFFICIENT_SHARES


def test_nothing_in_the_book_is_no_match_and_not_the_whole_is_not_filled():
    missed = [
        run(make_ticket("BUY", "FAK", price="0.63", size="10")).reason,
        run(make_ticket("BUY", "FOK", price="0.64", size="641")).reason,
        run(make_ticket("BUY", "FAK", price="0.64", size="641")).reason,
    ]

    assert missed == [Code.NO_MATCH, Code.NOT_FILLED_WHOLE, None]


@pytest.mark.parametrize(
    ("payout", "paid", "realised"), [("1", "10", "3"), ("0", "0", "-7"), ("0.5", "5", "-2")]
)
def test_a_resolved_position_pays(payout, paid, realised):
    held = Holding(size_micros=10 * ONE, cost_micros=7 * ONE)

    after = after_payout(held, payout_micros=to_micros(payout))
    lines = payout_lines(token_id=TOKENS[0], size_micros=10 * ONE, payout_micros=to_micros(payout))

    assert (after.size_micros, from_micros(after.realised_pnl_micros)) == (0, realised)
    got = sum(line.amount_micros for line in lines if (line.account, line.asset) == (TRADER, USDC))
    assert from_micros(got) == paid


def test_a_reset_takes_back_what_is_there():
    lines = reset_lines([(USDC, 42), (TOKENS[0], 7)])

    assert balanced(lines)
    assert {line.asset: line.amount_micros for line in lines if line.account == TRADER} == {
        USDC: -42,
        TOKENS[0]: -7,
    }


trades = st.lists(
    st.tuples(
        st.sampled_from(["BUY", "SELL"]),
        st.integers(1, 5_000).map(lambda hundredths: hundredths * 10_000),
        st.sampled_from(["0.61", "0.62", "0.64", "0.65", None]),
    ),
    max_size=12,
)


@given(trades=trades, rate=st.sampled_from(["0", "0.05", "0.07"]))
def test_money_is_neither_made_nor_lost(trades, rate):
    cash, holding, lines = 500 * ONE, Holding(), list(deposit_lines(500 * ONE))
    for side, size, price in trades:
        ticket = make_ticket(side, size=from_micros(size), price=price)
        try:
            came = run(ticket, cash=from_micros(cash), holding=holding, rules=make_rules(fee_rate=rate))
        except Rejected:
            continue
        cash, holding = came.cash_micros, came.holding
        lines += [line for fill in came.fills for line in fill.lines]

    own = [line for line in lines if line.account == TRADER]
    assert balanced(lines)
    assert cash == sum(line.amount_micros for line in own if line.asset == USDC) >= 0
    assert holding.size_micros == sum(line.amount_micros for line in own if line.asset == TOKENS[0]) >= 0
    # What came in is what is there, what was spent on what is held, and what was lost or won.
    assert cash + holding.cost_micros - holding.realised_pnl_micros == 500 * ONE


@given(
    bought=st.integers(1, 10**12),
    cost=st.integers(0, 10**12),
    parts=st.lists(st.integers(1, 10**12), max_size=6),
)
def test_selling_all_in_parts_takes_out_the_whole_cost(bought, cost, parts):
    holding = after_fill(Holding(), side=Side.BUY, size_micros=bought, notional_micros=cost, fee_micros=0)
    proceeds = 0
    for part in [*parts, bought]:
        size = min(part, holding.size_micros)
        if size:
            holding = after_fill(holding, side=Side.SELL, size_micros=size, notional_micros=5, fee_micros=0)
            proceeds += 5

    assert (holding.size_micros, holding.cost_micros) == (0, 0)
    assert holding.realised_pnl_micros == proceeds - cost
