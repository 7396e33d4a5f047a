"""Splits, merges and conversions: worked examples to the micro, and the laws behind them."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from markets.core.errors import Rejected
from markets.core.units import ONE, from_micros, to_micros
from tests.make import TOKENS
from trading.core.ledger import TRADER, USDC, balanced
from trading.core.positions import Holding
from trading.core.rejections import Code
from trading.core.sets import after_leg, check_covered, convert, laid, merge, set_lines, split


def held(size: str, cost: str, fees: str = "0") -> Holding:
    return Holding(
        size_micros=to_micros(size), cost_micros=to_micros(cost), entry_fees_micros=to_micros(fees)
    )


def told(move):
    """A move as decimal strings: legs as "size at value", and the cash."""
    legs = [f"{from_micros(leg.size_micros)} at {from_micros(leg.value_micros)}" for leg in move.legs]
    return legs, from_micros(move.cash_micros)


def carried_out(move, holdings):
    """The holdings after a move, by token."""
    after = dict(holdings)
    for leg in move.legs:
        after[leg.token_id] = after_leg(after.get(leg.token_id, Holding()), leg)
    return after


@pytest.mark.parametrize(
    ("size", "midpoint", "values"),
    [
        ("10", "0.63", ("6.3", "3.7")),
        ("10", None, ("5", "5")),
        ("0.000003", "0.5", ("0.000001", "0.000002")),  # the odd micro goes to the second outcome
        ("7.5", "0.0125", ("0.09375", "7.40625")),
        ("1", "1", ("1", "0")),
        ("1", "0", ("0", "1")),
    ],
)
def test_a_split_lays_its_dollars_on_the_outcomes_by_the_midpoint(size, midpoint, values):
    midpoint_micros = None if midpoint is None else to_micros(midpoint)

    move = split(TOKENS, size_micros=to_micros(size), midpoint_micros=midpoint_micros)

    assert told(move) == ([f"{size} at {value}" for value in values], f"-{size}")


@pytest.mark.parametrize(
    ("first", "second", "midpoint", "size", "realised"),
    [
        # bought at 0.60 and 0.30: a set cost 0.90 and pays 1
        (held("10", "6"), held("10", "3"), "0.65", "10", "1"),
        # only part of an uneven holding; cost leaves in proportion
        (held("20", "12"), held("10", "5"), None, "4", "-0.4"),
        # at a price of nothing, the whole result stands on the other outcome
        (held("5", "0"), held("5", "5.25"), "0", "5", "-0.25"),
    ],
)
def test_a_merge_realises_what_the_set_cost_less_than_a_dollar(first, second, midpoint, size, realised):
    holdings = dict(zip(TOKENS, (first, second), strict=True))
    move = merge(
        TOKENS,
        size_micros=to_micros(size),
        midpoint_micros=None if midpoint is None else to_micros(midpoint),
    )

    after = carried_out(move, holdings)

    assert from_micros(move.cash_micros) == size
    assert from_micros(sum(row.realised_pnl_micros for row in after.values())) == realised


def test_splitting_and_merging_back_realises_nothing():
    size, midpoint = 12_345_679, 613_700
    made = carried_out(split(TOKENS, size_micros=size, midpoint_micros=midpoint), {})

    undone = carried_out(merge(TOKENS, size_micros=size, midpoint_micros=midpoint), made)

    assert undone == dict.fromkeys(TOKENS, Holding())


# NO held (size at cost) of the given questions; midpoints of the others' YES; size
# -> what the NO are sold at, what the YES cost, cash, realised.
CONVERSIONS = [
    # One NO becomes a YES of every other question, which together cost what it did.
    (["10 at 7"], ["0.2", "0.05"], "10", ["7"], ["5.6", "1.4"], "0", "0"),
    # Two NO: one dollar a share comes back; what is left of their cost lies on the one YES.
    (["10 at 9", "10 at 6"], ["0.3"], "10", ["9", "6"], ["5"], "10", "0"),
    # They cost less than the dollar that comes back: the YES cost nothing, the rest is a result.
    (["10 at 4", "10 at 2"], ["0.3"], "10", ["6.666666", "3.333334"], ["0"], "10", "4"),
    # Every question given: nothing comes but cash.
    (["5 at 4", "5 at 4.5", "5 at 2"], [], "5", ["3.809523", "4.285715", "1.904762"], [], "10", "-0.5"),
    # No midpoint for one of the others: equal parts.
    (["10 at 6"], ["0.2", None], "5", ["3"], ["1.5", "1.5"], "0", "0"),
    # What came for nothing goes for nothing.
    (["3 at 0"], ["0.2"], "3", ["0"], ["0"], "0", "0"),
]


@pytest.mark.parametrize(("gives", "others", "size", "sold", "costs", "cash", "realised"), CONVERSIONS)
def test_a_conversion_carries_the_cost_over(gives, others, size, sold, costs, cash, realised):
    no = {f"no-{place}": held(*text.split(" at ")) for place, text in enumerate(gives)}
    yes = {f"yes-{place}": None if text is None else to_micros(text) for place, text in enumerate(others)}

    move = convert(no, yes, size_micros=to_micros(size))

    assert told(move) == (
        [f"-{size} at {value}" for value in sold] + [f"{size} at {value}" for value in costs],
        cash,
    )
    after = carried_out(move, no)
    assert from_micros(sum(row.realised_pnl_micros for row in after.values())) == realised


@pytest.mark.parametrize(
    ("move", "cash", "code"),
    [
        (split(TOKENS, size_micros=5 * ONE, midpoint_micros=None), "4.999999", Code.INSUFFICIENT_BALANCE),
        (merge(TOKENS, size_micros=5 * ONE, midpoint_micros=None), "0", Code.INSUFFICIENT_SHARES),
    ],
)
def test_what_is_not_there_cannot_go(move, cash, code):
    there = {TOKENS[0]: held("5", "1"), TOKENS[1]: held("4.999999", "1")}

    with pytest.raises(Rejected) as refusal:
        check_covered(move, cash_micros=to_micros(cash), held=there)

    assert (refusal.value.code, refusal.value.field) == (code, "size")


def test_exactly_what_is_there_may_go():
    there = dict.fromkeys(TOKENS, held("5", "1"))

    check_covered(split(TOKENS, size_micros=5 * ONE, midpoint_micros=None), cash_micros=5 * ONE, held={})
    check_covered(merge(TOKENS, size_micros=5 * ONE, midpoint_micros=None), cash_micros=0, held=there)


sizes = st.integers(1, 10**12)
midpoints = st.one_of(st.none(), st.integers(0, ONE))
holdings_of = st.builds(
    lambda size, cost, fees: Holding(size_micros=size, cost_micros=cost + fees, entry_fees_micros=fees),
    sizes,
    st.integers(0, 10**12),
    st.integers(0, 10**9),
)


@given(total=st.integers(0, 10**15), weights=st.lists(st.integers(0, 10**9), min_size=1, max_size=20))
def test_parts_sum_to_the_whole_and_differ_from_their_due_by_less_than_a_micro(total, weights):
    parts = laid(total, weights)

    whole = sum(weights)
    assert sum(parts) == total
    assert all(part >= 0 for part in parts)
    if whole:
        assert all(
            abs(part * whole - total * weight) < whole for part, weight in zip(parts, weights, strict=True)
        )


@st.composite
def moves(draw):
    """A portfolio's holdings by token, and a move that they cover."""
    kind = draw(st.sampled_from(["split", "merge", "convert"]))
    if kind != "convert":
        holdings = {token: draw(holdings_of) for token in TOKENS}
        size = draw(sizes)
        if kind == "merge":
            size = 1 + size % min(row.size_micros for row in holdings.values())
        make = split if kind == "split" else merge
        return holdings, make(TOKENS, size_micros=size, midpoint_micros=draw(midpoints))
    given_count, others_count = draw(st.integers(1, 6)), draw(st.integers(0, 6))
    no = {f"no-{place}": draw(holdings_of) for place in range(given_count)}
    yes = {f"yes-{given_count + place}": draw(midpoints) for place in range(others_count)}
    holdings = no | {token: draw(holdings_of) for token in yes}
    size = 1 + draw(sizes) % min(row.size_micros for row in no.values())
    return holdings, convert(no, yes, size_micros=size)


