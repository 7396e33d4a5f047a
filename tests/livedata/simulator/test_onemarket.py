"""One market by itself: the same for ever, of one character, and true to price-time priority for a probe."""

from collections.abc import Iterable

import pytest

from livedata.core.mirror import Mirror
from livedata.core.steps import MarketRef, Print, Step
from livedata.core.wire import Reader
from livedata.simulator.engine import Book
from livedata.simulator.flows import APART_MS, Submission
from livedata.simulator.live import Taker
from livedata.simulator.onemarket import START_MS, OneMarket, ProbeFill, ProbeOrder, Role, truth
from livedata.simulator.profiles import BUSY, CALM, FAST, NEWS, ONE_SIDED, PROFILES, THIN
from livedata.simulator.times import MINUTE
from livedata.simulator.venue import Orders
from markets.core.book import Side
from markets.core.units import ONE, to_micros
from tests.livedata.simulator.oracle import Oracle

BUY, SELL = Side.BUY, Side.SELL
SPAN_MS = 10 * MINUTE


def texts(market: OneMarket) -> list[str]:
    return [frame.text for told in market.run() for frame in told.frames]


def probe_at_touch(market: OneMarket, side: Side, *, at_ms: int, shares: int, outcome: int = 0) -> ProbeOrder:
    """An order that joins the best price of a side, in outcome 0's coordinates, as it stands at the start."""
    price = market.live_market.best[side is SELL]
    return ProbeOrder(
        side=side.opposite if outcome else side,
        price_micros=ONE - price if outcome else price,
        size_micros=shares * ONE,
        outcome_index=outcome,
        at_ms=at_ms,
    )


# -- a market of one character ------------------------------------------------------------------


@pytest.mark.parametrize("profile", PROFILES.values(), ids=PROFILES)
@pytest.mark.parametrize("tick_micros", [10_000, 1_000])
def test_the_same_seed_tells_the_same(profile, tick_micros):
    def told(seed: int) -> list[str]:
        return texts(OneMarket(profile, seed=seed, tick_micros=tick_micros, span_ms=SPAN_MS))

    first = told(3)

    assert len(first) > 50
    assert first == told(3)
    assert first != told(4)


@pytest.mark.parametrize("one_print_per_sweep", [False, True])
@pytest.mark.parametrize("tick_micros", [10_000, 1_000])
def test_its_frames_pass_the_judge(tick_micros, one_print_per_sweep):
    market = OneMarket(
        BUSY, seed=3, tick_micros=tick_micros, span_ms=SPAN_MS, one_print_per_sweep=one_print_per_sweep
    )
    oracle = Oracle(neg_risk={market.listing.condition_id: False})
    oracle.read(market.snapshot().decode())

    for text in texts(market):
        oracle.read(text)

    assert oracle.finish().complaints == []
    assert oracle.counts["change hash ok"] > 500


def test_a_mirror_follows_it():
    market = OneMarket(BUSY, seed=3, span_ms=SPAN_MS)
    listing, reader = market.listing, Reader()
    mirror = Mirror(MarketRef(listing.condition_id, *listing.token_ids))
    mirror.await_snapshot(1)
    outcomes = []

    def read(frame: bytes, now_ms: int) -> None:
        for event in reader.read(frame):
            outcomes.extend(mirror.apply(event, now_ms=now_ms))

    read(market.snapshot(), START_MS)
    for told in market.run():
        for frame in told.frames:
            read(frame.text.encode(), told.stamp_ms)

    assert {type(outcome) for outcome in outcomes} == {Step, Print}
    assert mirror.verified_count > 100
    assert mirror.book.bids == market.live_market.shown[BUY]
    assert mirror.book.asks == market.live_market.shown[SELL]


def figures(profile, seed: int = 5) -> dict[str, float]:
    market = OneMarket(profile, seed=seed, span_ms=60 * MINUTE)
    prints, bought, spread, steps = 0, 0, 0, 0
    for _ in market.run():
        steps += 1
        bid, ask = market.live_market.best
        spread += (ask or ONE) - (bid or 0)
    for _, orders in market.flow:
        prints += len(orders.takers)
        bought += sum(taker.side is BUY for taker in orders.takers)
    return {"steps": steps, "takers": prints, "bought": bought / prints, "spread": spread / steps}


def test_profiles_differ_where_it_matters():
    calm, busy, thin, fast = (figures(profile) for profile in (CALM, BUSY, THIN, FAST))

    assert calm["steps"] < busy["steps"] / 2 < fast["steps"] / 2
    assert thin["takers"] < calm["takers"] / 2 < busy["takers"] / 4
    assert thin["spread"] > 1.4 * calm["spread"]
    assert figures(ONE_SIDED)["bought"] > 0.8
    assert 0.45 < busy["bought"] < 0.55


