"""Laws of the whole engine: whatever is asked, whatever comes, whenever the executor dies.

A life is a sequence of orders, cancels, steps, splits, merges and deaths on one market. A death is at a
random statement to the database: the executor is gone there and then, and a new one starts from what is
written.
"""

import itertools
from contextlib import suppress
from uuid import uuid4

import pytest
from django.db import connections
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from livedata.pulse import wall_ms
from markets.core.errors import Conflict, Rejected
from markets.core.units import ONE, from_micros
from tests.trading.test_orders import ticket_for
from tests.trading.venue import Feed, make_market
from trading.matcher import Matcher
from trading.models import Fill, Order, Portfolio, Posting
from trading.models import Resting as RestingRow
from trading.services.audit import audit
from trading.services.cancels import cancel_order
from trading.services.orders import submit_order
from trading.services.portfolios import open_portfolio, reset_portfolio
from trading.services.sets import merge_positions, split_position
from trading.services.settlement import settle_market

pytestmark = [pytest.mark.django_db(databases="__all__")]

_names = itertools.count()
cents = st.integers(46, 54)
orders = st.tuples(
    st.just("order"),
    st.sampled_from(["BUY", "BUY", "SELL"]),
    st.sampled_from([0, 1]),
    st.sampled_from(["GTC", "GTC", "FAK", "FOK"]),
    cents,
    st.integers(5, 60),
)
steps = st.tuples(
    st.just("step"),
    st.integers(44, 54),  # the best bid; the ask is a cent or two beyond
    st.integers(1, 2),
    st.integers(0, 80),
    st.sampled_from(["", "SELL", "BUY"]),
    st.integers(1, 90),
)
cancels = st.tuples(st.just("cancel"), st.integers(0, 5))
deaths = st.tuples(st.just("death"), st.integers(1, 16))
sets = st.tuples(st.sampled_from(["split", "merge"]), st.integers(1, 30))
resets = st.tuples(st.just("reset"))
lives = st.lists(
    st.one_of(orders, orders, steps, steps, cancels, deaths, sets, resets), min_size=3, max_size=22
)


class Killed(BaseException):
    """The executor is gone at this very statement."""


class Life:
    def __init__(self) -> None:
        self.feed = Feed()
        self.market = make_market(f"life-{next(_names)}")
        self.portfolio = open_portfolio(
            user_id=uuid4(), name="Life", now_ms=wall_ms(), initial_balance_micros=60 * ONE
        )
        self.stamp_ms = wall_ms()
        self.show(49, 1, 50, "", 0)
        self.matcher = Matcher()
        self.asked: list[Order] = []
        self.fuse = 0

    def show(self, bid: int, spread: int, size: int, taker: str, traded: int) -> None:
        self.stamp_ms = max(self.stamp_ms + 1, wall_ms())
        ask = bid + spread
        at = bid + 1 if taker == "SELL" else ask - 1
        self.feed.show(
            self.market,
            f"0.{bid}x{size} 0.{bid - 1}x100",
            f"0.{ask}x{size} 0.{ask + 1}x100",
            stamp_ms=self.stamp_ms,
            prints=f"{taker} 0.{at}x{traded}" if taker else "",
        )

    def order(self, side: str, outcome: int, kind: str, price: int, size: int) -> None:
        ticket = ticket_for(
            self.market, side, kind, outcome_index=outcome, price=f"0.{price}", size=str(size)
        )
        try:
            self.asked.append(submit_order(portfolio_id=self.portfolio.pk, ticket=ticket, now_ms=wall_ms()))
        except Rejected:
            return
        self.turn()

    def change_set(self, what: str, shares: int) -> None:
        change = split_position if what == "split" else merge_positions
        with suppress(Rejected):
            change(
                portfolio_id=self.portfolio.pk,
                condition_id=self.market.condition_id,
                size_micros=shares * ONE,
                now_ms=wall_ms(),
            )

    def cancel(self, which: int) -> None:
        if not self.asked:
            return
        order = self.asked[which % len(self.asked)]
        try:
            cancel_order(portfolio_id=self.portfolio.pk, order_id=order.pk, now_ms=wall_ms())
        except Conflict:
            return
        self.turn()

    def turn(self) -> None:
        """The executor acts; with a fuse it is killed at that statement, and a new one starts."""
        statements = itertools.count(1)

        def kill(execute, sql, params, many, context):
            if next(statements) == self.fuse:
                raise Killed
            return execute(sql, params, many, context)

        with suppress(Killed), connections["trading_db"].execute_wrapper(kill):
            self.matcher.turn()
            return
        self.fuse = 0
        self.matcher = Matcher()
        self.matcher.turn()

    def live(self, happenings) -> None:
        for what, *rest in happenings:
            if what == "order":
                self.order(*rest)
            elif what == "step":
                self.show(*rest)
                self.turn()
            elif what == "cancel":
                self.cancel(*rest)
            elif what in ("split", "merge"):
                self.change_set(what, *rest)
            elif what == "death":
                (self.fuse,) = rest
            else:
                reset_portfolio(portfolio_id=self.portfolio.pk, now_ms=wall_ms())
                self.turn()
            self.check()

    def check(self) -> None:
        portfolio = Portfolio.objects.get(pk=self.portfolio.pk)
        assert portfolio.cash_micros >= 0
        resting = {row.pk for row in RestingRow.objects.filter(portfolio=portfolio)}
        for order in Order.objects.filter(portfolio=portfolio):
            assert order.matched_micros + order.open_micros + order.killed_micros == order.size_micros
            assert (order.status == "live") == (order.pk in resting)
        for fill in Fill.objects.filter(portfolio=portfolio).select_related("order"):
            limit = fill.order.price_micros
            assert fill.price_micros <= limit if fill.side == "BUY" else fill.price_micros >= limit
            assert (
                fill.role == "taker"
                or fill.self_match
                or fill.evidence["prints"]
                or fill.evidence["crossing"]
            )


@settings(
    max_examples=60,
    deadline=None,
    suppress_health_check=[HealthCheck.function_scoped_fixture, HealthCheck.too_slow],
)
@given(lives, st.sampled_from([0, ONE // 2, ONE]))
def test_nothing_is_lost_or_made_in_any_life(db, lives, payout):
    life = Life()
    life.live(lives)

    before = _written(life)
    for _ in range(2):  # everything is delivered again, to executors that know nothing
        again = Matcher()
        again.turn()
        again.turn()
    assert _written(life) == before

    settle_market(condition_id=life.market.condition_id, payout_0_micros=payout, now_ms=wall_ms())
    assert audit().clean, audit().drifts
    assert not Order.objects.filter(portfolio=life.portfolio, status="live").exists()


def _written(life: Life) -> list:
    own = {"portfolio": life.portfolio}
    return [
        sorted(Fill.objects.filter(**own).values_list("source_id", "size_micros")),
        sorted(Posting.objects.filter(**own).values_list("id", "amount_micros")),
        sorted(Order.objects.filter(**own).values_list("id", "status", "matched_micros")),
        from_micros(Portfolio.objects.get(pk=life.portfolio.pk).cash_micros),
    ]