@given(moves())
def test_no_move_makes_or_loses_money(drawn):
    holdings, move = drawn
    check_covered(move, cash_micros=10**13, held=holdings)

    after = carried_out(move, holdings)

    def worth(rows):  # what was spent on what is held, less what was won
        return sum(row.cost_micros - row.realised_pnl_micros for row in rows.values())

    assert worth(after) + move.cash_micros == worth(holdings)
    assert all(min(row.size_micros, row.cost_micros, row.entry_fees_micros) >= 0 for row in after.values())
    assert all(leg.value_micros >= 0 for leg in move.legs)


@given(moves())
def test_the_ledger_moves_what_the_holdings_do(drawn):
    holdings, move = drawn

    lines = set_lines(move)

    own = {line.asset: line.amount_micros for line in lines if line.account == TRADER}
    after = carried_out(move, holdings)
    assert balanced(lines)
    assert own.pop(USDC, 0) == move.cash_micros
    assert own == {
        leg.token_id: after[leg.token_id].size_micros - holdings[leg.token_id].size_micros
        for leg in move.legs
    }


@given(moves())
def test_what_a_portfolio_will_be_paid_is_not_changed_by_a_move(drawn):
    """However the questions come out, and whoever wins: a set is a dollar."""
    holdings, move = drawn
    before = {token: row.size_micros for token, row in holdings.items()}
    after = {token: row.size_micros for token, row in carried_out(move, holdings).items()}

    for winner in before:
        assert _paid(after, winner) + move.cash_micros == _paid(before, winner)


def _paid(sizes_by_token, winner):
    """What is paid when the winner's question comes true: "no-3" pays unless question 3 does."""
    question = winner.partition("-")[2]
    return sum(
        size
        for token, size in sizes_by_token.items()
        if (token == winner if token in TOKENS else token.startswith("no-") != token.endswith(f"-{question}"))
    )
