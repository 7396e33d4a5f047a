"""When a resting order fills: the rows of docs/fill-model.md, each as a small story.

A story is a list of frames; "bid 0.50 100" sets a level, "sell 30 @ 0.50" prints a taker's trade, and a
line is a step. Sizes are shares. After `=>` stands what each model filled in that step, and at the end of
the story how many shares are ahead: risk_averse, proportional.
"""

from livedata.core.steps import Change, Print, Step
from markets.core.book import OrderBook, Side
from markets.core.units import ONE, to_micros
from tests.make import CONDITION, make_book
from trading.core.queue import MarketQueue
from trading.core.resting import Cause, Grade, QueueModel, come_to_rest, read_places, write_resting

RISK, LIKELY, TOUCH = QueueModel.RISK_AVERSE, QueueModel.PROPORTIONAL, QueueModel.TOUCH


class Story:
    """One market's queue, told in words; a second passes between lines unless `ms` says otherwise."""

    def __init__(self, bids: str = "0.50x100 0.49x200", asks: str = "0.52x80") -> None:
        self.queue = MarketQueue(make_book(bids, asks))
        self.now_ms, self.seq = 10_000, 0

    def rest(self, name: str, side: str, size: str, price: str, world: str = "w"):
        self.seq += 1
        resting = come_to_rest(
            self.queue.book,
            name,
            world=world,
            side=Side(side),
            price_micros=to_micros(price),
            size_micros=to_micros(size),
            at_ms=self.now_ms,
            number=self.seq,
        )
        self.queue.put(resting)
        return resting

    def step(self, *lines: str, ms: int = 1_000, snapshot: bool = False) -> list:
        """Apply one step of these lines: what it filled."""
        self.now_ms += ms
        self.seq += 1
        changes, prints = [], []
        for line in lines:
            what, *words = line.split()
            if what in ("bid", "ask"):
                side, price, size = Side.BUY if what == "bid" else Side.SELL, *map(to_micros, words)
                before = 0 if snapshot else self.queue.book.sizes(side).get(price, 0)
                changes.append(Change(side, price, before, size))
            else:
                size, _, price = words
                side = Side.SELL if what == "sell" else Side.BUY
                prints.append(Print(side, to_micros(price), to_micros(size), self.now_ms, f"0x{self.seq}"))
        step = Step(
            CONDITION, self.seq, self.now_ms, self.now_ms, 1, snapshot, tuple(changes), tuple(prints), "h"
        )
        return self.queue.apply(step)


def told(fills) -> dict[str, list[str]]:
    """{"risk_averse": ["buyer 20 print B"]}, without the naive model."""
    answer: dict[str, list[str]] = {}
    for fill in fills:
        if fill.model is not TOUCH:
            words = f"{fill.order_id} {fill.size_micros / ONE:g} {fill.cause} {fill.grade}"
            answer.setdefault(fill.model, []).append(words)
    return answer


def both(*words: str) -> dict[str, list[str]]:
    return {RISK: list(words), LIKELY: list(words)}


def ahead(resting) -> tuple[float, float]:
    return tuple(resting.place(model).ahead_micros / ONE for model in (RISK, LIKELY))


def test_a_new_order_stands_behind_what_the_book_shows():
    story = Story()

    assert ahead(story.rest("mine", "BUY", "20", "0.50")) == (100, 100)
    assert ahead(story.rest("alone", "BUY", "20", "0.51")) == (0, 0)


def test_prints_use_up_the_queue_and_the_rest_fills():
    story = Story()
    mine = story.rest("mine", "BUY", "20", "0.50")

    assert told(story.step("sell 70 @ 0.50", "bid 0.50 30")) == {}
    assert ahead(mine) == (30, 30)
    assert told(story.step("sell 45 @ 0.50", "bid 0.50 0")) == both("mine 15 print B")
    assert told(story.step("sell 10 @ 0.49", "bid 0.49 190")) == both("mine 5 through C")
    assert len(story.queue) == 0


def test_a_trade_through_fills_whatever_the_queue_was():
    story = Story()
    story.rest("mine", "BUY", "20", "0.50")

    # 60 of the 100 were cancelled in the same step: the feed lays 40 at our price and 15 beyond it.
    fills = story.step("sell 40 @ 0.50", "sell 15 @ 0.49", "bid 0.50 0", "bid 0.49 185")

    assert told(fills) == both("mine 15 through A")


def test_prints_beyond_a_level_that_stands_count_as_printed_at_it():
    story = Story()
    mine = story.rest("mine", "BUY", "20", "0.50")

    assert told(story.step("sell 60 @ 0.49", "bid 0.49 140")) == {}
    assert ahead(mine) == (40, 40)


