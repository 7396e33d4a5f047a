"""The judge itself: what it counts, and that it tells a true model from a naive one."""

import json
import subprocess
import sys
from dataclasses import replace
from pathlib import Path
from random import Random

import pytest

from livedata.core.steps import Change, Print, Step
from livedata.simulator.onemarket import ProbeOrder
from livedata.simulator.times import MINUTE
from markets.core.book import Side
from markets.core.units import ONE, to_micros
from tests.fidelity.__main__ import plans
from tests.fidelity.naive import ON_CROSS, ON_TOUCH, Naive, NaiveOrder, walk
from tests.fidelity.probes import Wish, wish
from tests.fidelity.session import (
    OURS,
    PROPORTIONAL,
    RISK_AVERSE,
    TRUE,
    Got,
    MakerFound,
    Plan,
    TakerFound,
    run,
)
from tests.fidelity.table import SPLITS, lines, verdict
from tests.fidelity.tally import AGREES, FIRST, TOO_GOOD, Tally, figures
from tests.make import levels, make_book
from trading.core.tickets import OrderType

BUY, SELL = Side.BUY, Side.SELL
ROOT = Path(__file__).resolve().parents[2]
PLAN = Plan(
    profile="busy",
    tick_micros=10_000,
    one_print_per_sweep=False,
    seed=5,
    probes=40,
    span_ms=20 * MINUTE,
    longest_ms=4 * MINUTE,
)


def found(true: Got, model: Got, *, shares: int = 100, profile: str = "busy") -> MakerFound:
    """A probe of so many shares that really got the one, and by `risk_averse` the other."""
    order = ProbeOrder(side=BUY, price_micros=500_000, size_micros=shares * ONE, at_ms=0, cancel_ms=1_000)
    made = Wish(
        order=order, order_type=OrderType.GTC, side=BUY, price_micros=500_000, where="touch", size="small"
    )
    return MakerFound(
        plan=replace(PLAN, profile=profile),
        wish=made,
        size_micros=shares * ONE,
        got={TRUE: true, RISK_AVERSE: model, PROPORTIONAL: model, ON_TOUCH: model, ON_CROSS: model},
    )


def got(shares: int, first_ms: int = 0, ticks: int = 0) -> Got:
    return Got(shares * ONE, first_ms, ticks * shares * ONE)


# -- what is counted ------------------------------------------------------------------------------


def test_the_figures_of_five_probes():
    told = figures(
        [
            found(got(100, 5, 2), got(100, 5, 2)),
            found(got(100, 5, 2), got(50, 9, -2)),  # half of it missed, and later
            found(got(50, 5), got(54, 5)),  # within 5 % of the order
            found(got(0), got(20, 7)),  # a phantom
            found(got(10, 3), got(0)),  # missed
        ],
        RISK_AVERSE,
    )

    assert told.agreement == 2 / 5
    assert told.too_good == (4 + 20) / 260
    assert told.volume == (100 + 50 + 54 + 20) / 260
    assert told.pessimist == 2 / 3
    assert told.first == 2 / 3
    assert told.mark_out == pytest.approx((200 - 100) / 224 - 400 / 260)


def test_what_cannot_be_divided_is_not_told():
    told = figures([found(got(0), got(0))], RISK_AVERSE)

    assert told.agreement == 1
    assert (told.too_good, told.volume, told.pessimist, told.first, told.mark_out) == (None,) * 5


def test_goals_bind_the_worst_profile():
    good = [found(got(100, 5), got(100, 5)) for _ in range(99)]
    bad = [found(got(100, 5), got(101, 6), profile="thin") for _ in range(2)]
    taker = TakerFound(plan=PLAN, got={OURS: True, "walk a snapshot": False})

    judged = {figure.figure: figure for figure in Tally(good + bad, [taker]).judged()}

    assert judged[f"risk_averse: {AGREES}, worst: busy"].ok
    assert judged[f"risk_averse: {TOO_GOOD}, in all"].ok
    assert not judged[f"risk_averse: {TOO_GOOD}, worst: thin"].ok
    assert judged[f"risk_averse: {FIRST}, in all"].value == pytest.approx(99 / 101)
    assert not judged[f"risk_averse: {FIRST}, worst: thin"].ok
    assert judged["taker, match: size and price identical"].ok
    assert "MISSED" in verdict(judged[f"risk_averse: {FIRST}, worst: thin"])


# -- naive models ---------------------------------------------------------------------------------


def step(*, changes: str = "", prints: str = "", stamp_ms: int = 10) -> Step:
    """Changes "BUY 0.5 0 10" (side, price, before, after), prints "SELL 0.5 3" (taker, price, size)."""
    changed = tuple(
        Change(Side(side), *(to_micros(number) for number in numbers))
        for side, *numbers in (part.split() for part in changes.split(", ") if part)
    )
    printed = tuple(
        Print(Side(side), to_micros(price), to_micros(size), stamp_ms)
        for side, price, size in (part.split() for part in prints.split(", ") if part)
    )
    return Step("0x1", 1, stamp_ms, stamp_ms, 1, False, changed, printed)