def test_news_move_the_price_and_takers_run_after_it():
    market = OneMarket(NEWS, seed=5, span_ms=60 * MINUTE)
    event, takers = market.listing.event, [s.stamp_ms for s in market.flow if s.orders.takers]
    bursts = [event.open_ms + int(when * (event.end_ms - event.open_ms)) for when, _ in event.news]
    middles = {told.stamp_ms // MINUTE: market.live_market.midpoint for told in market.run()}

    def moved(at_ms: int) -> int:
        """How far the price came from the minute before to the minute after."""
        return abs(middles[at_ms // MINUTE + 1] - middles[at_ms // MINUTE - 1])

    assert len(bursts) >= 5
    in_bursts = sum(any(0 <= at_ms - burst < 5_000 for burst in bursts) for at_ms in takers)
    assert in_bursts > 4 * len(takers) * 5_000 * len(bursts) / (60 * MINUTE)
    usual = [moved(START_MS + minute * MINUTE) for minute in range(2, 58)]
    assert sum(map(moved, bursts)) / len(bursts) > 1.7 * sum(usual) / len(usual)


def test_makers_cancel_and_replace_in_two_requests():
    """As on the venue, which knows no amendment: the feed shows the gap in between."""
    flow = OneMarket(BUSY, seed=3, span_ms=SPAN_MS).flow

    assert sum(bool(orders.cancels) for _, orders in flow) > 100
    assert sum(len(orders.places) > 1 for _, orders in flow) > 50
    assert not [orders for _, orders in flow if orders.cancels and orders.places]


def test_many_orders_share_their_size():
    """Round sizes are what people and simple robots send: a level that shrinks by 100 names nobody."""
    flow = OneMarket(BUSY, seed=3, span_ms=SPAN_MS).flow
    sizes = [size // ONE for _, orders in flow for *_, size in orders.places]
    round_ones = sum(int(str(size)[1:] or "0") == 0 and size > 9 for size in sizes)

    assert 0.3 * len(sizes) < round_ones < 0.8 * len(sizes)


# -- probes ---------------------------------------------------------------------------------------


def submitted(market: OneMarket) -> tuple[list[tuple[int, Orders]], list[str]]:
    """What reaches the engine while everything is told, and what is told."""
    seen, step = [], market.step

    def noted(live, stamp_ms, orders):
        seen.append((stamp_ms, orders))
        return step(live, stamp_ms, orders)

    market.step = noted
    return seen, texts(market)


@pytest.mark.parametrize("outcome", [0, 1])
@pytest.mark.parametrize("side", [BUY, SELL])
def test_a_probe_changes_no_submission_and_no_instant(side, outcome):
    alone, probed = OneMarket(FAST, seed=3, span_ms=SPAN_MS), OneMarket(FAST, seed=3, span_ms=SPAN_MS)
    order = probe_at_touch(probed, side, at_ms=START_MS + 5_000, shares=5_000, outcome=outcome)
    probe = probed.probe(order)

    (without, told), (with_probe, told_otherwise) = submitted(alone), submitted(probed)

    assert probe.filled_micros > 0
    assert told != told_otherwise
    assert [
        (stamp_ms, orders) for stamp_ms, orders in with_probe if orders.takers != [probe.taker]
    ] == without


def test_steps_around_a_probe_keep_their_instants():
    alone, probed = OneMarket(BUSY, seed=3, span_ms=SPAN_MS), OneMarket(BUSY, seed=3, span_ms=SPAN_MS)
    next_ms = probed.flow[100].stamp_ms
    probed.probe(ProbeOrder(side=BUY, price_micros=20_000, size_micros=ONE, at_ms=next_ms - 1))

    told = [step.stamp_ms for step in alone.run()]
    with_probe = list(probed.run())

    (at,) = [n for n, step in enumerate(with_probe) if step.stamp_ms not in told]
    assert told[at - 1] < with_probe[at].stamp_ms < told[at] == next_ms
    for step in with_probe[at : at + 2]:
        assert step.frames
        assert all(
            f'"timestamp":"{step.stamp_ms}"' in frame.text for frame in step.frames if not frame.custom
        )
    assert [step.stamp_ms for n, step in enumerate(with_probe) if n != at] == told


@pytest.mark.parametrize("profile", [BUSY, NEWS, FAST], ids=lambda profile: profile.name)
def test_the_short_truth_is_the_long_one(profile):
    """A probe in a whole market that tells everything gets what it gets in the bare engine."""
    filled = 0
    for seed, side in ((3, BUY), (4, SELL), (5, BUY), (6, SELL)):
        market = OneMarket(profile, seed=seed, span_ms=SPAN_MS)
        order = probe_at_touch(market, side, at_ms=market.flow[0].stamp_ms - 2, shares=900)
        book = market.live_market.book.copy()
        probe = market.probe(order)
        for _ in market.run():
            pass

        assert truth(book, market.flow, order).fills == probe.fills
        filled += len(probe.fills)
    assert filled > 10


def at(seconds: int, *, takers: Iterable[str] = (), places: Iterable[str] = (), cancels=()) -> Submission:
    """Takers "BUY 0.52 10", places "4 BUY 0.52 10"."""
    took = [
        Taker(side=Side(side), limit_micros=to_micros(price), size_micros=to_micros(size))
        for side, price, size in (text.split() for text in takers)
    ]
    placed = [
        (int(number), Side(side), to_micros(price), to_micros(size))
        for number, side, price, size in (text.split() for text in places)
    ]
    return Submission(seconds * 1_000, Orders(cancels=cancels, places=placed, takers=took))


def got(flow: list[Submission], *, standing: str = "2 BUY 0.5 30", **order) -> list[tuple]:
    """What a probe, a BUY of 20 at 0.50 a millisecond after the start, gets behind what stands."""
    book = Book(10_000)
    for text in standing.split(", "):
        number, side, price, size = text.split()
        book.place(int(number), Side(side), to_micros(price), to_micros(size))
    facts = {"side": BUY, "price_micros": 500_000, "size_micros": 20 * ONE, "at_ms": 1} | order
    made = truth(book, flow, ProbeOrder(**facts))
    return [
        (fill.stamp_ms, f"{fill.price_micros / ONE:g}", fill.size_micros / ONE, fill.role)
        for fill in made.fills
    ]


def test_a_probe_waits_for_those_who_were_there_before_it():
    flow = [
        at(1, places=["4 BUY 0.5 50"]),
        at(2, takers=["SELL 0.5 25"]),
        at(3, takers=["SELL 0.5 10"]),
        at(4, takers=["SELL 0.5 100"]),
    ]
    assert got(flow) == [(3_000, "0.5", 5, Role.MAKER), (4_000, "0.5", 15, Role.MAKER)]


def test_a_cancel_ahead_moves_it_up_and_one_behind_does_not():
    flow = [at(1, places=["4 BUY 0.5 50"]), at(2, cancels=[4]), at(3, takers=["SELL 0.5 25"])]
    assert got(flow) == []
    assert got([*flow[:2], at(2, cancels=[2]), *flow[2:]]) == [(3_000, "0.5", 20, Role.MAKER)]


def test_a_better_price_trades_first():
    flow = [at(1, places=["4 BUY 0.51 50"]), at(2, takers=["SELL 0.5 60"]), at(3, takers=["SELL 0.4 90"])]
    assert got(flow) == [(3_000, "0.5", 20, Role.MAKER)]


def test_a_probe_ends_when_it_is_cancelled():
    flow = [at(2, takers=["SELL 0.5 35"]), at(3, takers=["SELL 0.5 35"])]
    assert got(flow, cancel_ms=2_500) == [(2_000, "0.5", 5, Role.MAKER)]
    assert got(flow) == [(2_000, "0.5", 5, Role.MAKER), (3_000, "0.5", 15, Role.MAKER)]


def test_a_crossing_probe_takes_and_its_rest_stands():
    standing = "2 SELL 0.49 5, 4 SELL 0.5 5, 6 SELL 0.51 50"
    flow = [at(2, takers=["SELL 0.45 7"])]
    taken = [(1, "0.49", 5, Role.TAKER), (1, "0.5", 5, Role.TAKER)]

    assert got(flow, standing=standing) == [*taken, (2_000, "0.5", 7, Role.MAKER)]
    assert got(flow, standing=standing, rests=False) == taken


def test_a_probe_on_the_other_token_stands_in_the_same_book():
    """A SELL of NO at 0.50 is a bid for YES at 0.50; one at 0.49 bids 0.51."""
    flow = [at(2, takers=["SELL 0.5 35"])]
    no = {"side": SELL, "outcome_index": 1}

    assert got(flow, **no) == [(2_000, "0.5", 5, Role.MAKER)]
    assert got(flow, price_micros=490_000, **no) == [(2_000, "0.49", 20, Role.MAKER)]


def test_a_market_keeps_what_a_probe_got():
    market = OneMarket(BUSY, seed=3, span_ms=SPAN_MS)
    ask = market.live_market.best[1]
    probe = market.probe(
        ProbeOrder(
            side=BUY, price_micros=ask, size_micros=7 * ONE, at_ms=market.flow[0].stamp_ms - APART_MS // 2
        )
    )

    next(market.run())

    assert probe.fills == [
        ProbeFill(stamp_ms=probe.fills[0].stamp_ms, price_micros=ask, size_micros=7 * ONE, role=Role.TAKER)
    ]