def test_a_print_of_buyers_is_nothing_to_a_bid():
    story = Story()
    mine = story.rest("mine", "BUY", "20", "0.50")

    assert told(story.step("buy 80 @ 0.52", "ask 0.52 0")) == {}
    assert ahead(mine) == (100, 100)


def test_a_print_better_than_our_price_is_nothing_to_us():
    story = Story(bids="0.51x50 0.50x100")
    mine = story.rest("mine", "BUY", "20", "0.50")

    assert told(story.step("sell 50 @ 0.51", "bid 0.51 0")) == {}
    assert ahead(mine) == (100, 100)


def test_a_level_that_shrinks_before_its_print_moves_the_queue_once():
    story = Story()
    mine = story.rest("mine", "BUY", "20", "0.50")
    story.step("bid 0.50 70")
    assert ahead(mine) == (70, 70)

    story.step("sell 30 @ 0.50", ms=400)

    assert ahead(mine) == (70, 70)


def test_a_print_before_its_level_shrinks_moves_the_queue_once():
    story = Story()
    mine = story.rest("mine", "BUY", "20", "0.50")
    story.step("bid 0.50 150")
    story.step("sell 30 @ 0.50")
    assert ahead(mine) == (70, 70)

    story.step("bid 0.50 120", ms=400)

    assert ahead(mine) == (70, 70)


def test_a_print_moves_the_queue_by_what_its_shrinking_had_not():
    story = Story()
    mine = story.rest("mine", "BUY", "20", "0.50")
    story.step("bid 0.50 140")
    story.step("bid 0.50 200")
    story.step("bid 0.50 160")  # it looks like a cancel of the 40 behind us
    assert ahead(mine) == (100, 100)

    story.step("sell 40 @ 0.50", ms=900)  # it was a trade: from the front

    assert ahead(mine) == (60, 60)


def test_beyond_the_window_a_print_and_a_shrinking_level_are_two_things():
    story = Story()
    mine = story.rest("mine", "BUY", "20", "0.50")
    story.step("bid 0.50 70")

    story.step("sell 30 @ 0.50", ms=1_001)

    assert ahead(mine) == (40, 40)


def test_a_late_print_of_a_trade_before_our_order_is_nothing_to_us():
    story = Story()
    story.rest("other", "SELL", "5", "0.60")
    story.step("bid 0.50 70")
    mine = story.rest("mine", "BUY", "20", "0.50")

    story.step("sell 30 @ 0.50", ms=500)

    assert ahead(mine) == (70, 70)


def test_a_newcomer_across_fills_us_by_its_size_and_only_once():
    story = Story()
    story.rest("mine", "BUY", "50", "0.51")

    assert told(story.step("ask 0.51 30")) == both("mine 30 crossing C")
    assert told(story.step("ask 0.51 30")) == {}
    assert told(story.step("ask 0.51 25")) == {}
    assert told(story.step("ask 0.51 35")) == both("mine 10 crossing C")
    assert told(story.step("ask 0.51 0")) == {}
    assert told(story.step("ask 0.51 4")) == both("mine 4 crossing C")


def test_what_stood_across_when_we_came_is_no_newcomer():
    story = Story(asks="0.51x30 0.52x80")
    mine = story.rest("mine", "BUY", "50", "0.51")  # its taker part took the 30, which still show

    assert told(story.step("ask 0.51 30")) == {}
    assert told(story.step("ask 0.51 42")) == both("mine 12 crossing C")
    assert mine.place(RISK).open_micros == 38 * ONE


def test_a_crossing_means_that_those_ahead_are_gone():
    story = Story()
    story.rest("mine", "BUY", "20", "0.50")

    fills = story.step("bid 0.50 0", "bid 0.49 0", "ask 0.50 8")

    assert told(fills) == both("mine 8 crossing C")


def test_one_volume_is_spent_once_in_a_world():
    story = Story()
    story.rest("first", "BUY", "20", "0.50")
    second = story.rest("second", "BUY", "20", "0.50")
    story.rest("stranger", "BUY", "20", "0.50", world="elsewhere")

    fills = story.step("sell 130 @ 0.50", "bid 0.50 0")

    assert told(fills) == both("first 20 print B", "second 10 print B", "stranger 20 print B")
    assert second.place(RISK).open_micros == 10 * ONE


def test_a_better_own_order_takes_the_end_of_a_sweep():
    story = Story(bids="0.50x100 0.49x50")
    story.rest("better", "BUY", "30", "0.51")
    worse = story.rest("worse", "BUY", "30", "0.49")

    fills = story.step("sell 100 @ 0.50", "sell 50 @ 0.49", "bid 0.50 0", "bid 0.49 0")

    assert told(fills)[RISK] == ["better 30 through C"]
    # 50 were printed at 0.49, but the sweep would have ended 30 earlier.
    assert worse.place(RISK).ahead_micros == 0
    assert worse.place(RISK).open_micros == 30 * ONE


