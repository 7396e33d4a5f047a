"""Laws of the queue, on random orders and random steps."""

from collections import defaultdict
from collections.abc import Iterator

from hypothesis import given, settings
from hypothesis import strategies as st

from livedata.core.steps import Change, Print, Step
from markets.core.book import OrderBook, Side
from markets.core.units import ONE
from tests.make import CONDITION
from trading.core.queue import MarketQueue
from trading.core.resting import Cause, MakerFill, QueueModel, come_to_rest, read_places, write_resting

CENT = ONE // 100
laws = settings(max_examples=300, deadline=None)

prices = st.integers(45, 55)
shares = st.integers(0, 60)
orders = st.tuples(st.sampled_from(["a", "a", "b"]), st.sampled_from(list(Side)), prices, st.integers(1, 40))
moves = st.lists(st.tuples(st.sampled_from(list(Side)), prices, shares), max_size=5)
trades = st.lists(st.tuples(st.sampled_from(list(Side)), prices, st.integers(1, 50)), max_size=3)
gaps = st.integers(0, 9).map(lambda draw: draw == 0)
histories = st.lists(
    st.one_of(orders, st.tuples(moves, trades, gaps, st.sampled_from([5, 400, 1_500]))),
    min_size=1,
    max_size=14,
)


def told(history, *, mirrored: bool = False) -> Iterator[tuple[MarketQueue, Step | None, list[MakerFill]]]:
    """Play a history; after each thing that happens, the queue, the step and its fills."""
    queue, now_ms, seq = MarketQueue(OrderBook()), 1_000, 0

    def at(side: Side, cents: int) -> tuple[Side, int]:
        return (side.opposite, ONE - cents * CENT) if mirrored else (side, cents * CENT)

    for number, happening in enumerate(history):
        now_ms += 1
        if len(happening) == 4 and isinstance(happening[0], str):
            world, side, cents, size = happening
            side, price = at(side, cents)
            queue.put(
                come_to_rest(
                    queue.book,
                    str(number),
                    world=world,
                    side=side,
                    price_micros=price,
                    size_micros=size * ONE,
                    at_ms=now_ms,
                    number=number,
                )
            )
            yield queue, None, []
            continue
        moved, traded, is_gap, pause_ms = happening
        now_ms += pause_ms
        seq += 1
        step = step_of(queue.book, [(*at(s, c), z) for s, c, z in moved], traded, at, now_ms, seq, is_gap)
        yield queue, step, queue.apply(step)


def step_of(book, moved, traded, at, now_ms, seq, is_gap) -> Step:
    """The venue's step: uncrossed afterwards, prints laid over what shrank as the feed does."""
    after = {side: dict(book.sizes(side)) for side in Side}
    for side, price, size in moved:
        after[side][price] = size * ONE
        for met in list(after[side.opposite]) if size else []:
            if (met <= price) if side is Side.BUY else (met >= price):
                after[side.opposite][met] = 0
    before = {side: {} if is_gap else book.sizes(side) for side in Side}
    changes = tuple(
        Change(side, price, before[side].get(price, 0), size)
        for side in Side
        for price, size in after[side].items()
        if before[side].get(price, 0) != size
    )
    left = {(c.side, c.price_micros): c.before_micros - c.after_micros for c in changes}
    prints = []
    for number, (taker, cents, size) in enumerate(traded):
        taker, price = at(taker, cents)
        laid = size * ONE if not changes else min(size * ONE, left.get((taker.opposite, price), 0))
        if laid > 0 and not is_gap:
            left[taker.opposite, price] = left.get((taker.opposite, price), 0) - laid
            prints.append(Print(taker, price, laid, now_ms, f"0x{seq}{number}"))
    return Step(CONDITION, seq, now_ms, now_ms, 1, is_gap, changes, tuple(prints))


def volume(step: Step) -> int:
    """All that one world could have been filled from: prints, and what stands anew on either side."""
    grown = sum(max(0, c.after_micros - c.before_micros) for c in step.changes)
    return sum(trade.size_micros for trade in step.prints) + grown