@pytest.mark.parametrize(
    ("facts", "bids", "asks", "rules"),
    [
        ({"prints": "SELL 0.5 3"}, "0.5x9", "0.52x9", [ON_TOUCH]),
        ({"prints": "SELL 0.49 3"}, "0.5x9", "0.52x9", [ON_TOUCH, ON_CROSS]),
        ({"prints": "SELL 0.51 3"}, "0.5x9", "0.52x9", []),
        ({"prints": "BUY 0.49 3"}, "0.5x9", "0.52x9", []),
        ({"changes": "SELL 0.5 0 9"}, "0.49x9", "0.5x9", [ON_TOUCH]),
        ({"changes": "SELL 0.49 0 9"}, "0.48x9", "0.49x9", [ON_TOUCH, ON_CROSS]),
        ({"changes": "SELL 0.51 0 9"}, "0.48x9", "0.51x9", []),
        ({"prints": "SELL 0.49 3", "stamp_ms": 5}, "0.5x9", "0.52x9", []),  # before it came
    ],
)
@pytest.mark.parametrize("side", [BUY, SELL])
def test_naive_orders_fill_whole_at_one_blow(side, facts, bids, asks, rules):
    naive, made = Naive(), step(**facts)
    book = make_book(bids, asks)
    if side is SELL:  # everything seen from the other token
        made = _mirrored(made)
        book.bids, book.asks = (
            {ONE - price: size for price, size in sizes.items()} for sizes in (book.asks, book.bids)
        )
    order = NaiveOrder(number=1, side=side, price_micros=500_000, size_micros=7 * ONE, at_ms=5)
    naive.orders[1] = order

    assert naive.apply(made, book) == [(rule, order) for rule in rules]
    assert (1 in naive.orders) == (ON_CROSS not in rules)
    assert naive.apply(made, book) == []


def _mirrored(made: Step) -> Step:
    changes = tuple(
        Change(c.side.opposite, ONE - c.price_micros, c.before_micros, c.after_micros) for c in made.changes
    )
    prints = tuple(
        Print(p.taker_side.opposite, ONE - p.price_micros, p.size_micros, p.stamp_ms) for p in made.prints
    )
    return Step("0x1", 1, made.stamp_ms, made.received_ms, 1, False, changes, prints)


def test_a_snapshot_is_walked_to_the_limit():
    asks = sorted(levels("0.51x30 0.52x70 0.6x5"), key=lambda level: level.price_micros)

    assert walk(asks, side=BUY, limit_micros=520_000, size_micros=200 * ONE) == [
        (510_000, 30 * ONE),
        (520_000, 70 * ONE),
    ]
    assert walk(asks, side=BUY, limit_micros=990_000, size_micros=31 * ONE)[-1] == (520_000, ONE)


# -- sessions -------------------------------------------------------------------------------------


def test_a_session_is_the_same_whenever_it_is_run():
    first = run(PLAN)

    assert len(first[0]) > 20 and first[1]
    assert any(probe.got[TRUE].filled_micros for probe in first[0])
    assert first == run(PLAN)
    assert first != run(replace(PLAN, seed=6))


def test_probes_are_of_all_kinds():
    random, book = Random(1), make_book("0.46x90 0.45x50", "0.5x90 0.51x20")
    wishes = [
        made
        for _ in range(500)
        if (made := wish(random, book, at_ms=0, tick_micros=10_000, longest_ms=3_600_000))
    ]

    assert {made.where for made in wishes} == {"take", "inside", "touch", "behind", "crossing"}
    assert {made.order_type for made in wishes} == set(OrderType) - {OrderType.GTD}
    assert {(made.order.side, made.order.outcome_index) for made in wishes} == {
        (side, outcome) for side in Side for outcome in (0, 1)
    }
    horizons = [made.order.cancel_ms for made in wishes]
    assert min(horizons) < 10_000 and max(horizons) > 3_000_000
    for made in wishes:
        crosses = made.price_micros >= 500_000 if made.side is BUY else made.price_micros <= 460_000
        assert crosses == (made.where in ("take", "crossing"))
        assert made.order.size_micros <= 10 * 90 * ONE


def test_ten_thousand_probes_of_five_profiles_and_more():
    whole = list(plans(1, short=False))

    assert sum(plan.probes for plan in whole) > 14_000
    assert len({plan.profile for plan in whole}) >= 5
    assert {plan.tick_micros for plan in whole} == {1_000, 10_000}
    assert len({plan.seed for plan in whole}) == len(whole)


def test_the_table_has_a_line_a_profile():
    tally = Tally(
        [found(got(100, 5), got(100, 5), profile=name) for name in ("calm", "thin")],
        [TakerFound(plan=PLAN, got={OURS: True, "walk a snapshot": False})],
    )

    told = "\n".join(lines(tally, list(SPLITS)))

    assert told.count("    calm ") == told.count("    thin ") >= 6


@pytest.mark.slow
def test_a_short_run_tells_a_true_model_from_naive_ones():
    command = [sys.executable, "-m", "tests.fidelity", "--short", "--json", "--seed", "3"]
    made = subprocess.run(command, cwd=ROOT, check=True, capture_output=True, text=True, timeout=240)
    told = {row["figure"]: row for row in map(json.loads, made.stdout.splitlines())}

    assert told["taker, match: size and price identical"]["value"] == 1
    assert told[f"risk_averse: {AGREES}, mean of profiles"]["value"] > 0.9
    assert told[f"proportional: {AGREES}, mean of profiles"]["value"] > 0.93
    assert told[f"risk_averse: {TOO_GOOD}, in all"]["ok"]
    assert told[f"{ON_TOUCH}: {AGREES}"]["value"] < 0.9
    assert told[f"{ON_CROSS}: {TOO_GOOD}"]["value"] > 0.1