def test_one_growth_is_spent_once_in_a_world():
    story = Story()
    story.rest("first", "BUY", "20", "0.51")
    story.rest("second", "BUY", "20", "0.51")

    assert told(story.step("ask 0.51 30")) == both("first 20 crossing C", "second 10 crossing C")
    assert told(story.step("ask 0.51 30")) == {}


def test_no_event_up_to_the_moment_of_rest_touches_an_order():
    story = Story()
    mine = story.rest("mine", "BUY", "20", "0.50")

    assert told(story.step("sell 100 @ 0.50", "bid 0.50 0", "ask 0.50 10", ms=0)) == {}
    assert ahead(mine) == (100, 100)


def test_a_snapshot_after_a_gap_only_bounds():
    story = Story()
    mine = story.rest("mine", "BUY", "20", "0.50")

    assert told(story.step("bid 0.50 40", "ask 0.50 30", snapshot=True)) == {}
    assert ahead(mine) == (40, 40)
    assert told(story.step("ask 0.50 30")) == {}


def test_prints_missed_in_a_gap_fill_with_grade_c():
    story = Story()
    story.rest("mine", "BUY", "20", "0.50")
    late = story.rest("late", "BUY", "20", "0.50", world="elsewhere")
    late.since_ms += 5_000
    trade = Print(Side.SELL, to_micros("0.50"), to_micros("110"), story.now_ms + 3_000, "0xgap")
    step = Step(CONDITION, 99, trade.stamp_ms, trade.stamp_ms, 1, False, (), (trade,))

    fills = story.queue.missed(step, rested_before_ms=trade.stamp_ms - 2_000)

    assert told(fills) == both("mine 10 print C")
    assert late.place(RISK).ahead_micros == 100 * ONE


def test_touch_fills_whole_at_the_first_trade_at_the_price():
    story = Story()
    story.rest("mine", "BUY", "20", "0.50")

    fills = story.step("sell 1 @ 0.50", "bid 0.50 99")

    assert [(fill.model, fill.size_micros) for fill in fills] == [(TOUCH, 20 * ONE)]


def test_sells_are_bids_in_the_mirror():
    story = Story(bids="0.48x80", asks="0.50x100 0.51x200")
    mine = story.rest("mine", "SELL", "20", "0.50")

    assert told(story.step("buy 70 @ 0.50", "ask 0.50 30")) == {}
    assert ahead(mine) == (30, 30)
    fills = story.step("buy 30 @ 0.50", "buy 12 @ 0.51", "ask 0.50 0", "ask 0.51 188")
    assert told(fills) == both("mine 12 through A")
    assert told(story.step("bid 0.50 3")) == both("mine 3 crossing C")


def test_own_earlier_orders_count_in_what_is_shown_ahead():
    story = Story()
    story.rest("first", "BUY", "20", "0.50")
    second = story.rest("second", "BUY", "20", "0.50")

    assert story.queue.ahead_of(second, RISK) == 120 * ONE
    story.queue.remove("first")
    assert story.queue.ahead_of(second, RISK) == 100 * ONE


def test_evidence_names_the_prints_and_the_queue():
    story = Story()
    story.rest("mine", "BUY", "20", "0.50")

    (fill,) = [f for f in story.step("sell 104 @ 0.50", "bid 0.50 0") if f.model is RISK]

    assert (fill.cause, fill.grade, fill.ahead_before_micros) == (Cause.PRINT, Grade.B, 100 * ONE)
    assert (fill.before_micros, fill.after_micros, fill.size_micros) == (100 * ONE, 0, 4 * ONE)
    assert [trade.size_micros for trade in fill.prints] == [104 * ONE]
    assert fill.resting.printed_micros == 100 * ONE


def test_places_survive_their_journey_through_json():
    story = Story(asks="0.50x30 0.52x80")
    mine = story.rest("mine", "BUY", "20", "0.50")

    again = read_places(write_resting(mine))

    assert [(p.model, p.open_micros, p.ahead_micros, p.stood) for p in again] == [
        (p.model, p.open_micros, p.ahead_micros, p.stood) for p in mine.places
    ]
    assert again[0].stood == {500_000: 30 * ONE}


def test_an_order_put_back_stands_in_its_old_place():
    story = Story()
    first = story.rest("first", "BUY", "20", "0.50")
    story.rest("second", "BUY", "20", "0.50")

    story.queue.remove("first")
    story.queue.put(first)

    assert [resting.order_id for resting in story.queue.across("w", Side.BUY)] == ["first", "second"]


def test_an_empty_queue_follows_the_book():
    queue = MarketQueue(OrderBook())
    queue.apply(Step(CONDITION, 1, 1, 1, 1, True, (Change(Side.BUY, 500_000, 0, ONE),), ()))

    assert queue.book == make_book("0.50x1")