@laws
@given(histories)
def test_no_fill_without_evidence_and_none_is_better_than_the_limit(history):
    for _, _, fills in told(history):
        for fill in fills:
            assert fill.size_micros > 0
            side, limit = fill.resting.side, fill.resting.price_micros
            if fill.cause is Cause.CROSSING:
                reached = [fill.crossing_micros[0]]
            else:
                reached = [trade.price_micros for trade in fill.prints]
            assert reached, "a fill has its prints or its crossing level"
            assert all(p <= limit if side is Side.BUY else p >= limit for p in reached)


@laws
@given(histories)
def test_a_world_is_never_filled_beyond_prints_and_crossing_depth(history):
    stood: dict[tuple[str, QueueModel], int] = defaultdict(int)
    for _, step, fills in told(history):
        taken: dict[tuple[str, QueueModel], int] = defaultdict(int)
        for fill in fills:
            if fill.model is not QueueModel.TOUCH:
                taken[fill.resting.world, fill.model] += fill.size_micros
        if step is None:
            continue
        shown = sum(c.after_micros for c in step.changes)
        printed = sum(trade.size_micros for trade in step.prints)
        for key, size in taken.items():
            # What stands across may fill an order that rested since; prints fill once.
            assert size <= printed + shown + stood[key]


@laws
@given(histories)
def test_queues_are_never_negative_nor_beyond_what_is_shown_at_entry(history):
    for queue, _, _ in told(history):
        for resting in queue:
            for place in resting.places:
                assert 0 <= place.ahead_micros <= resting.entry_ahead_micros
                assert place.open_micros >= 0


@laws
@given(histories)
def test_who_is_certain_fills_no_more_than_who_is_likely(history):
    filled: dict[QueueModel, int] = defaultdict(int)
    worlds = {happening[0] for happening in history if isinstance(happening[0], str)}
    if len(worlds) > 1 or sum(isinstance(h[0], str) for h in history) > 1:
        return  # own orders compete for one volume: who fills earlier may leave less to the other
    for _, _, fills in told(history):
        for fill in fills:
            filled[fill.model] += fill.size_micros
    assert filled[QueueModel.RISK_AVERSE] <= filled[QueueModel.PROPORTIONAL] <= filled[QueueModel.TOUCH]


@laws
@given(histories)
def test_both_outcomes_views_agree(history):
    """The same history told in the other outcome's coordinates fills the same orders by the same sizes."""

    def sizes(fills) -> list[tuple]:
        return sorted((f.order_id, f.model, f.cause, f.grade, f.size_micros) for f in fills)

    for (queue, _, fills), (other, _, mirrored) in zip(
        told(history), told(history, mirrored=True), strict=True
    ):
        assert sizes(fills) == sizes(mirrored)
        for resting in queue:
            twin = other.get(resting.order_id)
            assert [p.ahead_micros for p in resting.places] == [p.ahead_micros for p in twin.places]


@laws
@given(histories)
def test_worlds_do_not_know_of_each_other(history):
    alone = [happening for happening in history if happening[0] != "b"]
    together = [fill for _, _, fills in told(history) for fill in fills if fill.resting.world == "a"]
    apart = [fill for _, _, fills in told(alone) for fill in fills]

    assert [(f.model, f.size_micros, f.cause) for f in together] == [
        (f.model, f.size_micros, f.cause) for f in apart
    ]


@laws
@given(histories)
def test_a_queue_put_back_from_its_rows_goes_on_alike(history):
    """Writing and reading every place between two steps changes nothing, but for prints still unexplained."""
    for queue, _, _ in told(history):
        for resting in list(queue):
            again = read_places(write_resting(resting))
            assert [(p.model, p.open_micros, p.ahead_micros, p.stood) for p in again] == [
                (p.model, p.open_micros, p.ahead_micros, p.stood) for p in resting.places
            ]
